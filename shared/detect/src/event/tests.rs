use super::*;
use crate::detect::{Detector, DetectorInput, Rolling};
use crate::series::Grid;
use crate::stats::testing::Random;
use crate::time::Step;

const MINUTE: Step = Step::from_seconds(60);

/// A level of 10 with a bounded, repeating wobble of one.
fn wobble(len: usize) -> Vec<f64> {
    (0..len).map(|i| 10.0 + f64::from((i * 7 % 11) as u32) / 5.0 - 1.0).collect()
}

fn found(values: &[f64], rule: Rule) -> Vec<Event> {
    let grid = Grid { start: Timestamp(0), step: MINUTE, len: values.len() };
    let detection =
        Detector::Rolling(Rolling::default()).detect(DetectorInput::new(values, 60, grid));
    let samples = SeriesSamples { values, period: &|| None };
    events(samples, &detection, &OnsetCache::default(), &rule, 60, |index| grid.at(index))
}

fn planted(len: usize, plant: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    wobble(len).into_iter().enumerate().map(|(i, v)| plant(i, v)).collect()
}

#[test]
fn kinds_of_clear_plants() {
    type Plant = fn(usize, f64) -> f64;
    let cases: [(&str, Plant, EventKind, usize, f64, bool); 7] = [
        (
            "spike",
            |i, v| if (200..205).contains(&i) { v + 30.0 } else { v },
            EventKind::Spike,
            204,
            40.0,
            false,
        ),
        (
            "dip",
            |i, v| if (200..205).contains(&i) { v - 30.0 } else { v },
            EventKind::Dip,
            204,
            -20.0,
            false,
        ),
        (
            "shift up",
            |i, v| if i >= 200 { v + 30.0 } else { v },
            EventKind::LevelShiftUp,
            0,
            40.0,
            false,
        ),
        (
            "shift down",
            |i, v| if i >= 200 { v - 30.0 } else { v },
            EventKind::LevelShiftDown,
            0,
            -20.0,
            false,
        ),
        (
            "late shift",
            |i, v| if i >= 375 { v + 30.0 } else { v },
            EventKind::LevelShiftUp,
            399,
            40.0,
            true,
        ),
        (
            "late spike",
            |i, v| if i >= 395 { v + 30.0 } else { v },
            EventKind::Spike,
            399,
            40.0,
            true,
        ),
        (
            "infinite",
            |i, v| if i == 200 { f64::INFINITY } else { v },
            EventKind::Infinite,
            200,
            10.0,
            false,
        ),
    ];
    for (name, plant, kind, until, peak, ongoing) in cases {
        let events = found(&planted(400, plant), Rule::default());
        assert_eq!(events.len(), 1, "{name}: {events:#?}");
        let event = &events[0];
        assert_eq!((event.kind, event.ongoing), (kind, ongoing), "{name}");
        if kind != EventKind::Infinite {
            assert!((event.peak.value - peak).abs() <= 1.0, "{name}: {}", event.peak.value);
            assert!((event.onset.expected - 10.0).abs() <= 0.2, "{name}");
            assert!(event.severity > 50.0, "{name}: {}", event.severity);
        }
        if until > 0 {
            assert_eq!(event.end, Timestamp(until as i64 * 60_000), "{name}");
        }
    }
}

#[test]
fn nothing_is_found_in_a_calm_series() {
    assert_eq!(found(&wobble(2_000), Rule::default()), []);
}

#[test]
fn each_part_of_the_rule_does_its_work() {
    let double = planted(400, |i, v| match i {
        200 | 203 => v + 30.0,
        300 => v - 60.0,
        _ => v,
    });
    let base = Rule::default();
    let cases = [
        ("default", base, vec![200, 300]),
        ("no bridge", Rule { merge_gap: 0, cooldown: 0, ..base }, vec![200, 203, 300]),
        ("hold-off", Rule { merge_gap: 0, ..base }, vec![200, 300]),
        ("up", Rule { sides: Sides::Up, ..base }, vec![200]),
        ("down", Rule { sides: Sides::Down, ..base }, vec![300]),
        ("long ones only", Rule { min_samples: 4, ..base }, vec![200]),
        ("absolute", Rule { min_deviation: 50.0, ..base }, vec![300]),
        ("relative", Rule { min_relative: 5.0, ..base }, vec![300]),
        ("insensitive", Rule { threshold: 1e3, ..base }, vec![]),
    ];
    for (name, rule, starts) in cases {
        let got: Vec<usize> = found(&double, rule).iter().map(|event| event.onset.index).collect();
        assert_eq!(got, starts, "{name}");
    }
}

#[test]
fn history_is_not_judged() {
    let early = planted(400, |i, v| if i == 40 { v + 30.0 } else { v });
    assert_eq!(found(&early, Rule::default()), []);
}

#[test]
fn how_long_it_lasts_tells_spike_from_shift() {
    type Expected = (EventKind, Option<usize>, Option<f64>);
    let up =
        |until: usize| move |i: usize, v: f64| if (200..until).contains(&i) { v + 30.0 } else { v };
    let spike = |len: usize| (EventKind::Spike, Some(200 + len), None);
    let cases: [(&str, Vec<f64>, Expected); 8] = [
        ("1 sample", planted(400, up(201)), spike(1)),
        ("5 samples", planted(400, up(205)), spike(5)),
        ("20 samples", planted(400, up(220)), spike(20)),
        ("40 samples", planted(400, up(240)), spike(40)),
        ("shift", planted(400, up(400)), (EventKind::LevelShiftUp, None, Some(40.0))),
        (
            "the series ends with it",
            planted(400, |i, v| if i > 202 { f64::NAN } else { up(400)(i, v) }),
            (EventKind::Spike, None, None),
        ),
        (
            "a larger one follows",
            planted(400, |i, v| if i == 202 { v + 90.0 } else { up(201)(i, v) }),
            (EventKind::Spike, None, None),
        ),
        (
            "at the last sample",
            planted(201, |i, v| if i == 200 { v + 30.0 } else { v }),
            (EventKind::Spike, None, None),
        ),
    ];
    for (name, values, (kind, recovered, new_level)) in cases {
        let events = found(&values, Rule { merge_gap: 0, cooldown: 0, ..Rule::default() });
        let event = &events[0];
        assert_eq!(
            (event.kind, event.recovered, event.onset.index),
            (kind, recovered, 200),
            "{name}"
        );
        let near = match (event.new_level, new_level) {
            (Some(got), Some(expected)) => (got - expected).abs() < 0.5,
            (got, expected) => got == expected,
        };
        assert!(near, "{name}: {:?}", event.new_level);
        assert!(event.peak.index <= event.last.max(event.recovered.unwrap_or(0)), "{name}");
        assert_eq!(event.ongoing, name == "at the last sample", "{name}");
    }
}

#[test]
fn a_baseline_without_any_change_is_named() {
    for (change, steady) in [(0.0, true), (1e-3, false)] {
        let values: Vec<f64> = (0..200)
            .map(|i| if i == 150 { 6.0 } else { 5.0 + change * f64::from(i % 2) })
            .collect();
        assert_eq!(found(&values, Rule::default())[0].steady, steady);
    }
}

/// What was found out for one rule changes nothing for the next.
#[test]
fn kept_onsets_change_no_event() {
    let values = planted(3_000, |i, v| match i {
        700..705 | 1_500..1_640 => v + 6.0,
        i if i % 97 == 0 => v + 2.5,
        _ => v,
    });
    let grid = Grid { start: Timestamp(0), step: MINUTE, len: values.len() };
    let samples = SeriesSamples { values: &values, period: &|| None };
    for detector in Detector::all() {
        let reference = &values;
        let input = DetectorInput { reference, ..DetectorInput::new(&values, 60, grid) };
        let detection = detector.detect(input);
        let kept = OnsetCache::default();
        let mut found = 0;
        for step in [10, 4, 2, 1, 3, 8, 2, 10] {
            let share = f64::from(step) / 8.0;
            let baseline = Rule::of(detector);
            let rule = Rule {
                threshold: baseline.threshold * share,
                alert_threshold: baseline.alert_threshold * share,
                cooldown: 20,
                ..baseline
            };
            let anew =
                events(samples, &detection, &OnsetCache::default(), &rule, 60, |i| grid.at(i));
            let again = events(samples, &detection, &kept, &rule, 60, |i| grid.at(i));
            // A NaN is no less equal here.
            assert_eq!(format!("{again:?}"), format!("{anew:?}"), "{detector:?} {step}");
            found += again.len();
        }
        assert!(
            found > 0
                || matches!(
                    detector,
                    Detector::Gap(_)
                        | Detector::Peers(_)
                        | Detector::Threshold(_)
                        | Detector::Forecast(_)
                        | Detector::Flatline(_)
                ),
            "{detector:?}"
        );
    }
}

/// A lower threshold finds more events, and does not join them by the noise between.
#[test]
fn a_low_threshold_swallows_nothing() {
    let mut random = Random(8);
    let mut values: Vec<f64> = (0..2_200).map(|_| 10.0 + random.normal()).collect();
    values[1_800..1_805].fill(30.0);
    let grid = Grid { start: Timestamp(0), step: MINUTE, len: values.len() };
    let input = DetectorInput::new(&values, 750, grid);
    let detector = Detector::default();
    let detection = detector.detect(input);
    let samples = SeriesSamples { values: &values, period: &|| None };
    let mut counts = Vec::new();
    for threshold in [4.0, 2.0, 1.0] {
        let rule = Rule::of(detector).with_threshold(threshold, detector);
        let found = events(samples, &detection, &OnsetCache::default(), &rule, 750, |i| grid.at(i));
        let spike = found.iter().find(|event| event.onset.index == 1_800).unwrap();
        assert!(spike.last < 1_820, "{threshold}: {}", spike.last);
        for event in &found {
            assert!(event.last - event.onset.index < 30, "{threshold}: {event:?}");
        }
        counts.push(found.len());
    }
    assert!(counts.is_sorted() && counts[2] > counts[0], "{counts:?}");
}

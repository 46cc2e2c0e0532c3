use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::analysis::{Learning, Settings, analyze, detect, prepare};
use crate::words::{Clock, evidence, lines, sentence};
use oddity_detect::detect::Detector;
use oddity_detect::event::Rule;
use oddity_detect::series::{Labels, METRIC_NAME, Series};
use oddity_detect::time::TimeRange;
use oddity_source::prometheus::Loaded;
use oddity_source::query::RangeQuery;

/// 2026-01-30T00:00:00Z.
const START: Timestamp = Timestamp(1_769_731_200_000);

const HOUR: u64 = 3_600;

fn wobble(minute: f64) -> f64 {
    (minute * 7.0).rem_euclid(11.0) / 5.0 - 1.0
}

/// Some hours at a step, series by label `instance`, values by the minute after the start of the range.
fn analysis(
    expr: &str,
    detector: &str,
    hours: u64,
    step: u64,
    series: &[(&str, Values<'_>)],
) -> Analysis {
    let settings = Settings::of(Detector::by_id(detector).unwrap());
    let range = TimeRange { start: START, end: START + Span::from_seconds(hours * HOUR) };
    let history = settings.detector.history() + settings.rule.cooldown;
    let query = RangeQuery::new(expr, range, Step::from_seconds(step), history).unwrap();
    let grid = query.grid();
    let all = series.iter().map(|(instance, value)| {
        let minute = |at: usize| (at as f64 - history as f64) * step as f64 / 60.0;
        let labels = [("instance", *instance), (METRIC_NAME, expr)];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Series {
            labels: Labels::new(labels),
            grid,
            values: (0..grid.len).map(|at| value(minute(at))).collect(),
        }
    });
    let loaded = Loaded::new(query.clone(), all.collect());
    let detected = detect(&prepare(Arc::new(loaded)), settings.detector, Learning::default());
    analyze(Arc::new(detected), settings.rule)
}

fn worst(analysis: &Analysis) -> Facts {
    let (ranked, event) = analysis.worst_events()[0];
    facts(analysis, ranked, event)
}

/// What is said of the worst event.
fn told(analysis: &Analysis) -> String {
    let facts = worst(analysis);
    let lines = lines(&facts, Clock::UTC).into_iter();
    let lines: String = lines.map(|line| format!("\n  {}: {}", line.name, line.text)).collect();
    format!("{}{lines}\n  Evidence: {}\n", sentence(&facts, Clock::UTC), evidence::all(&facts))
}

fn within(minute: f64, from: f64, to: f64) -> bool {
    (from..to).contains(&minute)
}

/// Values by the minute.
type Values<'a> = &'a dyn Fn(f64) -> f64;

/// A wobble around 8 and something more in a while.
fn bump(from: f64, to: f64, by: f64) -> impl Fn(f64) -> f64 {
    move |m| 8.0 + wobble(m) + if within(m, from, to) { by } else { 0.0 }
}

#[test]
fn each_kind_in_its_own_words() {
    let cases: [(&str, &str, &str, Values<'_>); 17] = [
        ("spike", "rate(x[5m]) * 60", "rolling", &bump(600.0, 606.0, 29.0)),
        ("dip to zero", "rate(x[5m])", "rolling", &|m| {
            if within(m, 600.0, 606.0) { 0.0 } else { 8.0 + wobble(m) }
        }),
        ("level shift", "x_seconds", "robust", &bump(600.0, 9e9, 8.0)),
        ("level shift that ended", "x", "robust", &bump(600.0, 800.0, 8.0)),
        ("slope", "x_bytes", "slope", &|m| 1e9 + 1e6 * wobble(m) + 2e7 * (m - 600.0).max(0.0)),
        ("drift", "x", "drift", &|m| 8.0 + wobble(m) + 0.02 * (m - 600.0).max(0.0)),
        ("contrast", "x", "level", &bump(600.0, 9e9, 8.0)),
        ("spread", "x", "variance", &|m| 8.0 + wobble(m) * if m >= 600.0 { 9.0 } else { 1.0 }),
        ("flat line", "x", "flatline", &|m| 8.0 + if m >= 600.0 { 0.0 } else { wobble(m) }),
        ("gap", "x", "gap", &|m| if within(m, 600.0, 640.0) { f64::NAN } else { wobble(m) }),
        ("record", "x", "record", &bump(600.0, 601.0, 29.0)),
        ("constant", "x", "rolling", &|m| if m == 600.0 { 9.0 } else { 8.0 }),
        ("infinite", "x", "rolling", &|m| if m == 600.0 { f64::INFINITY } else { wobble(m) }),
        ("season", "x", "seasonal", &|m| {
            let shifted = if m >= 600.0 { m + 240.0 } else { m };
            50.0 + 40.0 * libm::sin(shifted / 1440.0 * core::f64::consts::TAU) + wobble(m)
        }),
        ("auto, spike", "x_ratio", "auto", &|m| {
            0.2 + 0.01 * wobble(m) + if within(m, 600.0, 606.0) { 0.75 } else { 0.0 }
        }),
        ("auto, gap", "x", "auto", &|m| {
            if within(m, 600.0, 640.0) { f64::NAN } else { 8.0 + wobble(m) }
        }),
        ("raw counter", "x_total", "rolling", &|m| {
            1e6 + 60.0 * m + wobble(m) + if m >= 600.0 { 500.0 } else { 0.0 }
        }),
    ];
    let mut out = String::new();
    for (name, expr, detector, value) in cases {
        let analysis = analysis(expr, detector, 24, 60, &[("a", value)]);
        let kind = analysis.worst_events().first().map_or("none", |(_, event)| event.kind.name());
        let told = if kind == "none" { "nothing\n".to_owned() } else { told(&analysis) };
        out.push_str(&format!("{name} ({detector}): {kind}\n  {told}\n"));
    }
    insta::assert_snapshot!(out);
}

/// In which cycle, and on how many of them.
type Found = Option<(Cycle, usize)>;

#[test]
fn what_recurs_is_told_by_what_was_loaded() {
    /// Spikes of six minutes at ten o'clock on some days of a week.
    fn spikes(days: &'static [i32]) -> impl Fn(f64) -> f64 {
        move |m| {
            let (day, minute) = (m.div_euclid(1440.0) as i32, m.rem_euclid(1440.0));
            let odd = days.contains(&day) && within(minute, 600.0, 630.0);
            8.0 + wobble(m) + if odd { 29.0 } else { 0.0 }
        }
    }
    let hourly = |m: f64| bump(600.0, 606.0, 29.0)(600.0 + (m + 1e5 * 60.0).rem_euclid(60.0));
    let cases: [(u64, u64, Values<'_>, Found); 5] = [
        (168, 300, &spikes(&[6]), None),
        (168, 300, &spikes(&[1, 4, 6]), Some((Cycle::Day, 3))),
        (168, 300, &spikes(&[0, 1, 2, 3, 4, 5, 6]), Some((Cycle::Day, 7))),
        (24, 60, &bump(600.0, 606.0, 29.0), None),
        (12, 60, &hourly, Some((Cycle::Hour, 16))),
    ];
    for (hours, step, value, expected) in cases {
        let analysis = analysis("x", "robust", hours, step, &[("a", value)]);
        let rule = Rule { cooldown: 0, ..analysis.rule };
        let analysis = analyze(analysis.detected, rule);
        let (ranked, _) = analysis.worst_events()[0];
        let event = ranked.events.last().unwrap();
        let found = facts(&analysis, ranked, event).recurrence;
        let got = found.map(|found| (found.cycle, found.on));
        let of = found.map_or(0, |found| found.of);
        assert_eq!(got.map(|(cycle, _)| cycle), expected.map(|(cycle, _)| cycle), "{hours} h");
        if let Some((_, on)) = expected {
            let (_, found) = got.unwrap();
            assert!(found.abs_diff(on) <= 1 && of >= found, "{found} of {of}, not {on}");
        }
    }
}

#[test]
fn series_that_are_odd_together() {
    let (odd, calm) = (bump(600.0, 606.0, 29.0), bump(0.0, 0.0, 0.0));
    let concurrent = |series: &[(&str, Values<'_>)]| {
        let facts = worst(&analysis("x", "rolling", 24, 60, series));
        (facts.concurrent.map(|concurrent| (concurrent.odd, concurrent.of)), facts.evidence)
    };
    let (found, evidence) = concurrent(&[("a", &odd)]);
    assert_eq!(found, None);
    assert!(
        !evidence.contains(&EvidenceTag::OneOfMany) && !evidence.contains(&EvidenceTag::MostSeries)
    );
    let (found, evidence) = concurrent(&[("a", &odd), ("b", &calm), ("c", &calm), ("d", &calm)]);
    assert_eq!(found, Some((1, 4)));
    assert!(evidence.contains(&EvidenceTag::OneOfMany));
    let (found, evidence) = concurrent(&[("a", &odd), ("b", &odd), ("c", &odd), ("d", &calm)]);
    assert_eq!(found, Some((3, 4)));
    assert!(evidence.contains(&EvidenceTag::MostSeries));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_samples_panic_and_every_number_is_told(
        values in proptest::collection::vec(
            prop_oneof![
                8 => -10.0..10.0_f64, 1 => any::<f64>(), 1 => Just(f64::NAN), 2 => Just(3.0),
            ],
            1..120,
        ),
        detector in proptest::sample::select(Detector::all().collect::<Vec<_>>()),
    ) {
        let at = |m: f64| values[(m.max(0.0) as usize + m.min(0.0).abs() as usize) % values.len()];
        let analysis = analysis("x_total", detector.about().id, 2, 60, &[("a", &at), ("b", &at)]);
        for (ranked, event) in analysis.worst_events() {
            let facts = facts(&analysis, ranked, event);
            let text = sentence(&facts, Clock::UTC);
            prop_assert!(!text.contains("NaN") && !text.is_empty(), "{}", text);
            for line in lines(&facts, Clock::UTC) {
                prop_assert!(!line.text.is_empty() && !line.text.contains("NaN"), "{:?}", line);
            }
            for tag in &facts.evidence {
                prop_assert!(!evidence::phrase(*tag, &facts).is_empty());
            }
        }
    }
}

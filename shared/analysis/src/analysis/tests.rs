//! Series that are young, that end, and that replace others.

use super::*;
use crate::words;
use oddity_detect::detect::{DetectorInput, Rolling};
use oddity_detect::event::{EventKind, SeverityLevel};
use oddity_detect::series::Labels;
use oddity_detect::time::{Span, Step, Timestamp};
use oddity_source::note::NoteKind;
use oddity_source::prometheus::LongPastSeries;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

const LEN: usize = 1_500;
const HISTORY: usize = 300;

/// A number from -1 to 1 that looks random.
fn noise(a: usize, b: usize) -> f64 {
    let mixed = (a as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (b as u64 + 7).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 40) as f64 / f64::from(1_u32 << 24)) * 2.0 - 1.0
}

/// Loads series that are present in a part of the range; `change` is added to the value of a series and a sample.
fn load(
    expr: &str,
    all: &[(&str, RangeInclusive<usize>)],
    len: usize,
    change: impl Fn(usize, usize) -> f64,
) -> Arc<Loaded> {
    load_after(HISTORY, expr, all, len, change)
}

fn load_after(
    history: usize,
    expr: &str,
    all: &[(&str, RangeInclusive<usize>)],
    len: usize,
    change: impl Fn(usize, usize) -> f64,
) -> Arc<Loaded> {
    let step = Step::from_seconds(60);
    let start = Timestamp(1_767_571_200_000);
    let range = TimeRange { start: start + step.times(history), end: start + step.times(len - 1) };
    let query = oddity_source::query::RangeQuery::new(expr, range, step, history).unwrap();
    let grid = query.grid();
    assert_eq!(grid.len, len);
    let series = all
        .iter()
        .enumerate()
        .map(|(index, (pod, life))| {
            let value = |at: usize| match life.contains(&at) {
                true => 200.0 + 5.0 * noise(index, at) + change(index, at),
                false => f64::NAN,
            };
            let labels = Labels::new([("pod".to_owned(), (*pod).to_owned())]);
            Series { labels, grid, values: (0..len).map(value).collect() }
        })
        .collect();
    Arc::new(Loaded::new(query, series))
}

fn analysed(loaded: Arc<Loaded>, detector: Detector) -> Analysis {
    let detected = detect(&prepare(loaded), detector, Learning::default());
    analyze(Arc::new(detected), Rule::of(detector))
}

fn by_id(id: &str) -> Detector {
    Detector::by_id(id).unwrap()
}

const OLD: &str = "web-7d9f8b6c4-x2k9p";
const OLDER: &str = "web-7d9f8b6c4-bqzvk";
const NEW: &str = "web-5c4d7f9b8-9xk2d";
const NEWER: &str = "web-5c4d7f9b8-mnprt";

/// Two pods that two others replace at 800.
fn rollout() -> [(&'static str, RangeInclusive<usize>); 4] {
    [(OLD, 0..=800), (OLDER, 0..=803), (NEW, 799..=LEN - 1), (NEWER, 802..=LEN - 1)]
}

#[test]
fn a_rollout_is_no_event() {
    for id in ["auto", "rolling", "robust", "ewma", "gap", "flatline"] {
        let found = analysed(load("memory", &rollout(), LEN, |_, _| 0.0), by_id(id));
        assert_eq!(found.event_count(), 0, "{id}: {:?}", found.worst_events());
        let notes = found.notes();
        assert_eq!(notes.len(), 1, "{id}: {notes:?}");
        assert_eq!(notes[0].kind, NoteKind::Replaced);
        assert_eq!(notes[0].text, "2 values of pod replaced at Jan 5 13:19 UTC");
    }
}

#[test]
fn an_inherited_past_gives_no_verdicts_and_no_values() {
    let found = analysed(load("memory", &rollout(), LEN, |_, _| 0.0), by_id("rolling"));
    let new = &found.detected.series[2];
    assert_eq!(new.prepared.life.predecessor, Some(0));
    let Detection { judged, expected, score, .. } = &new.detection;
    assert!(judged[..799].iter().chain(&expected[..799]).all(|value| value.is_nan()));
    assert!(score[..829].iter().all(|score| score.is_nan()));
    // The window reaches into the past of the predecessor.
    assert!(score[829..].iter().all(|score| !score.is_nan()));
    assert_eq!(new.judged, LEN - 829);
    assert!(new.detection.baseline.ends_with("before, with those of the series that it replaced"));
    assert_eq!(new.alone, 799 + 60..LEN);
    assert!(
        words::scope(&found).contains("no gaps, 4 present for part of the range"),
        "{}",
        words::scope(&found)
    );
    // What the past is for: more of it than the pod itself has.
    let young = analysed(load("memory", &rollout(), 860, |_, _| 0.0), by_id("rolling"));
    assert!(!young.detected.series[2].detection.expected[829].is_nan());
}

#[test]
fn a_leak_in_a_fresh_pod_is_told() {
    let leak = |series: usize, at: usize| {
        if series == 2 { at.saturating_sub(799) as f64 * 0.5 } else { 0.0 }
    };
    let mut loaded = Arc::unwrap_or_clone(load("memory", &rollout(), LEN, leak));
    let (start, step) = (loaded.query.grid().start, Step::from_seconds(600));
    let grid = Grid { start: start - step.times(144), step, len: 0 };
    loaded.long_past = Some(LongPastSeries { grid, series: BTreeMap::new() });
    let found = analysed(Arc::new(loaded), by_id("auto"));
    let of_new: Vec<_> = found.worst_events().iter().map(|(ranked, _)| ranked.index).collect();
    assert!(!of_new.is_empty() && of_new.iter().all(|series| *series == 2), "{of_new:?}");
    let birth = found.detected.loaded.query.grid().at(799);
    assert!(found.worst_events().iter().all(|(_, event)| event.display_start >= birth));
}

#[test]
fn a_gap_of_a_series_that_comes_back_is_an_event() {
    let mut loaded = (*load("memory", &rollout(), LEN, |_, _| 0.0)).clone();
    let mut values = loaded.series[2].values.to_vec();
    values[1_100..1_160].fill(f64::NAN);
    loaded.series[2].values = values.into();
    let found = analysed(Arc::new(loaded), by_id("gap"));
    let events = found.worst_events();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].0.index, events[0].1.kind), (2, EventKind::Gap));
}

#[test]
fn the_tail_of_a_rate_is_not_judged() {
    // The last five minutes of a counter that ended.
    let tail = |series: usize, at: usize| match series {
        0 | 1 => -40.0 * at.saturating_sub(795 + 3 * series) as f64,
        _ => 0.0,
    };
    let count =
        |expr: &str| analysed(load(expr, &rollout(), LEN, tail), by_id("rolling")).event_count();
    assert_eq!(count("rate(requests_total[5m])"), 0);
    assert!(count("requests") > 0);
}

#[test]
fn events_that_begin_together_are_one_incident() {
    let all = [("a", 0..=LEN - 1), ("b", 0..=LEN - 1), ("c", 0..=LEN - 1)];
    let together = |series: usize, at: usize| {
        let on = (900 + 2 * series..905 + 2 * series).contains(&at) && series < 2;
        if on { 100.0 } else { 0.0 }
    };
    let found =
        analysed(load("load", &all, LEN, together), Detector::Rolling(Rolling { window: 60 }));
    assert_eq!((found.event_count(), found.incidents.len()), (2, 1));
    assert_eq!((found.incidents[0].series, found.incidents[0].shared.of), (2, 3));
    let headline = words::headline(&found);
    assert!(
        headline
            .starts_with("1 incident in 19 h 59 min: 2 of 3 series from Jan 5 15:00 UTC, spike to"),
        "{headline}"
    );
    for (ranked, event) in found.worst_events() {
        assert_eq!(found.incident_of(ranked.event_id(event)).map(|(at, _)| at), Some(0));
    }
}

#[test]
fn young_series_are_told() {
    let check = |series: &[(&str, RangeInclusive<usize>)], headline: &str, note: Option<&str>| {
        for id in ["auto", "rolling", "ewma", "robust", "gap"] {
            let found = analysed(load("load", series, LEN, |_, _| 0.0), by_id(id));
            assert!(
                words::headline(&found).starts_with(headline),
                "{id}: {}",
                words::headline(&found)
            );
            let notes = found.notes();
            let young = notes.iter().find(|note| note.kind == NoteKind::TooYoung);
            assert_eq!(young.map(|note| note.text.as_str()), note, "{id}");
        }
    };
    let old = ("a", 0..=LEN - 1);
    let young = ("b", LEN - 12..=LEN - 1);
    check(std::slice::from_ref(&young), "Too young to judge: 12 samples in 19 h 59 min", None);
    check(&[old.clone(), young], "No anomalies", Some("1 of 2 series is too young to judge"));
    check(&[old], "No anomalies", None);
    check(&[("b", LEN - 300..=LEN - 1)], "No anomalies", None);
}

/// Every detector that judges single samples sees a clear spike after 40 samples, or says that it could not judge.
#[test]
fn a_spike_in_a_young_series() {
    let spike =
        |_: usize, at: usize| if (LEN - 20..LEN - 15).contains(&at) { 2_000.0 } else { 0.0 };
    for detector in Detector::all() {
        let id = detector.about().id;
        let found = analysed(load("load", &[("a", LEN - 60..=LEN - 1)], LEN, spike), detector);
        let told = found.event_count() > 0 || found.unjudged().is_some();
        // Judges flat lines, gaps, bounds or other series, and none of them is odd.
        let other = ["flatline", "gap", "threshold", "forecast", "peers"].contains(&id);
        let slow = ["auto", "level", "drift", "variance", "slope", "record"].contains(&id);
        assert!(told || other || slow, "{id}: {}", words::headline(&found));
    }
}

/// What the sensitivity costs is counted before the range, without the first day and with a pause between alerts.
#[test]
fn alerts_before_the_range() {
    let (day, len) = (1_440, 5 * 1_440);
    let spikes = [100, 3_000, 3_010, 4_500, 6_500];
    let change = |_: usize, at: usize| if spikes.contains(&at) { 500.0 } else { 0.0 };
    let found = |from: usize| {
        let loaded = load_after(4 * day, "load", &[("a", from..=len - 1)], len, change);
        analysed(loaded, by_id("rolling")).past_alerts()
    };
    let past = found(0).unwrap();
    assert_eq!((past.count, past.series, past.span), (2, 1, Span::from_seconds(3 * 86_400)));
    assert_eq!(
        words::past_alerts(past),
        "In the 3 d before this range, this series would have alerted 2 times (about 5 a week)"
    );
    // The first alert lies on the first day of a younger series.
    assert_eq!(found(2 * day).map(|past| past.count), Some(1));
    assert_eq!(found(2 * day + 2), None);
}

/// Whatever comes later changes no verdict of a successor.
#[test]
fn verdicts_know_nothing_of_the_future() {
    for id in ["auto", "rolling", "ewma"] {
        let all = analysed(load("memory", &rollout(), LEN, |_, _| 0.0), by_id(id));
        for len in [835, 900, 1_200] {
            let series: Vec<_> = rollout()
                .into_iter()
                .map(|(pod, life)| (pod, *life.start()..=(*life.end()).min(len - 1)))
                .collect();
            let past = analysed(load("memory", &series, len, |_, _| 0.0), by_id(id));
            for series in [2, 3] {
                let score =
                    |found: &Analysis, at: usize| found.detected.series[series].detection.score[at];
                for at in 0..len {
                    let (now, then) = (score(&all, at), score(&past, at));
                    let same = now == then || (now.is_nan() && then.is_nan());
                    assert!(same, "{id} {len} {series} {at}: {now} {then}");
                }
            }
        }
    }
}

#[test]
fn a_job_finds_the_same_elsewhere() {
    let loaded = load("memory", &rollout(), LEN, |series, at| match (series, at) {
        (1, 500..=504) => 300.0,
        (3, 1_200..) => -60.0,
        _ => 0.0,
    });
    let grid = Grid {
        start: loaded.query.grid().start - Span::from_seconds(86_400 * 21),
        ..loaded.query.grid()
    };
    let mut loaded = (*loaded).clone();
    let past: Arc<[f64]> = (0..grid.len).map(|at| 200.0 + noise(9, at)).collect();
    let labels = loaded.series[0].labels.clone();
    loaded.long_past = Some(LongPastSeries { grid, series: BTreeMap::from([(labels, past)]) });
    let excluded =
        TimeRange { start: grid.start, end: loaded.query.start + Span::from_seconds(600) };
    let prepared = prepare(Arc::new(loaded));
    for detector in Detector::all() {
        for exclude_scores_above in [None, Some(3.0)] {
            let learning = Learning { excluded: vec![excluded], exclude_scores_above };
            let here = detect(&prepared, detector, learning.clone());
            let mut run = DetectionRun::new(&prepared, detector, learning);
            while run.advance() {}
            // In another order, as answers of workers come.
            for index in [2, 0, 3, 1] {
                let job = run.job(index).to_bytes().unwrap();
                let reply =
                    DetectionJob::from_bytes(&job).unwrap().run(&mut DetectorCache::default());
                let reply = Detection::from_bytes(&reply.to_bytes().unwrap()).unwrap();
                let (there, here) = (run.accept(index, reply), &here.series[index]);
                let bytes = |found: &DetectedSeries| found.detection.to_bytes().unwrap();
                assert_eq!(bytes(&there), bytes(here), "{detector:?} {index}");
                assert_eq!((there.judged, &there.alone), (here.judged, &here.alone));
                assert_eq!((there.shortage, there.score), (here.shortage, here.score));
                assert!(DetectionJob::from_bytes(&job[..job.len() - 1]).is_err());
            }
        }
    }
}

#[test]
fn peers_compared_in_parts_are_compared_whole() {
    let loaded = load("memory", &rollout(), LEN, |series, at| (series * at % 40) as f64);
    let prepared = prepare(Arc::clone(&loaded));
    for detector in [by_id("peers"), by_id("peers").with("method", 1.0)] {
        let all: Vec<&[f64]> = loaded.series.iter().map(|series| &series.values[..]).collect();
        let whole = detector.group(&all).unwrap();
        let found = detect(&prepared, detector, Learning::default());
        for (index, series) in found.series.iter().enumerate() {
            let values = prepared.judged_by(index);
            let mut input = DetectorInput::new(values, HISTORY, loaded.query.grid());
            input.group = Some(&whole);
            let (parts, whole) = (&series.detection, detector.detect(input));
            let end = series.alone.end;
            let bits = |values: &[f64]| {
                values[series.alone.start..end].iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            };
            assert_eq!(bits(&parts.score), bits(&whole.score));
            assert_eq!(bits(&parts.expected), bits(&whole.expected));
        }
    }
}

#[test]
fn newer_samples_bring_new_events() {
    let rollout = |len: usize, expr: &str| {
        let change = |_: usize, at: usize| if (1_440..1_445).contains(&at) { 900.0 } else { 0.0 };
        analysed(load(expr, &[(OLD, 0..=LEN)], len, change), by_id("rolling"))
    };
    let (before, after) = (rollout(1_430, "load"), rollout(LEN, "load"));
    assert!(after.continues(&before) && !after.continues(&after));
    let found = after.new_since(&before, SeverityLevel::Low);
    let onsets: Vec<usize> = found.iter().map(|(_, event)| event.onset.index).collect();
    assert_eq!(onsets, [1_440]);
    // An event that goes on is not new.
    assert!(after.new_since(&rollout(1_443, "load"), SeverityLevel::Low).is_empty());
    assert!(after.new_since(&rollout(1_430, "other"), SeverityLevel::Low).is_empty());
    let other_rule = analyze(Arc::clone(&before.detected), Rule { threshold: 3.0, ..before.rule });
    assert!(after.new_since(&other_rule, SeverityLevel::Low).is_empty());
}

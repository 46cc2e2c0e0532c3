//! Series of any sample interval, age and end, fetched from a source in memory that looks back as Prometheus does: what
//! is healthy is no event, and a spike is one, or a note says why it cannot be seen.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use oddity_analysis::analysis::{Analysis, Learning, Settings, analyze, detect, prepare};
use oddity_detect::detect::Detector;
use oddity_detect::event::EventKind;
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};
use oddity_source::note::NoteKind;
use oddity_source::plan::{ApiRequest, FetchPlan, QuerySpec};
use oddity_source::prometheus::ReplyError;
use oddity_source::query::QueryError;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_767_225_600_000);
const LOOKBACK: i64 = 300_000;

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{0}")]
    Query(#[from] QueryError),
    #[error("{0}")]
    Reply(#[from] ReplyError),
}

/// Samples of a metric: times in milliseconds, ascending, and values.
struct Metric {
    name: &'static str,
    samples: Vec<(i64, f64)>,
}

/// A source in memory that answers what a plan asks.
struct Source {
    metrics: Vec<Metric>,
}

impl Source {
    /// Returns the samples of a metric in a window that is open at its start.
    fn window(&self, name: &str, end: i64, length: i64) -> &[(i64, f64)] {
        let metric = self.metrics.iter().find(|metric| metric.name == name);
        let samples = metric.map_or(&[][..], |metric| &metric.samples);
        let before = |time: i64| samples.partition_point(|(at, _)| *at <= time);
        &samples[before(end - length)..before(end)]
    }

    fn newest(&self, name: &str, at: i64) -> Option<(i64, f64)> {
        self.window(name, at, LOOKBACK).last().copied()
    }

    fn answer(&self, request: &ApiRequest) -> String {
        let get = |key: &str| {
            let found = request.parameters.iter().find(|(name, _)| *name == key);
            found.map(|(_, value)| value.as_str())
        };
        let time = |key: &str| {
            get(key).map_or(NOW.0, |text| (text.parse::<f64>().unwrap() * 1e3).round() as i64)
        };
        if request.endpoint == "metadata" {
            return r#"{"status":"success","data":{}}"#.to_owned();
        }
        let query = get("query").unwrap();
        if request.endpoint == "query_range" {
            let step = (get("step").unwrap().parse::<f64>().unwrap() * 1e3).round() as i64;
            return self.range(query, time("start"), time("end"), step);
        }
        let at = time("time");
        let known = |metric: &&Metric| query.contains(metric.name);
        let newest = self.metrics.iter().filter(known).filter_map(|m| self.newest(m.name, at));
        let newest = newest.map(|(time, _)| time as f64 / 1e3).reduce(f64::max);
        let vector: Vec<String> = if query == "time()" {
            vec![sample("", NOW.0 as f64 / 1e3)]
        } else if let Some((_, rest)) = query.split_once("count_over_time(") {
            let (name, rest) = rest.split_once('[').unwrap();
            let (window, rest) = rest.split_once("])[").unwrap();
            let (span, rest) = rest.split_once(':').unwrap();
            let (step, rest) = rest.split_once(']').unwrap();
            let millis = |text: &str| text.parse::<Span>().unwrap().millis() as i64;
            let step = millis(step);
            let (first, last) = ((at - millis(span)).div_euclid(step) + 1, at.div_euclid(step));
            let counts = (first..=last).map(|n| self.window(name, n * step, millis(window)).len());
            let most = counts.max().filter(|count| *count > 0);
            let count = most.map(|most| sample(&format!("\"n\":\"{most}\""), 1.0));
            let newest = newest.filter(|_| rest.contains("timestamp")).map(|time| sample("", time));
            count.into_iter().chain(newest).collect()
        } else if query.starts_with("max(timestamp(") {
            newest.map(|time| sample("", time)).into_iter().collect()
        } else {
            let any = query.contains("!=\"\"")
                && self.metrics.iter().any(|metric| self.newest(metric.name, at).is_some());
            (any || newest.is_some()).then(|| sample("", 1.0)).into_iter().collect()
        };
        reply("vector", &vector)
    }

    fn range(&self, query: &str, start: i64, end: i64, step: i64) -> String {
        let value = |at: i64| match query.strip_prefix("last_over_time(") {
            Some(rest) => {
                let (name, rest) = rest.split_once('[').unwrap();
                let window: Span = rest.split_once(']').unwrap().0.parse().unwrap();
                self.window(name, at, window.millis() as i64).last().copied()
            }
            None => self.newest(query, at),
        };
        let times = (0..).map(|n| start + n * step).take_while(|at| *at <= end);
        let values = times.filter_map(|at| {
            let (_, value) = value(at)?;
            Some(format!("[{},\"{value}\"]", at as f64 / 1e3))
        });
        let values: Vec<String> = values.collect();
        let series = format!("{{\"metric\":{{}},\"values\":[{}]}}", values.join(","));
        reply("matrix", &if values.is_empty() { vec![] } else { vec![series] })
    }
}

fn sample(labels: &str, value: f64) -> String {
    format!("{{\"metric\":{{{labels}}},\"value\":[1,\"{value}\"]}}")
}

fn reply(kind: &str, result: &[String]) -> String {
    let result = result.join(",");
    format!(
        "{{\"status\":\"success\",\"data\":{{\"resultType\":\"{kind}\",\"result\":[{result}]}}}}"
    )
}

/// Fetches and judges a query of a day, with the detector that a person gets who touches nothing.
fn ask(source: &Source, expr: &str, range: TimeRange, step: Option<Step>) -> Analysis {
    let settings = Settings::of(Detector::default());
    let history = settings.history();
    let plan = FetchPlan::new(QuerySpec { expr: expr.to_owned(), range, step, history }).unwrap();
    let send = async |request: ApiRequest| Ok::<_, Failed>(source.answer(&request).into_bytes());
    let mut context = Context::from_waker(Waker::noop());
    let loaded = match pin!(plan.run(send, |_| {})).poll(&mut context) {
        Poll::Ready(loaded) => loaded.unwrap(),
        Poll::Pending => panic!("the plan waits"),
    };
    let detected = detect(&prepare(Arc::new(loaded)), settings.detector, Learning::default());
    analyze(Arc::new(detected), settings.rule)
}

/// Returns a number from -1 to 1 that looks random.
fn noise(at: u64) -> f64 {
    let mut state = at.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// Returns samples until `end`: every `interval` from a phase on, each late by up to a tenth of it.
fn samples(
    interval: i64,
    phase: f64,
    age: i64,
    end: i64,
    value: impl Fn(i64) -> f64,
) -> Vec<(i64, f64)> {
    let first = end - age + (phase * interval as f64) as i64;
    let late = |n: u64| (noise(n ^ 77).abs() * interval.min(60_000) as f64 * 0.05) as i64;
    let times = (0..).map(|n| first + n as i64 * interval + late(n));
    times.take_while(|at| *at <= end).map(|at| (at, value(at))).collect()
}

fn hours(count: i64) -> Span {
    Span::from_seconds(count as u64 * 3_600)
}

fn range(span: i64, end: Timestamp) -> TimeRange {
    TimeRange { start: end - hours(span), end }
}

fn kinds(analysis: &Analysis) -> Vec<NoteKind> {
    analysis.notes().into_iter().map(|note| note.kind).collect()
}

/// A series around 50, and a second metric that goes on.
fn healthy(interval: i64, phase: f64, days: i64) -> Source {
    let value = |at: i64| 50.0 + noise(at as u64);
    let x = samples(interval, phase, days * 86_400_000, NOW.0, value);
    let up = samples(15_000, 0.3, days * 86_400_000, NOW.0, |_| 1.0);
    Source { metrics: vec![Metric { name: "x", samples: x }, Metric { name: "up", samples: up }] }
}

#[test]
fn usual_intervals_give_their_step() {
    let cases = [
        (1, "15s", &[NoteKind::StepHides][..]),
        (5, "15s", &[NoteKind::StepHides]),
        (10, "15s", &[]),
        (15, "15s", &[]),
        (30, "30s", &[]),
        (60, "1m", &[]),
        (120, "2m", &[]),
        (300, "5m", &[]),
        (600, "10m", &[NoteKind::SamplesTooFarApart]),
        (3_600, "1h", &[NoteKind::SamplesTooFarApart]),
    ];
    for (seconds, step, notes) in cases {
        for phase in [0.0, 0.37, 0.9] {
            let source = healthy(seconds * 1_000, phase, 2);
            let analysis = ask(&source, "x", range(24, NOW), None);
            assert_eq!(analysis.detected.loaded.query.step.to_string(), step, "{seconds} {phase}");
            let found = kinds(&analysis);
            // Whether a grid of the interval sees a sample depends on the phase.
            let apart = [NoteKind::SamplesTooFarApart];
            assert!(found == notes || (found.is_empty() && notes == apart), "{seconds} {found:?}");
        }
    }
}

#[test]
fn samples_that_lie_too_far_apart_are_found_with_one_click() {
    let source = healthy(3_600_000, 0.3, 14);
    let analysis = ask(&source, "x", range(48, NOW), None);
    assert!(analysis.detected.series.is_empty());
    let note = analysis.reason_for_nothing().unwrap();
    let query = note.fix.clone().unwrap().query.unwrap();
    assert_eq!(query, "last_over_time(x[1h30m])");
    let analysis = ask(&source, &query, range(48, NOW), None);
    assert_eq!((analysis.detected.series.len(), kinds(&analysis)), (1, vec![]));
}

#[test]
fn an_end_in_the_future_is_cut() {
    for minutes in [2, 12, 700] {
        let source = healthy(60_000, 0.5, 3);
        let end = NOW + Span::from_seconds(minutes * 60);
        let analysis = ask(&source, "x", TimeRange { start: NOW - hours(6), end }, None);
        assert_eq!(kinds(&analysis), [NoteKind::RangeEndCut], "{minutes}");
        assert!(analysis.judged_grid().range().end <= NOW);
        assert_eq!(analysis.event_count(), 0);
    }
}

#[test]
fn silence_is_an_outage_where_it_is_one() {
    let silent = |name: &'static str, minutes: u64| {
        let mut source = healthy(15_000, 0.5, 3);
        let end = (NOW - Span::from_seconds(minutes * 60)).0;
        let ended = source.metrics.iter_mut().filter(|metric| name == "all" || metric.name == name);
        ended.for_each(|metric| metric.samples.retain(|(at, _)| *at <= end));
        source
    };
    let cases = [
        // What is silent, since when, and hours from now to the end of the range.
        ("x", 170, 0, &[][..], true),
        ("x", 50, 0, &[], true),
        ("all", 50, 0, &[NoteKind::SourceSilent], true),
        ("all", 170, 0, &[NoteKind::SourceSilent], true),
        ("all", 10 * 60 + 12, 10, &[NoteKind::RangeEndCut], false),
        ("all", 14 * 60, 10, &[NoteKind::RangeEndCut], false),
        ("all", 12 * 60, 10, &[NoteKind::SourceSilent], true),
        ("up", 60, 0, &[], false),
    ];
    for (name, minutes, ago, notes, gap) in cases {
        let source = silent(name, minutes);
        let analysis = ask(&source, "x", range(6, NOW - hours(ago)), None);
        assert_eq!(analysis.detected.loaded.query.step.to_string(), "15s");
        assert_eq!(kinds(&analysis), notes, "{name} {minutes}");
        let events = analysis.worst_events();
        let found: Vec<EventKind> = events.iter().map(|(_, event)| event.kind).collect();
        assert_eq!(found, if gap { vec![EventKind::Gap] } else { vec![] }, "{name} {minutes}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn a_healthy_series_is_described_and_a_spike_is_told(
        interval in prop::sample::select(vec![1_i64, 2, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600, 900, 1_800, 3_600]),
        phase in 0.0..1.0_f64,
        days in 3_i64..6,
        spike in any::<bool>(),
    ) {
        // Fewer samples are too young to be judged.
        let days = days.max(interval * 500 / 86_400);
        let mut source = healthy(interval * 1_000, phase, days);
        let [start, end] = [NOW - hours(5), NOW - hours(4)];
        let within = |at: i64| spike && (start.0..end.0).contains(&at);
        for (at, value) in &mut source.metrics[0].samples {
            *value += if within(*at) { 200.0 } else { 0.0 };
        }
        let mut analysis = ask(&source, "x", range(24, NOW), None);
        if let Some(note) = analysis.notes().into_iter().find(|note| note.kind == NoteKind::SamplesTooFarApart) {
            let query = note.fix.unwrap().query.unwrap();
            analysis = ask(&source, &query, range(24, NOW), None);
        }
        let step = analysis.detected.loaded.query.step.millis() as i64;
        prop_assert!(step * 5 >= interval * 4_000 && step <= (interval * 2_000).max(15_000), "{}", step);
        let events = analysis.worst_events();
        let sampled = |kind| matches!(kind, EventKind::Gap | EventKind::FlatLine);
        prop_assert!(!events.iter().any(|(_, event)| sampled(event.kind)), "{:?}", events);
        let told = events.iter().any(|(_, event)| event.onset.time >= start - Span::from_millis(2 * step as u64) && event.onset.time <= end);
        prop_assert!(told || !spike || analysis.unjudged().is_some(), "{} {:?}", interval, analysis.notes());
    }
}

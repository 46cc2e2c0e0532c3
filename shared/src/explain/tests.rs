use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::analysis::{Learning, Settings, analyze, detect, prepare};
use crate::detect::Detector;
use crate::prometheus::Loaded;
use crate::query::RangeQuery;
use crate::series::{Labels, METRIC_NAME, Series};
use crate::time::TimeRange;
use crate::words::Clock;

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
    series: &[(&str, &dyn Fn(f64) -> f64)],
) -> Analysis {
    let settings = Settings::of(Detector::by_id(detector).unwrap());
    let range = TimeRange { start: START, end: START + Span::from_seconds(hours * HOUR) };
    let history = settings.detector.history() + settings.rule.hold_off;
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
    let loaded = Loaded {
        query: query.clone(),
        series: all.collect(),
        unsupported: vec![],
        warnings: vec![],
        infos: vec![],
    };
    let detected = detect(&prepare(Arc::new(loaded)), settings.detector, Learning::default());
    analyze(Arc::new(detected), settings.rule)
}

fn worst(analysis: &Analysis) -> Facts {
    let (ranked, event) = analysis.worst_events()[0];
    facts(analysis, ranked, event)
}

/// The sentence about the worst event of one series of 24 hours, a sample a minute.
fn check(expr: &str, detector: &str, value: &dyn Fn(f64) -> f64, expected: &str) {
    let analysis = analysis(expr, detector, 24, 60, &[("a", value)]);
    assert_eq!(sentence(&worst(&analysis), Clock::UTC), expected, "{detector}");
}

fn within(minute: f64, from: f64, to: f64) -> bool {
    (from..to).contains(&minute)
}

#[test]
fn each_kind_in_its_own_words() {
    let bump = |from: f64, to: f64, by: f64| {
        move |m: f64| 8.0 + wobble(m) + if within(m, from, to) { by } else { 0.0 }
    };
    check("rate(x[5m]) * 60", "rolling", &bump(600.0, 606.0, 29.0), "");
    check("x", "rolling", &bump(600.0, 606.0, -29.0), "");
    check("x", "robust", &bump(600.0, 9e9, 8.0), "");
    check("x_bytes", "slope", &|m| 1e9 + 1e6 * wobble(m) + 2e7 * (m - 600.0).max(0.0), "");
    check("x", "drift", &|m| 8.0 + wobble(m) + 0.02 * (m - 600.0).max(0.0), "");
    check("x", "variance", &|m| 8.0 + wobble(m) * if m >= 600.0 { 9.0 } else { 1.0 }, "");
    check("x", "flatline", &|m| 8.0 + if m >= 600.0 { 0.0 } else { wobble(m) }, "");
    check("x", "gap", &|m| if within(m, 600.0, 640.0) { f64::NAN } else { wobble(m) }, "");
    check("x", "record", &bump(600.0, 601.0, 29.0), "");
    check("x", "rolling", &|m| if m == 600.0 { 9.0 } else { 8.0 }, "");
    check("x", "rolling", &|m| if m == 600.0 { f64::INFINITY } else { 8.0 + wobble(m) }, "");
    check("x", "auto", &bump(600.0, 606.0, 29.0), "");
    check("x", "threshold", &bump(600.0, 606.0, 9e9), "");
}

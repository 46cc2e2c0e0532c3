//! Reports of planted events, as snapshots: read them as an engineer on call would.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::sync::Arc;

use shared::analysis::{Learning, Settings, analyze, detect, prepare};
use shared::detect::{Detector, Rolling};
use shared::event::Rule;
use shared::prometheus::Loaded;
use shared::query::RangeQuery;
use shared::report::words::Clock;
use shared::report::{Context, file_name, markdown};
use shared::series::{Labels, METRIC_NAME, Series};
use shared::time::{Span, Step, TimeRange, Timestamp};

const START: Timestamp = Timestamp(1_769_853_600_000);

/// Labels, and the value so many minutes after the start.
type Plant<'a> = (&'a [(&'a str, &'a str)], fn(f64) -> f64);

/// Four hours at a step of a minute, after the history that the detector wants.
fn load(expr: &str, detector: Detector, all: &[Plant<'_>]) -> Loaded {
    let range = TimeRange { start: START, end: START + Span::from_seconds(4 * 3_600) };
    let query = RangeQuery::new(expr, range, Step::from_seconds(60), detector.history()).unwrap();
    let grid = query.grid();
    let series = all
        .iter()
        .map(|(labels, value)| {
            let labels =
                Labels::new(labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
            let minute = |at: usize| at as f64 - query.history as f64;
            let values: Arc<[f64]> = (0..grid.len).map(|at| value(minute(at))).collect();
            Series { labels, grid, values }
        })
        .collect();
    Loaded { query, series, unsupported: vec![], warnings: vec![], infos: vec![] }
}

fn report(loaded: Loaded, detector: Detector, rule: Rule) -> String {
    let analysis =
        analyze(Arc::new(detect(&prepare(Arc::new(loaded)), detector, Learning::default())), rule);
    let context = Context {
        generated_at: START + Span::from_seconds(5 * 3_600),
        version: "Oddity 0.1.0".to_owned(),
        source: "prometheus (production)".to_owned(),
        link: "https://oddity.example/?q=up".to_owned(),
        clock: Clock::UTC,
    };
    let text = markdown(&analysis, &context);
    format!(
        "<!-- {} -->\n\n{text}",
        file_name(&analysis.detected.loaded.query.expr, context.generated_at, "md")
    )
}

/// A bounded wobble of one around zero that repeats every 11 minutes.
fn wobble(minute: f64) -> f64 {
    (minute * 7.0).rem_euclid(11.0) / 5.0 - 1.0
}

fn within(minute: f64, from: f64, to: f64) -> bool {
    (from..to).contains(&minute)
}

fn check(name: &str, loaded: Loaded, settings: Settings) {
    insta::assert_snapshot!(name, report(loaded, settings.detector, settings.rule));
}

#[test]
fn one_spike() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let expr = "sum(rate(dhcp_lease_total[5m]))";
    let loaded = load(
        expr,
        settings.detector,
        &[(&[], |m| 8.0 + wobble(m) + if within(m, 100.0, 110.0) { 29.0 } else { 0.0 })],
    );
    check("one_spike", loaded, settings);
}

#[test]
fn several_series_with_hostile_labels() {
    let settings = Settings {
        rule: Rule { at_least: 3, min_relative: 0.1, ..Rule::default() },
        ..Settings::of(Detector::Rolling(Rolling::default()))
    };
    let hostile =
        "a`b|c</td><script>alert(1)</script>\n\n# owned [x](https://evil) \u{202e}www.evil.com";
    let loaded = load(
        "process_resident_memory_bytes",
        settings.detector,
        &[
            (&[(METRIC_NAME, "process_resident_memory_bytes"), ("instance", "calm")], |m| {
                1e9 + 1e7 * wobble(m)
            }),
            (&[(METRIC_NAME, "process_resident_memory_bytes"), ("instance", hostile)], |m| {
                1e9 + 1e7 * wobble(m) + if m >= 90.0 { 1e9 } else { 0.0 }
            }),
            (&[(METRIC_NAME, "process_resident_memory_bytes"), ("in\n\n## stance", "dip")], |m| {
                1e9 + 1e7 * wobble(m) - if within(m, 200.0, 230.0) { 5e8 } else { 0.0 }
            }),
        ],
    );
    check("several_series_with_hostile_labels", loaded, settings);
}

#[test]
fn nothing_odd() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let loaded = load("avg(cpu_ratio)", settings.detector, &[(&[], |m| 0.5 + 0.01 * wobble(m))]);
    check("nothing_odd", loaded, settings);
}

#[test]
fn a_raw_counter() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let labels: &[(&str, &str)] = &[(METRIC_NAME, "http_requests_total"), ("job", "api")];
    let loaded = load(
        "http_requests_total",
        settings.detector,
        &[(labels, |m| 1e6 + 60.0 * m + wobble(m) + if m >= 150.0 { 500.0 } else { 0.0 })],
    );
    check("a_raw_counter", loaded, settings);
}

#[test]
fn gaps_and_warnings() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let gaps = |m: f64| {
        let gap = within(m, 30.0, 42.0) || m == 60.0 || m > 182.0;
        if gap { f64::NAN } else { 0.2 + 0.01 * wobble(m) + if m >= 180.0 { 0.9 } else { 0.0 } }
    };
    let mut loaded = load(
        "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
        settings.detector,
        &[(&[("service", "a")], gaps), (&[("service", "b")], |_| f64::NAN)],
    );
    loaded.warnings.push("the reply was cut by https://thanos: 1 store is missing".to_owned());
    loaded.infos.push("metric might not be a counter: \"a_b\" <b>".to_owned());
    loaded.unsupported.push(Labels::new([("service".to_owned(), "c".to_owned())]));
    check("gaps_and_warnings", loaded, settings);
}

#[test]
fn a_slope() {
    let settings = Settings::of(Detector::by_id("slope").unwrap());
    let loaded = load(
        "process_resident_memory_bytes",
        settings.detector,
        &[(&[("job", "api")], |m| 1e9 + 1e6 * wobble(m) + 2e7 * (m - 120.0).max(0.0))],
    );
    check("a_slope", loaded, settings);
}

#[test]
fn a_constant_that_changes() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let loaded = load(
        "up",
        settings.detector,
        &[(&[("job", "api")], |m| if m == 50.0 { 0.0 } else { 1.0 })],
    );
    check("a_constant_that_changes", loaded, settings);
}

#[test]
fn nothing_to_judge() {
    let settings = Settings::of(Detector::Rolling(Rolling::default()));
    let loaded = load("up", settings.detector, &[]);
    check("nothing_to_judge", loaded, settings);
}

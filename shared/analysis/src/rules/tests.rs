use std::sync::Arc;

use super::*;
use crate::analysis::{Learning, detect, prepare};
use oddity_detect::detect::{Detector, Rolling};
use oddity_detect::series::{Labels, Series};
use oddity_detect::time::{TimeRange, Timestamp};
use oddity_source::prometheus::Loaded;

const EXPORTED: &[&str] = &[
    "zscore",
    "rolling",
    "robust",
    "slope",
    "seasonal",
    "level",
    "variance",
    "record",
    "peers",
    "flatline",
    "gap",
    "forecast",
    "threshold",
];

fn detected(expr: &str, detector: Detector, labels: &[&[(&str, &str)]]) -> Detected {
    learnt(expr, detector, labels, Learning::default())
}

fn learnt(
    expr: &str,
    detector: Detector,
    labels: &[&[(&str, &str)]],
    learning: Learning,
) -> Detected {
    let step = Step::from_seconds(60);
    let start = Timestamp(1_767_225_600_000);
    let range = TimeRange { start, end: start + step.times(100) };
    let query = RangeQuery::new(expr, range, step, detector.history()).unwrap();
    let grid = query.grid();
    let values: Vec<f64> = (0..grid.len).map(|i| ((i * 7) % 11) as f64).collect();
    let series = labels.iter().map(|labels| Series {
        labels: Labels::new(labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))),
        grid,
        values: values.clone().into(),
    });
    let loaded = Loaded::new(query, series.collect());
    detect(&prepare(Arc::new(loaded)), detector, learning)
}

#[test]
fn each_detector_has_rules_or_a_reason() {
    for detector in Detector::all().map(|detector| detector.with("length", 20.0)) {
        let found = detected("sum(rate(up[5m])) by (job)", detector, &[&[("job", "a")]]);
        let export = match export(&found, &Rule::default()) {
            Ok(export) => {
                assert!(EXPORTED.contains(&detector.about().id));
                export
            }
            Err(reason) => {
                assert_eq!(reason, ExportError::NoParity(detector.about().name));
                assert!(!EXPORTED.contains(&detector.about().id));
                continue;
            }
        };
        for style in [RuleStyle::Subqueries, RuleStyle::Recorded] {
            let options = RuleOptions { style, ..RuleOptions::of(&found.loaded.query) };
            let group = export.group(&options).unwrap();
            assert!(group.yaml().contains("- alert: \"OddityUp\""));
        }
    }
}

#[test]
fn the_rolling_band_in_full() {
    let detector = Detector::Rolling(Rolling { window: 60 });
    let found = detected("up", detector, &[&[("__name__", "up"), ("job", "a")]]);
    let export = export(&found, &Rule::default()).unwrap();
    let window = "(up > -Inf < +Inf)[59m59s999ms:1m] offset 1m";
    let known = format!("count_over_time({window}) >= 30");
    assert_eq!(export.judged, "up");
    assert_eq!(export.expected, format!("avg_over_time({window}) and {known}"));
    let floor = format!("1e-9 * abs(avg_over_time({window}))");
    let scale = format!("clamp_min(stddev_over_time({window}) > {floor} or {floor}, 1e-12)");
    assert_eq!(export.scale, format!("{scale} and {known}"));
    assert_eq!(
        export.score,
        format!(
            "(clamp_max(abs((up > -Inf < +Inf) - avg_over_time({window})) / {scale}, 1000000) and {known}) or clamp_max(abs(up) == +Inf, 1000000)"
        )
    );
    assert_eq!(export.flag, format!("({}) >= 4", export.score));
    assert_eq!(export.cost, 60 * 5 + 2);
}

#[test]
fn what_cannot_be_exported_says_why() {
    let rolling = Detector::Rolling(Rolling::default());
    let up: &[(&str, &str)] = &[("__name__", "up")];
    let reason = |found: &Detected| export(found, &Rule::default()).unwrap_err();
    assert_eq!(reason(&detected("up @ end()", rolling, &[up])), ExportError::DependsOnRange);
    let two: &[&[_]] = &[up, &[("__name__", "down")]];
    assert_eq!(reason(&detected("{a=\"b\"}", rolling, two)), ExportError::SameLabels);
    let cleaned = Learning { exclude_scores_above: Some(4.0), ..Learning::default() };
    assert_eq!(reason(&learnt("up", rolling, &[up], cleaned)), ExportError::Cleaned);
    let all = TimeRange { start: Timestamp(0), end: Timestamp(1) };
    let excluded = Learning { excluded: vec![all], ..Learning::default() };
    assert_eq!(reason(&learnt("up", rolling, &[up], excluded)), ExportError::Excluded);
    let mad = Detector::by_id("robust").unwrap().with("scale", 1.0);
    assert_eq!(reason(&detected("up", mad, &[up])), ExportError::Mad);
}

#[test]
fn expressions_are_put_in_so_that_they_stay_what_they_are() {
    let cases = [
        ("up", "up"),
        ("((up{a=\"b\"}))", "up{a=\"b\"}"),
        ("a + b # sum", "(a + b)"),
        ("sum(\n  up\n)", "(sum( up ))"),
        ("time() % 7", "vector(time() % 7)"),
    ];
    for (expr, judged) in cases {
        let found = detected(expr, Detector::Rolling(Rolling::default()), &[&[]]);
        assert_eq!(export(&found, &Rule::default()).unwrap().judged, judged);
    }
}

#[test]
fn rules_of_what_was_asked() {
    let found = detected(
        "up",
        Detector::Rolling(Rolling::default()),
        &[&[("__name__", "up"), ("job", "a")]],
    );
    let rule =
        Rule { threshold: 2.5, sides: Sides::Up, min_samples: 3, merge_gap: 1, ..Rule::default() };
    let export = export(&found, &rule).unwrap();
    assert!(export.flag.ends_with("== +Inf, 1000000)) >= 2.5 and ((up > -Inf < +Inf) > avg_over_time((up > -Inf < +Inf)[59m59s999ms:1m] offset 1m) or up == +Inf)"), "{}", export.flag);
    let cases = [
        ("node_load1", "oddity:node_load1:score", "OddityNodeLoad1"),
        ("job:up:rate5m", "oddity:job_up_rate5m:score", "OddityJobUpRate5m"),
        ("größe µ", "oddity:gr__e__:score", "OddityGrE"),
        ("", "oddity:query:score", "OddityQuery"),
    ];
    for (name, record, alert) in cases {
        let options = RuleOptions { name: name.to_owned(), ..RuleOptions::of(&found.loaded.query) };
        let group = export.group(&options).unwrap();
        assert!(group.records.iter().any(|rule| rule.name == record), "{:?}", group.records);
        assert_eq!(group.alert.name, alert);
        assert_eq!(
            group.alert.expr,
            format!(
                "{record} >= 2.5 and ({} > {} or up == +Inf)",
                record.replace("score", "value"),
                record.replace("score", "expected")
            )
        );
        let yaml = group.yaml();
        for line in [
            "    interval: 1m\n",
            "        for: 2m\n",
            "        keep_firing_for: 1m\n",
            "          severity: \"warning\"\n",
        ] {
            assert!(yaml.contains(line), "{yaml}");
        }
    }
    let cost = |style| {
        export.group(&RuleOptions { style, ..RuleOptions::of(&found.loaded.query) }).unwrap().cost
    };
    assert!(cost(RuleStyle::Recorded) < 300 && cost(RuleStyle::Subqueries) < 300);
}

#[test]
fn names_of_rules_begin_with_a_metric() {
    let query = |expr: &str| {
        detected(expr, Detector::Rolling(Rolling::default()), &[&[]]).loaded.query.clone()
    };
    let cases = [
        ("sum(rate(a:b_total{c=\"d\"}[5m])) / e", "a:b_total"),
        ("{\"my.metric\", a=\"b\"}", "my.metric"),
        ("time()", "query"),
    ];
    for (expr, name) in cases {
        assert_eq!(RuleOptions::of(&query(expr)).name, name);
    }
}

#[test]
fn a_verification_counts_what_agrees() {
    let found = detected(
        "up",
        Detector::Rolling(Rolling::default()),
        &[&[("__name__", "up"), ("job", "a")]],
    );
    let history = found.loaded.query.history;
    let scores = &found.series[0].detection.score[history..];
    let answer = |labels: &[(&str, &str)], values: &[f64]| {
        let query = export(&found, &Rule::default()).unwrap().score_query();
        let labels = Labels::new(labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let series = vec![Series { labels, grid: query.grid(), values: values.into() }];
        Loaded::new(query, series)
    };
    let same = verify(&found, &answer(&[("job", "a")], scores));
    assert_eq!(same.to_string(), "101 of 101 samples agree");
    let mut other = scores.to_vec();
    other[7] *= 1.0 + 1e-6;
    other[9] = f64::NAN;
    let two = verify(&found, &answer(&[("job", "a")], &other));
    assert_eq!(two.to_string(), "99 of 101 samples agree");
    let at: Vec<_> = two.differences.iter().map(|at| (at.series, at.index - history)).collect();
    assert_eq!(at, [(0, 7), (0, 9)]);
    let stranger = verify(&found, &answer(&[("job", "b")], scores));
    assert_eq!(
        stranger.to_string(),
        "0 of 101 samples agree; the source returned 1 series that the page does not show"
    );
}

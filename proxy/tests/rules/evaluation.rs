//! Rules that a Prometheus evaluates itself, which it does off the grid of the page.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use oddity_analysis::analysis::{Detected, Learning, detect, prepare};
use oddity_analysis::rules::{RuleOptions, RuleStyle, export, tolerance};
use oddity_detect::detect::Detector;
use oddity_detect::event::Rule;
use oddity_detect::series::{Labels, Series};
use oddity_detect::time::{Step, TimeRange, Timestamp};
use oddity_source::prometheus::Loaded;
use oddity_source::query::RangeQuery;
use serde_json::Value as Json;

use super::samples::Random;
use super::source::Source;
use crate::support::prometheus::{Prometheus, wanted};

/// Windows as short as can be, so that records fill them in seconds.
const DETECTORS: &[(&str, &[(&str, f64)])] = &[
    ("rolling", &[("window", 5.0)]),
    ("robust", &[("window", 6.0)]),
    ("zscore", &[("baseline", 40.0)]),
    ("record", &[("memory", 10.0)]),
    ("slope", &[("window", 3.0), ("baseline", 5.0)]),
    ("seasonal", &[("length", 4.0), ("seasons", 2.0), ("tolerance", 1.0)]),
    ("level", &[("window", 3.0), ("reference", 5.0), ("baseline", 5.0)]),
    ("threshold", &[("upper", 1.0)]),
];

/// Samples lie a second apart, and the rules look at those of five minutes ago: the server can have them all
/// before it starts.
const AGO: i64 = 300_000;
const EXPR: &str = "odd offset 5m";
const SECONDS: u64 = 40;

/// Values a second from `first` on: noise, spikes, missing and infinite samples.
fn values(first: Timestamp, len: usize) -> Vec<f64> {
    let random = &mut Random(first.0 as u64);
    let value = |random: &mut Random| match random.below(40) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => 30.0 * random.unit(),
        _ => random.unit(),
    };
    (0..len).map(|_| value(random)).collect()
}

fn openmetrics(first: Timestamp, values: &[f64]) -> String {
    let mut text = String::new();
    for (at, value) in values.iter().enumerate() {
        let value = value.to_string().replace("inf", "+Inf");
        let _ = writeln!(text, "odd{{job=\"a\"}} {value} {}", (first.0 - AGO) / 1_000 + at as i64);
    }
    text + "# EOF\n"
}

fn detected(detector: Detector, first: Timestamp, values: &[f64]) -> Detected {
    let step = Step::from_seconds(1);
    let history = values.len() / 2;
    let start = first + step.times(history);
    let range = TimeRange { start, end: first + step.times(values.len() - 1) };
    let query = RangeQuery::new(EXPR, range, step, history).unwrap();
    let labels = [("__name__", "odd"), ("job", "a")];
    let labels = Labels::new(labels.map(|(k, v)| (k.to_owned(), v.to_owned())));
    let series = Series { labels, grid: query.grid(), values: values.into() };
    let loaded = Loaded {
        query,
        series: vec![series],
        unsupported: vec![],
        warnings: vec![],
        infos: vec![],
    };
    detect(&prepare(Arc::new(loaded)), detector, Learning::default())
}

#[tokio::test]
async fn a_rule_group_calculates_what_the_page_does() {
    if !wanted() {
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let first = Timestamp((now as i64 - 200) * 1_000);
    let values = values(first, 400);
    let folder = tempfile::tempdir().unwrap();
    let mut groups = Vec::new();
    for (id, params) in DETECTORS {
        let detector = Detector::by_id(id).unwrap();
        let detector =
            params.iter().fold(detector, |detector, (id, value)| detector.with(id, *value));
        for style in [RuleStyle::Subqueries, RuleStyle::Recorded] {
            let detected = detected(detector, first, &values);
            let name = format!("{id}_{style:?}").to_lowercase();
            let options = RuleOptions { name: name.clone(), style, severity: "page".to_owned() };
            let group = export(&detected, &Rule::default()).unwrap().group(&options).unwrap();
            std::fs::write(folder.path().join(format!("{name}.yaml")), group.yaml()).unwrap();
            groups.push((name, style, detected));
        }
    }
    let config = format!("rule_files: ['{}/*.yaml']\n", folder.path().display());
    let Some(server) = Prometheus::with_config(&openmetrics(first, &values), &config).await else {
        return;
    };
    tokio::time::sleep(Duration::from_secs(SECONDS)).await;
    // Every group was evaluated once in the first two seconds.
    let begun = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let begun = begun - 1_000 * (SECONDS as i64 - 2);
    let source = Source::new(server.address());
    let (mut compared, mut off_grid) = (0, 0);
    for (name, style, detected) in &groups {
        let query = format!("oddity:{name}:score[1m]");
        let reply = source.post("query", &[("query", query)]).await;
        let reply: Json = serde_json::from_slice(&reply).unwrap();
        let series = reply["data"]["result"].as_array().unwrap();
        assert!(series.len() == 1, "{name}: {reply}");
        let mut recorded: Vec<(i64, f64)> = series[0]["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|point| {
                (
                    (point[0].as_f64().unwrap() * 1e3).round() as i64,
                    point[1].as_str().unwrap().parse().unwrap(),
                )
            })
            .collect();
        let warm = match style {
            RuleStyle::Subqueries => 0,
            // Windows at a fixed time look at no records.
            RuleStyle::Recorded if name.starts_with("zscore") => 0,
            RuleStyle::Recorded => begun + 1_000 * detected.detector.history() as i64,
        };
        recorded.retain(|(time, _)| *time >= warm);
        assert!(recorded.len() >= 3, "{name}: {reply}");
        let found = &detected.series[0].detection;
        let first_record = (recorded[0].0 - first.0) / 1_000;
        let last_record = (recorded[recorded.len() - 1].0 - first.0) / 1_000;
        let times: Vec<i64> = recorded.iter().map(|(time, _)| (time - first.0) / 1_000).collect();
        for (time, score) in recorded {
            let index = usize::try_from((time - first.0) / 1_000).unwrap();
            let allowed = tolerance(found, index, values[index], detected.loaded.query.step);
            assert!(
                (found.score[index] - score).abs() <= allowed,
                "{name} at {index}: {} here, {score} there",
                found.score[index]
            );
            compared += 1;
            off_grid += usize::from(time % 1_000 != 0);
        }
        // Where the rule said nothing, neither does the page.
        for index in (first_record..=last_record).filter(|index| !times.contains(index)) {
            assert!(found.score[index as usize].is_nan(), "{name} at {index}");
        }
    }
    println!("{compared} recorded scores compared, {off_grid} of them off the grid");
    assert!(off_grid * 2 > compared && compared > 80);
}

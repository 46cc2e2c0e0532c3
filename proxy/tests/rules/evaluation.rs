//! Rules that a Prometheus evaluates itself, which it does off the grid of the page.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

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
use crate::support::wait::until;

/// Windows as short as can be, so that records fill them in seconds.
const DETECTORS: &[(&str, &[(&str, f64)])] = &[
    ("rolling", &[("window", 5.0)]),
    ("robust", &[("window", 6.0)]),
    ("zscore", &[("baseline", 40.0)]),
    ("record", &[("memory", 10.0)]),
    ("slope", &[("window", 3.0), ("baseline", 5.0)]),
    ("seasonal", &[("length", 4.0), ("seasons", 2.0), ("tolerance", 1.0)]),
    ("level", &[("window", 3.0), ("reference", 5.0), ("baseline", 5.0)]),
    ("forecast", &[("window", 5.0), ("horizon", 0.1), ("upper", 1.0)]),
    ("threshold", &[("upper", 1.0)]),
];

/// Samples lie a second apart, and the rules look at those of a quarter of an hour ago: the server has them all before it
/// starts, and records nothing at times that lie before them.
const AGO: i64 = 900_000;
const EXPR: &str = "odd offset 15m";

/// Samples, of which the last eight hundred may still be looked at when the server starts.
const SAMPLES: usize = 1_000;
const HISTORY: usize = 200;

/// Scores of each group that are compared, at least.
const COMPARED: usize = 10;

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
    let start = first + step.times(HISTORY);
    let range = TimeRange { start, end: first + step.times(values.len() - 1) };
    let query = RangeQuery::new(EXPR, range, step, HISTORY).unwrap();
    let labels = [("__name__", "odd"), ("job", "a")];
    let labels = Labels::new(labels.map(|(k, v)| (k.to_owned(), v.to_owned())));
    let series = Series { labels, grid: query.grid(), values: values.into() };
    let loaded = Loaded::new(query, vec![series]);
    detect(&prepare(Arc::new(loaded)), detector, Learning::default())
}

/// A group of rules, and what the page says.
struct Group {
    name: String,
    /// Evaluations in a row, one a second, before which its windows are not full.
    warm: usize,
    detected: Detected,
}

impl Group {
    /// The rules as a file, and one more that tells when they were evaluated: a slow server leaves evaluations out, and
    /// with them samples of recorded windows.
    fn file(&self, style: RuleStyle) -> String {
        let options = RuleOptions { name: self.name.clone(), style, severity: "page".to_owned() };
        let group = export(&self.detected, &Rule::default()).unwrap().group(&options).unwrap();
        group.yaml()
            + &format!("      - record: evaluated:{}\n        expr: vector(1)\n", self.name)
    }

    /// Evaluations after which all windows were full, in milliseconds since 1970, with the score if there was one.
    async fn scores(&self, source: &Source) -> Vec<(i64, Option<f64>)> {
        let evaluated = samples(source, &format!("evaluated:{}", self.name)).await;
        let scores = samples(source, &format!("oddity:{}:score", self.name)).await;
        let score = |time: i64| scores.iter().find(|score| score.0 == time).map(|score| score.1);
        let full = |run: &[(i64, f64)]| run[self.warm].0 - run[0].0 == 1_000 * self.warm as i64;
        let runs = evaluated.windows(self.warm + 1).filter(|run| full(run));
        runs.map(|run| (run[self.warm].0, score(run[self.warm].0))).collect()
    }
}

/// What was recorded as `metric`: milliseconds since 1970, and values.
async fn samples(source: &Source, metric: &str) -> Vec<(i64, f64)> {
    let reply = source.post("query", &[("query", format!("{metric}[15m]"))]).await;
    let reply: Json = serde_json::from_slice(&reply).unwrap();
    let series = reply["data"]["result"].as_array().unwrap();
    assert!(series.len() <= 1, "{metric}: {reply}");
    let points = series.iter().flat_map(|series| series["values"].as_array().unwrap());
    let time = |point: &Json| (point[0].as_f64().unwrap() * 1e3).round() as i64;
    points.map(|point| (time(point), point[1].as_str().unwrap().parse().unwrap())).collect()
}

#[tokio::test]
async fn a_rule_group_calculates_what_the_page_does() {
    if !wanted() {
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let first = Timestamp((now as i64 - HISTORY as i64) * 1_000);
    let values = values(first, SAMPLES);
    let folder = tempfile::tempdir().unwrap();
    let mut groups = Vec::new();
    for (id, params) in DETECTORS {
        let detector = Detector::by_id(id).unwrap();
        let detector =
            params.iter().fold(detector, |detector, (id, value)| detector.with(id, *value));
        for style in [RuleStyle::Subqueries, RuleStyle::Recorded] {
            let detected = detected(detector, first, &values);
            let name = format!("{id}_{style:?}").to_lowercase();
            let warm = match style {
                RuleStyle::Subqueries => 0,
                // Windows at a fixed time look at no records.
                RuleStyle::Recorded if *id == "zscore" => 0,
                RuleStyle::Recorded => detected.detector.history() + 1,
            };
            let group = Group { name, warm, detected };
            let file = folder.path().join(format!("{}.yaml", group.name));
            std::fs::write(file, group.file(style)).unwrap();
            groups.push(group);
        }
    }
    let config = format!("rule_files: ['{}/*.yaml']\n", folder.path().display());
    let Some(server) = Prometheus::with_config(&openmetrics(first, &values), &config).await else {
        return;
    };
    let source = Source::new(server.address());
    let (mut compared, mut off_grid) = (0, 0);
    for group in &groups {
        let name = &group.name;
        until(format_args!("{COMPARED} scores of {name}"), async || {
            let scores = group.scores(&source).await;
            scores.iter().filter(|(_, score)| score.is_some()).count() >= COMPARED
        })
        .await;
        let found = &group.detected.series[0].detection;
        for (time, score) in group.scores(&source).await {
            let index = usize::try_from((time - first.0) / 1_000).unwrap();
            let Some(score) = score else {
                // Where the rule said nothing, neither does the page.
                assert!(found.score[index].is_nan(), "{name} at {index}");
                continue;
            };
            let step = group.detected.loaded.query.step;
            let allowed = tolerance(found, index, values[index], step);
            assert!(
                (found.score[index] - score).abs() <= allowed,
                "{name} at {index}: {} here, {score} there",
                found.score[index]
            );
            compared += 1;
            off_grid += usize::from(time % 1_000 != 0);
        }
    }
    println!("{compared} recorded scores compared, {off_grid} of them off the grid");
    assert!(off_grid * 2 > compared);
}

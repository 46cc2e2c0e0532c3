//! The exported expressions on the grid of the query, on every server that is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use oddity_analysis::analysis::{Detected, Learning, detect, prepare};
use oddity_analysis::rules::{RuleExport, TOLERANCE, export, tolerance, verify};
use oddity_detect::detect::Detector;
use oddity_detect::event::{Rule, Sides, is_flagged};
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};
use oddity_source::prometheus::Loaded;
use oddity_source::query::RangeQuery;

use super::samples::{Random, START, series, text};
use super::source::Source;
use crate::support::prometheus::Prometheus;
use crate::support::say;
use crate::support::victoria::VictoriaMetrics;

/// A parameter with the smallest and the largest value that is tried.
type Bounds = (&'static str, usize, usize);

const DETECTORS: &[(&str, &[Bounds])] = &[
    ("rolling", &[("window", 5, 100)]),
    ("robust", &[("window", 5, 100)]),
    ("zscore", &[("baseline", 10, 100)]),
    ("record", &[("memory", 10, 100)]),
    ("slope", &[("window", 3, 12), ("baseline", 5, 40)]),
    ("seasonal", &[("length", 5, 40), ("seasons", 1, 3), ("tolerance", 0, 2)]),
    ("level", &[("window", 3, 10), ("reference", 5, 20), ("baseline", 5, 30)]),
    ("variance", &[("window", 5, 10), ("reference", 5, 20), ("baseline", 5, 30)]),
    ("peers", &[]),
    ("forecast", &[("window", 3, 40)]),
    ("threshold", &[]),
];

const EXPRESSIONS: &[&str] = &[
    "odd",
    "odd{kind!=\"constant\"} * 2",
    "avg_over_time(odd[2m])",
    "odd offset 3m",
    "rate(odd_total[5m])",
    "odd_total",
    "sum(odd{kind=~\"noise|walk\"}) by (job) # of all\n / 3",
    "odd > 0",
    "odd @ 1767260000 + time() % 77",
    "time() % 91",
    "max without (kind) (odd{kind=\"gaps\"})",
    "label_replace(odd, \"quote\", \"a\\\"b\", \"\", \"\") or odd_total",
];

const STEPS: &[u64] = &[15_000, 60_000, 7_000, 30_000, 1_500, 300_000];

/// Combinations of detector, expression, step and rule.
const COMBINATIONS: usize = 240;

/// Samples that are judged in each.
const JUDGED: usize = 120;

#[derive(Default)]
struct Compared {
    combinations: usize,
    samples: usize,
    flags: usize,
    flagged: usize,
    /// Scores beyond the tolerance that knows nothing of what is derived.
    beyond: usize,
    /// Largest difference in units of what is allowed.
    worst: f64,
    differences: Vec<String>,
}

#[tokio::test]
async fn prometheus_calculates_what_the_page_does() {
    if let Some(server) = Prometheus::with_samples(&text(&series(1))).await {
        check("Prometheus", server.address()).await;
    }
}

#[tokio::test]
async fn prometheus_3_calculates_what_the_page_does() {
    if let Some(server) = Prometheus::newer(&text(&series(1))).await {
        check("Prometheus 3", server.address()).await;
    }
}

#[tokio::test]
async fn victoria_metrics_calculates_what_the_page_does() {
    if let Some(server) = VictoriaMetrics::with_samples(&text(&series(1))).await {
        check("VictoriaMetrics", server.address()).await;
    }
}

async fn check(name: &str, address: std::net::SocketAddr) {
    let source = Source::new(address);
    let random = &mut Random(2);
    let mut by_detector: BTreeMap<&str, Compared> = BTreeMap::new();
    for at in 0..COMBINATIONS {
        let (id, params) = DETECTORS[at % DETECTORS.len()];
        let mut detector = Detector::by_id(id).unwrap();
        for (param, least, most) in params {
            let value = least + random.below(most - least + 1);
            detector = detector.with(param, value as f64);
        }
        if id == "forecast" {
            detector = detector.with("horizon", random.of(&[0.1, 1.0, 12.5]));
        }
        if matches!(id, "threshold" | "forecast") {
            detector = detector.with("upper", random.of(&[0.0, 2.0, 11.5, 1e6]));
            if random.below(2) == 0 {
                detector = detector.with("lower", random.of(&[-3.0, 0.0, 9.0]));
            }
        }
        let step = Step::new(Span::from_millis(random.of(STEPS))).unwrap();
        // The page loads more than a detector wants, too.
        let history = detector.history() + 1 + random.below(20);
        let before = step.times(history).millis() / 1_000;
        let first = START / 1_000 + if random.below(4) == 0 { before / 3 } else { before };
        let start = Timestamp((first + random.below(20_000) as u64) as i64 * 1_000);
        let range = TimeRange { start, end: start + step.times(JUDGED - 1) };
        let expr = random.of(EXPRESSIONS);
        let query = RangeQuery::new(expr, range, step, history).unwrap();
        let rule = Rule {
            threshold: random.of(&[0.0, 1.0, 2.0, 4.0]),
            sides: random.of(&[Sides::Both, Sides::Both, Sides::Up, Sides::Down]),
            min_deviation: random.of(&[0.0, 0.0, 1.5]),
            min_relative: random.of(&[0.0, 0.0, 0.3]),
            ..Rule::default()
        };
        let loaded = Arc::new(source.ask(&query).await);
        let detected = detect(&prepare(loaded), detector, Learning::default());
        let found = by_detector.entry(id).or_default();
        found.combinations += 1;
        compare(&source, &detected, &rule, found).await;
    }
    let mut total = Compared::default();
    for (id, found) in &by_detector {
        println!(
            "{name} {id}: {} combinations, {} scores ({} beyond the strict tolerance), {} flags ({} set), worst {:.1e} of what is allowed, {} differences",
            found.combinations,
            found.samples,
            found.beyond,
            found.flags,
            found.flagged,
            found.worst,
            found.differences.len()
        );
        total.combinations += found.combinations;
        total.samples += found.samples;
        total.differences.extend(found.differences.iter().take(5).cloned());
    }
    say(&format!("{name}: {} combinations, {} scores compared", total.combinations, total.samples));
    assert!(total.combinations >= 200 && total.samples > 50_000);
    assert!(by_detector.values().all(|found| found.flagged > 100 && found.samples > 1_000));
    assert!(total.differences.is_empty(), "{name}:\n{}", total.differences.join("\n"));
}

async fn compare(source: &Source, detected: &Detected, rule: &Rule, found: &mut Compared) {
    // VictoriaMetrics returns no series instead of one that is NaN.
    if detected.loaded.series.is_empty() {
        return;
    }
    let export = export(detected, rule).unwrap();
    let query = &detected.loaded.query;
    let ask = |expr: &str| {
        let query = RangeQuery { expr: expr.to_owned(), history: 0, ..query.clone() };
        async move { source.ask(&query).await }
    };
    let scores = source.ask(&export.score_query()).await;
    let verification = verify(detected, &scores);
    found.samples += verification.compared;
    for difference in &verification.differences {
        let labels = &detected.loaded.series[difference.series].labels;
        found.differences.push(format!(
            "{:?} {labels} at {}: {} here, {} there\n  {}",
            detected.detector,
            difference.index,
            difference.ours,
            difference.theirs,
            brief(&export.score)
        ));
    }
    if !verification.unknown.is_empty() {
        found.differences.push(format!("unknown {:?}", verification.unknown));
    }
    count_strictly(detected, &scores, found);
    let flags = ask(&export.flag).await;
    compare_flags(detected, rule, &flags, found, &export);
    // What the score is made of need not be asked for every time.
    let parts = [(&export.expected, true), (&export.scale, false)];
    let asked = found.combinations % 3 == 1;
    for (expr, ours) in parts.into_iter().filter(|_| asked) {
        compare_numbers(detected, &ask(expr).await, ours, found, expr);
    }
}

/// Counts scores that differ by more than the precision of what is judged, whatever that is derived from.
fn count_strictly(detected: &Detected, scores: &Loaded, found: &mut Compared) {
    let history = detected.loaded.query.history;
    for (at, series) in detected.series.iter().enumerate() {
        let detection = &series.detection;
        for (index, theirs) in of_series(scores, detected, at).into_iter().enumerate() {
            let index = history + index;
            if !series.alone.contains(&index) {
                continue;
            }
            let (score, scale) = (detection.score[index], detection.scale[index]);
            let allowed = TOLERANCE * (1.0 + score + detection.expected[index].abs() / scale);
            found.beyond += usize::from((score - theirs).abs() > allowed);
        }
    }
}

/// Enough of an expression to know it.
fn brief(expr: &str) -> &str {
    expr.get(..400).unwrap_or(expr)
}

/// The values of `answer` for a series, one a judged sample, NaN where there is none.
fn of_series(answer: &Loaded, detected: &Detected, series: usize) -> Vec<f64> {
    let unnamed = |labels: &oddity_detect::series::Labels| {
        let all = labels.iter().filter(|(name, _)| *name != "__name__");
        all.map(|(n, v)| (n.to_owned(), v.to_owned())).collect::<Vec<_>>()
    };
    let wanted = unnamed(&detected.loaded.series[series].labels);
    let found = answer.series.iter().find(|series| unnamed(&series.labels) == wanted);
    match found {
        Some(series) => series.values.to_vec(),
        None => vec![f64::NAN; JUDGED],
    }
}

fn compare_flags(
    detected: &Detected,
    rule: &Rule,
    flags: &Loaded,
    found: &mut Compared,
    export: &RuleExport,
) {
    let history = detected.loaded.query.history;
    for (at, series) in detected.series.iter().enumerate() {
        let theirs = of_series(flags, detected, at);
        let detection = &series.detection;
        for (index, theirs) in theirs.into_iter().enumerate() {
            let index = history + index;
            if !series.alone.contains(&index) {
                continue;
            }
            let (score, expected) = (detection.score[index], detection.expected[index]);
            let values = &detected.loaded.series[at];
            let near = tolerance(detection, index, values.values[index], values.grid.step);
            let deviation = (detection.judged[index] - expected).abs();
            let undecided = (score - rule.threshold).abs() <= near
                || (deviation - rule.min_deviation).abs() <= near * detection.scale[index]
                || (deviation - rule.min_relative * expected.abs()).abs()
                    <= near * detection.scale[index];
            if undecided {
                continue;
            }
            let ours = is_flagged(detection, rule, index);
            found.flags += 1;
            found.flagged += usize::from(ours);
            if ours == theirs.is_nan() {
                found.differences.push(format!(
                    "{:?} flag at {index}: {ours} {theirs} {score}\n  {}",
                    detected.detector, export.flag
                ));
            }
        }
    }
}

fn compare_numbers(
    detected: &Detected,
    answer: &Loaded,
    expected: bool,
    found: &mut Compared,
    expr: &str,
) {
    let history = detected.loaded.query.history;
    for (at, series) in detected.series.iter().enumerate() {
        let theirs = of_series(answer, detected, at);
        let detection = &series.detection;
        let ours = if expected { &detection.expected } else { &detection.scale };
        for (index, theirs) in theirs.into_iter().enumerate() {
            let index = history + index;
            // Without a verdict there is nothing to expect, but `threshold` always knows.
            if detection.score[index].is_nan() || detection.judged[index].is_infinite() {
                continue;
            }
            let ours = ours[index];
            let values = &detected.loaded.series[at];
            let allowed = tolerance(detection, index, values.values[index], values.grid.step)
                * detection.scale[index];
            let difference = (ours - theirs).abs();
            found.worst = found.worst.max(difference / allowed);
            if difference.is_nan() || difference > allowed {
                found.differences.push(format!(
                    "{:?} {} at {index}: {ours} here, {theirs} there\n  {}",
                    detected.detector,
                    detected.loaded.series[at].labels,
                    brief(expr)
                ));
            }
        }
    }
}

//! The files of rules and of their tests, as promtool sees them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use oddity_analysis::analysis::{Analysis, Learning, analyze, detect, prepare};
use oddity_analysis::rules::{RuleOptions, RuleStyle, UnitTestError, export, unit_test};
use oddity_detect::detect::Detector;
use oddity_detect::event::{Rule, Sides};
use oddity_detect::series::{Labels, Series};
use oddity_detect::time::{Step, TimeRange, Timestamp};
use oddity_source::prometheus::Loaded;
use oddity_source::query::RangeQuery;

use super::samples::Random;
use crate::support::prometheus::wanted;

const DETECTORS: [&str; 11] = [
    "zscore",
    "rolling",
    "robust",
    "slope",
    "seasonal",
    "level",
    "variance",
    "record",
    "peers",
    "forecast",
    "threshold",
];

/// A noisy series with a gap, an infinite value and, near the end, six samples that grow.
fn loaded(expr: &str, metric: Option<&str>, history: usize) -> Loaded {
    let step = Step::from_seconds(60);
    let start = Timestamp(1_767_225_600_000);
    let range = TimeRange { start, end: start + step.times(199) };
    let query = RangeQuery::new(expr, range, step, history).unwrap();
    let grid = query.grid();
    let random = &mut Random(3);
    let mut total = 0.0;
    let counter = metric.is_some_and(|name| name.ends_with("_total"));
    let values = (0..grid.len).map(|at| {
        let judged = at.checked_sub(history);
        let value = match judged {
            Some(odd @ 150..156) => 1e3 * 4_f64.powi(odd as i32 - 150),
            Some(100..108) => f64::NAN,
            Some(20) if metric.is_some() => f64::INFINITY,
            _ => 10.0 + random.unit(),
        };
        if counter {
            total += if value.is_finite() { value } else { 0.0 };
            total
        } else {
            value
        }
    });
    let labels = [
        ("job", "a \"b\" \\ {{c}}"),
        ("größe", "50% 'µ'"),
        ("__name__", metric.unwrap_or_default()),
    ];
    let labels = labels.iter().filter(|(name, _)| name.is_ascii());
    let labels = Labels::new(labels.map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let values: Vec<f64> = values.collect();
    // The first is odd, and its peers are not.
    let peers = (1..4).map(|peer| {
        let labels = labels.iter().filter(|(name, _)| *name != "job");
        let labels = labels.map(|(k, v)| (k.to_owned(), v.to_owned()));
        let labels = Labels::new(labels.chain([("job".to_owned(), format!("peer {peer}"))]));
        let value = |random: &mut Random| 10.0 + random.unit();
        let values: Vec<f64> = (0..grid.len).map(|_| value(random)).collect();
        let total = values.iter().scan(0.0, |total, value| {
            *total += value;
            Some(*total)
        });
        let values = if counter { total.collect() } else { values.clone() };
        Series { labels, grid, values: values.into() }
    });
    let peers: Vec<Series> = peers.collect();
    let mut series = vec![Series { labels, grid, values: values.into() }];
    series.extend(peers);
    Loaded::new(query, series)
}

fn analysis(expr: &str, metric: Option<&str>, detector: Detector, rule: Rule) -> Analysis {
    let loaded = loaded(expr, metric, detector.history() + 1);
    analyze(Arc::new(detect(&prepare(Arc::new(loaded)), detector, Learning::default())), rule)
}

/// Small windows, so that a test is short.
fn small(id: &str) -> Detector {
    let detector = Detector::by_id(id).unwrap();
    let detector = detector.params().iter().fold(detector, |detector, (param, value)| {
        if matches!(param.kind, oddity_detect::detect::ParamKind::Samples) {
            detector.with(param.id, value.min(param.min + 7.0))
        } else {
            detector
        }
    });
    detector.with("upper", 500.0).with("length", 9.0)
}

/// What promtool says of a file of the folder, and whether it is content.
fn promtool(folder: &Path, command: &str, file: &str) -> (bool, String) {
    let output = Command::new("promtool")
        .args([command, "rules", file])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// Whether the rules of the worst event have a test, which passes.
fn check(
    folder: &Path,
    id: &str,
    expr: &str,
    metric: Option<&str>,
    style: RuleStyle,
    rule: Rule,
) -> bool {
    let analysis = analysis(expr, metric, small(id), rule);
    let detected = &analysis.detected;
    let options = RuleOptions {
        style,
        severity: "page: \"now\"\n# ü".to_owned(),
        ..RuleOptions::of(&detected.loaded.query)
    };
    let rules = export(detected, &rule).unwrap().group(&options).unwrap();
    let yaml = rules.yaml();
    fs::write(folder.join("rules.yaml"), &yaml).unwrap();
    let (ranked, event) = analysis.worst_events()[0];
    let test = match unit_test(&rules, "rules.yaml", detected, ranked.event_id(event)) {
        Ok(test) => test,
        Err(reason) => {
            let expected =
                if id == "zscore" { UnitTestError::FixedTime } else { UnitTestError::Derived };
            assert_eq!(reason, expected, "{id} {expr}");
            let (content, said) = promtool(folder, "check", "rules.yaml");
            assert!(content, "{said}\n{yaml}");
            return false;
        }
    };
    fs::write(folder.join("test.yaml"), &test).unwrap();
    let (passes, said) = promtool(folder, "test", "test.yaml");
    assert!(passes, "{said}\n{yaml}\n{test}");
    // A test that other rules pass would be none.
    fs::write(folder.join("rules.yaml"), yaml.replace("- alert:", "- alert: Dead # ")).unwrap();
    assert!(!promtool(folder, "test", "test.yaml").0, "{test}");
    true
}

#[test]
fn rules_pass_their_own_test() {
    if !wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let awkward = "sum by (job) (rate(x{y=~`a\n\"b\"\\\\`, z=\"{{ # }}\"}[5m])) # why: that\n > -1";
    let queries = [("odd", Some("odd")), ("odd_total", Some("odd_total")), (awkward, None)];
    let small = Rule { threshold: 3.0, min_deviation: 0.01, min_relative: 0.01, ..Rule::default() };
    let mut tested = 0;
    for id in DETECTORS {
        for (expr, metric) in queries {
            let twice = Rule { min_samples: 2, sides: Sides::Up, ..small };
            for (style, rule) in [(RuleStyle::Subqueries, twice), (RuleStyle::Recorded, small)] {
                tested += usize::from(check(folder.path(), id, expr, metric, style, rule));
            }
        }
    }
    println!("{tested} tests of rules passed");
    assert_eq!(tested, (DETECTORS.len() - 1) * (3 * 2 - 1));
}

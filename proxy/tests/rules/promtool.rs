//! The files of rules and of their tests, as promtool sees them.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use shared::analysis::{Analysis, Learning, analyze, detect};
use shared::detect::Detector;
use shared::event::{Rule, Sides};
use shared::prometheus::Loaded;
use shared::query::RangeQuery;
use shared::rules::{NotTested, Options, Style, export, unit_test};
use shared::series::{Labels, Series};
use shared::time::{Step, TimeRange, Timestamp};

use super::samples::Random;
use crate::support::prometheus::wanted;

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
    let series = vec![Series { labels, grid, values: values.collect::<Vec<_>>().into() }];
    Loaded { query, series, unsupported: vec![], warnings: vec![], infos: vec![] }
}

fn analysis(expr: &str, metric: Option<&str>, detector: Detector, rule: Rule) -> Analysis {
    let loaded = loaded(expr, metric, detector.history() + 1);
    analyze(Arc::new(detect(Arc::new(loaded), detector, Learning::default())), rule)
}

/// Small windows, so that a test is short.
fn small(id: &str) -> Detector {
    let detector = Detector::by_id(id).unwrap();
    let detector = detector.params().iter().fold(detector, |detector, (param, value)| {
        if matches!(param.form, shared::detect::Form::Samples) {
            detector.with(param.id, value.min(param.least + 7.0))
        } else {
            detector
        }
    });
    detector.with("upper", 500.0)
}

fn run(folder: &std::path::Path, args: &[&str]) {
    let output = Command::new("promtool").args(args).current_dir(folder).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let file = fs::read_to_string(folder.join(args[2])).unwrap();
    assert!(
        output.status.success(),
        "promtool {args:?}: {}\n{file}",
        String::from_utf8_lossy(&said)
    );
}

#[test]
fn rules_pass_their_own_test() {
    if !wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let awkward = "sum by (job) (rate(x{y=~`a\n\"b\"\\\\`, z=\"{{ # }}\"}[5m])) # why: that\n > -1";
    let mut tested = 0;
    for id in ["rolling", "robust", "zscore", "record", "slope", "threshold"] {
        for (expr, metric) in
            [("odd", Some("odd")), ("odd_total", Some("odd_total")), (awkward, None)]
        {
            for (style, at_least, sides) in [
                (Style::Subqueries, 1, Sides::Both),
                (Style::Subqueries, 2, Sides::Up),
                (Style::Recorded, 1, Sides::Up),
                (Style::Recorded, 2, Sides::Both),
            ] {
                let rule = Rule {
                    threshold: 3.0,
                    at_least,
                    sides,
                    min_deviation: 0.01,
                    min_relative: 0.01,
                    ..Rule::default()
                };
                let analysis = analysis(expr, metric, small(id), rule);
                let detected = &analysis.detected;
                let export = export(detected, &rule).unwrap();
                let options = Options {
                    style,
                    severity: "page: \"now\"\n# ü".to_owned(),
                    ..Options::of(&detected.loaded.query)
                };
                let group = export.group(&options).unwrap();
                fs::write(folder.path().join("rules.yaml"), group.yaml()).unwrap();
                run(folder.path(), &["check", "rules", "rules.yaml"]);
                let event = analysis
                    .worst_events()
                    .first()
                    .map(|(ranked, event)| (ranked.index, event.onset.index));
                let (series, onset) = event.unwrap_or_else(|| panic!("{id} {expr} finds nothing"));
                match unit_test(&group, "rules.yaml", detected, series, onset) {
                    Ok(test) => {
                        fs::write(folder.path().join("test.yaml"), &test).unwrap();
                        run(folder.path(), &["test", "rules", "test.yaml"]);
                        tested += 1;
                        // A test that a dead rule passes would be none.
                        let dead = group.yaml().replace("- alert:", "- alert: Dead # ");
                        fs::write(folder.path().join("rules.yaml"), dead).unwrap();
                        let output = Command::new("promtool")
                            .args(["test", "rules", "test.yaml"])
                            .current_dir(folder.path())
                            .output()
                            .unwrap();
                        assert!(!output.status.success(), "{test}");
                    }
                    Err(NotTested::FixedTime) => assert_eq!(id, "zscore"),
                    Err(NotTested::Derived) => {
                        assert!(metric.is_none() && style == Style::Subqueries)
                    }
                    Err(error) => panic!("{id} {expr}: {error}"),
                }
            }
        }
    }
    println!("{tested} tests of rules passed");
    assert_eq!(tested, 5 * (3 * 4 - 2));
}

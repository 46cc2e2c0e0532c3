use std::sync::Arc;

use super::*;
use crate::analysis::{Learning, detect};
use crate::detect::{Detector, Rolling};
use crate::prometheus::Loaded;
use crate::series::{Labels, Series};
use crate::time::{TimeRange, Timestamp};

fn detected(expr: &str, detector: Detector, labels: &[&[(&str, &str)]]) -> Detected {
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
    let loaded = Loaded {
        query,
        series: series.collect(),
        unsupported: Vec::new(),
        warnings: Vec::new(),
        infos: Vec::new(),
    };
    detect(Arc::new(loaded), detector, Learning::default())
}

#[test]
fn each_detector_has_rules_or_a_reason() {
    for detector in Detector::all() {
        let found = detected("sum(rate(up[5m])) by (job)", detector, &[&[("job", "a")]]);
        let export = export(&found, &Rule::default()).unwrap();
        for style in [Style::Subqueries, Style::Recorded] {
            let options = Options { style, ..Options::of(&found.loaded.query) };
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

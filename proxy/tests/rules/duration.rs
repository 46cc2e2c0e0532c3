//! Rules of flat lines and gaps, which have the longest usual time as a fixed number.

use std::sync::Arc;

use oddity_analysis::analysis::{Learning, detect, prepare};
use oddity_analysis::rules::{export, verify};
use oddity_detect::detect::Detector;
use oddity_detect::event::Rule;
use oddity_detect::time::{Step, TimeRange, Timestamp};
use oddity_source::query::RangeQuery;

use super::samples::{Random, START, series, text};
use super::source::Source;
use crate::support::prometheus::Prometheus;

const CASES: &[(&str, &str)] = &[
    ("gap", "odd{kind=\"gaps\"}"),
    ("gap", "max(odd{kind=\"gaps\"})"),
    ("flatline", "odd{kind=\"counts\"}"),
    ("flatline", "round(odd{kind=\"noise\"}, 2)"),
    ("flatline", "round(odd{kind=\"gaps\"}, 4)"),
    ("flatline", "round(odd{kind=\"broken\"}, 2)"),
];

#[tokio::test]
async fn durations_agree_where_the_longest_is_known() {
    let Some(server) = Prometheus::with_samples(&text(&series(1))).await else { return };
    let source = Source::new(server.address());
    let random = &mut Random(5);
    for (id, expr) in CASES {
        let (mut compared, mut odd, mut learning) = (0, 0, 0);
        for at in 0..16 {
            let step = Step::from_seconds(random.of(&[15, 30, 60]));
            let detector = Detector::by_id(id).unwrap().with("least", random.of(&[1.0, 3.0]));
            let detector = detector.with("history", 150.0);
            let first = START / 1_000 + step.times(200).millis() / 1_000;
            let start = Timestamp((first + random.below(20_000) as u64) as i64 * 1_000);
            let range = TimeRange { start, end: start + step.times(400) };
            let query = RangeQuery::new(expr, range, step, 150).unwrap();
            let detected =
                detect(&prepare(Arc::new(source.ask(&query).await)), detector, Learning::default());
            let rule = Rule { threshold: 1.0, ..Rule::default() };
            let Ok(export) = export(&detected, &rule) else { continue };
            let found = &detected.series[0].detection;
            let usual = *found.scale.iter().rev().find(|scale| scale.is_finite()).unwrap();
            let verification = verify(&detected, &source.ask(&export.score_query()).await);
            compared += verification.compared;
            odd += found.score.iter().filter(|score| **score >= 1.0).count();
            for difference in verification.differences {
                // The page learns a longer time as it goes, and the rule has the last one.
                let index = difference.index;
                assert!(
                    found.scale[index] != usual,
                    "{id} {expr} {at}: {difference:?}\n{}",
                    export.score
                );
                learning += 1;
            }
        }
        println!(
            "{id} {expr}: {compared} scores, {odd} of 1 or more, {learning} before the longest was known"
        );
        assert!(compared > 1_000 && odd > 10 && learning * 2 < compared, "{id} {expr}");
    }
}

//! A file for `promtool test rules`: the samples around an event, and whether the alert fires.

use std::fmt::Write;

use super::yaml::{comment, quoted};
use super::{RuleGroup, RuleStyle, UnitTestError};
use crate::analysis::{Detected, EventId};
use oddity_detect::detect::{Detection, Detector};
use oddity_detect::event::{Rule, is_flagged};
use oddity_detect::series::{Labels, METRIC_NAME, quote};
use oddity_source::promql;

/// Samples after the last one that is asked about.
const AFTER: usize = 3;

/// Writes the test of `group`, whose rules are in `rule_file`: the alert fires in the event of series `series` that
/// begins at sample `onset`, and is silent before.
///
/// The samples are those of the event and of the history that its verdict needs. Their times begin at 1970, as
/// those of promtool do; what is recorded from them is what is tested.
///
/// # Errors
/// [`UnitTestError`] where samples alone cannot show the alert.
pub fn unit_test(
    group: &RuleGroup,
    rule_file: &str,
    detected: &Detected,
    EventId { series, onset }: EventId,
) -> Result<String, UnitTestError> {
    if matches!(detected.detector, Detector::ZScore(_)) {
        return Err(UnitTestError::FixedTime);
    }
    let (Some(loaded), Some(found)) =
        (detected.loaded.series.get(series), detected.series.get(series))
    else {
        return Err(UnitTestError::NoEvent);
    };
    let bare = promql::bare_selector(&detected.loaded.query.expr).is_some();
    // Else the test begins with what would be recorded of the query.
    let metric = loaded.labels.metric_name().filter(|_| bare);
    let name = match (metric, group.records.first()) {
        (Some(metric), _) => metric,
        (None, Some(record)) if group.style == RuleStyle::Recorded => &record.name,
        _ => return Err(UnitTestError::Derived),
    };
    // One sample more, from which a counter grows.
    let before = detected.detector.history() + 1;
    let first = onset.saturating_sub(before + group.rule.min_samples);
    let values = &loaded.values;
    let rule = &group.rule;
    let firing = firing(&found.detection, rule);
    let fires = (onset..firing.len()).find(|at| firing[*at]).ok_or(UnitTestError::NoEvent)?;
    let quiet = (first + before..fires).rev().find(|at| !firing[*at]);
    let last = (fires + AFTER).min(values.len() - 1);

    if metric.is_none() && values[onset..=fires].iter().any(|value| value.is_infinite()) {
        return Err(UnitTestError::Infinite);
    }
    // Peers are judged by each other.
    let all = matches!(detected.detector, Detector::Peers(_));
    let inputs = detected.loaded.series.iter().enumerate().filter(|(at, _)| all || *at == series);
    let inputs: String = inputs
        .map(|(_, series)| {
            let values = series.values[first..=last].iter();
            let samples: Vec<String> =
                values.map(|value| sample(*value, metric.is_none())).collect();
            format!(
                "      - series: {}\n        values: {}\n",
                quoted(&with_name(&series.labels, name).to_string()),
                quoted(&samples.join(" "))
            )
        })
        .collect();
    let step = group.interval;
    let alerts = format!("ALERTS{{alertname={},alertstate=\"firing\"}}", quote(&group.alert.name));
    let mut firing_labels: Vec<(String, String)> =
        loaded.labels.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    firing_labels.extend(group.alert.labels.iter().cloned());
    firing_labels.extend([
        (METRIC_NAME.to_owned(), "ALERTS".to_owned()),
        ("alertname".to_owned(), group.alert.name.clone()),
        ("alertstate".to_owned(), "firing".to_owned()),
    ]);
    let firing_labels = Labels::new(firing_labels).to_string();

    let mut out = comment("promtool test rules <this file>");
    let _ = write!(
        out,
        "rule_files:\n  - {}\nevaluation_interval: {step}\ntests:\n  - interval: {step}\n    input_series:\n{inputs}    promql_expr_test:\n",
        quoted(rule_file)
    );
    for (at, fires) in quiet.map(|quiet| (quiet, false)).into_iter().chain([(fires, true)]) {
        let _ = writeln!(out, "      - expr: {}", quoted(&alerts));
        let _ = writeln!(out, "        eval_time: {}", step.times(at - first));
        let _ = if fires {
            writeln!(
                out,
                "        exp_samples:\n          - labels: {}\n            value: 1",
                quoted(&firing_labels)
            )
        } else {
            writeln!(out, "        exp_samples: []")
        };
    }
    Ok(out)
}

/// Returns whether the alert fires at each sample: flagged so many times in a row, or still kept firing.
fn firing(detection: &Detection, rule: &Rule) -> Vec<bool> {
    let (mut in_a_row, mut since, mut fires) = (0_usize, 0_usize, false);
    (0..detection.score.len())
        .map(|at| {
            if is_flagged(detection, rule, at) {
                (in_a_row, since) = (in_a_row + 1, 0);
            } else {
                (in_a_row, since) = (0, since + 1);
            }
            fires = in_a_row >= rule.min_samples.max(1) || (fires && since <= rule.merge_gap);
            fires
        })
        .collect()
}

fn with_name(labels: &Labels, name: &str) -> Labels {
    let all = labels.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    Labels::new(all.chain([(METRIC_NAME.to_owned(), name.to_owned())]))
}

/// Formats a sample as `promtool` does. A missing one is stale, so that the one before does not go on.
fn sample(value: f64, finite: bool) -> String {
    match value {
        v if v.is_nan() || (finite && v.is_infinite()) => "stale".to_owned(),
        v if v.is_infinite() => if v > 0.0 { "Inf" } else { "-Inf" }.to_owned(),
        v if v != 0.0 && !(1e-4..1e15).contains(&v.abs()) => format!("{v:e}"),
        v => v.to_string(),
    }
}

//! Query and settings of the findings.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Rfc3339Time;
use crate::analysis::Analysis;
use oddity_detect::detect::ParamKind;
use oddity_detect::event::Sides;
use oddity_detect::time::TimeRange;
use oddity_source::unit::Unit;

/// Query that was analysed.
#[derive(Debug, Serialize)]
pub struct QueryFindings<'a> {
    /// Name of the source.
    pub source: &'a str,
    /// PromQL of the query.
    pub expr: &'a str,
    /// First sample that was judged.
    pub start: Rfc3339Time,
    /// Last one.
    pub end: Rfc3339Time,
    /// Distance of samples.
    pub step_seconds: f64,
    /// Samples a series that were judged.
    pub samples: usize,
    /// Samples a series before them, to learn from.
    pub history_samples: usize,
    /// The earliest sample of any series.
    pub first_sample: Option<Rfc3339Time>,
    /// Unit of the values.
    pub unit: Unit,
}

/// Detector and rule.
#[derive(Debug, Serialize)]
pub struct SettingsFindings {
    /// Id of the detector.
    pub detector: &'static str,
    /// Parameters of the detector: numbers, or one of the words of a choice.
    pub parameters: BTreeMap<&'static str, serde_json::Value>,
    /// Score from which a sample is flagged.
    pub threshold: f64,
    /// Strength from which an alert opens an event, for detectors that tell it apart from the score.
    pub alert: Option<f64>,
    /// Which deviations count.
    pub direction: Sides,
    /// Smallest deviation that counts, in the unit of what is judged.
    pub min_deviation: f64,
    /// Smallest deviation that counts, as a share of the expected value.
    pub min_relative: f64,
    /// Events of fewer samples are dropped.
    pub at_least_samples: usize,
    /// Pauses of at most so many samples do not end an event.
    pub bridge_samples: usize,
    /// An alert must exceed every score of so many samples before it.
    pub hold_off_samples: usize,
    /// From this score on samples are not learnt from, if they are left out at all.
    pub flagged_left_out: Option<f64>,
    /// Times that are not learnt from.
    pub excluded: Vec<TimePeriod>,
}

/// A stretch of time, both ends included.
#[derive(Debug, Serialize)]
pub struct TimePeriod {
    /// First point of the period.
    pub start: Rfc3339Time,
    /// Last point of the period.
    pub end: Rfc3339Time,
}

impl From<&TimeRange> for TimePeriod {
    fn from(range: &TimeRange) -> Self {
        Self { start: Rfc3339Time(range.start), end: Rfc3339Time(range.end) }
    }
}

pub(super) fn query<'a>(analysis: &'a Analysis, source: &'a str) -> QueryFindings<'a> {
    let loaded = &analysis.detected.loaded;
    let grid = analysis.judged_grid();
    let range = grid.range();
    QueryFindings {
        source,
        expr: &loaded.query.expr,
        start: Rfc3339Time(range.start),
        end: Rfc3339Time(range.end),
        step_seconds: loaded.query.step.span().as_seconds(),
        samples: grid.len,
        history_samples: loaded.query.history,
        first_sample: loaded.first_sample().map(Rfc3339Time),
        unit: analysis.detected.unit,
    }
}

pub(super) fn settings(analysis: &Analysis) -> SettingsFindings {
    let (detected, rule) = (&analysis.detected, analysis.rule);
    let about = detected.detector.about();
    let parameters = detected.detector.params().into_iter().map(|(param, value)| {
        let value = match param.kind {
            ParamKind::Choice(_) => param.write(value).into(),
            ParamKind::Samples | ParamKind::Count => (value as u64).into(),
            ParamKind::Number => value.into(),
        };
        (param.id, value)
    });
    SettingsFindings {
        detector: about.id,
        parameters: parameters.collect(),
        threshold: rule.threshold,
        alert: about.alert_threshold.map(|_| rule.alert_threshold),
        direction: rule.sides,
        min_deviation: rule.min_deviation,
        min_relative: rule.min_relative,
        at_least_samples: rule.min_samples,
        bridge_samples: rule.merge_gap,
        hold_off_samples: rule.cooldown,
        flagged_left_out: detected.learning.exclude_scores_above,
        excluded: detected.learning.excluded.iter().map(TimePeriod::from).collect(),
    }
}

//! Query, detector and rule to export, checked for what rules cannot do.

use std::collections::BTreeSet;

use super::ExportError;
use super::expr::Expr;
use crate::analysis::Detected;
use oddity_detect::detect::{Detector, DetectorInput, Seasonal, ZScore};
use oddity_detect::event::Rule;
use oddity_detect::series::{Labels, METRIC_NAME};
use oddity_detect::stats::enough;
use oddity_source::promql;
use oddity_source::query::RangeQuery;

/// A query with its detector and rule.
#[derive(Clone, Debug)]
pub(super) struct RuleInput {
    /// Range query; the expression on one line.
    pub(super) query: RangeQuery,
    pub(super) detector: Detector,
    pub(super) rule: Rule,
    /// Whether the growth of a raw counter is judged.
    pub(super) counter: bool,
    /// Whether all series have enough samples before the range for a baseline there.
    pub(super) knows_history: bool,
    /// Samples of the season that is compared with, if there is one.
    pub(super) season: Option<usize>,
    /// The longest usual time in seconds, if anything was learnt of that.
    pub(super) usual: Option<f64>,
    /// Baseline in words: "the 60 samples (1 h) before".
    pub(super) baseline: String,
    /// Label names of the series, without the metric name.
    pub(super) labels: Vec<String>,
}

impl RuleInput {
    /// Checks whether a detection can be exported.
    ///
    /// # Errors
    /// [`ExportError`] if the query or what was learnt from cannot be said in a rule.
    pub(super) fn new(detected: &Detected, rule: &Rule) -> Result<Self, ExportError> {
        let loaded = &detected.loaded;
        let query =
            RangeQuery { expr: promql::one_line(&loaded.query.expr), ..loaded.query.clone() };
        if promql::depends_on_range(&query.expr) {
            return Err(ExportError::DependsOnRange);
        }
        if query.step.millis() < 2 {
            return Err(ExportError::StepTooShort);
        }
        if detected.learning.exclude_scores_above.is_some() {
            return Err(ExportError::Cleaned);
        }
        if !detected.learning.excluded.is_empty() {
            return Err(ExportError::Excluded);
        }
        let unnamed = |labels: &Labels| -> Vec<(String, String)> {
            let all = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
            all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let mut seen = BTreeSet::new();
        if !loaded.series.iter().all(|series| seen.insert(unnamed(&series.labels))) {
            return Err(ExportError::SameLabels);
        }
        let labels: BTreeSet<String> = seen.into_iter().flatten().map(|(name, _)| name).collect();
        let counters =
            detected.series.iter().filter(|series| series.prepared.growth.is_some()).count();
        if counters != 0 && counters != loaded.series.len() {
            return Err(ExportError::SomeCounters);
        }
        let knows_history = match detected.detector {
            Detector::ZScore(ZScore { baseline }) => detected.series.iter().all(|series| {
                let past = series.detection.judged.iter().take(query.history).rev().take(baseline);
                past.filter(|value| value.is_finite()).count() >= enough(baseline)
            }),
            _ => true,
        };
        let season = match detected.detector {
            Detector::Seasonal(detector) => season(detected, detector)?,
            _ => None,
        };
        let usual = match detected.detector {
            Detector::Flatline(_) | Detector::Gap(_) => usual(detected)?,
            _ => None,
        };
        let baseline = detected.series.first().map(|series| series.detection.baseline.clone());
        Ok(Self {
            query,
            detector: detected.detector,
            rule: *rule,
            counter: counters > 0,
            knows_history,
            season,
            usual,
            baseline: baseline.unwrap_or_default(),
            labels: labels.into_iter().collect(),
        })
    }

    /// Builds the series as they are judged, infinities included.
    pub(super) fn series(&self) -> Expr {
        let expr = &self.query.expr;
        match promql::bare_selector(expr).filter(|_| self.counter) {
            Some(selector) => growth(selector, &self.query.step.to_string()),
            None => Expr::user(expr),
        }
    }

    /// Builds the samples that can be judged and learnt from.
    pub(super) fn value(&self) -> Expr {
        self.series().finite()
    }
}

/// Finds the one season of all series in all of the judged range, `None` where no series has one.
fn season(detected: &Detected, detector: Seasonal) -> Result<Option<usize>, ExportError> {
    let query = &detected.loaded.query;
    let mut all = detected.loaded.series.iter().zip(&detected.series).map(|(series, found)| {
        let values = found.prepared.judged(series);
        let (grid, history) = (series.grid, query.history);
        let input = DetectorInput::new(values, history, grid);
        let periods = detector.periods(input);
        let settled = periods.iter().rposition(|(from, _)| *from <= history);
        match settled.map(|settled| &periods[settled..]) {
            Some([(_, period)]) => Ok(Some(*period)),
            None if periods.is_empty() => Ok(None),
            _ => Err(ExportError::SeveralSeasons),
        }
    });
    let first = all.next().unwrap_or(Ok(None))?;
    for season in all {
        if season? != first {
            return Err(ExportError::SeveralSeasons);
        }
    }
    Ok(first)
}

/// Returns the duration in seconds that the last sample of each series is compared with, `None` without one.
fn usual(detected: &Detected) -> Result<Option<f64>, ExportError> {
    let mut all = detected.series.iter().map(|series| {
        let scales = series.detection.scale.iter().rev();
        scales.copied().find(|scale| scale.is_finite())
    });
    let first = all.next().flatten();
    if all.all(|other| other == first) { Ok(first) } else { Err(ExportError::SeveralDurations) }
}

/// Builds the growth of a counter over a step; after a reset the new value. Both sides drop the metric name.
fn growth(selector: &str, step: &str) -> Expr {
    let (now, before) =
        (Expr::selector(selector), Expr::selector(&format!("{selector} offset {step}")));
    let grown = now.op("-", &before).with(">=", 0.0);
    let anew = now.op("<", &before).with("+", 0.0);
    grown.op("or", &anew)
}

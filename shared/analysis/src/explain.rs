//! Facts of one event, as numbers, for a person or a knowledge base to reason from.
//!
//! They follow from the loaded samples and the detection alone. Samples after the event may be used, because facts
//! explain an event and do not decide whether it alerts.

mod concurrent;
mod evidence;
mod past;
mod recurrence;

pub use concurrent::ConcurrentAnomalies;
pub use evidence::EvidenceTag;
pub use past::RecordSince;
pub use recurrence::{Cycle, Recurrence};

use crate::analysis::{Analysis, RankedSeries};
use oddity_detect::detect::{Detection, Quantity};
use oddity_detect::event::{Event, EventKind};
use oddity_detect::series::Labels;
use oddity_detect::stats::median::finite_median;
use oddity_detect::time::{Span, Step, Timestamp};
use oddity_source::unit::Unit;

/// Number of samples on each side of a change whose medians are the levels before and after it.
const AROUND: usize = 60;

/// Facts of an event. Numbers are of the judged quantity, in `unit`, unless stated otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Index of its series among the loaded ones.
    pub series: usize,
    /// Labels of the series.
    pub labels: Labels,
    /// The event itself.
    pub event: Event,
    /// Unit of the judged quantity.
    pub unit: Unit,
    /// Unit of the values of the series.
    pub value_unit: Unit,
    /// Interval between samples.
    pub step: Step,
    /// Score from which a sample is flagged.
    pub threshold: f64,
    /// Alert score from which an event opens; `None` for detectors without a separate alert score.
    pub alert: Option<f64>,
    /// Whether the bounds were set by hand.
    pub fixed: bool,
    /// Time at which enough samples were flagged for an event.
    pub detected: Timestamp,
    /// Time of the first sample back within the band of the onset; `None` without recovery.
    pub recovered: Option<Timestamp>,
    /// Time from the start of the event to its last flagged sample.
    pub lasted: Span,
    /// Spread of the baseline at the onset.
    pub spread: f64,
    /// Distance of the peak from the expected value, or from the normal range, in `spread`; see
    /// [`crate::words::arithmetic`].
    /// `None` where the baseline did not vary or there is no number.
    pub deviations: Option<f64>,
    /// Whether the series was judged by weeks of its past, season and tails, rather than by the samples before.
    pub by_weeks: bool,
    /// Whether no sample left the band: accumulated small deviations or a wider spread can be anomalous within it.
    pub inside: bool,
    /// Peak over expected value, where both are positive or the peak is 0.
    pub ratio: Option<f64>,
    /// Medians of the values before and after a lasting change (shift, slope change, drift), in `value_unit`.
    pub levels: Option<(f64, f64)>,
    /// Ratio of the spread after the onset to that before it; `None` unless the spread is what changed.
    pub widened: Option<f64>,
    /// Total difference from the expected values with its unit, for rates: a count or bytes.
    pub excess: Option<(f64, Unit)>,
    /// Time in which no value was as high or as low before.
    pub record_since: Option<RecordSince>,
    /// Recurrence at the same time of other hours, days or weeks; `None` if there is none.
    pub recurrence: Option<Recurrence>,
    /// Number of series that are anomalous at the same time; `None` for a single series.
    pub concurrent: Option<ConcurrentAnomalies>,
    /// Evidence for and against causes.
    pub evidence: Vec<EvidenceTag>,
}

impl Facts {
    /// Returns whether the values are back where they were, as far as the judged quantity can tell.
    pub fn recovers(&self) -> bool {
        let tells = self.event.quantity.is_values() || self.event.quantity == Quantity::Duration;
        self.recovered.is_some() && tells && !self.inside
    }
}

/// Collects the facts of one event of an analysis. Cost: O(samples of its series + events of all).
pub fn facts(analysis: &Analysis, ranked: &RankedSeries, event: &Event) -> Facts {
    let (series, found) = analysis.series(ranked);
    let detection = &found.detection;
    let about = analysis.detected.detector.about();
    let grid = series.grid;
    let spread = detection.scale.get(event.reference.index).copied().unwrap_or(f64::NAN);
    let values = found.prepared.judged(series);
    let of_values = event.quantity.is_values();
    let began =
        grid.nearest(event.estimated_start).unwrap_or(event.onset.index).min(event.onset.index);
    let mut facts = Facts {
        series: ranked.index,
        labels: series.labels.clone(),
        event: event.clone(),
        unit: analysis.judged_unit(event.quantity),
        value_unit: analysis.detected.unit,
        step: grid.step,
        threshold: analysis.rule.threshold,
        alert: about.alert_threshold.map(|_| analysis.rule.alert_threshold),
        fixed: about.threshold == 0.0,
        detected: event.onset.time + grid.duration(analysis.rule.min_samples.saturating_sub(1)),
        recovered: event.recovered.map(|back| grid.at(back)),
        lasted: event.lasted,
        spread,
        deviations: deviations(detection, event, spread),
        by_weeks: detection.alerts.as_ref().is_some_and(|alerts| alerts.views.is_some()),
        inside: (event.reference.lower..=event.reference.upper).contains(&event.peak.value),
        ratio: ratio(event).filter(|_| of_values),
        levels: if lasts(event.kind) {
            event.levels.or_else(|| levels(values, event, began, of_values))
        } else {
            None
        },
        widened: match event.kind {
            EventKind::VarianceChange if of_values => {
                past::widened(&detection.judged, event.onset.index)
            }
            _ => None,
        },
        excess: excess(event, analysis.judged_unit(event.quantity)).filter(|_| of_values),
        record_since: past::record_since(detection, event, began, grid).filter(|_| of_values),
        recurrence: recurrence::recurrence(detection, event, grid).filter(|_| of_values),
        concurrent: concurrent::concurrent_anomalies(analysis, ranked, event),
        evidence: Vec::new(),
    };
    facts.evidence =
        evidence::evidence(&facts, &series.values, found.prepared.growth.is_some(), began);
    facts
}

/// Returns whether the kind is a change that stays, not an excursion.
fn lasts(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::LevelShiftUp
            | EventKind::LevelShiftDown
            | EventKind::SlopeChange
            | EventKind::Drift
    )
}

fn deviations(detection: &Detection, event: &Event, spread: f64) -> Option<f64> {
    let (peak, reference) = (event.peak.value, &event.reference);
    if event.steady || !peak.is_finite() || spread.is_nan() || spread <= 0.0 {
        return None;
    }
    let away = match &detection.normal {
        Some(normal) => {
            let (low, high) =
                (normal.lowest.get(reference.index)?, normal.highest.get(reference.index)?);
            (peak - high).max(low - peak).max(0.0)
        }
        None => (peak - reference.expected).abs(),
    };
    Some(away / spread).filter(|deviations| deviations.is_finite())
}

fn ratio(event: &Event) -> Option<f64> {
    let (peak, expected) = (event.peak.value, event.reference.expected);
    (peak >= 0.0 && expected > 0.0 && peak.is_finite()).then(|| peak / expected)
}

/// Computes the median of the values before the change and of the last ones of the event.
fn levels(values: &[f64], event: &Event, began: usize, judged: bool) -> Option<(f64, f64)> {
    let before = finite_median(&mut values.get(began.saturating_sub(AROUND)..began)?.to_vec())?;
    let after = match event.new_level {
        Some(level)
            if judged
                && matches!(event.kind, EventKind::LevelShiftUp | EventKind::LevelShiftDown) =>
        {
            level
        }
        _ => {
            // The last odd sample, or where the range ends.
            let end = event.recovered.unwrap_or(values.len()).min(values.len());
            let len = (AROUND / 6).min(end.saturating_sub(began) / 4).max(1);
            finite_median(&mut values.get(end.checked_sub(len)?..end)?.to_vec())?
        }
    };
    Some((before, after))
}

/// Sums up the values above or below the expected ones, where the values are a rate.
fn excess(event: &Event, unit: Unit) -> Option<(f64, Unit)> {
    if !matches!(
        event.kind,
        EventKind::Spike | EventKind::Dip | EventKind::LevelShiftUp | EventKind::LevelShiftDown
    ) {
        return None;
    }
    let (seconds, unit) = match unit {
        Unit::PerSecond => (1.0, Unit::Plain),
        Unit::PerMinute => (60.0, Unit::Plain),
        Unit::PerHour => (3_600.0, Unit::Plain),
        Unit::BytesPerSecond => (1.0, Unit::Bytes),
        _ => return None,
    };
    let total = event.area / seconds;
    (total.is_finite() && total > 0.0).then_some((total, unit))
}

#[cfg(test)]
mod tests;

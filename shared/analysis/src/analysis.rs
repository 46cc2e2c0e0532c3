//! The only orchestration: loaded series and settings in, what is odd out.
//!
//! It has three parts, so that nothing is done again that a slider does not change: [`prepare`] looks at the data,
//! [`detect`] runs the detector, [`analyze`] applies the rule to what it found, in one pass over the scores. Each can
//! pause between two series ([`Preparation`], [`DetectionRun`], [`EventSearch`]), so that a page stays responsive, and a
//! [`DetectionJob`] can run in another thread or process.

mod continuation;
mod detection_run;
mod event_search;
mod incident;
mod inheritance;
mod job;
mod past_alerts;
mod preparation;
mod shortage;
mod turnover;
mod unjudged;

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use serde::{Deserialize, Serialize};

use crate::content::SeriesContent;
use crate::counter::CounterGrowth;
use oddity_detect::detect::{Detection, Detector, DetectorCache, Quantity, Succession};
use oddity_detect::event::{Event, OnsetCache, Rule};
use oddity_detect::seasonality::periods;
use oddity_detect::series::{Grid, Series};
use oddity_detect::time::TimeRange;
use oddity_source::prometheus::Loaded;
use oddity_source::promql;
use oddity_source::unit::Unit;

use crate::lifetimes::Life;
pub use detection_run::{DetectionRun, detect};
pub use event_search::{EventSearch, analyze};
pub use incident::Incident;
use inheritance::LifeEdges;
pub use job::DetectionJob;
pub use past_alerts::PastAlerts;
pub use preparation::{Preparation, prepare};
pub use shortage::Shortage;
pub use turnover::Turnover;
pub use unjudged::Unjudged;

/// Everything that the user may tune.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Detector and its parameters: which values are compared with which baseline.
    pub detector: Detector,
    /// Rule that turns scores into events.
    pub rule: Rule,
    /// Whether flagged samples are excluded from the baseline. Exported rules cannot do that.
    pub clean: bool,
}

/// Samples that must not enter a baseline.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Learning {
    /// Times, both ends included.
    pub excluded: Vec<TimeRange>,
    /// Samples with at least this score.
    pub exclude_scores_above: Option<f64>,
}

/// Loaded series with everything that is known of them before a detector runs.
#[derive(Debug)]
pub struct Prepared {
    loaded: Arc<Loaded>,
    unit: Unit,
    /// One a series, in the order of `loaded`.
    series: Vec<Arc<PreparedSeries>>,
    suggestion: Option<String>,
    /// Name of the label whose values were replaced, as in a rollout; `None` if none were.
    replaced_label: Option<String>,
    edges: LifeEdges,
    /// Coarse samples of the weeks before, as the series are judged, with those that they inherit; `None` where none were
    /// fetched.
    long_past: Option<inheritance::InheritedLongPast>,
}

/// One series as it is judged.
#[derive(Debug)]
pub struct PreparedSeries {
    /// The labels in which it differs from the others.
    pub name: String,
    /// Growth of a counter, which is judged instead of the samples. `None` where the samples are judged.
    pub growth: Option<CounterGrowth>,
    /// Contents of the samples of the judged range.
    pub content: SeriesContent,
    /// Number of samples of the judged range that are missing.
    pub missing: usize,
    /// Number of stretches that the missing samples form.
    pub gaps: usize,
    /// Number of missing samples before the series began or after it ended, and of stretches that these form.
    pub absent: (usize, usize),
    /// Life of the series among the others.
    pub life: Life,
    /// Values with the past that the series inherits; `None` where it inherits none.
    trained: Option<Vec<f64>>,
    /// Point at which its own samples follow those that it inherits; `None` where it inherits none.
    succession: Option<Succession>,
    /// Looked for when it is first asked for.
    period: OnceLock<Option<usize>>,
    /// From the last detector that ran.
    kept: Mutex<DetectorCache>,
}

/// Detections of all series, before a rule is applied.
#[derive(Debug)]
pub struct Detected {
    /// Series and query that the detections are of.
    pub loaded: Arc<Loaded>,
    /// The detector that was run.
    pub detector: Detector,
    /// Samples that did not enter the baselines.
    pub learning: Learning,
    /// Unit of the values.
    pub unit: Unit,
    /// One a series, in the order of `loaded`.
    pub series: Vec<DetectedSeries>,
    /// A query that fits better than a raw counter.
    pub suggestion: Option<String>,
    /// Name of the label whose values were replaced, as in a rollout; `None` if none were.
    pub replaced_label: Option<String>,
    /// Number of samples by which the end of a series and the start of its successor may lie apart.
    pub life_tolerance: usize,
}

/// One series and its detection.
#[derive(Debug)]
pub struct DetectedSeries {
    /// Series as it was given to the detector.
    pub prepared: Arc<PreparedSeries>,
    /// The verdicts, history included.
    pub detection: Detection,
    /// Onsets that earlier rules found, kept for the next rule.
    pub onsets: OnsetCache,
    /// Number of samples of the judged range that got a verdict.
    pub judged: usize,
    /// Samples whose verdicts depend on this series alone, so that a rule gives the same.
    pub alone: Range<usize>,
    /// Reason why no sample was judged; `None` if one was.
    pub shortage: Option<Shortage>,
    /// Largest score in the judged range, 0 without a verdict.
    pub score: f64,
}

/// Events of all series under one rule.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// Detections that the rule was applied to.
    pub detected: Arc<Detected>,
    /// The rule that was applied.
    pub rule: Rule,
    /// Every series, worst first.
    pub ranking: Vec<RankedSeries>,
    /// All events, grouped by what began together, worst first.
    pub incidents: Vec<Incident>,
}

/// One series in the ranking.
#[derive(Clone, Debug)]
pub struct RankedSeries {
    /// Index in `loaded.series`.
    pub index: usize,
    /// Events of the series, oldest first.
    pub events: Vec<Event>,
    /// Largest severity of its events, 0 without one.
    pub severity: f64,
    /// Largest score in the judged range.
    pub score: f64,
}

/// Identity of an event: it stays while a rule that moves leaves the onset where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// Index of the series in `loaded.series`.
    pub series: usize,
    /// Index of the onset among the samples of the series.
    pub onset: usize,
}

impl RankedSeries {
    /// Returns the identity of one of its events.
    pub fn event_id(&self, event: &Event) -> EventId {
        EventId { series: self.index, onset: event.onset.index }
    }
}

impl Detected {
    /// Returns whether missing samples are no gaps, because a condition inside of the query drops samples; the detector of
    /// gaps asks for all of them.
    pub fn lacks_samples(&self) -> bool {
        !matches!(self.detector, Detector::Gap(_)) && promql::is_filtered(&self.loaded.query.expr)
    }
}

impl PreparedSeries {
    /// Returns the values that the detector judges: the samples, or the growth of a counter.
    pub fn judged<'a>(&'a self, series: &'a Series) -> &'a [f64] {
        self.growth.as_ref().map_or(&series.values[..], |growth| &growth.values)
    }

    /// Returns the period in samples of the season that explains most, `None` without a season. Cost: that of
    /// [`periods`], once.
    pub fn period(&self, series: &Series) -> Option<usize> {
        let find = || periods(self.judged(series), series.grid.step).first().map(|s| s.period);
        *self.period.get_or_init(find)
    }
}

impl Analysis {
    /// Returns the ranking's entry of one series of `loaded`; `None` if there is no such series.
    pub fn of_series(&self, index: Option<usize>) -> Option<&RankedSeries> {
        self.ranking.iter().find(|ranked| Some(ranked.index) == index)
    }

    /// Returns an event with the series it is in; `None` if this rule does not find it.
    pub fn find_event(&self, id: EventId) -> Option<(&RankedSeries, &Event)> {
        let ranked = self.of_series(Some(id.series))?;
        let event = ranked.events.iter().find(|event| event.onset.index == id.onset)?;
        Some((ranked, event))
    }

    /// Returns the number of events in all series.
    pub fn event_count(&self) -> usize {
        self.ranking.iter().map(|ranked| ranked.events.len()).sum()
    }

    /// Returns the data of a ranked series.
    pub fn series(&self, ranked: &RankedSeries) -> (&Series, &DetectedSeries) {
        (&self.detected.loaded.series[ranked.index], &self.detected.series[ranked.index])
    }

    /// Returns the grid of the judged range.
    pub fn judged_grid(&self) -> Grid {
        let query = &self.detected.loaded.query;
        let grid = query.grid();
        Grid { start: query.start, step: query.step, len: grid.len.saturating_sub(query.history) }
    }

    /// Returns the unit of what the detector judges.
    pub fn judged_unit(&self, quantity: Quantity) -> Unit {
        match quantity {
            Quantity::Value | Quantity::Increase | Quantity::Contrast | Quantity::Forecast => {
                self.detected.unit
            }
            Quantity::Slope => self.detected.unit.slope(),
            Quantity::Spread | Quantity::CumulativeSum => Unit::Plain,
            Quantity::Duration => Unit::Seconds,
        }
    }
}

#[cfg(test)]
mod tests;

//! The only orchestration: loaded series and settings in, what is odd out.
//!
//! It has three parts, so that nothing is done again that a slider does not change: [`prepare`] looks at the data,
//! [`detect`] runs the detector, [`analyze`] applies the rule to what it found, in one pass over the scores.

mod incident;
mod inheritance;
mod past_alerts;
mod shortage;
mod turnover;
mod unjudged;

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::content::SeriesContent;
use crate::counter::{CounterGrowth, growth, is_counter};
use oddity_detect::detect::{
    Detection, Detector, DetectorCache, DetectorInput, LongPast, Quantity, Succession,
};
use oddity_detect::event::{Event, EventKind, OnsetCache, Rule, SeriesSamples, events};
use oddity_detect::seasonality::periods;
use oddity_detect::series::{Grid, Series, short_names};
use oddity_detect::time::{Span, TimeRange, Timestamp};
use oddity_source::prometheus::Loaded;
use oddity_source::promql;
use oddity_source::unit::Unit;

use crate::lifetimes::Life;
pub use incident::Incident;
use inheritance::LifeEdges;
pub use past_alerts::PastAlerts;
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
#[derive(Clone, Debug, Default, PartialEq)]
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

/// Looks at the data. Cost: O(n), and that of [`crate::lifetimes::lives`].
pub fn prepare(loaded: Arc<Loaded>) -> Prepared {
    let Loaded { query, series, .. } = &*loaded;
    let names = short_names(&series.iter().map(|series| &series.labels).collect::<Vec<_>>());
    let bare = promql::bare_selector(&query.expr).is_some();
    let growths: Vec<Option<CounterGrowth>> = series
        .iter()
        .map(|series| {
            (bare && is_counter(series, loaded.is_counter)).then(|| growth(&series.values))
        })
        .collect();
    let own: Vec<&[f64]> = series
        .iter()
        .zip(&growths)
        .map(|(series, growth)| growth.as_ref().map_or(&series.values[..], |of| &of.values))
        .collect();
    let edges = LifeEdges::of(query);
    let found = inheritance::lives_of(series, edges);
    let trained = inheritance::trained(&own, &found.lives, edges);
    let successions = inheritance::successions(&own, &found.lives, query.step);
    let counts = growths.iter().any(Option::is_some);
    let long_past = inheritance::long_past(&loaded, counts, &found.lives, edges);
    let prepared: Vec<Arc<PreparedSeries>> = series
        .iter()
        .zip(names)
        .zip(growths)
        .zip(trained)
        .zip(successions)
        .zip(found.lives)
        .map(|(((((series, name), growth), trained), succession), life)| {
            let judged = series.values.get(query.history..).unwrap_or_default();
            let content = SeriesContent::of(judged);
            let (missing, gaps) = count_missing(judged);
            let absent = inheritance::absent(&life, query.history, series.values.len());
            let (period, kept) = Default::default();
            Arc::new(PreparedSeries {
                name,
                growth,
                content,
                missing,
                gaps,
                absent,
                life,
                trained,
                succession,
                period,
                kept,
            })
        })
        .collect();
    let suggest = || promql::suggest_rate(&query.expr, query.rate_window());
    let suggestion = counts.then(suggest).flatten();
    let (unit, replaced_label) = (Unit::from_query(&query.expr), found.replaced_label);
    Prepared { unit, loaded, series: prepared, suggestion, replaced_label, edges, long_past }
}

/// Up to so many samples of all series together what a detector may need again is kept.
const KEPT: usize = 200_000;

/// Runs the detector on every series. Cost: that of the detector, twice if flagged samples leave the baseline; less
/// where only parameters of the detector have changed.
pub fn detect(prepared: &Prepared, detector: Detector, learning: Learning) -> Detected {
    let Prepared { loaded, unit, series, suggestion, replaced_label, edges, .. } = prepared;
    let history = loaded.query.history;
    let own = || loaded.series.iter().zip(series).map(|(series, known)| known.judged(series));
    let group = detector.group(&own().collect::<Vec<_>>());
    let keeps = own().map(<[f64]>::len).sum::<usize>() <= KEPT;
    let count_unit = promql::count_unit(&loaded.query.expr);
    let quotient = promql::is_quotient(&loaded.query.expr);
    let series = series
        .iter()
        .zip(own())
        .zip(&loaded.series)
        .enumerate()
        .map(|(index, ((known, own), series))| {
            let (values, group) = (prepared.judged_by(index), group.as_ref());
            let past = prepared.long_past(index);
            let long_past =
                past.map(|(grid, values)| LongPast { grid, values, count_unit, quotient });
            let input = DetectorInput {
                values,
                reference: values,
                history,
                grid: series.grid,
                group,
                long_past,
                succession: known.succession,
            };
            let held = || known.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let mut kept = std::mem::take(&mut *held());
            let mut detection = learn(detector, input, &learning, &mut kept);
            if keeps {
                *held() = kept;
            }
            if known.growth.is_some() && detection.quantity == Quantity::Value {
                detection.quantity = Quantity::Increase;
            }
            let first = shortage::withhold_first(&mut detection, values, detector);
            let alone = inheritance::confine(&mut detection, &known.life, *edges, detector);
            let alone = alone.start.max(first).min(alone.end)..alone.end;
            let judged = detection.score.get(history..).unwrap_or_default();
            let score = judged.iter().copied().fold(0.0, f64::max);
            let judged = judged.iter().filter(|score| !score.is_nan()).count();
            let shortage = (judged == 0).then(|| Shortage::of(own, detector));
            let (prepared, onsets) = (Arc::clone(known), OnsetCache::default());
            DetectedSeries { prepared, detection, onsets, judged, alone, shortage, score }
        })
        .collect();
    Detected {
        loaded: Arc::clone(loaded),
        detector,
        learning,
        unit: *unit,
        series,
        suggestion: suggestion.clone(),
        replaced_label: replaced_label.clone(),
        life_tolerance: edges.tolerance,
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

/// Runs a detector that learns only from what it may.
///
/// Excluded samples are known to be odd: they are in no window, learnt or judged, and get no verdict.
/// Flagged samples are taken out in two passes: what the first flags is missing from the baselines of the
/// second. A verdict still depends on nothing after it, and a new level is accepted once a window later.
fn learn(
    detector: Detector,
    input: DetectorInput<'_>,
    learning: &Learning,
    kept: &mut DetectorCache,
) -> Detection {
    let excluded: Vec<usize> = (0..input.values.len())
        .filter(|at| {
            let time = input.grid.at(*at);
            learning.excluded.iter().any(|range| (range.start..=range.end).contains(&time))
        })
        .collect();
    // An infinity enters no window, nor is it missing.
    let mut values = input.values.to_vec();
    excluded.iter().for_each(|&at| values[at] = f64::INFINITY);
    let first = DetectorInput { values: &values, reference: &values, ..input };
    let mut found = detector.detect_cached(first, kept);
    if let Some(threshold) = learning.exclude_scores_above {
        let mut learnt = values.clone();
        for (at, (value, score)) in learnt.iter_mut().zip(&found.score).enumerate() {
            if *score >= threshold {
                // See `Input::learnt`.
                *value = if values[at].is_nan() { f64::INFINITY } else { f64::NAN };
            }
        }
        found = detector.detect(DetectorInput { values: &values, reference: &learnt, ..input });
    }
    let of_values = found.quantity.is_values();
    for at in excluded {
        found.judged[at] = if of_values { input.values[at] } else { f64::NAN };
        found.score[at] = f64::NAN;
        if let Some(alerts) = &mut found.alerts {
            alerts.score[at] = f64::NAN;
        }
    }
    found
}

/// Applies the rule. Cost: one pass over the scores of a series and little an event; more for an onset that no rule
/// found before, which is why it is kept.
pub fn analyze(detected: Arc<Detected>, rule: Rule) -> Analysis {
    let history = detected.loaded.query.history;
    let lacks_samples = detected.lacks_samples();
    let mut ranking: Vec<RankedSeries> = detected
        .series
        .iter()
        .zip(&detected.loaded.series)
        .enumerate()
        .map(|(index, (found, series))| {
            let detection = &found.detection;
            let period = || found.prepared.period(series);
            let trained = found.prepared.trained.as_deref();
            let values = trained.unwrap_or_else(|| found.prepared.judged(series));
            let samples = SeriesSamples { values, period: &period };
            let at = |index| series.grid.at(index);
            let mut events = events(samples, detection, &found.onsets, &rule, history, at);
            if let Some(life) = found.prepared.life.lifetime.filter(|_| trained.is_some()) {
                events.iter_mut().for_each(|event| begin_within(event, at(life.first)));
            }
            if lacks_samples {
                events.retain(|event| event.kind != EventKind::Gap);
            }
            let severity = events.iter().map(|event| event.severity).fold(0.0, f64::max);
            RankedSeries { index, events, severity, score: found.score }
        })
        .collect();
    ranking.sort_by(|a, b| {
        let events = |ranked: &RankedSeries| !ranked.events.is_empty();
        (events(b).cmp(&events(a)))
            .then(b.severity.total_cmp(&a.severity))
            .then(b.score.total_cmp(&a.score))
    });
    let incidents = incident::incidents(&detected, &ranking);
    Analysis { detected, rule, ranking, incidents }
}

/// Lets an event begin at the first sample of its series, if it seems to have begun in the past that the series inherits.
fn begin_within(event: &mut Event, birth: Timestamp) {
    event.estimated_start = event.estimated_start.max(birth);
    if event.display_start < birth {
        event.lasted = Span::from_millis(
            event.lasted.millis().saturating_sub(birth.since(event.display_start).millis()),
        );
        event.display_start = birth;
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
            Quantity::Value | Quantity::Increase | Quantity::Contrast => self.detected.unit,
            Quantity::Slope => self.detected.unit.slope(),
            Quantity::Spread | Quantity::CumulativeSum => Unit::Plain,
            Quantity::Duration => Unit::Seconds,
        }
    }
}

fn count_missing(values: &[f64]) -> (usize, usize) {
    let (mut missing, mut gaps, mut inside) = (0, 0, false);
    for value in values {
        missing += usize::from(value.is_nan());
        gaps += usize::from(value.is_nan() && !inside);
        inside = value.is_nan();
    }
    (missing, gaps)
}

#[cfg(test)]
mod tests;

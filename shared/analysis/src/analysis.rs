//! The only orchestration: loaded series and settings in, what is odd out.
//!
//! It has three parts, so that nothing is done again that a slider does not change: [`prepare`] looks at the data,
//! [`detect`] runs the detector, [`analyze`] applies the rule to what it found, in one pass over the scores.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use oddity_detect::detect::{
    Detection, Detector, DetectorCache, DetectorInput, LongPast, Quantity,
};
use oddity_detect::event::{Event, OnsetCache, Rule, SeriesSamples, events};
use oddity_detect::seasonality::periods;
use oddity_detect::series::{Grid, METRIC_NAME, Series, short_names};
use oddity_detect::time::{Span, TimeRange};
use oddity_source::prometheus::Loaded;
use oddity_source::promql;
use oddity_source::unit::Unit;

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
}

/// One series as it is judged.
#[derive(Debug)]
pub struct PreparedSeries {
    /// The labels in which it differs from the others.
    pub name: String,
    /// Values that are judged instead of the samples: the growth of a counter. `None` where the samples are judged.
    pub derived: Option<Vec<f64>>,
    /// Number of samples of the judged range that are missing.
    pub missing: usize,
    /// Number of stretches that the missing samples form.
    pub gaps: usize,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// Looks at the data. Cost: O(n).
pub fn prepare(loaded: Arc<Loaded>) -> Prepared {
    let names = short_names(&loaded.series.iter().map(|series| &series.labels).collect::<Vec<_>>());
    let bare = promql::bare_selector(&loaded.query.expr).is_some();
    let series: Vec<Arc<PreparedSeries>> = loaded
        .series
        .iter()
        .zip(names)
        .map(|(series, name)| {
            let derived = (bare && is_counter(series)).then(|| increase(&series.values));
            let judged = series.values.get(loaded.query.history..).unwrap_or_default();
            let (missing, gaps) = count_missing(judged);
            let (period, kept) = Default::default();
            Arc::new(PreparedSeries { name, derived, missing, gaps, period, kept })
        })
        .collect();
    let counters = series.iter().any(|series| series.derived.is_some());
    let window = Span::from_seconds(300).max(loaded.query.step.times(4));
    let suggestion = counters.then(|| promql::suggest_rate(&loaded.query.expr, window)).flatten();
    Prepared { unit: Unit::from_query(&loaded.query.expr), loaded, series, suggestion }
}

/// Up to so many samples of all series together what a detector may need again is kept.
const KEPT: usize = 200_000;

/// Runs the detector on every series. Cost: that of the detector, twice if flagged samples leave the baseline; less
/// where only parameters of the detector have changed.
pub fn detect(prepared: &Prepared, detector: Detector, learning: Learning) -> Detected {
    let Prepared { loaded, unit, series, suggestion } = prepared;
    let history = loaded.query.history;
    let judged = || loaded.series.iter().zip(series).map(|(series, known)| known.judged(series));
    let group = detector.group(&judged().collect::<Vec<_>>());
    let keeps = judged().map(<[f64]>::len).sum::<usize>() <= KEPT;
    let series = series
        .iter()
        .zip(judged())
        .zip(&loaded.series)
        .map(|((prepared, values), series)| {
            let group = group.as_ref();
            let past = long_past(loaded, prepared, series);
            let long_past = past.as_ref().map(|(grid, values)| LongPast {
                grid: *grid,
                values,
                count_unit: promql::count_unit(&loaded.query.expr),
            });
            let grid = series.grid;
            let input = DetectorInput {
                values,
                reference: values,
                history,
                grid,
                group,
                long_past,
                succession: None,
            };
            let held = || prepared.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let mut kept = std::mem::take(&mut *held());
            let mut detection = learn(detector, input, &learning, &mut kept);
            if keeps {
                *held() = kept;
            }
            if prepared.derived.is_some() && detection.quantity == Quantity::Value {
                detection.quantity = Quantity::Increase;
            }
            let judged = detection.score.get(history..).unwrap_or_default();
            let score = judged.iter().copied().fold(0.0, f64::max);
            let judged = judged.iter().filter(|score| !score.is_nan()).count();
            let (prepared, onsets) = (Arc::clone(prepared), OnsetCache::default());
            DetectedSeries { prepared, detection, onsets, judged, score }
        })
        .collect();
    let (loaded, suggestion) = (Arc::clone(loaded), suggestion.clone());
    Detected { loaded, detector, learning, unit: *unit, series, suggestion }
}

/// Returns the coarse samples of the weeks before a series as its samples are judged; empty where it has none, `None`
/// where none were fetched. Growth of a counter is that of one step of the query.
fn long_past(
    loaded: &Loaded,
    prepared: &PreparedSeries,
    series: &Series,
) -> Option<(Grid, Vec<f64>)> {
    let past = loaded.long_past.as_ref()?;
    let values = past.series.get(&series.labels).map_or(&[][..], |values| values);
    if prepared.derived.is_none() {
        return Some((past.grid, values.to_vec()));
    }
    let share = series.grid.step.millis() as f64 / past.grid.step.millis() as f64;
    Some((past.grid, increase(values).into_iter().map(|grown| grown * share).collect()))
}

impl PreparedSeries {
    /// Returns the values that the detector judges: the samples, or the growth of a counter.
    pub fn judged<'a>(&'a self, series: &'a Series) -> &'a [f64] {
        self.derived.as_deref().unwrap_or(&series.values)
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
    let mut ranking: Vec<RankedSeries> = detected
        .series
        .iter()
        .zip(&detected.loaded.series)
        .enumerate()
        .map(|(index, (found, series))| {
            let detection = &found.detection;
            let period = || found.prepared.period(series);
            let samples = SeriesSamples { values: found.prepared.judged(series), period: &period };
            let at = |index| series.grid.at(index);
            let events = events(samples, detection, &found.onsets, &rule, history, at);
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
    Analysis { detected, rule, ranking }
}

impl Analysis {
    /// Returns all events with the series they are in, most severe first.
    pub fn worst_events(&self) -> Vec<(&RankedSeries, &Event)> {
        let mut all: Vec<_> = self
            .ranking
            .iter()
            .flat_map(|ranked| ranked.events.iter().map(move |event| (ranked, event)))
            .collect();
        all.sort_by(|(_, a), (_, b)| {
            b.severity.total_cmp(&a.severity).then(b.score.total_cmp(&a.score))
        });
        all
    }

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

    /// Returns whether no sample of any series could be judged.
    pub fn is_unjudged(&self) -> bool {
        self.detected.series.iter().all(|series| series.judged == 0)
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

/// Returns whether a series is a raw counter: by its name, and because it only ever falls to start anew.
pub(crate) fn is_counter(series: &Series) -> bool {
    let named = series.labels.get(METRIC_NAME).is_some_and(|name| {
        ["_total", "_count", "_sum", "_bucket"].iter().any(|suffix| name.ends_with(suffix))
    });
    let (mut last, mut rises, mut falls, mut resets) = (f64::NAN, 0_usize, 0_usize, 0_usize);
    for &value in series.values.iter().filter(|value| !value.is_nan()) {
        rises += usize::from(value > last);
        falls += usize::from(value < last);
        resets += usize::from(value < last * 0.5);
        last = value;
    }
    named && rises > 0 && falls == resets && rises > 4 * resets
}

/// Computes the growth from each sample to the next; after a reset the new value, as Prometheus' `increase` counts.
/// NaN where either sample is missing. Shape: as `values`.
pub(crate) fn increase(values: &[f64]) -> Vec<f64> {
    let mut last = f64::NAN;
    values
        .iter()
        .map(|&value| {
            let grown = if value < last { value } else { value - last };
            last = value;
            grown
        })
        .collect()
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

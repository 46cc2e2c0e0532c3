//! Events: groups of anomalous samples, made from the scores of a detector, that a person should look at.
//!
//! An alert opens an event, flagged samples extend it, and short pauses are merged. Peak, recovery, kind and severity
//! of an event may depend on samples after it: they explain the event and do not decide whether it alerts.

mod alert;
mod cache;
mod episode;
mod escalation;
mod explain;
pub mod kind;
mod odd;
mod settings;
mod severity;
mod time_left;

pub use alert::after_cooldown;
pub use cache::OnsetCache;
pub use odd::{Mark, deviation_counts, is_flagged, marks};
pub use settings::{RULE_SETTINGS, RuleControl, RuleSetting};
pub use severity::{SeverityLevel, severity};
pub use time_left::TimeLeft;
use time_left::time_left;

use serde::{Deserialize, Serialize};

use crate::detect::param::named_choice;
use crate::detect::{Detection, Detector, Feature, Quantity};
use crate::time::{Span, Timestamp};

/// Sides of the expected value on which a deviation counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sides {
    /// Above the expected value.
    Up,
    /// Below the expected value.
    Down,
    /// Either side.
    #[default]
    Both,
}

named_choice!(Sides { Up = "up", Down = "down", Both = "both" });

/// Conditions under which scores become an event. Lengths are in samples.
///
/// Each field is described for people in [`RULE_SETTINGS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Score from which a sample is flagged.
    pub threshold: f64,
    /// Alert score from which an event opens, for detectors whose alert score is not the score.
    pub alert_threshold: f64,
    /// Sides of the expected value on which deviations count.
    pub sides: Sides,
    /// Smallest deviation that counts, in the unit of the judged quantity.
    pub min_deviation: f64,
    /// Smallest deviation that counts, as a share of the expected value.
    pub min_relative: f64,
    /// Fewest samples of an event; shorter ones are dropped, 1 keeps all.
    pub min_samples: usize,
    /// Longest pause between odd samples that does not end an event.
    pub merge_gap: usize,
    /// Number of samples before an alert, all of whose alert scores it must exceed.
    pub cooldown: usize,
}

/// Direction of a deviation from the expected value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Direction {
    /// Above the expected value.
    Up,
    /// Below the expected value.
    Down,
}

/// Kind of an event: what happened to the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum EventKind {
    /// Up and back again.
    Spike,
    /// Down and back again.
    Dip,
    /// A new, higher level that lasts.
    LevelShiftUp,
    /// A new, lower level that lasts.
    LevelShiftDown,
    /// A change of the rate of rise or fall.
    SlopeChange,
    /// A slow departure from the level.
    Drift,
    /// A wider or narrower spread around the level.
    VarianceChange,
    /// A season that is shifted in time, or gone.
    SeasonBroken,
    /// One value that repeats.
    FlatLine,
    /// Samples that stopped coming.
    Gap,
    /// A value higher or lower than all before it, although close to its neighbours.
    Record,
    /// A series unlike the other series at the same time.
    OddOneOut,
    /// An infinite value.
    Infinite,
}

/// Verdict on one sample. Its values are of the judged quantity, which may be derived from the series: see
/// [`Quantity`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleVerdict {
    /// Index in the series.
    pub index: usize,
    /// Time of the sample.
    pub time: Timestamp,
    /// Value of the judged quantity.
    pub value: f64,
    /// Expected value of the judged quantity.
    pub expected: f64,
    /// Lower bound of the band.
    pub lower: f64,
    /// Upper bound of the band.
    pub upper: f64,
    /// Score, 0 or more; NaN without a verdict.
    pub score: f64,
}

/// Relation of a worse turn to the longer event that it is part of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Escalation {
    /// Level of the longer event before: the median of its values, without earlier worse turns.
    pub from: f64,
    /// Whether the values came back to that level while the longer event went on.
    pub returned: bool,
}

/// A stretch of samples that a person should look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Quantity that was judged.
    pub quantity: Quantity,
    /// First odd sample; its expected value is the baseline, which has not yet learnt from the event.
    pub onset: SampleVerdict,
    /// Sample that is farthest from the baseline.
    pub peak: SampleVerdict,
    /// Verdict whose expected value and band the peak is compared with: that of the onset, because later expectations may
    /// have learnt from the event; where the expectation follows a season and not the event, that of the peak, or of the
    /// sample with the median expectation for a level that lasts.
    pub reference: SampleVerdict,
    /// Medians of what was expected and of the values during the event, where the expectation follows a season.
    pub levels: Option<(f64, f64)>,
    /// Relation to the longer event of which this is a worse turn; `None` if it is none.
    pub escalation: Option<Escalation>,
    /// Time until the values reach a bound, where they come closer steadily at the end of the range.
    pub time_left: Option<TimeLeft>,
    /// Time at which the change seems to have begun: at the onset, or before it where a slow change was noticed late.
    pub estimated_start: Timestamp,
    /// Index of the last flagged sample.
    pub last: usize,
    /// Index of the first sample that was back: in the band of the onset, or near what was expected then where the
    /// expectation follows a season. `None` without recovery.
    pub recovered: Option<usize>,
    /// Whether the event continues at the end of the range and samples are still arriving there.
    pub ongoing: bool,
    /// Time at which the event is shown to begin: the estimated start of slopes, drifts, flat lines and gaps, else the
    /// onset.
    pub display_start: Timestamp,
    /// Last odd time: before the recovery if there was one, else that of the last flagged sample.
    pub end: Timestamp,
    /// Time from `display_start` to `end`, plus one step for the last sample.
    pub lasted: Span,
    /// Area between values and baseline from onset to `end`, in units times seconds, never negative.
    pub area: f64,
    /// Direction of the deviation.
    pub direction: Direction,
    /// Kind of the event.
    pub kind: EventKind,
    /// Median of the judged quantity from the onset on, if a new level lasted; `None` if none did, or if that is
    /// unknown because the data or the range ends, or the next event begins.
    pub new_level: Option<f64>,
    /// Whether the baseline did not vary at all, so that any change scores high.
    pub steady: bool,
    /// Whether the baseline is a range of normal values rather than a single expected value.
    pub ranged: bool,
    /// Feature that opened the event, for detectors with several.
    pub feature: Option<Feature>,
    /// Largest score of a flagged sample.
    pub score: f64,
    /// Largest alert score.
    pub alert_score: f64,
    /// Probability of an alert score this large by chance, estimated from the alert scores before the event.
    pub probability: f64,
    /// Severity, 0 to 100: see [`severity()`].
    pub severity: f64,
    /// Origin of the expected value, for a sentence: "the 60 samples (1 h) before".
    pub baseline: String,
}

impl Rule {
    /// Returns the default rule of a detector: its thresholds, and the defaults of everything else.
    pub fn of(detector: Detector) -> Self {
        let about = detector.about();
        let alert_threshold = about.alert_threshold.unwrap_or(about.threshold);
        Self { threshold: about.threshold, alert_threshold, ..Self::default() }
    }

    /// Returns the rule with another threshold. The alert threshold moves along: its ratio to the threshold is that of
    /// the detector's defaults.
    #[must_use]
    pub fn with_threshold(self, threshold: f64, detector: Detector) -> Self {
        let usual = Self::of(detector);
        let ratio =
            if usual.threshold > 0.0 { usual.alert_threshold / usual.threshold } else { 1.0 };
        Self { threshold, alert_threshold: threshold * ratio, ..self }
    }

    /// Returns the alert score from which an event opens.
    pub fn opening_threshold(&self, detection: &Detection) -> f64 {
        if detection.alerts.is_some() { self.alert_threshold } else { self.threshold }
    }

    /// Returns the score from which a sample extends an event.
    ///
    /// Where alerts are not scores, half the threshold extends an event. A threshold below the default makes only
    /// flagged samples odd, and not the noise that scores half of it.
    pub fn extending_threshold(&self, detection: &Detection) -> f64 {
        if detection.alerts.is_none() {
            return self.threshold;
        }
        let usual = Detector::default().about().threshold / 2.0;
        self.threshold.min(usual).max(self.threshold / 2.0)
    }
}

impl EventKind {
    /// Returns the name for people, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::Dip => "dip",
            Self::LevelShiftUp => "level shift up",
            Self::LevelShiftDown => "level shift down",
            Self::SlopeChange => "slope change",
            Self::Drift => "drift",
            Self::VarianceChange => "variance change",
            Self::SeasonBroken => "season broken",
            Self::FlatLine => "flat line",
            Self::Gap => "gap",
            Self::Record => "record",
            Self::OddOneOut => "odd one out",
            Self::Infinite => "infinite value",
        }
    }
}

impl Event {
    /// Returns the severity in one word.
    pub fn level(&self) -> SeverityLevel {
        SeverityLevel::of(self.severity)
    }
}

/// Samples of a series from which the kind of an event is determined.
#[derive(Clone, Copy)]
pub struct SeriesSamples<'a> {
    /// Samples that were given to the detector; NaN is missing.
    pub values: &'a [f64],
    /// Period of the season in samples, `None` without a season; called once an event is found.
    pub period: &'a dyn Fn() -> Option<usize>,
}

/// Returns the events of one series, oldest first.
///
/// The first `history` samples are not judged. `onsets` is a cache that belongs to the detection; `at` gives the time
/// of a sample. Cost: one pass over the scores, and little for an event whose onset is cached; see [`kind`] for one
/// that is not.
pub fn events(
    samples: SeriesSamples<'_>,
    detection: &Detection,
    onsets: &OnsetCache,
    rule: &Rule,
    history: usize,
    at: impl Fn(usize) -> Timestamp,
) -> Vec<Event> {
    if let Some(views) = detection.alerts.as_ref().and_then(|alerts| alerts.views.as_ref()) {
        let step = at(1).since(at(0)).as_seconds();
        let episodes = episode::episodes(detection, views, rule, history, step);
        let alert_scores = detection.alert_scores();
        let onsets_of = episodes.iter().map(|episode| episode.first);
        let known =
            onsets.of(onsets_of, alert_scores, |at| explain::finding(samples, detection, at));
        let event = |(episode, known): (&episode::Episode, cache::CachedOnset)| {
            explain::episode_event(known.finding, detection, rule, episode, step, &at)
        };
        return episodes.iter().zip(known).map(event).collect();
    }
    let runs = alert::runs(detection, rule, history);
    if runs.is_empty() {
        return Vec::new();
    }
    let alert_scores = detection.alert_scores();
    let firsts = runs.iter().map(|(first, _)| *first);
    let limits = firsts.clone().skip(1).chain([detection.judged.len()]);
    let known = onsets.of(firsts, alert_scores, |at| explain::finding(samples, detection, at));
    let large = alert::large(alert_scores, rule.opening_threshold(detection));
    let event = |((run, limit), known): ((&(usize, usize), usize), cache::CachedOnset)| {
        let mut event = explain::event(known.finding, detection, rule, *run, limit, &at);
        if detection.alerts.is_none() {
            let before = large.partition_point(|(at, _)| *at < run.0);
            let seen =
                large[..before].iter().filter(|(_, past)| *past >= event.alert_score).count();
            event.probability = known.tail.probability(event.alert_score, seen);
        }
        if event.ongoing && detection.quantity == Quantity::Forecast {
            let bound = detection.normal.as_ref().map(|normal| match event.direction {
                Direction::Up => normal.highest[event.last],
                Direction::Down => normal.lowest[event.last],
            });
            let step = at(1).since(at(0)).as_seconds();
            event.time_left = bound.and_then(|bound| time_left(samples.values, bound, step));
        }
        event.severity = severity(event.probability).max(explain::urgency(event.time_left));
        event
    };
    runs.iter().zip(limits).zip(known).map(event).collect()
}

#[cfg(test)]
mod tests;

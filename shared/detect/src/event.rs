//! Events: from scores to the few things a person should look at.
//!
//! An alert opens an event, flagged samples extend it, short pauses are bridged. What is told of an event
//! beyond that (peak, recovery, kind, severity) may look at samples after it: it explains, it does not alert.

mod alert;
mod cache;
mod explain;
pub mod kind;

pub use alert::{after_cooldown, flagged};
pub use cache::OnsetCache;

use serde::{Deserialize, Serialize};

use crate::detect::{Detection, Detector, Feature, Quantity};
use crate::stats::tail::severity;
use crate::time::{Span, Timestamp};

/// Which deviations count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sides {
    /// Above the expected value.
    Up,
    /// Below it.
    Down,
    /// Either.
    #[default]
    Both,
}

/// When a score becomes an event. Counts are in samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Score from which a sample is flagged.
    pub threshold: f64,
    /// Strength from which an alert opens an event, for detectors that tell it apart from the score.
    pub alert_threshold: f64,
    /// Which deviations count.
    pub sides: Sides,
    /// Smallest deviation that counts, in the unit of what is judged.
    pub min_deviation: f64,
    /// Smallest deviation that counts, as a share of the expected value.
    pub min_relative: f64,
    /// Events of fewer samples are dropped; 1 keeps all.
    pub min_samples: usize,
    /// Pauses of at most so many samples do not end an event.
    pub merge_gap: usize,
    /// An alert must exceed every score of so many samples before it.
    pub cooldown: usize,
}

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Above the expected value.
    Up,
    /// Below it.
    Down,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// Up and back again.
    Spike,
    /// Down and back again.
    Dip,
    /// A new, higher level that lasts.
    LevelShiftUp,
    /// A new, lower level that lasts.
    LevelShiftDown,
    /// Rises or falls at another rate.
    SlopeChange,
    /// Leaves its level slowly.
    Drift,
    /// Spreads wider around its level, or less wide.
    VarianceChange,
    /// Follows its season at another time of it, or no more.
    SeasonBroken,
    /// One value, again and again.
    FlatLine,
    /// Samples that stopped coming.
    Gap,
    /// A value as never before, without being far from those around it.
    Record,
    /// Unlike the other series at the same time.
    OddOneOut,
    /// An infinite value.
    Infinite,
}

/// One judged sample. Values are of what is judged: see [`Quantity`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleVerdict {
    /// Index in the series.
    pub index: usize,
    /// When.
    pub time: Timestamp,
    /// Its value.
    pub value: f64,
    /// What was expected.
    pub expected: f64,
    /// Lower bound of the band.
    pub lower: f64,
    /// Upper bound of the band.
    pub upper: f64,
    /// Its score.
    pub score: f64,
}

/// Something odd.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What was judged.
    pub quantity: Quantity,
    /// The first sample; its expectation is the baseline, which has not yet learnt from the event.
    pub onset: SampleVerdict,
    /// The sample that is farthest from the baseline.
    pub peak: SampleVerdict,
    /// When it seems to have begun: at the onset or before, as what is slow is noticed late.
    pub estimated_start: Timestamp,
    /// Index of the last flagged sample.
    pub last: usize,
    /// Index of the first sample that was back in the band of the onset, `None` if none was.
    pub recovered: Option<usize>,
    /// Whether it goes on at the end of the range, where samples still come.
    pub ongoing: bool,
    /// When it began: at the onset, or before for what is noticed late: slopes and drifts, and a value or samples that
    /// stopped.
    pub display_start: Timestamp,
    /// The last odd time: until recovery where there was one, else until the last flagged sample.
    pub end: Timestamp,
    /// From `start` to `end`, both samples with their step.
    pub lasted: Span,
    /// Area between values and baseline from onset to `end`, in units times seconds, never negative.
    pub area: f64,
    /// Up or down.
    pub direction: Direction,
    /// What happened.
    pub kind: EventKind,
    /// The median from the onset on, of what is judged, if the new level lasted; `None` if it did not or
    /// that is not known, because data or range end or another event begins.
    pub new_level: Option<f64>,
    /// Whether the baseline did not vary at all, so that any change scores high.
    pub steady: bool,
    /// Whether a whole range is normal, not one expected value alone.
    pub ranged: bool,
    /// The view that opened it, for detectors with several.
    pub feature: Option<Feature>,
    /// The largest score of a flagged sample.
    pub score: f64,
    /// The largest strength of the alert.
    pub alert_score: f64,
    /// Probability of so large a strength by those before the event.
    pub probability: f64,
    /// 0 to 100: see [`severity`].
    pub severity: f64,
    /// What the expectation was learnt from, for a sentence.
    pub baseline: String,
}

/// How severe, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeverityLevel {
    /// Odd by the threshold, but not rare in this series.
    Low,
    /// Severity from 3.
    Warning,
    /// Severity from 25.
    Minor,
    /// Severity from 50.
    Major,
    /// Severity from 75.
    Critical,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            threshold: 4.0,
            alert_threshold: 4.0,
            sides: Sides::Both,
            min_deviation: 0.0,
            min_relative: 0.0,
            min_samples: 1,
            merge_gap: 2,
            cooldown: 100,
        }
    }
}

impl Rule {
    /// The thresholds of a detector, and else the defaults.
    pub fn of(detector: Detector) -> Self {
        let about = detector.about();
        let alert_threshold = about.alert_threshold.unwrap_or(about.threshold);
        Self { threshold: about.threshold, alert_threshold, ..Self::default() }
    }

    /// Returns the rule with another threshold. The alert score moves along: its ratio to the threshold is that of the
    /// detector's defaults.
    pub fn with_threshold(self, threshold: f64, detector: Detector) -> Self {
        let baseline = Self::of(detector);
        let ratio = if baseline.threshold > 0.0 {
            baseline.alert_threshold / baseline.threshold
        } else {
            1.0
        };
        Self { threshold, alert_threshold: threshold * ratio, ..self }
    }

    /// Strength from which an alert opens an event.
    pub fn opening_threshold(&self, detection: &Detection) -> f64 {
        if detection.alerts.is_some() { self.alert_threshold } else { self.threshold }
    }

    /// Score from which a sample extends an event. One that is joined to an alert of another kind than the score may
    /// score half as much as one that is flagged; but a threshold below the default makes only what it flags odd, and
    /// not the noise that scores half of that.
    pub fn extending_threshold(&self, detection: &Detection) -> f64 {
        if detection.alerts.is_none() {
            return self.threshold;
        }
        let baseline = Detector::default().about().threshold / 2.0;
        self.threshold.min(baseline).max(self.threshold / 2.0)
    }
}

impl EventKind {
    /// Name for a person.
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

impl SeverityLevel {
    /// Of a severity of 0 to 100. Source: Elastic's cut-offs.
    pub fn of(severity: f64) -> Self {
        match severity {
            s if s >= 75.0 => Self::Critical,
            s if s >= 50.0 => Self::Major,
            s if s >= 25.0 => Self::Minor,
            s if s >= 3.0 => Self::Warning,
            _ => Self::Low,
        }
    }

    /// Name for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Warning => "warning",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

impl Event {
    /// How severe, in one word.
    pub fn level(&self) -> SeverityLevel {
        SeverityLevel::of(self.severity)
    }
}

/// What the kind of an event is told from.
#[derive(Clone, Copy)]
pub struct SeriesSamples<'a> {
    /// The samples that were given to the detector, NaN is missing.
    pub values: &'a [f64],
    /// Period of their season in samples, if they have one; asked for when an event is found.
    pub period: &'a dyn Fn() -> Option<usize>,
}

/// The events of one series, oldest first.
///
/// `history` samples at the front are not judged. `onsets` is kept with the detection. Cost: one pass over the scores
/// and little an event, once its onset is known; see [`kind`] for one that is not.
pub fn events(
    samples: SeriesSamples<'_>,
    detection: &Detection,
    onsets: &OnsetCache,
    rule: &Rule,
    history: usize,
    at: impl Fn(usize) -> Timestamp,
) -> Vec<Event> {
    let runs = alert::runs(detection, rule, history);
    if runs.is_empty() {
        return Vec::new();
    }
    let strengths = detection.alert_scores();
    let firsts = runs.iter().map(|(first, _)| *first);
    let limits = firsts.clone().skip(1).chain([detection.judged.len()]);
    let known = onsets.of(firsts, strengths, |at| explain::finding(samples, detection, at));
    let large = alert::large(strengths, rule.opening_threshold(detection));
    let event = |((run, limit), known): ((&(usize, usize), usize), cache::CachedOnset)| {
        let mut event = explain::event(known.finding, detection, rule, *run, limit, &at);
        if detection.alerts.is_none() {
            let before = large.partition_point(|(at, _)| *at < run.0);
            let seen =
                large[..before].iter().filter(|(_, past)| *past >= event.alert_score).count();
            event.probability = known.tail.probability(event.alert_score, seen);
        }
        event.severity = severity(event.probability);
        event
    };
    runs.iter().zip(limits).zip(known).map(event).collect()
}

#[cfg(test)]
mod tests;

use super::duration::{MIN_KNOWN, MIN_LENGTH, Stretch, THRESHOLD, against_longest};
use super::param::ParamField;
use super::{About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, words};

/// Flat line: for how long the value has not changed, in seconds by the clock, judged in units of
/// the longest such stretch that ended before, or of `least` samples where that is longer. What sits still
/// this long may be a stuck sensor or a frozen exporter.
///
/// A stretch only means something in a series that usually moves. No verdict until 10 stretches have
/// ended and while fewer than one sample in ten changed: a gauge that mostly rests, and a series that
/// never moved, are not flat lines. Missing samples count as time, but after a pause longer than the
/// longest usual stretch a new one begins, as the value may have moved in between.
///
/// Cost: O(n). Source: the persistence test of quality control for measurements (WMO-No. 8, "Guide to
/// instruments", part on automatic checks), with its limit learnt instead of given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flatline {
    /// Minimum length of the longest usual stretch, in samples.
    pub least: usize,
    /// Number of samples wanted before the judged range.
    pub history: usize,
}

/// Number of samples per change above which a series rests and has no flat lines.
const MAX_SAMPLES_PER_CHANGE: usize = 10;

/// Parameter of this detector and of [`super::Gap`].
pub(super) const HISTORY: Param = Param::samples(
    "history",
    "Learn from",
    "Number of samples before the shown range that are loaded to learn from, in addition to the part of the range before each sample.",
    (10, 5_000),
    1_000,
);

impl Default for Flatline {
    fn default() -> Self {
        Self { least: MIN_LENGTH.count(), history: HISTORY.count() }
    }
}

impl Algorithm for Flatline {
    const ABOUT: About = About {
        id: "flatline",
        name: "Flat line",
        group: DetectorGroup::Liveness,
        summary: "Time since the value last changed, against the longest such time so far.",
        threshold: THRESHOLD,
        alert_threshold: None,
        causal: true,
        params: &[MIN_LENGTH, HISTORY],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        ParamField::Count(if index == 0 { &mut self.least } else { &mut self.history })
    }

    fn history(&self) -> usize {
        self.history
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let mut judged = FlatStretch::default();
        let mut past = StretchHistory::default();
        let stretches = input.values.iter().zip(input.reference).map(|(&value, &reference)| {
            let (longest, pause) = (past.longest(), past.longest.max(self.least));
            past.learn(value, reference, pause);
            judged.follow(value, pause);
            let length = value.is_finite().then_some(judged.length);
            Stretch { length, longest }
        });
        let words = words::LONGEST_UNCHANGED.to_owned();
        against_longest(input, stretches, self.least, words)
    }
}

/// Length of the stretch for which a value has not changed.
#[derive(Default)]
struct FlatStretch {
    value: Option<f64>,
    /// Number of steps since the first sample with this value.
    length: usize,
    /// Number of steps without a sample since the last one.
    silent: usize,
}

/// A stretch that ended.
struct EndedStretch {
    length: usize,
    /// Whether by another value, and not by a long pause.
    changed: bool,
}

impl FlatStretch {
    /// Takes the next value, NaN where it is missing, and returns the stretch that it ends. A sample more than `pause`
    /// steps after the last one begins a new stretch.
    fn follow(&mut self, value: f64, pause: usize) -> Option<EndedStretch> {
        if !value.is_finite() {
            self.silent += 1;
            return None;
        }
        let since = std::mem::take(&mut self.silent) + 1;
        let before = self.value.replace(value)?;
        let changed = before != value;
        if !changed && since <= pause {
            self.length += since;
            return None;
        }
        Some(EndedStretch { length: std::mem::take(&mut self.length), changed })
    }
}

/// Statistics of the stretches that have ended.
#[derive(Default)]
struct StretchHistory {
    flat: FlatStretch,
    longest: usize,
    ended: usize,
    samples: usize,
}

impl StretchHistory {
    /// Returns the longest stretch; `None` while too little is known, and for a series that rests.
    fn longest(&self) -> Option<usize> {
        let moves = self.ended >= MIN_KNOWN && self.ended * MAX_SAMPLES_PER_CHANGE >= self.samples;
        moves.then_some(self.longest)
    }

    /// Takes the next sample; one that must not be learnt from ends nothing.
    fn learn(&mut self, value: f64, reference: f64, pause: usize) {
        let left_out = reference.is_infinite() || (reference.is_nan() && !value.is_nan());
        if left_out {
            self.flat = FlatStretch::default();
            return;
        }
        if reference.is_finite() {
            self.samples += 1;
        }
        if let Some(EndedStretch { length, changed }) = self.flat.follow(reference, pause) {
            self.longest = self.longest.max(length);
            self.ended += usize::from(changed);
        }
    }
}

use super::duration::{LEAST, LEAST_KNOWN, Stretch, THRESHOLD, against_longest};
use super::param::Field;
use super::{About, Algorithm, Detection, Input, Param};

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
    /// The shortest stretch, in samples, to compare with.
    pub least: usize,
    /// Samples wanted before the judged range.
    pub history: usize,
}

/// Fewer changes than one in so many samples are a series that rests.
const RESTS: usize = 10;

/// Shared with the detector of gaps.
pub(super) const HISTORY: Param = Param::samples(
    "history",
    "Learn from",
    "How many samples before the shown range are loaded to learn from, besides all of the range that lies before the judged one.",
    (10, 5_000),
    1_000,
);

impl Default for Flatline {
    fn default() -> Self {
        Self { least: LEAST.count(), history: HISTORY.count() }
    }
}

impl Algorithm for Flatline {
    const ABOUT: About = About {
        id: "flatline",
        name: "Flat line",
        summary: "How long the value has not changed, against the longest time that it ever did not.",
        threshold: THRESHOLD,
        alert: None,
        causal: true,
        params: &[LEAST, HISTORY],
    };

    fn field(&mut self, index: usize) -> Field<'_> {
        Field::Count(if index == 0 { &mut self.least } else { &mut self.history })
    }

    fn history(&self) -> usize {
        self.history
    }

    fn detect(&self, input: Input<'_>) -> Detection {
        let mut judged = Flat::default();
        let mut past = Past::default();
        let stretches = input.values.iter().zip(input.learnt).map(|(&value, &learnt)| {
            let (longest, pause) = (past.longest(), past.longest.max(self.least));
            past.learn(value, learnt, pause);
            judged.follow(value, pause);
            let length = value.is_finite().then_some(judged.length);
            Stretch { length, longest }
        });
        let words = "the longest time before in which it did not change".to_owned();
        against_longest(input, stretches, self.least, words)
    }
}

/// For how long a value stands.
#[derive(Default)]
struct Flat {
    value: Option<f64>,
    /// Steps since the first sample with this value.
    length: usize,
    /// Steps without a sample since the last one.
    silent: usize,
}

/// A stretch that ended.
struct Ended {
    length: usize,
    /// Whether by another value, and not by a long pause.
    changed: bool,
}

impl Flat {
    /// Takes the next value, or that it is missing; the stretch that it ends. A sample more than `pause` steps after
    /// the last begins a new one.
    fn follow(&mut self, value: f64, pause: usize) -> Option<Ended> {
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
        Some(Ended { length: std::mem::take(&mut self.length), changed })
    }
}

/// What was learnt of stretches that ended.
#[derive(Default)]
struct Past {
    flat: Flat,
    longest: usize,
    ended: usize,
    samples: usize,
}

impl Past {
    fn longest(&self) -> Option<usize> {
        let moves = self.ended >= LEAST_KNOWN && self.ended * RESTS >= self.samples;
        moves.then_some(self.longest)
    }

    fn learn(&mut self, value: f64, learnt: f64, pause: usize) {
        let left_out = learnt.is_infinite() || (learnt.is_nan() && !value.is_nan());
        if left_out {
            self.flat = Flat::default();
            return;
        }
        if learnt.is_finite() {
            self.samples += 1;
        }
        if let Some(Ended { length, changed }) = self.flat.follow(learnt, pause) {
            self.longest = self.longest.max(length);
            self.ended += usize::from(changed);
        }
    }
}

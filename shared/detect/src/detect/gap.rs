use super::duration::{MIN_KNOWN, MIN_LENGTH, Stretch, THRESHOLD, against_longest};
use super::flatline::HISTORY;
use super::param::ParamField;
use super::{About, Algorithm, Detection, DetectorGroup, DetectorInput, words};

/// Gap: for how long no sample has come, in seconds, judged in units of the longest gap that ended before, or
/// of `least` samples where that is longer. The one detector with verdicts on missing samples; one that came
/// is 0. No verdict before 10 samples have come: a series that did not exist yet has no gap.
///
/// What Prometheus shows is not what was scraped: with its lookback of 5 minutes a gap is seen 5 minutes late
/// and as much shorter.
///
/// Cost: O(n). Source: a dead man's switch, as Prometheus' `absent_over_time` makes one, with its range learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Minimum length of the longest usual gap, in samples.
    pub least: usize,
    /// Number of samples wanted before the judged range.
    pub history: usize,
}

impl Default for Gap {
    fn default() -> Self {
        Self { least: MIN_LENGTH.count(), history: HISTORY.count() }
    }
}

impl Algorithm for Gap {
    const ABOUT: About = About {
        id: "gap",
        name: "Gap",
        group: DetectorGroup::Liveness,
        summary: "Time since the last sample, against the longest gap so far.",
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
        let (mut came, mut missing, mut longest) = (0, 0_usize, 0_usize);
        let mut learns = true;
        let stretches = input.values.iter().zip(input.reference).map(|(value, reference)| {
            let known = (came >= MIN_KNOWN).then_some(longest);
            if value.is_nan() {
                missing += 1;
                // A missing sample that is left out is infinite among the learnt ones.
                learns &= reference.is_nan();
            } else {
                if learns && came > 0 {
                    longest = longest.max(missing);
                }
                (came, missing, learns) = (came + 1, 0, true);
            }
            Stretch { length: Some(missing), longest: known }
        });
        let words = words::LONGEST_GAP.to_owned();
        against_longest(input, stretches, self.least, words)
    }
}

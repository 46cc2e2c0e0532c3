//! Peaks over threshold: the probability of a large score, estimated from the scores before it.

use super::{BLOCK, reaches};

/// Share of past scores that is the tail.
const TAIL_SHARE: f64 = 0.02;

/// Minimum number of scores in a tail.
const MIN_TAIL: usize = 5;

/// Weight of the assumed distribution of [`TailFit::probability`], in samples.
const PRIOR_WEIGHT: f64 = 100.0;

/// Estimator of the tail of the scores of one series, which keeps only the largest scores.
#[derive(Clone, Debug)]
pub struct TailEstimator {
    /// Largest scores in no order: as many as may ever be in the tail and one more, or up to twice as many.
    top: Vec<f64>,
    /// Number of largest scores that are kept.
    room: usize,
    /// Score above which a score may be among the largest.
    from: f64,
    /// Number of scores so far.
    count: usize,
}

/// Fitted tail of past scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailFit {
    /// Number of scores that the tail was fitted to.
    count: usize,
    /// Largest score that is not in the tail; NaN where there are too few scores for one.
    border: f64,
    /// Mean excess of the scores in the tail over the border.
    excess: f64,
}

impl TailEstimator {
    /// Creates an estimator without scores, sized for `max_scores` scores.
    pub fn new(most: usize) -> Self {
        let room = tail_of(most) + 1;
        Self { top: Vec::with_capacity(2 * room + BLOCK), room, from: f64::NEG_INFINITY, count: 0 }
    }

    /// Adds scores in any order; NaN is left out. Cost: two comparisons a score, more for one among the largest so far.
    pub fn extend(&mut self, scores: &[f64]) {
        for block in scores.chunks(BLOCK) {
            self.count += block.iter().filter(|score| !score.is_nan()).count();
            if reaches(block, self.from) {
                self.top.extend(block.iter().filter(|score| **score > self.from));
                if self.top.len() >= 2 * self.room {
                    self.forget();
                }
            }
        }
    }

    /// Drops all but the largest scores.
    fn forget(&mut self) {
        let excess = self.top.len().saturating_sub(self.room);
        if excess > 0 {
            let (_, smallest, _) = self.top.select_nth_unstable_by(excess, f64::total_cmp);
            self.from = *smallest;
            self.top.drain(..excess);
        }
    }

    /// Fits the tail of the scores so far: the largest 2 %, at least 5 scores.
    pub fn tail(&mut self) -> TailFit {
        let (count, tail) = (self.count, tail_of(self.count));
        if count < 2 * tail {
            return TailFit { count, border: f64::NAN, excess: 0.0 };
        }
        self.forget();
        // Sorted, so that the sum does not depend on the order of arrival.
        self.top.sort_by(f64::total_cmp);
        let (rest, tail) = self.top.split_at(self.top.len() - tail);
        let border = rest.last().copied().unwrap_or_default();
        let excess = tail.iter().map(|past| past - border).sum::<f64>() / tail.len() as f64;
        TailFit { count, border, excess }
    }
}

impl TailFit {
    /// Returns the probability of a score of `score` or more, given that `seen` such scores occurred before; above 0
    /// and at most 1.
    ///
    /// Within the past scores it is the share that is as large; beyond the largest 2 % (at least 5 scores) an
    /// exponential tail with the mean excess of those continues it: the simplest case of the peaks-over-threshold
    /// method (Pickands 1975; Siffer et al., "Anomaly detection in streams with extreme value theory", 2017). Because
    /// few past scores prove little, the logarithm is averaged with that of `exp(-score)`, which weighs as much as 100
    /// samples; but a score that occurred before is never less probable than its past frequency.
    pub fn probability(&self, score: f64, seen: usize) -> f64 {
        let count = self.count as f64;
        let log = (count * self.log(score, seen) - PRIOR_WEIGHT * score) / (count + PRIOR_WEIGHT);
        let probability = libm::exp(log.clamp(-700.0, 0.0));
        if seen == 0 { probability } else { probability.max(seen as f64 / count) }
    }

    /// Returns the logarithm of the probability by the past scores alone.
    fn log(&self, score: f64, seen: usize) -> f64 {
        let count = self.count as f64;
        if self.border.is_nan() {
            return libm::log((seen + 1) as f64 / (count + 1.0));
        }
        if score <= self.border {
            return libm::log(seen as f64 / count);
        }
        let share = libm::log(tail_of(self.count) as f64 / count);
        if self.excess > 0.0 { share - (score - self.border) / self.excess } else { f64::MIN }
    }
}

/// Returns the number of scores in the tail of `count` scores.
fn tail_of(count: usize) -> usize {
    (libm::ceil(count as f64 * TAIL_SHARE) as usize).max(MIN_TAIL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Probability of a score after others.
    fn probability(past: &[f64], score: f64) -> f64 {
        let mut tail = TailEstimator::new(past.len());
        for part in past.chunks(77) {
            tail.extend(part);
        }
        tail.tail().probability(score, past.iter().filter(|past| **past >= score).count())
    }

    #[test]
    fn an_exponential_past_gives_its_own_tail() {
        let count = 20_000;
        let scores = (1..count).map(|i| -libm::log(f64::from(i) / f64::from(count)));
        let past: Vec<f64> = scores.collect();
        for score in [1.0, 3.0, 8.0, 15.0] {
            let ratio = libm::log(probability(&past, score)) / -score;
            assert!((0.9..1.1).contains(&ratio), "{score}: {ratio}");
        }
    }

    #[test]
    fn what_was_seen_is_as_probable_as_it_was_frequent() {
        let mut bumps = vec![0.0; 1_000];
        for at in (100..1_000).step_by(100) {
            bumps[at] = 1e6;
        }
        assert!((probability(&bumps, 1e6) - 0.009).abs() < 1e-12);
        assert!(probability(&bumps, 1e6 + 1.0) < 0.009);
    }

    #[test]
    fn a_past_without_spread_and_no_past_at_all() {
        assert!(probability(&[1.0; 5_000], 2.0) < 1e-8);
        assert!((probability(&[], 8.0) - libm::exp(-8.0)).abs() < 1e-12);
        assert!(probability(&[f64::NAN], f64::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn the_tail_is_that_of_all_at_once(past in prop::collection::vec(prop_oneof![Just(f64::NAN), 0.0..50_f64, (0..4_i32).prop_map(f64::from)], 0..1500)) {
            let mut parts = TailEstimator::new(past.len());
            let mut sorted: Vec<f64> = Vec::new();
            for part in past.chunks(40) {
                parts.extend(part);
                sorted.extend(part.iter().filter(|score| !score.is_nan()));
                sorted.sort_by(f64::total_cmp);
                let (found, tail) = (parts.tail(), tail_of(sorted.len()));
                prop_assert_eq!(found.count, sorted.len());
                if sorted.len() < 2 * tail {
                    prop_assert!(found.border.is_nan());
                    continue;
                }
                let border = sorted[sorted.len() - tail - 1];
                let excess: f64 = sorted[sorted.len() - tail..].iter().map(|score| score - border).sum();
                prop_assert_eq!((found.border, found.excess), (border, excess / tail as f64));
            }
        }

        #[test]
        fn a_larger_score_is_never_more_probable(past in prop::collection::vec(0.0..50_f64, 0..400), a in 0.0..60_f64, b in 0.0..60_f64) {
            let (low, high) = (probability(&past, a.min(b)), probability(&past, a.max(b)));
            prop_assert!(low > 0.0 && low <= 1.0 && high > 0.0 && high <= low * (1.0 + 1e-12), "{} {}", low, high);
        }
    }
}

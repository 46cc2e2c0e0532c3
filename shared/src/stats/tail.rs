//! How probable so large a score was, by the scores seen before.

use super::{BLOCK, reaches};

/// The share of past scores that counts as tail.
const TAIL: f64 = 0.02;

/// Fewest scores to fit a tail to.
const LEAST_TAIL: usize = 5;

/// So many new scores are inserted one by one; for more, all are sorted.
const FEW: usize = 32;

/// What the assumption below weighs, in samples.
const PRIOR_WEIGHT: f64 = 100.0;

/// The scores of one series so far, to ask for tail probabilities.
#[derive(Clone, Debug)]
pub struct Past {
    /// The smallest score that is asked for.
    least: f64,
    /// Every score from `least` on.
    large: Vec<f64>,
    /// The largest scores in ascending order: as many as may ever count as tail, and one more.
    top: Vec<f64>,
    room: usize,
    count: usize,
}

impl Past {
    /// Of nothing yet. At most `most` scores will be added, and scores from `least` on asked for.
    pub fn new(most: usize, least: f64) -> Self {
        Self { least, large: Vec::new(), top: Vec::new(), room: tail_of(most) + 1, count: 0 }
    }

    /// Adds scores in any order; NaN is left out. Cost: two comparisons a score, and a short insertion or a part of a
    /// sort for one among the largest so far.
    pub fn extend(&mut self, scores: &[f64]) {
        let full = self.top.len() == self.room;
        let largest_from = if full { self.top[0] } else { f64::NEG_INFINITY };
        let mut among_largest = Vec::new();
        for block in scores.chunks(BLOCK) {
            self.count += block.iter().filter(|score| !score.is_nan()).count();
            if reaches(block, self.least.min(largest_from)) {
                self.large.extend(block.iter().filter(|score| **score >= self.least));
                among_largest.extend(block.iter().filter(|score| **score > largest_from));
            }
        }
        if full && among_largest.len() < FEW {
            among_largest.into_iter().for_each(|score| self.insert(score));
        } else {
            self.top.append(&mut among_largest);
            let excess = self.top.len().saturating_sub(self.room);
            if excess > 0 {
                self.top.select_nth_unstable_by(excess, f64::total_cmp);
                self.top.drain(..excess);
            }
            self.top.sort_unstable_by(f64::total_cmp);
        }
    }

    /// Puts a score in the place of the smallest of the largest.
    fn insert(&mut self, score: f64) {
        let smaller = self.top.partition_point(|past| *past < score);
        if smaller > 0 {
            self.top.copy_within(1..smaller, 0);
            self.top[smaller - 1] = score;
        }
    }

    /// Probability of a score of `score` or more, above 0 and at most 1.
    ///
    /// Within the past it is the share of scores that large; beyond the largest 2 % (at least 5
    /// scores) an exponential tail with the mean excess of those continues it: the simplest case of
    /// the peaks-over-threshold method (Pickands 1975; Siffer et al., "Anomaly detection in streams
    /// with extreme value theory", 2017). A short past proves little, so its logarithm is averaged with
    /// that of `exp(-score)`, which weighs as much as 100 samples; but what was seen is never less
    /// probable than it was frequent.
    pub fn probability(&self, score: f64) -> f64 {
        let count = self.count as f64;
        let log = (count * self.log_tail(score) - PRIOR_WEIGHT * score) / (count + PRIOR_WEIGHT);
        let probability = libm::exp(log.clamp(-700.0, 0.0));
        match self.above(score) {
            0 => probability,
            seen => probability.max(seen as f64 / count),
        }
    }

    fn above(&self, score: f64) -> usize {
        self.large.iter().filter(|past| **past >= score).count()
    }

    fn log_tail(&self, score: f64) -> f64 {
        let (count, tail) = (self.count as f64, tail_of(self.count));
        if self.count < 2 * tail {
            return libm::log((self.above(score) + 1) as f64 / (count + 1.0));
        }
        let (rest, tail) = self.top.split_at(self.top.len() - tail);
        let threshold = rest.last().copied().unwrap_or_default();
        if score <= threshold {
            return libm::log(self.above(score) as f64 / count);
        }
        let excess = tail.iter().map(|past| past - threshold).sum::<f64>() / tail.len() as f64;
        let share = libm::log(tail.len() as f64 / count);
        if excess > 0.0 { share - (score - threshold) / excess } else { f64::MIN }
    }
}

/// How many of `count` scores count as tail.
fn tail_of(count: usize) -> usize {
    (libm::ceil(count as f64 * TAIL) as usize).max(LEAST_TAIL)
}

/// Severity 0 to 100 of a probability: 25 at 1e-4, 50 at 1e-6, 75 at 1e-8.
pub fn severity(probability: f64) -> f64 {
    (12.5 * (-libm::log10(probability) - 2.0)).clamp(0.0, 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn past(scores: &[f64]) -> Past {
        let mut past = Past::new(scores.len(), 0.0);
        for part in scores.chunks(77) {
            past.extend(part);
        }
        past
    }

    #[test]
    fn an_exponential_past_gives_its_own_tail() {
        let count = 20_000;
        let scores = (1..count).map(|i| -libm::log(f64::from(i) / f64::from(count)));
        let past = past(&scores.collect::<Vec<f64>>());
        for score in [1.0, 3.0, 8.0, 15.0] {
            let ratio = libm::log(past.probability(score)) / -score;
            assert!((0.9..1.1).contains(&ratio), "{score}: {ratio}");
        }
    }

    #[test]
    fn what_was_seen_is_as_probable_as_it_was_frequent() {
        let mut bumps = vec![0.0; 1_000];
        for at in (100..1_000).step_by(100) {
            bumps[at] = 1e6;
        }
        assert!((past(&bumps).probability(1e6) - 0.009).abs() < 1e-12);
        assert!(past(&bumps).probability(1e6 + 1.0) < 0.009);
    }

    #[test]
    fn severity_at_the_named_probabilities() {
        for (probability, expected) in
            [(1.0, 0.0), (1e-2, 0.0), (1e-4, 25.0), (1e-6, 50.0), (1e-8, 75.0), (1e-300, 100.0)]
        {
            assert!((severity(probability) - expected).abs() < 1e-9, "{probability}");
        }
    }

    #[test]
    fn a_past_without_spread_and_no_past_at_all() {
        assert!(past(&[1.0; 5_000]).probability(2.0) < 1e-8);
        assert!((Past::new(0, 0.0).probability(8.0) - libm::exp(-8.0)).abs() < 1e-12);
        assert!(past(&[f64::NAN]).probability(f64::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn a_larger_score_is_never_more_probable(past in prop::collection::vec(0.0..50_f64, 0..400), a in 0.0..60_f64, b in 0.0..60_f64) {
            let past = self::past(&past);
            let (low, high) = (past.probability(a.min(b)), past.probability(a.max(b)));
            prop_assert!(low > 0.0 && low <= 1.0 && high > 0.0 && high <= low * (1.0 + 1e-12), "{} {}", low, high);
        }
    }
}

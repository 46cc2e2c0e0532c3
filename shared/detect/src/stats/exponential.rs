//! Exponentially weighted mean and spread, one sample at a time.
//!
//! Definition: of the finite samples so far, the latest weighs 1 and each one before it `2^(-1/half life)`
//! of its successor; mean and population variance are those of the weighted samples. A missing sample
//! changes nothing, the weights included.
//!
//! Updates are clipped: a sample is learnt as if it lay at most [`CLIP`] standard deviations from the mean,
//! so that one spike, however high, widens the spread by a few percent, and a new level is still accepted,
//! because the spread grows with every clipped sample. Where nothing has varied so far there is no measure
//! for a clip, and the sample is learnt as it is. The first samples, which no spread precedes, are learnt
//! together once there are [`enough`] of them, clipped around their own median.
//!
//! Numerics: the mean is a sum of two numbers, so that a level of 1e9 spreads costs no digits. A sample
//! whose square is not finite is not learnt.
//!
//! Cost: constant a sample, and one sort of the first samples. Source: West, "Updating mean and variance
//! estimates" (1979); Finch, "Incremental calculation of weighted mean and variance" (2009); clipping as
//! in Gelper, Fried and Croux, "Robust forecasting with exponential and Holt-Winters smoothing" (2010).

use super::median::upper_median;
use super::quantile::MAD_TO_STD;
use super::{enough, floor_scale};

/// Maximum step of an update in standard deviations: more than the usual threshold, so that only flagged samples are
/// learnt in part.
pub const CLIP: f64 = 5.0;

/// Exponentially weighted mean and spread of the samples so far.
#[derive(Clone, Debug)]
pub struct Exponential {
    /// Factor on the weights for each new sample.
    keep: f64,
    /// Number of samples that are learnt before there are statistics.
    least: usize,
    /// First samples, until there are enough.
    first: Vec<f64>,
    /// Whether there are enough samples.
    ready: bool,
    /// Sum of all weights.
    weight: f64,
    /// Weighted sum of squared deviations.
    squares: f64,
    /// Mean, rounded.
    mean: f64,
    /// Remainder that the rounded mean lacks.
    rest: f64,
}

impl Exponential {
    /// Creates an estimator without samples; `half_life` is in samples.
    pub fn new(half_life: f64) -> Self {
        let least = enough(libm::ceil(half_life.clamp(1.0, 1e6)) as usize);
        let keep = libm::exp2(-1.0 / half_life.max(1e-3));
        let first = Vec::with_capacity(least);
        let (ready, weight, squares, mean, rest) = (false, 0.0, 0.0, 0.0, 0.0);
        Self { keep, least, first, ready, weight, squares, mean, rest }
    }

    /// Returns whether enough samples were learnt for statistics.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Returns the mean; NaN until enough samples were learnt.
    pub fn mean(&self) -> f64 {
        if self.ready { self.mean } else { f64::NAN }
    }

    /// Returns the population standard deviation; NaN until enough samples were learnt.
    pub fn std(&self) -> f64 {
        if self.ready { (self.squares / self.weight).sqrt() } else { f64::NAN }
    }

    /// Returns the distance of `value` from the mean.
    pub fn deviation(&self, value: f64) -> f64 {
        (value - self.mean) - self.rest
    }

    /// Returns the distance from the mean within which a sample is learnt as it is.
    pub fn reach(&self) -> f64 {
        let std = self.std();
        if std > floor_scale(0.0, self.mean) { CLIP * std } else { f64::INFINITY }
    }

    /// Takes the next sample; one that is not finite is left out.
    pub fn learn(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        if self.ready {
            let reach = self.reach();
            return self.add(self.deviation(value).clamp(-reach, reach));
        }
        self.first.push(value);
        if self.first.len() >= self.least {
            self.begin();
        }
    }

    /// Learns the first samples together.
    fn begin(&mut self) {
        let first = std::mem::take(&mut self.first);
        let median = upper_median(&mut first.clone()).unwrap_or_default();
        let mut distances: Vec<f64> = first.iter().map(|value| (value - median).abs()).collect();
        let deviation = upper_median(&mut distances).unwrap_or_default();
        let reach = match CLIP * MAD_TO_STD * deviation {
            reach if reach > 0.0 => reach,
            _ => f64::INFINITY,
        };
        self.mean = median;
        for value in first {
            let clipped = (value - median).clamp(-reach, reach);
            self.add(self.deviation(median) + clipped);
        }
        self.ready = true;
    }

    /// Takes a sample at this distance from the mean.
    fn add(&mut self, deviation: f64) {
        let old = self.keep * self.weight;
        let weight = old + 1.0;
        let squares = self.keep * self.squares + deviation * deviation * (old / weight);
        if !squares.is_finite() {
            return;
        }
        (self.weight, self.squares) = (weight, squares);
        // The sum and what its rounding lost, as in Knuth's two-sum.
        let step = self.rest + deviation / weight;
        let mean = self.mean + step;
        let moved = mean - self.mean;
        self.rest = (self.mean - (mean - moved)) + (step - moved);
        self.mean = mean;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn learnt(values: &[f64], half_life: f64) -> Exponential {
        let mut all = Exponential::new(half_life);
        values.iter().for_each(|value| all.learn(*value));
        all
    }

    /// Mean and standard deviation by their definition, without clipping.
    fn plain(values: &[f64], half_life: f64) -> (f64, f64) {
        let values = values.iter().rev().filter(|v| v.is_finite());
        let weighted: Vec<(f64, f64)> =
            values.enumerate().map(|(age, v)| (0.5_f64.powf(age as f64 / half_life), *v)).collect();
        let weight: f64 = weighted.iter().map(|(w, _)| w).sum();
        let base = weighted.first().map_or(0.0, |(_, v)| *v);
        let mean = weighted.iter().map(|(w, v)| w * (v - base)).sum::<f64>() / weight;
        let squares = weighted.iter().map(|(w, v)| w * (v - base - mean).powi(2)).sum::<f64>();
        (base + mean, (squares / weight).sqrt())
    }

    fn wave(len: u32) -> Vec<f64> {
        (0..len).map(|i| f64::from(i * 7 % 11) + f64::from(i % 3)).collect()
    }

    #[test]
    fn the_definition_at_any_level() {
        for (level, tolerance) in [(0.0, 1e-13), (1e9, 1e-9), (1e12, 1e-4)] {
            let values: Vec<f64> = wave(500).iter().map(|v| v + level).collect();
            for half_life in [1.0, 7.5, 100.0] {
                let (all, (mean, std)) = (learnt(&values, half_life), plain(&values, half_life));
                assert!((all.mean() - mean).abs() <= 1e-9 * mean, "{level} {half_life}");
                assert!((all.std() - std).abs() <= tolerance * std, "{level} {} {std}", all.std());
            }
        }
    }

    #[test]
    fn a_spike_leaves_next_to_nothing_wherever_it_stands() {
        let clean = learnt(&wave(200), 20.0);
        for (at, bad) in [(3, 1e16), (150, 1e16), (150, -1e16), (150, f64::INFINITY)] {
            let mut values = wave(200);
            values[at] = bad;
            let spoilt = learnt(&values, 20.0);
            assert!((spoilt.std() / clean.std() - 1.0).abs() < 0.3, "{at} {}", spoilt.std());
            assert!(clean.deviation(spoilt.mean()).abs() < clean.std(), "{at}");
        }
    }

    #[test]
    fn a_new_level_is_accepted_within_two_half_lives() {
        for steady in [true, false] {
            let old = if steady { vec![5.0; 200] } else { wave(200) };
            let new: Vec<f64> = wave(60).iter().map(|v| v + 1e3).collect();
            let all = learnt(&[old, new].concat(), 30.0);
            assert!(all.deviation(1_006.0).abs() < 2.0 * all.std(), "{}", all.mean());
        }
    }

    #[test]
    fn nothing_before_there_is_enough() {
        let values = [1.0, f64::NAN, 2.0, f64::INFINITY, 3.0, 4.0, 5.0];
        for (count, known) in [(0, false), (6, false), (7, true)] {
            let all = learnt(&values[..count], 10.0);
            assert_eq!(
                (all.is_ready(), all.mean().is_nan(), all.std().is_nan()),
                (known, !known, !known)
            );
        }
    }

    proptest! {
        #[test]
        fn no_value_panics(values in prop::collection::vec(any::<f64>(), 0..60), half_life in any::<f64>()) {
            let all = learnt(&values, half_life);
            prop_assert!(all.std().is_nan() || all.std() >= 0.0);
        }
    }
}

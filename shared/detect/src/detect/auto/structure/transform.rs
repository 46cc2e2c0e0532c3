//! Scale on which a series is learnt: as it is, or as a logarithm where its spread grows with its level.

use crate::stats::sorted::{quantile, sorted};

/// Scale of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Transform {
    /// Values as they are.
    Linear,
    /// Natural logarithm of the value plus `offset`, which is positive.
    Logarithm {
        /// Share of the large values that keeps zero finite.
        offset: f64,
    },
}

/// Minimum number of samples from which a logarithm is chosen.
const MIN_SAMPLES: usize = 100;

/// Highest share of zeros of a series that is judged by its logarithm.
const MAX_ZEROS: f64 = 0.3;

/// Offset of a logarithm as a share of the 90 % quantile of the positive values.
const OFFSET: f64 = 0.02;

/// Ratio of the levels of the upper and lower quarter from which the spread is compared between them.
const MIN_LEVELS: f64 = 1.5;

/// Power of the level by which the spread must grow at least.
const MIN_GROWTH: f64 = 0.4;

/// Ratio of the upper to the lower half of the range from which a series without levels is skewed.
const MIN_SKEW: f64 = 2.5;

impl Transform {
    /// Chooses the scale by samples, oldest first; NaN is missing.
    pub(super) fn choose(values: &[f64]) -> Self {
        let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        let positive: Vec<f64> = finite.iter().copied().filter(|value| *value > 0.0).collect();
        let zeros = finite.iter().filter(|value| **value == 0.0).count();
        if finite.len() < MIN_SAMPLES
            || positive.len() + zeros < finite.len()
            || zeros as f64 > MAX_ZEROS * finite.len() as f64
        {
            return Self::Linear;
        }
        let offset = OFFSET * quantile(&sorted(positive), 0.9);
        if offset > 0.0 && offset.is_finite() && spread_grows(&finite) {
            Self::Logarithm { offset }
        } else {
            Self::Linear
        }
    }

    /// Returns the value on the scale, where everything below zero counts as zero on a logarithmic one; NaN stays.
    pub(super) fn forward(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            // A comparison with NaN fails, so that NaN stays.
            Self::Logarithm { offset } => libm::log(if value < 0.0 { 0.0 } else { value } + offset),
        }
    }

    /// Returns the value in the unit of the series.
    pub(super) fn back(self, scaled: f64) -> f64 {
        match self {
            Self::Linear => scaled,
            Self::Logarithm { offset } => libm::exp(scaled.min(700.0)) - offset,
        }
    }

    /// Returns whether another choice is alike enough that the first is kept.
    pub(super) fn is_close_to(self, other: Self) -> bool {
        match (self, other) {
            (Self::Linear, Self::Linear) => true,
            (Self::Logarithm { offset: a }, Self::Logarithm { offset: b }) => {
                a < 3.0 * b && b < 3.0 * a
            }
            _ => false,
        }
    }

    /// Returns the offset of a logarithm; NaN of a linear scale.
    pub(super) fn offset(self) -> f64 {
        match self {
            Self::Linear => f64::NAN,
            Self::Logarithm { offset } => offset,
        }
    }
}

/// Returns whether the spread between neighbours grows with the level, or, without different levels, whether values
/// reach much farther above their median than below.
fn spread_grows(values: &[f64]) -> bool {
    let triples = || values.windows(3);
    let levels: Vec<f64> = triples()
        .map(|three| three[0].max(three[1]).min(three[0].min(three[1]).max(three[2])))
        .collect();
    let order = sorted(levels.clone());
    let (low, high) = (quantile(&order, 0.25), quantile(&order, 0.75));
    if high > MIN_LEVELS * low && low > 0.0 {
        let spread = |keep: &dyn Fn(f64) -> bool| {
            let sizes = triples().zip(&levels).filter(|(_, level)| keep(**level));
            let sizes = sizes.map(|(three, _)| (three[1] - 0.5 * (three[0] + three[2])).abs());
            quantile(&sorted(sizes.collect()), 0.5) + 1e-12
        };
        let ratio = spread(&|level| level >= high) / spread(&|level| level <= low);
        return libm::log(ratio) / libm::log(high / low) > MIN_GROWTH;
    }
    let order = sorted(values.to_vec());
    let [low, middle, high] = [0.01, 0.5, 0.99].map(|share| quantile(&order, share));
    high - middle > MIN_SKEW * (middle - low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::Random;

    #[test]
    fn a_spread_that_grows_with_the_level_asks_for_a_logarithm() {
        let mut random = Random(3);
        let mut series = |spread: fn(f64) -> f64| -> Vec<f64> {
            (0..1_000)
                .map(|at| {
                    let level = 100.0 + 80.0 * libm::sin(f64::from(at) / 40.0);
                    level + spread(level) * random.normal()
                })
                .collect()
        };
        let (growing, constant) = (series(|level| 0.05 * level), series(|_| 5.0));
        assert!(matches!(Transform::choose(&growing), Transform::Logarithm { .. }));
        assert_eq!(Transform::choose(&constant), Transform::Linear);
        let negative: Vec<f64> = growing.iter().map(|value| value - 150.0).collect();
        assert_eq!(Transform::choose(&negative), Transform::Linear);
        assert_eq!(Transform::choose(&growing[..50]), Transform::Linear);
    }

    #[test]
    fn a_scale_and_back() {
        let scale = Transform::Logarithm { offset: 0.5 };
        for value in [0.0, 0.1, 3.0, 1e9] {
            assert!((scale.back(scale.forward(value)) - value).abs() <= 1e-9 * (1.0 + value));
            assert_eq!(Transform::Linear.back(value), value);
        }
    }
}

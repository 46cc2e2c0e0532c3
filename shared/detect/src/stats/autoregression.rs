//! One-step predictions of a series from its own latest samples.
//!
//! Definition: x(t) is predicted as `m + s * sum of a_i (x(t - i) - m) / s`, where mean m and spread s are
//! exponentially weighted (see [`super::exponential`]) and the coefficients a minimise the exponentially
//! weighted sum of squared errors so far: recursive least squares with forgetting. Mean, spread and weights
//! share one half-life. Working on deviations in units of the spread makes the predictions independent of
//! level and unit.
//!
//! One odd sample must not bend the model: an error enters the update clipped to [`CLIP`]
//! spreads of the errors, and the sample is remembered, for the predictions after it, as far off as that, or as it
//! is where that is nearer to the mean. Samples farther than [`CLIP`] spreads from the mean weigh less, so that
//! they do not settle the coefficients for good.
//! A missing sample is remembered as its prediction, held between the samples that it follows from.
//!
//! Numerics: forgetting pauses while the covariance of the coefficients is large, as it would grow without
//! bound where the samples do not vary, and it begins anew where rounding made it indefinite. Nothing is
//! updated while the series is constant.
//!
//! Cost: O(order squared) a sample. Source: Ljung and Soderstrom, "Theory and practice of recursive
//! identification" (1983); clipping as in Martin, "Robust estimation for time series autoregressions" (1979).

use super::exponential::{CLIP, Exponential};
use super::floor_scale;

/// Maximum order.
pub const MAX_ORDER: usize = 10;

/// Variance of a coefficient before anything is known of it; the samples have about 1.
const PRIOR: f64 = 1.0;

/// Mean variance of the coefficients above which nothing more is forgotten.
const MAX_VARIANCE: f64 = 10.0;

type Coefficients = [f64; MAX_ORDER];

/// Predicts each sample from those before it, in the unit of the values; NaN until half a half-life of samples was
/// seen. `order` is clamped to 1 to [`MAX_ORDER`]. Shape: as `values`.
pub fn predictions(values: &[f64], order: usize, half_life: f64) -> Vec<f64> {
    let order = order.clamp(1, MAX_ORDER);
    let (mut level, mut errors) = (Exponential::new(half_life), Exponential::new(half_life));
    let mut model = LeastSquaresModel::new(order, libm::exp2(-1.0 / half_life.max(1.0)));
    // The latest samples, newest first.
    let mut latest = [f64::NAN; MAX_ORDER];
    let mut out = Vec::with_capacity(values.len());
    for &value in values {
        let spread = level.std();
        let per_spread = 1.0 / spread;
        let mut terms = [0.0; MAX_ORDER];
        for (term, past) in terms[..order].iter_mut().zip(&latest) {
            let deviation = level.deviation(*past) * per_spread;
            *term = if deviation.is_finite() { deviation } else { 0.0 };
        }
        let prediction = level.mean() + spread * model.predict(&terms);
        out.push(prediction);

        let mut remembered = value;
        if prediction.is_finite() {
            if value.is_finite() {
                let reach = errors.reach();
                let error = (value - prediction).clamp(-reach, reach);
                let clipped = prediction + error;
                // A wild prediction must not feed on itself.
                if level.deviation(clipped).abs() < level.deviation(value).abs() {
                    remembered = clipped;
                }
                if spread > floor_scale(0.0, level.mean()) {
                    model.update(&mut terms, error * per_spread);
                }
                errors.learn(value - prediction);
            } else {
                let ends = latest[..order].iter().filter(|past| past.is_finite());
                let (low, high) = ends
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), past| {
                        (low.min(*past), high.max(*past))
                    });
                remembered = prediction.max(low).min(high);
            }
        }
        level.learn(value);
        latest.copy_within(..order - 1, 1);
        latest[0] = remembered;
    }
    out
}

/// Coefficients learnt by recursive least squares.
struct LeastSquaresModel {
    order: usize,
    keep: f64,
    coefficients: Coefficients,
    covariance: [Coefficients; MAX_ORDER],
}

impl LeastSquaresModel {
    fn new(order: usize, keep: f64) -> Self {
        let mut model = Self {
            order,
            keep,
            coefficients: [0.0; MAX_ORDER],
            covariance: [[0.0; MAX_ORDER]; MAX_ORDER],
        };
        model.forget();
        model
    }

    /// Makes the coefficients as uncertain as in the beginning.
    fn forget(&mut self) {
        self.covariance = [[0.0; MAX_ORDER]; MAX_ORDER];
        for i in 0..self.order {
            self.covariance[i][i] = PRIOR;
        }
    }

    /// Predicts the next sample from the latest ones.
    fn predict(&self, terms: &Coefficients) -> f64 {
        terms[..self.order].iter().zip(&self.coefficients).map(|(term, weight)| term * weight).sum()
    }

    /// Learns from one sample that was `error` off; far `terms` are drawn in, and the error with them.
    fn update(&mut self, terms: &mut Coefficients, mut error: f64) {
        let order = self.order;
        let terms = &mut terms[..order];
        let widest = terms.iter().fold(CLIP, |widest, term| widest.max(term.abs()));
        if widest > CLIP {
            terms.iter_mut().for_each(|term| *term *= CLIP / widest);
            error *= CLIP / widest;
        }
        let mut gain = [0.0; MAX_ORDER];
        let (mut weight, mut variance) = (self.keep, 0.0);
        for (i, row) in self.covariance[..order].iter().enumerate() {
            gain[i] = row[..order].iter().zip(terms.iter()).map(|(a, b)| a * b).sum();
            weight += gain[i] * terms[i];
            variance += row[i];
        }
        if !(weight > 0.0 && weight.is_finite() && error.is_finite()) {
            return self.forget();
        }
        let grown = if variance > MAX_VARIANCE * order as f64 { 1.0 } else { 1.0 / self.keep };
        let mut definite = true;
        for i in 0..order {
            let share = gain[i] / weight;
            self.coefficients[i] += share * error;
            for (j, gain) in gain[..=i].iter().enumerate() {
                let value = (self.covariance[i][j] - share * gain) * grown;
                self.covariance[i][j] = value;
                self.covariance[j][i] = value;
            }
            definite &= self.covariance[i][i] > 0.0;
        }
        if !definite {
            self.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::Random;
    use proptest::prelude::*;

    fn process(len: usize, weights: [f64; 2]) -> Vec<f64> {
        let mut random = Random(11);
        let mut values: Vec<f64> = (0..len).map(|_| random.normal()).collect();
        for at in 2..len {
            values[at] += weights[0] * values[at - 1] + weights[1] * values[at - 2];
        }
        values
    }

    fn spread_of_errors(values: &[f64], order: usize) -> f64 {
        let found = predictions(values, order, 200.0);
        let from = values.len() / 2;
        let errors = values[from..].iter().zip(&found[from..]).map(|(v, p)| (v - p).powi(2));
        (errors.sum::<f64>() / (values.len() - from) as f64).sqrt()
    }

    #[test]
    fn what_can_be_predicted_is() {
        for weights in [[0.0, 0.0], [0.9, 0.0], [1.5, -0.7], [-0.8, 0.0]] {
            for level in [0.0, 1e6] {
                let values: Vec<f64> = process(4_000, weights).iter().map(|v| v + level).collect();
                let spread = spread_of_errors(&values, 2);
                assert!((0.97..1.05).contains(&spread), "{weights:?} {level}: {spread}");
            }
        }
    }

    #[test]
    fn a_spike_neither_echoes_nor_bends_the_model() {
        let clean = process(3_000, [0.9, 0.0]);
        let mut spoilt = clean.clone();
        spoilt[2_000] = 1e16;
        let (a, b) = (predictions(&clean, 3, 200.0), predictions(&spoilt, 3, 200.0));
        for at in 2_001..3_000 {
            assert!(
                (a[at] - b[at]).abs() < if at < 2_030 { 8.0 } else { 0.7 },
                "{at}: {} {}",
                a[at],
                b[at]
            );
        }
    }

    #[test]
    fn a_long_gap_and_a_long_constant_do_not_blow_up() {
        for pause in [vec![f64::NAN; 5_000], vec![2.0; 5_000]] {
            let values = [process(1_000, [1.5, -0.7]), pause, process(1_000, [1.5, -0.7])].concat();
            let found = predictions(&values, 5, 100.0);
            assert!(found[6_000..].iter().all(|value| value.abs() < 100.0));
            let late = values[6_500..].iter().zip(&found[6_500..]);
            let errors: f64 = late.map(|(v, p)| (v - p).powi(2)).sum::<f64>() / 500.0;
            assert!(errors < 2.0, "{errors}");
        }
    }

    proptest! {
        #[test]
        fn no_value_panics(values in prop::collection::vec(any::<f64>(), 0..60), order in 0_usize..20, half_life in -1.0..20_f64) {
            prop_assert_eq!(predictions(&values, order, half_life).len(), values.len());
        }
    }
}

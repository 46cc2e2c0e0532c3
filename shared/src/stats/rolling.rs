//! Statistics of sliding windows in constant time a sample.
//!
//! Method: two-stack aggregation (the queue from two stacks of functional programming): the window is
//! the end of a finished block, whose aggregates were summed up from its last sample back, and the
//! beginning of the block that is being filled. Nothing is ever subtracted, so a spike or an infinity that
//! left the window leaves no trace. Aggregates are merged as in Chan, Golub and LeVeque, "Algorithms for
//! computing the sample variance" (1983), on samples less a pivot taken from the block before: the
//! sample of smallest magnitude, which is harmless where levels differ and exact where they do not.
//! Blocks do not depend on each other, so that several go through the same operations at once.
//!
//! Cost: O(n) time, O(window) memory beside the output.

mod aggregate;
mod slide;

use super::enough;
use aggregate::{Line, Sums};
use slide::slide;

/// Means and population standard deviations, one of each a sample; NaN without enough samples.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Arithmetic means, in the unit of the values.
    pub mean: Vec<f64>,
    /// Population standard deviations, in the unit of the values.
    pub std: Vec<f64>,
}

/// Mean and population standard deviation of the `window` samples before each sample, which is
/// itself left out. `window` of 0 counts as 1. Shape: as `values`.
pub fn prior_moments(values: &[f64], window: usize) -> Moments {
    let mut mean = vec![f64::NAN; values.len()];
    let mut std = vec![f64::NAN; values.len()];
    slide::<Sums, 2>(values, window, 1, [&mut mean, &mut std]);
    Moments { mean, std }
}

/// Mean and population standard deviation of one stretch of samples; NaN without enough of them.
pub fn moments(values: &[f64]) -> (f64, f64) {
    let pivot = smallest(values).unwrap_or(0.0);
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for value in values.iter().filter(|value| value.is_finite()) {
        let delta = value - pivot - mean;
        count += 1.0;
        mean += delta / count;
        squares += delta * (delta * ((count - 1.0) / count));
    }
    if count < enough(values.len()) as f64 {
        return (f64::NAN, f64::NAN);
    }
    (pivot + mean, (squares / count).sqrt())
}

/// Least-squares slope of the `window` samples up to and including each one, per sample distance.
/// NaN without enough samples. Shape: as `values`.
pub fn slopes(values: &[f64], window: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; values.len()];
    slide::<Line, 1>(values, window, 0, [&mut out]);
    out
}

/// The finite sample nearest to zero.
fn smallest(values: &[f64]) -> Option<f64> {
    values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .reduce(|least, value| if value.abs() < least.abs() { value } else { least })
}

#[cfg(test)]
mod tests;

//! Statistics of sliding windows in constant time a sample.
//!
//! Method: two-stack aggregation (the queue from two stacks of functional programming): the window is
//! the end of a finished block, whose aggregates were summed up from its last sample back, and the
//! beginning of the block that is being filled. No sample is ever subtracted again, so a spike or an infinity
//! that left the window leaves no trace. Aggregates are plain sums of samples and of their squares, less a pivot: the last
//! sample of the block before. Where these show that digits were lost, or that a sample is missing, means and squares
//! about them are merged instead as in Chan, Golub and LeVeque, "Algorithms for computing the sample variance" (1983), less
//! the sample of smallest magnitude of the block before, which is harmless where levels differ and exact where they do
//! not. Blocks do not depend on each other, so that several go through the same operations at once.
//!
//! Cost: O(n) time; memory of a few windows beside the output.

mod aggregate;
mod slide;
mod sums;

use super::enough;
use super::lanes::{LANES, Lanes};
use aggregate::{LineFit, MeanAndSquares};
use slide::slide;
use sums::{ProductSums, ValueSums};

/// Means and population standard deviations, one of each a sample; NaN without enough samples.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Arithmetic means, in the unit of the values.
    pub mean: Vec<f64>,
    /// Population standard deviations, in the unit of the values.
    pub std: Vec<f64>,
}

/// Computes mean and population standard deviation of the `window` samples before each sample, which is itself left
/// out. `window` of 0 counts as 1. Shape: as `values`.
pub fn prior_moments(values: &[f64], window: usize) -> Moments {
    let [mean, std] = slide::<ValueSums, MeanAndSquares, 2>(values, window).map(|mut all| {
        all.truncate(values.len());
        all
    });
    Moments { mean, std }
}

/// Returns mean and population standard deviation of all samples; NaN without enough samples.
pub fn moments(values: &[f64]) -> (f64, f64) {
    let pivot = nearest_to_zero(values).unwrap_or(0.0);
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

/// Computes the least-squares slope of the `window` samples up to and including each one, per sample. NaN without
/// enough samples. Shape: as `values`.
pub fn slopes(values: &[f64], window: usize) -> Vec<f64> {
    let [mut slopes] = slide::<ProductSums, LineFit, 1>(values, window);
    slopes.remove(0);
    slopes
}

/// Least-squares lines through windows of samples, one of each a sample; NaN without enough samples.
#[derive(Clone, Debug)]
pub struct Lines {
    /// Slopes of the lines, in the unit of the values a sample.
    pub slopes: Vec<f64>,
    /// Values of the lines at the sample, in the unit of the values.
    pub ends: Vec<f64>,
}

/// Fits a least-squares line to the `window` samples up to and including each one. Shape: as `values`.
pub fn lines(values: &[f64], window: usize) -> Lines {
    let slopes = slopes(values, window);
    let places = values.iter().enumerate();
    let places: Vec<f64> =
        places.map(|(at, value)| if value.is_finite() { at as f64 } else { f64::NAN }).collect();
    let mean = |of: &[f64]| {
        let [mut means, _] = slide::<ValueSums, MeanAndSquares, 2>(of, window);
        means.remove(0);
        means
    };
    let middles = mean(&places).into_iter().zip(mean(values)).enumerate();
    let ends = middles
        .zip(&slopes)
        .map(|((at, (place, value)), slope)| value + slope * (at as f64 - place))
        .collect();
    Lines { slopes, ends }
}

/// Returns the finite sample nearest to zero, with the sign of the first one.
fn nearest_to_zero(values: &[f64]) -> Option<f64> {
    let first = values.iter().find(|value| value.is_finite())?;
    let (chunks, rest) = values.as_chunks::<LANES>();
    let least = chunks.iter().fold(Lanes::splat(first.abs()), |least, chunk| {
        least.lower(Lanes::from_fn(|lane| chunk[lane]).abs())
    });
    let least = least.to_array().into_iter().chain(rest.iter().map(|value| value.abs()));
    Some(least.fold(f64::INFINITY, f64::min).copysign(*first))
}

#[cfg(test)]
mod tests;

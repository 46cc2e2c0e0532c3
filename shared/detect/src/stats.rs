//! Statistics over samples, under one policy for what is missing:
//!
//! - NaN is a missing sample. It enters no window and gets no verdict.
//! - An infinity enters no window either, and is odd wherever it stands.
//! - A window with fewer finite samples than [`enough`] asks for has no statistics: NaN.
//! - The judged sample is never in the window that judges it.
//! - Samples below 1e150 in size behave as any others; squares of larger ones overflow, which makes a scale infinite and a
//!   score 0.
//!
//! Results are bit-equal on every target: square roots are exact by IEEE 754, all other functions are those of `libm`.

pub mod autoregression;
pub mod changepoint;
pub mod exponential;
pub mod extremes;
pub mod fft;
pub mod kolmogorov;
mod lanes;
pub mod median;
pub mod periodogram;
pub mod quantile;
pub mod rolling;
pub mod sorted;
pub mod stl;
pub mod student;
pub mod tail;
#[cfg(test)]
pub(crate) mod testing;

use lanes::{LANES, Lanes};

/// Minimum scale as a share of the expected value, so that rounding noise of a constant series is not odd. Exported
/// rules use the same floor.
pub const MIN_RELATIVE_SCALE: f64 = 1e-9;

/// Minimum scale in the unit of the series, see [`MIN_RELATIVE_SCALE`].
pub const MIN_SCALE: f64 = 1e-12;

/// Maximum score, so that scores stay finite and comparable.
pub const MAX_SCORE: f64 = 1e6;

/// Returns the sum of products of two slices of one length, computed in chains that do not wait for each other.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<{ 2 * LANES }>(), b.as_chunks());
    let rest: f64 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    let mut sums = [Lanes::splat(0.0); 2];
    for (a, b) in a.iter().zip(b) {
        for (half, sum) in sums.iter_mut().enumerate() {
            let of = |values: &[f64; 2 * LANES]| Lanes::from_fn(|lane| values[half * LANES + lane]);
            *sum = *sum + of(a) * of(b);
        }
    }
    (sums[0] + sums[1]).sum() + rest
}

/// Number of samples that are looked through at once where few of them matter.
pub(crate) const BLOCK: usize = 64;

/// Returns whether any value is `limit` or more; NaN is not. Branches only at the end, so that it takes several values
/// at a time.
pub(crate) fn reaches(values: &[f64], limit: f64) -> bool {
    values.iter().fold(false, |found, value| found | (*value >= limit))
}

/// Returns the number of finite samples that a window of `window` needs: half of it, and at least 3.
pub fn enough(window: usize) -> usize {
    window.div_ceil(2).max(3)
}

/// Returns `scale`, or the floor for this expected value where it is smaller; NaN stays NaN.
#[inline]
pub fn floor_scale(scale: f64, expected: f64) -> f64 {
    let relative = MIN_RELATIVE_SCALE * expected.abs();
    let floor = if relative > MIN_SCALE { relative } else { MIN_SCALE };
    if scale < floor { floor } else { scale }
}

/// Returns the distance of `value` from `expected` in units of `scale`, 0 to [`MAX_SCORE`]. NaN for a missing value or
/// without statistics; the maximum for an infinite value.
#[inline]
pub fn score(value: f64, expected: f64, scale: f64) -> f64 {
    let score = (value - expected).abs() / scale;
    let capped = if score > MAX_SCORE { MAX_SCORE } else { score };
    if value.abs() == f64::INFINITY { MAX_SCORE } else { capped }
}

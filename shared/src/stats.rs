//! Statistics over samples, under one policy for what is missing:
//!
//! - NaN is a missing sample. It enters no window and gets no verdict.
//! - An infinity enters no window either, and is odd wherever it stands.
//! - A window with fewer finite samples than [`enough`] asks for has no statistics: NaN.
//! - The judged sample is never in the window that judges it.

pub mod autoregression;
pub mod changepoint;
pub mod exponential;
pub mod extremes;
pub mod fft;
pub mod periodogram;
pub mod quantile;
pub mod rolling;
pub mod sorted;
pub mod stl;
pub mod tail;
#[cfg(test)]
pub(crate) mod testing;

/// The scale never falls below this share of the expected value, nor below [`LEAST_SCALE`],
/// so that rounding noise of a constant series is not odd. Exported rules use the same floor.
pub const LEAST_RELATIVE_SCALE: f64 = 1e-9;

/// See [`LEAST_RELATIVE_SCALE`]; in the unit of the series.
pub const LEAST_SCALE: f64 = 1e-12;

/// Scores are capped here, so that they stay finite and comparable.
pub const MAX_SCORE: f64 = 1e6;

/// Sum of products of two slices of one length, in four chains that do not wait for each other.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; 4];
    for (a, b) in a.zip(b) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums[0] + sums[1] + (sums[2] + sums[3]) + rest
}

/// Samples that are looked through at once where few of them matter.
pub(crate) const BLOCK: usize = 64;

/// Whether a value is `limit` or more; NaN is not. Branches only at the end, so that it takes several at a time.
pub(crate) fn reaches(values: &[f64], limit: f64) -> bool {
    values.iter().fold(false, |found, value| found | (*value >= limit))
}

/// How many finite samples a window of `window` needs: half of it, and at least 3.
pub fn enough(window: usize) -> usize {
    window.div_ceil(2).max(3)
}

/// `scale`, or the floor for this expected value where it is smaller; NaN stays NaN.
pub fn floor_scale(scale: f64, expected: f64) -> f64 {
    let floor = (LEAST_RELATIVE_SCALE * expected.abs()).max(LEAST_SCALE);
    if scale < floor { floor } else { scale }
}

/// How unusual `value` is: its distance from `expected` in units of `scale`, 0 to [`MAX_SCORE`].
/// NaN for a missing value or without statistics; the maximum for an infinite value.
pub fn score(value: f64, expected: f64, scale: f64) -> f64 {
    if value.is_infinite() {
        return MAX_SCORE;
    }
    let score = (value - expected).abs() / scale;
    if score > MAX_SCORE { MAX_SCORE } else { score }
}

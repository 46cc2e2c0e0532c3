//! How far a view of a series is outside of everything it remembers.

use super::views::Pair;
use crate::stats::extremes::prior_extremes_of;
use crate::stats::{LEAST_RELATIVE_SCALE, LEAST_SCALE, MAX_SCORE};

/// Fewest remembered samples to speak of a record.
pub(super) const LEAST: usize = 100;

/// Of the remembered deviations, this share is the tail.
const TAIL: f64 = 0.05;

/// The mean excess of the tail is at least this, so that a tail without spread is not proof.
const LEAST_EXCESS: f64 = 0.05;

/// Distance of each judged entry beyond the extremes of the `memory` learnt ones before it, in sixths of
/// their range, which is at least `floor`; NaN where nothing is judged or too little is remembered.
pub(super) fn distances(
    pair: &Pair,
    memory: usize,
    least: usize,
    floor: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let extremes = prior_extremes_of(pair.learnt(), memory, least.min(memory));
    let range = extremes.lowest.iter().zip(&extremes.highest);
    let distance = |(at, (&value, (&lowest, &highest))): (usize, (&f64, (&f64, &f64)))| {
        let beyond = (value - highest).max(lowest - value);
        if beyond.is_nan() || !value.is_finite() {
            return f64::NAN;
        }
        let unit = (highest - lowest).max(floor(at)) / 6.0;
        (beyond.max(0.0) / unit).min(MAX_SCORE)
    };
    pair.judged().iter().zip(range).enumerate().map(distance).collect()
}

/// How probable the entry at `at` is by the `memory` ones before it: the largest deviations from
/// their median, on its side and on a logarithmic scale, continued by an exponential tail, which is Hill's estimator for
/// heavy tails and cautious for light ones.
pub(super) fn probability(pair: &Pair, at: usize, memory: usize) -> f64 {
    let mut past: Vec<f64> = pair.learnt()[at.saturating_sub(memory)..at]
        .iter()
        .copied()
        .filter(|deviation| deviation.is_finite())
        .collect();
    let count = past.len();
    let tail = (libm::ceil(count as f64 * TAIL) as usize).max(5);
    if count <= 2 * tail {
        return 1.0;
    }
    let middle = *past.select_nth_unstable_by(count / 2, f64::total_cmp).1;
    past.iter_mut().for_each(|value| *value -= middle);
    // Sorted, so that no sum depends on how they were selected.
    past.sort_unstable_by(f64::total_cmp);
    let square = past.iter().map(|deviation| deviation * deviation).sum::<f64>() / count as f64;
    let mut sizes: Vec<f64> = past.iter().map(|deviation| deviation.abs()).collect();
    let median = *sizes.select_nth_unstable_by(count / 2, f64::total_cmp).1;
    let value = pair.judged()[at] - middle;
    let scale = (1.4826 * median)
        .max(0.2 * square.sqrt())
        .max(LEAST_RELATIVE_SCALE * value.abs())
        .max(LEAST_SCALE);
    let side = if value < 0.0 { -1.0 } else { 1.0 };
    for deviation in &mut past {
        *deviation = signed_log(side * *deviation, scale);
    }
    let (_, &mut border, largest) = past.select_nth_unstable_by(count - 1 - tail, f64::total_cmp);
    largest.sort_unstable_by(f64::total_cmp);
    let excess = largest.iter().map(|size| size - border).sum::<f64>() / tail as f64;
    let beyond = (signed_log(side * value, scale) - border) / excess.max(LEAST_EXCESS);
    tail as f64 / count as f64 * libm::exp(-beyond.min(700.0))
}

/// `deviation` in units of `scale`, its size on a logarithmic scale.
pub(super) fn signed_log(deviation: f64, scale: f64) -> f64 {
    let size = libm::log1p(deviation.abs() / scale);
    if deviation < 0.0 { -size } else { size }
}

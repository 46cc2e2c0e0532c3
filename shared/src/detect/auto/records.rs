//! How far a view of a series is outside of everything it remembers, and whether that is news.

use super::blocks::Blocks;
use super::pair::Pair;
use crate::stats::MAX_SCORE;
use crate::stats::extremes::{Extremes, prior_extremes_of};

/// Fewest remembered samples to speak of a record.
pub(super) const LEAST: usize = 100;

/// A sample alerts that lies so many times as far off as its memory reaches on its side, and a third as far
/// as on the other. Of heavy tails a new record is often half as large again as the one before.
const REACH: f64 = 1.25;

/// How much the other side counts in the reach of a memory: a series with spikes may have no dips.
const OTHER_SIDE: f64 = 1.0 / 3.0;

/// How much the sample before adds to a sample on the same side: what stays is less often chance.
const STAYS: f64 = 0.25;

/// A shorter memory than this many samples reaches less far than it will, by the fourth root of what it lacks.
pub(super) const FULL: usize = 3_000;

/// Samples of which one stands for where the middle of a memory is.
const BLOCK: usize = 12;

/// The records of one view.
pub(super) struct Records {
    /// Distance beyond the extremes of the memory in sixths of their range, 0 within them; NaN where nothing
    /// is judged or too little is remembered.
    pub(super) distance: Vec<f64>,
    /// By how much a record is farther off than what alerts: 1 and more alerts. 0 for what is no record.
    pub(super) strength: Vec<f64>,
}

impl Records {
    /// Of the judged entries, by the `memory` learnt ones before each. What is remembered counts as `floor`
    /// wide at least.
    pub(super) fn of(pair: &Pair, memory: usize, floor: impl Fn(usize) -> f64) -> Self {
        let (judged, learnt) = (pair.judged(), pair.learnt());
        let extremes = prior_extremes_of(learnt, memory, LEAST.min(memory));
        let distance = distances(judged, &extremes, &floor);
        let mut blocks = Blocks::new(learnt, BLOCK, memory);
        let mut strength = vec![0.0; judged.len()];
        for (at, strength) in strength.iter_mut().enumerate().filter(|(at, _)| distance[*at] > 0.0)
        {
            let (middle, remembered) = blocks.middle(at);
            let (value, below, above) =
                (judged[at] - middle, middle - extremes.lowest[at], extremes.highest[at] - middle);
            let (side, own, other) =
                if value < 0.0 { (-1.0, below, above) } else { (1.0, above, below) };
            let before = at.checked_sub(1).map_or(0.0, |before| side * (judged[before] - middle));
            // A missing sample before adds nothing.
            let stays = if before > 0.0 { STAYS * before.min(value.abs()) } else { 0.0 };
            let reach = (own + OTHER_SIDE * other).max(floor(at));
            let short = (remembered.min(FULL) as f64 / FULL as f64).sqrt().sqrt();
            *strength = ((value.abs() + stays) / reach * short / REACH).min(MAX_SCORE);
        }
        Self { distance, strength }
    }
}

/// Distance of each entry beyond the extremes before it, in sixths of their range, which is at least `floor`;
/// NaN where there is none.
pub(super) fn distances(
    judged: &[f64],
    extremes: &Extremes,
    floor: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let range = extremes.lowest.iter().zip(&extremes.highest);
    let distance = |(at, (&value, (&lowest, &highest))): (usize, (&f64, (&f64, &f64)))| {
        let beyond = (value - highest).max(lowest - value);
        if beyond.is_nan() || !value.is_finite() {
            return f64::NAN;
        }
        let unit = (highest - lowest).max(floor(at)) / 6.0;
        (beyond.max(0.0) / unit).min(MAX_SCORE)
    };
    judged.iter().zip(range).enumerate().map(distance).collect()
}

/// `deviation` in units of `scale`, its size on a logarithmic scale.
pub(super) fn signed_log(deviation: f64, scale: f64) -> f64 {
    let size = libm::log1p(deviation.abs() / scale);
    if deviation < 0.0 { -size } else { size }
}

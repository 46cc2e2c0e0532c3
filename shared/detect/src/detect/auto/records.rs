//! How far a view of a series is outside of everything it remembers, and whether that is news.

use super::blocks::LookbackBlocks;
use super::evidence::Alarm;
use super::reference::JudgedAndReference;
use crate::stats::MAX_SCORE;
use crate::stats::extremes::{Extremes, prior_extremes_of};

/// Fewest remembered samples to speak of a record.
pub(super) const MIN_RECORD_SAMPLES: usize = 100;

/// A sample alerts that lies so many times as far off as its memory reaches on its side, and a third as far
/// as on the other. Of heavy tails a new record is often half as large again as the one before.
const ALERT_DISTANCE: f64 = 1.13;

/// How much the other side counts in the reach of a memory: a series with spikes may have no dips.
const OTHER_SIDE_WEIGHT: f64 = 1.0 / 3.0;

/// How much the sample before adds to a sample on the same side: what stays is less often chance.
const PERSISTENCE: f64 = 0.25;

/// A shorter memory than this many samples reaches less far than it will, by the fourth root of what it lacks.
pub(super) const FULL_LOOKBACK: usize = 3_000;

/// Samples of which one stands for where the middle of a memory is.
const BLOCK: usize = 12;

/// How the records of a view are judged.
#[derive(Clone, Copy)]
pub(super) struct RecordJudge<'a> {
    /// So many entries are remembered.
    pub(super) lookback: usize,
    /// So many must be.
    pub(super) min_samples: usize,
    /// What is remembered counts as this wide at least.
    pub(super) floor: &'a dyn Fn(usize) -> f64,
}

impl RecordJudge<'_> {
    /// Distance of each judged entry beyond the extremes of its memory in sixths of their range, 0 within
    /// them; NaN where nothing is judged or too little is remembered.
    pub(super) fn distances(&self, of: &JudgedAndReference) -> Vec<f64> {
        distances(of.judged(), &self.extremes(of), self.floor)
    }

    /// The records that reach far enough.
    pub(super) fn alarms(&self, of: &JudgedAndReference) -> Vec<Alarm> {
        let (judged, extremes) = (of.judged(), self.extremes(of));
        let mut blocks = LookbackBlocks::new(of.reference(), BLOCK, self.lookback);
        let mut alarms = Vec::new();
        for (at, &value) in judged.iter().enumerate() {
            let (lowest, highest) = (extremes.lowest[at], extremes.highest[at]);
            if !(value < lowest || value > highest) || value.is_infinite() {
                continue;
            }
            let (middle, remembered) = blocks.middle(at);
            let (below, above) = (middle - lowest, highest - middle);
            let (own, other) = if value < middle { (below, above) } else { (above, below) };
            let reach = (own + OTHER_SIDE_WEIGHT * other).max((self.floor)(at));
            let short = (remembered.min(FULL_LOOKBACK) as f64 / FULL_LOOKBACK as f64).sqrt().sqrt();
            let score = ((value - middle).abs() / reach * short / ALERT_DISTANCE).min(MAX_SCORE);
            if score >= 1.0 {
                let tail = blocks.tail(at);
                let probability = tail.map_or_else(
                    || 1.0 / remembered.max(1) as f64,
                    |tail| tail.probability(value, (self.floor)(at) / 6.0),
                );
                alarms.push(Alarm { at, score, probability });
            }
        }
        alarms
    }

    fn extremes(&self, of: &JudgedAndReference) -> Extremes {
        prior_extremes_of(of.reference(), self.lookback, self.min_samples.min(self.lookback))
    }
}

/// Deviations, to each of which the one before adds if it is on the same side, but not more than the same again.
pub(super) fn with_persistence(deviations: &[f64]) -> Vec<f64> {
    let mut before = 0.0;
    let stay = |&deviation: &f64| {
        let same = before * deviation > 0.0;
        let more = if same { PERSISTENCE * f64::min(before.abs(), deviation.abs()) } else { 0.0 };
        before = deviation;
        if deviation < 0.0 { deviation - more } else { deviation + more }
    };
    deviations.iter().map(stay).collect()
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
        if lowest <= value && value <= highest {
            return 0.0;
        }
        let beyond = if value > highest { value - highest } else { lowest - value };
        if beyond.is_nan() || value.is_infinite() {
            return f64::NAN;
        }
        let unit = (highest - lowest).max(floor(at)) / 6.0;
        (beyond / unit).min(MAX_SCORE)
    };
    judged.iter().zip(range).enumerate().map(distance).collect()
}

/// `deviation` in units of `scale`, its size on a logarithmic scale.
pub(super) fn signed_log(deviation: f64, scale: f64) -> f64 {
    let size = libm::log1p(deviation.abs() / scale);
    if deviation < 0.0 { -size } else { size }
}

//! Records: how far a feature lies outside everything in its lookback, and whether that is far enough to alert.

use super::blocks::LookbackBlocks;
use super::evidence::Alarm;
use super::reference::JudgedAndReference;
use crate::stats::MAX_SCORE;
use crate::stats::extremes::{Extremes, prior_extremes_of};

/// Minimum number of remembered samples before a record counts.
pub(super) const MIN_RECORD_SAMPLES: usize = 100;

/// Minimum distance of a record from the median of its lookback that alerts, as a multiple of the reach of the
/// lookback: the distance of its extreme on the same side plus [`OTHER_SIDE_WEIGHT`] times that on the other side.
/// Under heavy tails a new record is often half as large again as the one before.
const ALERT_DISTANCE: f64 = 1.13;

/// Weight of the other side in the reach of a lookback: a series with spikes may have no dips.
const OTHER_SIDE_WEIGHT: f64 = 1.0 / 3.0;

/// Share of the previous deviation that is added to one on the same side: deviations that persist are less often due to
/// chance.
const PERSISTENCE: f64 = 0.25;

/// Number of remembered samples at which a record has its full score; with fewer, the score is scaled by the fourth
/// root of their share.
pub(super) const FULL_LOOKBACK: usize = 3_000;

/// Number of samples in a block; the median of a lookback is taken over one sample of each block.
const BLOCK: usize = 12;

/// Conditions under which records of a feature are found.
#[derive(Clone, Copy)]
pub(super) struct RecordJudge<'a> {
    /// Maximum number of remembered entries.
    pub(super) lookback: usize,
    /// Minimum number of remembered entries.
    pub(super) min_samples: usize,
    /// Minimum range of the remembered entries at each sample.
    pub(super) floor: &'a dyn Fn(usize) -> f64,
}

impl RecordJudge<'_> {
    /// Returns the distance of each judged entry beyond the extremes of its lookback, in sixths of their range: 0
    /// within them, NaN where nothing is judged or too little is remembered.
    pub(super) fn distances(&self, of: &JudgedAndReference) -> Vec<f64> {
        distances(of.judged(), &self.extremes(of), self.floor)
    }

    /// Finds the records that lie far enough beyond the lookback to alert.
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

    /// Returns the extremes of the lookback of each entry.
    fn extremes(&self, of: &JudgedAndReference) -> Extremes {
        prior_extremes_of(of.reference(), self.lookback, self.min_samples.min(self.lookback))
    }
}

/// Adds to each deviation a share of the one before it if both are on the same side, but at most the same share of
/// itself.
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

/// Returns the distance of each entry beyond the extremes before it, in sixths of their range, which is at least
/// `floor`; NaN without extremes.
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

/// Returns `deviation` in units of `scale`, with its size on a logarithmic scale.
pub(super) fn signed_log(deviation: f64, scale: f64) -> f64 {
    let size = libm::log1p(deviation.abs() / scale);
    if deviation < 0.0 { -size } else { size }
}

//! Change of one series in a window, and how unusual that is for it.
//!
//! Three things are asked of the samples of the window, each against the four windows before it:
//!
//! - level: how far the median moved. Judged by how far it moved at each of the windows before, as the ratio to the root
//!   of their mean square, by Student's t. A series that always wanders is thereby not taken for one that moved.
//! - peak: how far the farthest sample is from that median; judged in the same way.
//! - distribution: the distance of Kolmogorov and Smirnov. Neighbouring samples are alike, which makes them worth less:
//!   their number is reduced by `(1 - r) / (1 + r)`, r their correlation with their neighbours (Bayley and Hammersley,
//!   "The effective number of independent observations in an autocorrelated time series", 1946).
//!
//! The probability of a change is three times the least of the three (Bonferroni). Of a series that was constant all the
//! time before, there is no spread to judge by: there it is the chance that all `c` samples of `n` that differ fall into
//! the window, had they fallen anywhere.

use std::ops::Range;

use super::window::{BEFORE, PAST};
use oddity_detect::event::Direction;
use oddity_detect::stats::kolmogorov::{distance, probability};
use oddity_detect::stats::median::finite_median;
use oddity_detect::stats::student::two_sided;

/// Minimum number of windows before that tell how far a series usually moves; with fewer only the distribution is
/// judged.
const MIN_PAST_WINDOWS: usize = 6;

/// Windows before each other share samples of what they are compared with: two of them are worth one.
const FREEDOM: f64 = 0.5;

/// A share of samples that must be there in a stretch to judge it.
const PRESENT: f64 = 0.5;

/// A share at which a series counts as not there.
const ABSENT: f64 = 0.1;

/// Fate of a series in the window of an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SeriesFate {
    /// Series with enough samples to be judged.
    Changed(SeriesChange),
    /// Series without samples before the window, and with some in it.
    Appeared,
    /// Series with samples before the window, and without any in it.
    Stopped,
    /// Too few samples in the window or before it.
    Unknown,
}

/// Change of a series. Values are those that are compared, increases of counters among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesChange {
    /// Median of the four windows before.
    pub before: f64,
    /// Median of the window.
    pub during: f64,
    /// The sample of the window that is farthest from `before`.
    pub peak: f64,
    /// Whether a few samples moved rather than the level.
    pub brief: bool,
    /// Direction of the change.
    pub direction: Direction,
    /// Change over the usual change; `None` where the series never moved before or that is not known.
    pub ratio: Option<f64>,
    /// Whether it was constant all the time before.
    pub constant: bool,
    /// Distance of Kolmogorov and Smirnov, 0 to 1.
    pub distance: f64,
    /// Probability of a change so large by chance.
    pub probability: f64,
    /// Index at which it began, among all samples.
    pub onset: usize,
}

/// Judges the last of `PAST + 1` windows of `len` samples each; NaN is missing, and so is what is infinite.
/// Cost: O(n log n).
pub fn fate(values: &[f64], len: usize) -> SeriesFate {
    let count = values.len();
    if len == 0 || count < (BEFORE + 1) * len {
        return SeriesFate::Unknown;
    }
    let (first, from) = (count - len, count - (BEFORE + 1) * len);
    let present = |range: Range<usize>| {
        let known = values[range.clone()].iter().filter(|value| value.is_finite()).count();
        known as f64 / range.len() as f64
    };
    match (present(from..first), present(first..count)) {
        (before, during) if before >= PRESENT && during >= PRESENT => {}
        (before, during) if before >= PRESENT && during <= ABSENT => return SeriesFate::Stopped,
        (before, during) if before == 0.0 && during > 0.0 => return SeriesFate::Appeared,
        _ => return SeriesFate::Unknown,
    }
    change(values, len).map_or(SeriesFate::Unknown, SeriesFate::Changed)
}

/// The moves of the median and of the farthest sample in one window.
#[derive(Clone, Copy)]
struct WindowMove {
    before: f64,
    during: f64,
    peak: f64,
}

impl WindowMove {
    /// Measures the moves in the window that begins at `first`; `None` where too many samples are missing.
    fn at(values: &[f64], first: usize, len: usize) -> Option<Self> {
        let enough = |found: &[f64], of: usize| found.len() as f64 >= PRESENT * of as f64;
        let mut before = finite(&values[first.checked_sub(BEFORE * len)?..first]);
        let mut during = finite(&values[first..first + len]);
        if !enough(&before, BEFORE * len) || !enough(&during, len) {
            return None;
        }
        let before = finite_median(&mut before)?;
        let farther = |a: &f64, b: &f64| (a - before).abs().total_cmp(&(b - before).abs());
        let peak = during.iter().copied().max_by(farther)?;
        Some(Self { before, during: finite_median(&mut during)?, peak })
    }

    fn level(self) -> f64 {
        self.during - self.before
    }

    fn reach(self) -> f64 {
        self.peak - self.before
    }
}

fn change(values: &[f64], len: usize) -> Option<SeriesChange> {
    let first = values.len() - len;
    let now = WindowMove::at(values, first, len)?;
    let past: Vec<WindowMove> = (1..=PAST - BEFORE)
        .filter_map(|back| WindowMove::at(values, first.checked_sub(back * len)?, len))
        .collect();
    let level = usual(&past, now, WindowMove::level);
    let peak = usual(&past, now, WindowMove::reach);
    let shape = shape(values, len)?;
    let probability = match shape.constant {
        true => shape.probability,
        false => (3.0 * level.probability.min(peak.probability).min(shape.probability)).min(1.0),
    };
    // What is told is the move that is the less usual one.
    let brief = match (level.ratio, peak.ratio) {
        (Some(level), Some(peak)) => peak > level,
        _ => now.level() == 0.0,
    };
    let target = if brief { now.peak } else { now.during };
    Some(SeriesChange {
        before: now.before,
        during: now.during,
        peak: now.peak,
        brief,
        direction: if target < now.before { Direction::Down } else { Direction::Up },
        ratio: if brief { peak.ratio } else { level.ratio },
        constant: shape.constant,
        distance: shape.distance,
        probability,
        onset: onset(values, first.saturating_sub(len), now.before, target),
    })
}

struct UsualMove {
    ratio: Option<f64>,
    probability: f64,
}

/// Compares a move with those in the windows before.
fn usual(past: &[WindowMove], now: WindowMove, of: fn(WindowMove) -> f64) -> UsualMove {
    let squares: f64 = past.iter().map(|moved| of(*moved) * of(*moved)).sum();
    let scale = (squares / past.len() as f64).sqrt();
    if past.len() < MIN_PAST_WINDOWS || scale.is_nan() || scale <= 0.0 {
        return UsualMove { ratio: None, probability: 1.0 };
    }
    let ratio = of(now) / scale;
    let probability = two_sided(ratio, FREEDOM * past.len() as f64);
    UsualMove { ratio: Some(ratio.abs()), probability }
}

struct DistributionChange {
    distance: f64,
    probability: f64,
    constant: bool,
}

/// Compares the distribution of the window with that before it.
fn shape(values: &[f64], len: usize) -> Option<DistributionChange> {
    let first = values.len() - len;
    let mut during = finite(&values[first..]);
    let past = finite(&values[..first]);
    let mut before = finite(&values[first - BEFORE * len..first]);
    let distance = distance(&mut during, &mut before)?;
    let level = *past.first()?;
    if past.iter().all(|value| *value == level) {
        let differ = during.iter().filter(|value| **value != level).count();
        let all = past.len() + during.len();
        let chances = (0..differ).map(|k| (during.len() - k) as f64 / (all - k) as f64);
        return Some(DistributionChange {
            distance,
            probability: chances.product(),
            constant: true,
        });
    }
    let (n, m) = (during.len() as f64, before.len() as f64);
    let alike = neighbours(&values[..first]);
    let effective = n * m / (n + m) * (1.0 - alike) / (1.0 + alike);
    Some(DistributionChange {
        distance,
        probability: probability(distance, effective),
        constant: false,
    })
}

/// Computes the correlation of neighbouring samples, 0 to 1.
fn neighbours(values: &[f64]) -> f64 {
    let known = finite(values);
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    let spread: f64 = known.iter().map(|value| (value - mean) * (value - mean)).sum();
    let pairs = values.windows(2).filter(|pair| pair[0].is_finite() && pair[1].is_finite());
    let product: f64 = pairs.map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if spread > 0.0 { (product / spread).clamp(0.0, 1.0) } else { 0.0 }
}

/// Finds the index at which the move from `before` to `target` began: where the stretch starts whose samples are
/// farthest beyond half of the way in sum. That of a level is its first sample, that of a peak its foot, and single
/// samples do not end it.
fn onset(values: &[f64], from: usize, before: f64, target: f64) -> usize {
    let (mut best, mut sum) = ((0.0, from), 0.0);
    let mut start = from;
    for (at, value) in values.iter().enumerate().skip(from) {
        let way = (value - before) / (target - before) - 0.5;
        // One sample counts for no more than the way itself, or less than nothing.
        let way = if way.is_finite() { way.clamp(-0.5, 0.5) } else { 0.0 };
        if sum <= 0.0 {
            (sum, start) = (0.0, at);
        }
        sum += way;
        if sum > best.0 {
            best = (sum, start);
        }
    }
    best.1
}

fn finite(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|value| value.is_finite()).collect()
}

#[cfg(test)]
mod tests;

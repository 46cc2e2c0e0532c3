//! Medians, quartiles and median absolute deviations of sliding windows.
//!
//! Definition: the `q` quantile of n sorted samples lies at rank `q (n - 1)`, interpolated linearly between
//! its two neighbours, as Prometheus' `quantile_over_time` does. Infinities and NaN are not among the n.
//!
//! Method: all samples are sorted once, which serves every window. For one window the series is cut into blocks
//! of a few windows, and each block gets the ranks among its own samples from that order. A window is then a set
//! of small numbers, kept as flags, and cursors on the wanted ones move by a place or two when one sample comes and
//! another goes: the histogram filter of Huang, Yang and Tang, "A fast two-dimensional median filtering
//! algorithm" (1979), on ranks instead of grey values.
//!
//! Cost: one sort; then a look at a few flags for each sample and cursor. [`Ranks`] are worth keeping
//! while a window is tuned. Memory: 14 bytes a sample, and as much again while it runs.

mod block;
mod cursor;
mod flags;
mod order;

use super::enough;
use block::{WindowChange, WindowFinder, WindowMembers, blocks};
use cursor::{Cursor, NearestHalf};
use order::order;

/// Quartile range of normal samples in standard deviations.
pub const QUARTILE_RANGE: f64 = 1.349;

/// Standard deviation of normal samples in median absolute deviations.
pub const MAD_TO_STD: f64 = 1.4826;

/// Maximum length of a window in samples: with the block that it is moved through it has ranks of 16 bits.
pub const MAX_WINDOW: usize = (1 << 15) - 1;

/// Rank of a sample that enters no window; it is below no cursor.
const NO_RANK: u16 = u16::MAX;

/// Order of the samples of one series, from which quantiles of any window follow.
#[derive(Clone, Debug)]
pub struct Ranks {
    /// Number of samples.
    count: usize,
    /// Samples that enter windows, in ascending order.
    sorted: Vec<f64>,
    /// Index of each sorted sample. Equal ones are in the order of time.
    order: Vec<u32>,
    /// Rank of each sample, [`NO_RANK`] for one that enters no window; empty where there are too many samples for 16
    /// bits.
    of: Vec<u16>,
    /// Whether windows that reach before the first sample count as shorter ones.
    growing: bool,
}

/// Quartiles of a window for each sample, in the unit of the values; NaN without enough samples.
#[derive(Clone, Debug)]
pub struct Quartiles {
    /// Value below which a quarter of the window lies.
    pub low: Vec<f64>,
    /// Value below which half of the window lies.
    pub median: Vec<f64>,
    /// Value below which three quarters of the window lie.
    pub high: Vec<f64>,
}

/// Median and median absolute deviation of a window for each sample, in the unit of the values; NaN without enough
/// samples.
#[derive(Clone, Debug)]
pub struct Deviations {
    /// Median of the window.
    pub median: Vec<f64>,
    /// Median of `|x - median|` over the window, not scaled to a standard deviation.
    pub deviation: Vec<f64>,
}

impl Ranks {
    /// Sorts the samples of a series. Cost: one sort.
    pub fn new(values: &[f64]) -> Self {
        let order = order(values);
        // Minus zero is zero.
        let sorted = order.iter().map(|&index| values[index as usize] + 0.0).collect();
        let mut of = Vec::new();
        if values.len() < usize::from(NO_RANK) {
            of.resize(values.len(), NO_RANK);
            for (&index, rank) in order.iter().zip(0..) {
                of[index as usize] = rank;
            }
        }
        Self { count: values.len(), sorted, order, of, growing: false }
    }

    /// Lets the windows at the front, which reach before the first sample, count as shorter ones: they need half of the
    /// samples that there are, and at least 3.
    #[must_use]
    pub fn growing(self) -> Self {
        Self { growing: true, ..self }
    }

    /// Returns whether `count` samples are enough for the window before the sample `at`.
    fn is_enough(&self, count: usize, window: usize, at: usize) -> bool {
        count >= enough(if self.growing { window.min(at) } else { window })
    }

    /// Computes quantiles, 0 to 1, of the `window` samples before each sample, which is itself left out; one result for
    /// each quantile, NaN without enough samples. `window` of 0 counts as 1, one longer than [`MAX_WINDOW`] as that.
    /// Shape: as the values.
    pub fn prior_quantiles<const N: usize>(
        &self,
        window: usize,
        quantiles: [f64; N],
    ) -> [Vec<f64>; N] {
        let window = window.min(MAX_WINDOW);
        let mut out = [(); N].map(|()| vec![f64::NAN; self.count]);
        let finder = QuantileFinder {
            ranks: self,
            window,
            quantiles,
            cursors: [Cursor::default(); N],
            out: out.each_mut().map(Vec::as_mut_slice),
        };
        blocks(self, window, finder);
        out
    }

    /// Computes the quartiles of the `window` samples before each sample. Shape: as the values.
    pub fn prior_quartiles(&self, window: usize) -> Quartiles {
        let [low, median, high] = self.prior_quantiles(window, [0.25, 0.5, 0.75]);
        Quartiles { low, median, high }
    }

    /// Computes the median of the `window` samples before each sample. Shape: as the values.
    pub fn prior_medians(&self, window: usize) -> Vec<f64> {
        let [median] = self.prior_quantiles(window, [0.5]);
        median
    }

    /// Computes median and median absolute deviation of the `window` samples before each sample. Shape: as the values.
    pub fn prior_deviations(&self, window: usize) -> Deviations {
        let window = window.min(MAX_WINDOW);
        let mut median = vec![f64::NAN; self.count];
        let mut deviation = median.clone();
        let finder = DeviationFinder {
            ranks: self,
            window,
            middle: Cursor::default(),
            nearest: NearestHalf::default(),
            median: &mut median,
            deviation: &mut deviation,
        };
        blocks(self, window, finder);
        Deviations { median, deviation }
    }
}

/// Finder of quantiles.
struct QuantileFinder<'a, const N: usize> {
    ranks: &'a Ranks,
    window: usize,
    quantiles: [f64; N],
    cursors: [Cursor; N],
    out: [&'a mut [f64]; N],
}

impl<const N: usize> WindowFinder for QuantileFinder<'_, N> {
    type Positions = [QuantileRank; N];

    #[inline(always)]
    fn begin(&mut self) {
        self.cursors = [Cursor::default(); N];
    }

    #[inline(always)]
    fn places(&self, at: usize, count: usize) -> Option<[QuantileRank; N]> {
        let places = || self.quantiles.map(|quantile| QuantileRank::of(quantile, count));
        self.ranks.is_enough(count, self.window, at).then(places)
    }

    #[inline(always)]
    fn find(&mut self, members: &WindowMembers<'_>, at: usize, places: &[QuantileRank; N]) {
        for ((cursor, place), out) in self.cursors.iter_mut().zip(places).zip(&mut self.out) {
            let member = cursor.seek(members.flags, place.order);
            out[at] = members.between(member, place.weight);
        }
    }

    #[inline(always)]
    fn follow(&mut self, change: WindowChange) {
        self.cursors.iter_mut().for_each(|cursor| cursor.follow(change));
    }
}

/// Finder of medians, and of those of the distances from them.
struct DeviationFinder<'a> {
    ranks: &'a Ranks,
    window: usize,
    middle: Cursor,
    nearest: NearestHalf,
    median: &'a mut [f64],
    deviation: &'a mut [f64],
}

impl WindowFinder for DeviationFinder<'_> {
    type Positions = (QuantileRank, usize);

    #[inline(always)]
    fn begin(&mut self) {
        (self.middle, self.nearest) = Default::default();
    }

    #[inline(always)]
    fn places(&self, at: usize, count: usize) -> Option<(QuantileRank, usize)> {
        self.ranks.is_enough(count, self.window, at).then(|| (QuantileRank::of(0.5, count), count))
    }

    #[inline(always)]
    fn find(
        &mut self,
        members: &WindowMembers<'_>,
        at: usize,
        (place, count): &(QuantileRank, usize),
    ) {
        let member = self.middle.seek(members.flags, place.order);
        let centre = members.between(member, place.weight);
        let (low, high) = self.nearest.deviations(members, *count, centre);
        self.median[at] = centre;
        self.deviation[at] = interpolate(low, high, place.weight);
    }

    #[inline(always)]
    fn follow(&mut self, change: WindowChange) {
        self.middle.follow(change);
        self.nearest.follow(change);
    }
}

/// Place of a quantile among `count` samples: after the sample of rank `order`, by `weight` of the distance to the next
/// one.
#[derive(Clone, Copy, Default)]
struct QuantileRank {
    order: usize,
    weight: f64,
}

impl QuantileRank {
    /// Returns the place of a quantile among `count` samples.
    fn of(quantile: f64, count: usize) -> Self {
        let rank = quantile.clamp(0.0, 1.0) * (count - 1) as f64;
        let order = rank as usize;
        Self { order, weight: rank - order as f64 }
    }
}

/// Interpolates between two samples as Prometheus does it, but exactly where they are equal.
#[inline(always)]
fn interpolate(low: f64, high: f64, weight: f64) -> f64 {
    let between = low * (1.0 - weight) + high * weight;
    if low == high { low } else { between }
}

#[cfg(test)]
mod tests;

//! Medians, quartiles and median absolute deviations of sliding windows.
//!
//! Definition: the `q` quantile of n sorted samples lies at rank `q (n - 1)`, interpolated linearly between
//! its two neighbours, as Prometheus' `quantile_over_time` does. Infinities and NaN are not among the n.
//!
//! Method: all samples are sorted once; a window is then the set of its samples' ranks, kept as bits, and
//! cursors that sit on the wanted bits move by a bit or two when one sample comes and another goes. One sort
//! serves every window, so [`Ranks`] are worth keeping while a window is tuned. The histogram filter of Huang,
//! Yang and Tang, "A fast two-dimensional median filtering algorithm" (1979), on ranks instead of grey values.
//!
//! Cost: O(n log n) once, then a few bit scans a sample, whose length falls as the window grows. Memory: 12
//! bytes a sample.

mod bits;
mod cursor;

use super::enough;
use bits::Bits;
use cursor::{Cursor, deviations};

/// The quartile range of normal samples in standard deviations.
pub const QUARTILE_RANGE: f64 = 1.349;

/// The standard deviation of normal samples in median absolute deviations.
pub const DEVIATIONS: f64 = 1.4826;

/// The rank of a sample that enters no window.
const NONE: u32 = u32::MAX;

/// The order of the samples of one series, from which quantiles of any window follow.
#[derive(Clone, Debug)]
pub struct Ranks {
    /// The rank of each sample; equal ones rank in the order of time.
    of: Vec<u32>,
    /// The finite samples in ascending order.
    sorted: Vec<f64>,
    /// Whether windows that reach before the first sample count as shorter ones.
    growing: bool,
}

/// The three quartiles of a window a sample, in the unit of the values; NaN without enough samples.
#[derive(Clone, Debug)]
pub struct Quartiles {
    /// A quarter of the window lies below.
    pub low: Vec<f64>,
    /// Half of it does.
    pub median: Vec<f64>,
    /// Three quarters do.
    pub high: Vec<f64>,
}

/// A median and the median absolute deviation from it a sample, in the unit of the values; NaN without
/// enough samples.
#[derive(Clone, Debug)]
pub struct Deviations {
    /// The median of the window.
    pub median: Vec<f64>,
    /// The median of `|x - median|` over the same window, not scaled to a standard deviation.
    pub deviation: Vec<f64>,
}

impl Ranks {
    /// Of the samples of a series. Cost: one sort, the only part that is not linear.
    pub fn new(values: &[f64]) -> Self {
        let (order, index_bits) = order(values);
        let mut of = vec![NONE; values.len()];
        let index = |entry: u64| (entry & ((1 << index_bits) - 1)) as usize;
        for (rank, &entry) in order.iter().enumerate() {
            of[index(entry)] = rank as u32;
        }
        // Minus zero is zero.
        let sorted = order.iter().map(|&entry| values[index(entry)] + 0.0).collect();
        Self { of, sorted, growing: false }
    }

    /// The same, but the windows at the front, which reach before the first sample, count as shorter ones:
    /// they need half of the samples that there are, and at least 3.
    #[must_use]
    pub fn growing(self) -> Self {
        Self { growing: true, ..self }
    }

    fn enough(&self, window: usize, at: usize) -> usize {
        enough(if self.growing { window.min(at) } else { window })
    }

    /// Quantiles 0 to 1 of the `window` samples before each sample, which is itself left out; one result a
    /// quantile, NaN without enough samples. `window` of 0 counts as 1. Shape: as the values.
    pub fn prior_quantiles<const N: usize>(
        &self,
        window: usize,
        quantiles: [f64; N],
    ) -> [Vec<f64>; N] {
        let mut out = std::array::from_fn(|_| vec![f64::NAN; self.of.len()]);
        let mut cursors = [Cursor::default(); N];
        let mut places = [Place::default(); N];
        let mut counted = 0;
        self.slide(window, |at, change, bits, count| {
            for cursor in &mut cursors {
                cursor.follow(change);
            }
            if count < self.enough(window, at) {
                return;
            }
            if counted != count {
                counted = count;
                places = quantiles.map(|quantile| Place::of(quantile, count));
            }
            for ((cursor, place), out) in cursors.iter_mut().zip(&places).zip(&mut out) {
                cursor.seek(bits, place.order);
                let low = self.sorted[cursor.rank()];
                out[at] = if place.weight > 0.0 {
                    interpolate(low, self.sorted[cursor.next(bits)], place.weight)
                } else {
                    low
                };
            }
        });
        out
    }

    /// The three quartiles of the `window` samples before each sample. Shape: as the values.
    pub fn prior_quartiles(&self, window: usize) -> Quartiles {
        let [low, median, high] = self.prior_quantiles(window, [0.25, 0.5, 0.75]);
        Quartiles { low, median, high }
    }

    /// The median of the `window` samples before each sample. Shape: as the values.
    pub fn prior_medians(&self, window: usize) -> Vec<f64> {
        let [median] = self.prior_quantiles(window, [0.5]);
        median
    }

    /// Median and median absolute deviation of the `window` samples before each sample. Shape: as the values.
    pub fn prior_deviations(&self, window: usize) -> Deviations {
        let mut median = vec![f64::NAN; self.of.len()];
        let mut deviation = median.clone();
        let (mut middle, mut first, mut last) =
            (Cursor::default(), Cursor::default(), Cursor::default());
        self.slide(window, |at, change, bits, count| {
            for cursor in [&mut middle, &mut first, &mut last] {
                cursor.follow(change);
            }
            if count < self.enough(window, at) {
                return;
            }
            let place = Place::of(0.5, count);
            middle.seek(bits, place.order);
            let mut centre = self.sorted[middle.rank()];
            if place.weight > 0.0 {
                centre = interpolate(centre, self.sorted[middle.next(bits)], place.weight);
            }
            median[at] = centre;
            let (low, high) = deviations(&self.sorted, bits, centre, count, &mut first, &mut last);
            deviation[at] =
                if place.weight > 0.0 { interpolate(low, high, place.weight) } else { low };
        });
        Deviations { median, deviation }
    }

    /// Calls `emit` once a sample with what changed since the call before, the ranks of the `window` samples
    /// before it, and their count.
    fn slide(&self, window: usize, mut emit: impl FnMut(usize, Change, &Bits, usize)) {
        let window = window.max(1);
        let mut bits = Bits::new(self.sorted.len());
        let mut count = 0;
        for at in 0..self.of.len() {
            let come = if at > 0 { self.of[at - 1] } else { NONE };
            let gone = if at > window { self.of[at - 1 - window] } else { NONE };
            if come != NONE {
                bits.insert(come);
                count += 1;
            }
            if gone != NONE {
                bits.remove(gone);
                count -= 1;
            }
            emit(at, Change { come, gone }, &bits, count);
        }
    }
}

/// The ranks that came into a window and left it; [`NONE`], the largest, is below no cursor.
#[derive(Clone, Copy)]
struct Change {
    come: u32,
    gone: u32,
}

/// Where a quantile lies among `count` samples: after the sample of rank `order`, by `weight` of the
/// distance to the next one.
#[derive(Clone, Copy, Default)]
struct Place {
    order: usize,
    weight: f64,
}

impl Place {
    fn of(quantile: f64, count: usize) -> Self {
        let rank = quantile.clamp(0.0, 1.0) * (count - 1) as f64;
        let order = libm::floor(rank);
        Self { order: order as usize, weight: rank - order }
    }
}

/// Between two samples as Prometheus does it, but exact where they are equal.
fn interpolate(low: f64, high: f64, weight: f64) -> f64 {
    if low == high { low } else { low * (1.0 - weight) + high * weight }
}

/// The finite samples in ascending order, each as its index in the low bits of an entry, and how many bits
/// those are.
fn order(values: &[f64]) -> (Vec<u64>, u32) {
    let index_bits = usize::BITS - values.len().leading_zeros();
    let finite = values.iter().enumerate().filter(|(_, value)| value.is_finite());
    let mut order: Vec<u64> = finite.map(|(index, _)| index as u64).collect();
    sort(&mut order, values, index_bits);
    (order, index_bits)
}

/// Sorts entries by value, then index: by as many of the leading bits in which the values differ as fit beside
/// the index, because whole numbers sort faster than pairs; then what is still equal by the bits that follow.
fn sort(entries: &mut [u64], values: &[f64], index_bits: u32) {
    let index_mask = (1 << index_bits) - 1;
    let key = |entry: u64| ascending(values[(entry & index_mask) as usize]);
    let (least, most) = entries
        .iter()
        .fold((u64::MAX, 0), |(least, most), &entry| (least.min(key(entry)), most.max(key(entry))));
    let differ = 64 - most.saturating_sub(least).leading_zeros();
    let dropped = differ.saturating_sub(64 - index_bits);
    for entry in entries.iter_mut() {
        *entry = ((key(*entry) - least) >> dropped) << index_bits | (*entry & index_mask);
    }
    entries.sort_unstable();
    if dropped > 0 {
        for equal in entries.chunk_by_mut(|a, b| a >> index_bits == b >> index_bits) {
            if equal.len() > 1 {
                sort(equal, values, index_bits);
            }
        }
    }
}

/// A whole number that orders as the values do; zeros are equal.
fn ascending(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

#[cfg(test)]
mod tests;

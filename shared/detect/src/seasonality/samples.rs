//! Samples of a series prepared for the search: centred, scaled, clipped, without trend.

use crate::stats::median::quartiles;
use crate::stats::quantile::QUARTILE_RANGE;
use crate::stats::{dot, fft::Fft};

/// Distance, in robust scales, to which values are clipped, so that outliers count as large and no more.
const CLIP: f64 = 5.0;

/// Minimum share of the samples left by a lag that must have a partner for a correlation.
const MIN_PAIRS: f64 = 0.25;

/// Samples in units of their robust scale around their mean; 0 where one is missing.
#[derive(Clone, Debug)]
pub(super) struct CenteredSamples {
    values: Vec<f64>,
    /// Sums of the first k values.
    sums: Vec<f64>,
    gaps: Option<GapMask>,
}

/// Mask of the missing samples.
#[derive(Clone, Debug)]
struct GapMask {
    /// 1 where there is a sample, 0 where one is missing.
    present: Vec<f64>,
    /// Numbers of samples among the first k.
    counts: Vec<f64>,
    /// Mask as bits, 64 a word, followed by a word of zeros.
    bits: Vec<u64>,
}

/// Samples less a moving average.
#[derive(Clone, Debug)]
pub(super) struct DetrendedSamples<'a> {
    values: Vec<f64>,
    /// Sums of squares of the first k values.
    squares: Vec<f64>,
    gaps: Option<&'a GapMask>,
}

impl CenteredSamples {
    /// Prepares samples, without missing ones at either end. `None` for constants, for fewer than 8 samples, and if
    /// more than half of them are missing.
    pub fn new(values: &[f64]) -> Option<Self> {
        let first = values.iter().position(|value| value.is_finite())?;
        let last = values.iter().rposition(|value| value.is_finite())?;
        let values = &values[first..=last];
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        if sorted.len() < 8 || 2 * sorted.len() < values.len() {
            return None;
        }
        let (centre, scale) = centre_and_scale(&mut sorted)?;
        let present: Vec<f64> = values.iter().map(|v| f64::from(u8::from(v.is_finite()))).collect();
        let mut values: Vec<f64> = values
            .iter()
            .map(|v| if v.is_finite() { ((v - centre) / scale).clamp(-CLIP, CLIP) } else { 0.0 })
            .collect();
        subtract_line(&mut values, &present);

        sorted.clear();
        sorted.extend(values.iter().zip(&present).filter(|(_, p)| **p > 0.0).map(|(v, _)| *v));
        let (centre, scale) = centre_and_scale(&mut sorted)?;
        for (value, present) in values.iter_mut().zip(&present) {
            *value = ((*value - centre) / scale).clamp(-CLIP, CLIP) * present;
        }
        let gaps = present.contains(&0.0).then(|| GapMask::new(present));
        Some(Self::with(values, gaps))
    }

    fn with(values: Vec<f64>, gaps: Option<GapMask>) -> Self {
        let sums = prefix_sums(values.iter().copied());
        Self { values, sums, gaps }
    }

    /// Returns the number of samples.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns the samples, 0 for a missing one.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns the sum of squares.
    pub fn energy(&self) -> f64 {
        dot(&self.values, &self.values)
    }

    /// Returns the share of samples that are not missing.
    pub fn known(&self) -> f64 {
        self.gaps.as_ref().map_or(1.0, GapMask::known)
    }

    /// Subtracts the moving average over `window` samples; the first and last average hold to the ends.
    pub fn around_average(&self, window: usize) -> DetrendedSamples<'_> {
        let sums = moving_sums(&self.sums, window);
        let averages: Vec<f64> = match &self.gaps {
            Some(gaps) => {
                let average = |(sum, count)| if count > 0.0 { sum / count } else { 0.0 };
                sums.into_iter().zip(moving_sums(&gaps.counts, window)).map(average).collect()
            }
            None => sums.into_iter().map(|sum| sum / window as f64).collect(),
        };
        let mut values = self.values.clone();
        let (head, rest) = values.split_at_mut((window / 2).min(self.len()));
        let (middle, tail) = rest.split_at_mut(averages.len().min(rest.len()));
        head.iter_mut().for_each(|value| *value -= averages[0]);
        middle.iter_mut().zip(&averages).for_each(|(value, average)| *value -= average);
        tail.iter_mut().for_each(|value| *value -= averages[averages.len() - 1]);
        if let Some(gaps) = &self.gaps {
            values.iter_mut().zip(&gaps.present).for_each(|(value, here)| *value *= here);
        }
        let squares = prefix_sums(values.iter().map(|value| value * value));
        DetrendedSamples { values, squares, gaps: self.gaps.as_ref() }
    }

    /// Subtracts a season, which at each sample is the mean distance from the moving average over the two seasons
    /// before and the two after it.
    pub fn without(self, period: usize) -> Self {
        let around = self.around_average(period).values;
        let len = self.values.len();
        let present = |at: usize| self.gaps.as_ref().map_or(1.0, |gaps| gaps.present[at]);
        let mut values = Vec::with_capacity(len);
        for (at, value) in self.values.iter().enumerate() {
            let neighbours = [
                at.checked_sub(2 * period),
                at.checked_sub(period),
                Some(at + period),
                Some(at + 2 * period),
            ];
            let (mut sum, mut count) = (0.0, 0.0);
            for other in neighbours.into_iter().flatten().filter(|other| *other < len) {
                sum += around[other];
                count += present(other);
            }
            let mean = if count > 0.0 { sum / count } else { 0.0 };
            values.push((value - mean) * present(at));
        }
        Self::with(values, self.gaps)
    }

    /// Returns the correlations at lags from 0 to half the length, roughly: where samples are missing, as many pairs
    /// are taken to be missing at each lag, and the longest lags wrap around if `fft` is short.
    pub fn correlations(&self, fft: &Fft) -> Vec<f64> {
        let squares = prefix_sums(self.values.iter().map(|value| value * value));
        let products = fft.lagged_products(&self.values);
        let lags = 0..=self.len() / 2;
        lags.map(|lag| normalised(products[lag], &squares, lag, self.known())).collect()
    }
}

impl DetrendedSamples<'_> {
    /// Returns the sum of squares.
    pub fn energy(&self) -> f64 {
        self.squares[self.values.len()]
    }

    /// Returns the correlation of samples `lag` apart.
    pub fn correlation(&self, lag: usize) -> f64 {
        let Some(later) = self.values.get(lag..).filter(|later| !later.is_empty()) else {
            return 0.0;
        };
        let share = match self.gaps {
            Some(gaps) => gaps.pairs(lag) / (gaps.known() * later.len() as f64),
            None => 1.0,
        };
        if share < MIN_PAIRS {
            return 0.0;
        }
        normalised(dot(&self.values[..later.len()], later), &self.squares, lag, share)
    }
}

impl GapMask {
    fn new(present: Vec<f64>) -> Self {
        let counts = prefix_sums(present.iter().copied());
        let word = |chunk: &[f64]| {
            chunk.iter().rev().fold(0_u64, |word, here| (word << 1) | u64::from(*here > 0.0))
        };
        let bits = present.chunks(64).map(word).chain([0]).collect();
        Self { present, counts, bits }
    }

    fn known(&self) -> f64 {
        self.counts[self.present.len()] / self.present.len() as f64
    }

    /// Returns the number of pairs of samples `lag` apart.
    fn pairs(&self, lag: usize) -> f64 {
        let (words, shift) = (lag / 64, lag % 64);
        let later = self.bits[words..].windows(2).map(|pair| {
            let high = if shift == 0 { 0 } else { pair[1] << (64 - shift) };
            (pair[0] >> shift) | high
        });
        let both = self.bits.iter().zip(later).map(|(here, later)| (here & later).count_ones());
        f64::from(both.sum::<u32>())
    }
}

/// Returns a sum of products of values `lag` apart, divided by the energy of both. `share` of the values of either side
/// have a partner.
fn normalised(products: f64, squares: &[f64], lag: usize, share: f64) -> f64 {
    let len = squares.len() - 1;
    let (head, tail) = (squares[len - lag], squares[len] - squares[lag]);
    let energy = (head * tail).sqrt() * share;
    if energy > 1e-12 { products / energy } else { 0.0 }
}

/// Returns median and scaled quartile range, or, where most values are equal, mean distance from the median. `None` for
/// constants and values too large to subtract.
fn centre_and_scale(values: &mut [f64]) -> Option<(f64, f64)> {
    let len = values.len();
    let [low, centre, high] = quartiles(values)?;
    let mut scale = (high - low) / QUARTILE_RANGE;
    if scale <= 1e-9 * centre.abs() {
        scale = values.iter().map(|value| (value - centre).abs()).sum::<f64>() / len as f64;
    }
    (scale.is_finite() && scale > 1e-9 * centre.abs()).then_some((centre, scale))
}

/// Subtracts the least-squares line.
fn subtract_line(values: &mut [f64], present: &[f64]) {
    let middle = (values.len() - 1) as f64 * 0.5;
    let (mut n, mut t, mut tt, mut v, mut tv) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (at, (value, present)) in values.iter().zip(present).enumerate() {
        let time = (at as f64 - middle) * present;
        (n, t, tt, v, tv) = (n + present, t + time, tt + time * time, v + value, tv + time * value);
    }
    let slope = (tv - t * v / n) / (tt - t * t / n);
    let level = (v - slope * t) / n;
    for (at, (value, present)) in values.iter_mut().zip(present).enumerate() {
        *value = (*value - level - slope * (at as f64 - middle)) * present;
    }
}

/// Returns the sums of the first k values, for k from 0.
fn prefix_sums(values: impl ExactSizeIterator<Item = f64>) -> Vec<f64> {
    let mut sums = Vec::with_capacity(values.len() + 1);
    let mut sum = 0.0;
    sums.push(sum);
    for value in values {
        sum += value;
        sums.push(sum);
    }
    sums
}

/// Returns the sums over `window` values, of which an even number counts half a value at either end, from sums of the
/// first k values: around each value that is far enough from both ends, or one over all.
fn moving_sums(sums: &[f64], window: usize) -> Vec<f64> {
    let odd = (window / 2 * 2 + 1).min(sums.len() - 1);
    let wide = sums[odd..].iter().zip(sums).map(|(to, from)| to - from);
    if window % 2 == 1 {
        return wide.collect();
    }
    let narrow = sums[odd - 1..].iter().zip(&sums[1..]);
    wide.zip(narrow).map(|(wide, (to, from))| (wide + to - from) * 0.5).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pairs_are_counted(missing in prop::collection::vec(prop::bool::weighted(0.3), 1..200), lag in 0_usize..200) {
            let present: Vec<f64> = missing.iter().map(|missing| f64::from(u8::from(!missing))).collect();
            let lag = lag % present.len();
            let plain: f64 = present.iter().zip(&present[lag..]).map(|(a, b)| a * b).sum();
            prop_assert_eq!(GapMask::new(present).pairs(lag), plain);
        }
    }
}

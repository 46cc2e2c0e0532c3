//! The samples of a series made ready for the search: centred, scaled, clipped, without trend.

use crate::stats::fft::Fft;

/// Values are clipped this many robust scales off, so that outliers count as large and no more.
const CLIP: f64 = 5.0;

/// Of the samples that a lag leaves, at least this share must have a partner for a correlation.
const LEAST_PAIRS: f64 = 0.25;

/// Samples in units of their robust scale around their mean; 0 where one is missing.
#[derive(Clone, Debug)]
pub(super) struct Samples {
    values: Vec<f64>,
    /// 1 where there is a sample, 0 where one is missing; `None` if none is.
    present: Option<Vec<f64>>,
    /// The share of samples that are not missing.
    known: f64,
    /// Sums of squares of the first k values.
    squares: Vec<f64>,
}

impl Samples {
    /// Without missing samples at either end. `None` for constants, for fewer than 8 samples, and if
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
        let gaps = present.contains(&0.0);
        Some(Self::with(values, gaps.then_some(present)))
    }

    fn with(values: Vec<f64>, present: Option<Vec<f64>>) -> Self {
        let squares = prefix_sums(values.iter().map(|value| value * value));
        let count = |present: &Vec<f64>| present.iter().sum::<f64>() / present.len() as f64;
        let known = present.as_ref().map_or(1.0, count);
        Self { values, present, known, squares }
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Less the moving average over `window` samples; the first and last average hold to the ends.
    pub fn around_average(&self, window: usize) -> Self {
        let len = self.values.len();
        let sums = prefix_sums(self.values.iter().copied());
        let counts = self.present.as_ref().map(|present| prefix_sums(present.iter().copied()));
        let half = window / 2;
        let mut values = Vec::with_capacity(len);
        for (at, value) in self.values.iter().enumerate() {
            // An even window has half a sample at either end.
            let middle = at.clamp(half, (len - 1).saturating_sub(half).max(half));
            let (from, to) = (middle - half, (middle + half + 1).min(len));
            let both = |sums: &[f64]| {
                let odd = sums[to] - sums[from];
                if window % 2 == 1 { odd } else { (odd + sums[to - 1] - sums[from + 1]) * 0.5 }
            };
            let count = counts.as_deref().map_or(window as f64, both);
            let missing = self.present.as_ref().is_some_and(|present| present[at] == 0.0);
            let average = if count > 0.0 { both(&sums) / count } else { 0.0 };
            values.push(if missing { 0.0 } else { value - average });
        }
        Self::with(values, self.present.clone())
    }

    /// Less a season, which at each sample is the mean distance from the moving average over the two
    /// seasons before and the two after it.
    pub fn without(&self, period: usize) -> Self {
        let around = self.around_average(period);
        let len = self.values.len();
        let mut values = Vec::with_capacity(len);
        for at in 0..len {
            let neighbours = [
                at.checked_sub(2 * period),
                at.checked_sub(period),
                Some(at + period),
                Some(at + 2 * period),
            ];
            let (mut sum, mut count) = (0.0, 0.0);
            for other in neighbours.into_iter().flatten().filter(|other| *other < len) {
                sum += around.values[other];
                count += self.present.as_ref().map_or(1.0, |present| present[other]);
            }
            let here = self.present.as_ref().map_or(1.0, |present| present[at]);
            let mean = if count > 0.0 { sum / count } else { 0.0 };
            values.push((self.values[at] - mean) * here);
        }
        Self::with(values, self.present.clone())
    }

    /// One a sample, 0 for a missing one.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Sum of squares.
    pub fn energy(&self) -> f64 {
        self.squares[self.len()]
    }

    /// The share of samples that are not missing.
    pub fn known(&self) -> f64 {
        self.known
    }

    /// Correlation with itself `lag` samples later, -1 to 1, over the pairs of which neither is missing.
    pub fn correlation(&self, lag: usize) -> f64 {
        let Some(later) = self.values.get(lag..).filter(|later| !later.is_empty()) else {
            return 0.0;
        };
        let earlier = &self.values[..later.len()];
        let pairs = self.present.as_ref().map(|p| dot(&p[..later.len()], &p[lag..]));
        self.normalised(lag, dot(earlier, later), pairs)
    }

    /// [`Self::correlation`] for lags 0 to half the length.
    pub fn correlations(&self, fft: &Fft) -> Vec<f64> {
        let products = fft.lagged_products(&self.values);
        let pairs = self.present.as_ref().map(|present| fft.lagged_products(present));
        (0..=self.len() / 2)
            .map(|lag| self.normalised(lag, products[lag], pairs.as_ref().map(|p| p[lag])))
            .collect()
    }

    fn normalised(&self, lag: usize, products: f64, pairs: Option<f64>) -> f64 {
        let len = self.values.len();
        let (head, tail) = (self.squares[len - lag], self.squares[len] - self.squares[lag]);
        // Of the squares, those count whose partner is not missing.
        let expected = self.known * (len - lag) as f64;
        let share = pairs.map_or(1.0, |pairs| pairs / expected);
        if share < LEAST_PAIRS {
            return 0.0;
        }
        let energy = libm::sqrt(head * tail) * share;
        if energy > 1e-12 { products / energy } else { 0.0 }
    }
}

/// Median and scaled quartile range, or, where most values are equal, mean distance from the median.
/// `None` for constants and values too large to subtract.
fn centre_and_scale(values: &mut [f64]) -> Option<(f64, f64)> {
    let len = values.len();
    let mut at = |index: usize| *values.select_nth_unstable_by(index, f64::total_cmp).1;
    let (low, centre, high) = (at(len / 4), at(len / 2), at(len - 1 - len / 4));
    let mut scale = (high - low) / 1.349;
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

/// Sums of the first k values, for k from 0.
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

/// Sum of products, in four chains that do not wait for each other.
fn dot(a: &[f64], b: &[f64]) -> f64 {
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

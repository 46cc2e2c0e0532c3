//! Sums over the samples of a window of which none is missing: the fast way to what [`super::aggregate`] finds with
//! care.

use crate::stats::lanes::Lanes;

/// Maximum of the mean of squares about the pivot, in those about their own mean: beyond it more than three of sixteen
/// digits are lost in the difference.
const MAX_SQUARES_RATIO: f64 = 1024.0;

/// Sums over samples, each less a pivot.
pub(super) trait WindowSums<const N: usize>: Copy {
    /// Returns the sums of no samples.
    fn empty() -> Self;

    /// Takes one more sample at `position`, counted in samples.
    fn add(self, position: f64, value: Lanes) -> Self;

    /// Adds the sums of further samples.
    fn join(self, other: Self) -> Self;

    /// Returns the results, the last of them NaN where it is not exact enough or a sample was not finite. `next` is the
    /// position after the last sample.
    fn results(self, pivot: Lanes, next: f64, of: &WindowConstants<Lanes>) -> [Lanes; N];
}

/// Constants that follow from the number of samples in a window.
#[derive(Clone, Copy)]
pub(super) struct WindowConstants<T> {
    /// Reciprocal of the number of samples.
    inverse: T,
    /// Distance from the position after the window back to its middle, in samples.
    back: T,
    /// Reciprocal of the sum of squared distances from the middle.
    narrowness: T,
}

impl WindowConstants<f64> {
    /// Computes the constants for a number of samples.
    pub(super) fn of(count: usize) -> Self {
        let count = count as f64;
        Self {
            inverse: 1.0 / count,
            back: (count + 1.0) / 2.0,
            narrowness: 12.0 / (count * (count * count - 1.0)),
        }
    }

    /// Repeats the constants in each lane, but for those of the first lane.
    #[inline(always)]
    pub(super) fn with_first(&self, first: &Self) -> WindowConstants<Lanes> {
        let lanes = |all, first| Lanes::splat(all).with_first(first);
        WindowConstants {
            inverse: lanes(self.inverse, first.inverse),
            back: lanes(self.back, first.back),
            narrowness: lanes(self.narrowness, first.narrowness),
        }
    }
}

/// Sums for mean and standard deviation.
#[derive(Clone, Copy)]
pub(super) struct ValueSums {
    sum: Lanes,
    squares: Lanes,
}

impl ValueSums {
    /// Returns the mean, and the sum of squares about it.
    #[inline(always)]
    fn about_mean(self, inverse: Lanes) -> (Lanes, Lanes) {
        let mean = self.sum * inverse;
        (mean, self.squares - self.sum * mean)
    }
}

impl WindowSums<2> for ValueSums {
    #[inline(always)]
    fn empty() -> Self {
        let zero = Lanes::splat(0.0);
        Self { sum: zero, squares: zero }
    }

    #[inline(always)]
    fn add(self, _: f64, value: Lanes) -> Self {
        Self { sum: self.sum + value, squares: self.squares + value * value }
    }

    #[inline(always)]
    fn join(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, squares: self.squares + other.squares }
    }

    /// Returns mean and population standard deviation.
    #[inline(always)]
    fn results(self, pivot: Lanes, _: f64, of: &WindowConstants<Lanes>) -> [Lanes; 2] {
        let (mean, about) = self.about_mean(of.inverse);
        let std = (about * of.inverse).sqrt();
        [pivot + mean, std.known(about * Lanes::splat(MAX_SQUARES_RATIO), self.squares)]
    }
}

/// Sums for a least-squares line.
#[derive(Clone, Copy)]
pub(super) struct ProductSums {
    values: ValueSums,
    /// Sum of products of position and value.
    products: Lanes,
}

impl WindowSums<1> for ProductSums {
    #[inline(always)]
    fn empty() -> Self {
        Self { values: ValueSums::empty(), products: Lanes::splat(0.0) }
    }

    #[inline(always)]
    fn add(self, position: f64, value: Lanes) -> Self {
        let products = self.products + Lanes::splat(position) * value;
        Self { values: self.values.add(position, value), products }
    }

    #[inline(always)]
    fn join(self, other: Self) -> Self {
        let products = self.products + other.products;
        Self { values: self.values.join(other.values), products }
    }

    /// Returns the slope.
    #[inline(always)]
    fn results(self, _: Lanes, next: f64, of: &WindowConstants<Lanes>) -> [Lanes; 1] {
        let (_, about) = self.values.about_mean(of.inverse);
        let middle = Lanes::splat(next) - of.back;
        let slope = (self.products - middle * self.values.sum) * of.narrowness;
        [slope.known(about * Lanes::splat(MAX_SQUARES_RATIO), self.values.squares)]
    }
}

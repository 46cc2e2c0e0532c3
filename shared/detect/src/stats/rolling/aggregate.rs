//! Statistics over the samples of a window, exact where samples are missing or levels lie far apart.

use crate::stats::lanes::Lanes;

/// Statistics over samples that can be merged with those of further samples.
///
/// `share` is the share of the other in the samples of both together, `weight` that times the number of samples of this
/// one; both are 0 for another without samples.
pub(super) trait WindowAggregate<const N: usize>: Copy {
    /// Returns the statistics of no samples.
    fn empty() -> Self;

    /// Takes one more sample at `position`, counted in samples.
    fn add(self, position: Lanes, value: Lanes, share: Lanes, weight: Lanes) -> Self;

    /// Merges the statistics of further samples.
    fn merge(self, other: Self, share: Lanes, weight: Lanes) -> Self;

    /// Returns the results, given the pivot that was subtracted from each sample and 1 over their number.
    fn results(self, pivot: Lanes, inverse: Lanes) -> [Lanes; N];
}

/// Mean and sum of squared deviations from it.
#[derive(Clone, Copy)]
pub(super) struct MeanAndSquares {
    mean: Lanes,
    squares: Lanes,
}

impl WindowAggregate<2> for MeanAndSquares {
    #[inline(always)]
    fn empty() -> Self {
        let zero = Lanes::splat(0.0);
        Self { mean: zero, squares: zero }
    }

    #[inline(always)]
    fn add(self, _: Lanes, value: Lanes, share: Lanes, weight: Lanes) -> Self {
        let delta = value - self.mean;
        Self { mean: self.mean + delta * share, squares: self.squares + delta * (delta * weight) }
    }

    #[inline(always)]
    fn merge(self, other: Self, share: Lanes, weight: Lanes) -> Self {
        let mut both = self.add(other.mean, other.mean, share, weight);
        both.squares = both.squares + other.squares;
        both
    }

    /// Returns mean and population standard deviation.
    #[inline(always)]
    fn results(self, pivot: Lanes, inverse: Lanes) -> [Lanes; 2] {
        [pivot + self.mean, (self.squares * inverse).sqrt()]
    }
}

/// Sums for a least-squares line: means of position and value, spread of the positions, and their cross product.
#[derive(Clone, Copy)]
pub(super) struct LineFit {
    position: Lanes,
    value: Lanes,
    spread: Lanes,
    cross: Lanes,
}

impl WindowAggregate<1> for LineFit {
    #[inline(always)]
    fn empty() -> Self {
        let zero = Lanes::splat(0.0);
        Self { position: zero, value: zero, spread: zero, cross: zero }
    }

    #[inline(always)]
    fn add(self, position: Lanes, value: Lanes, share: Lanes, weight: Lanes) -> Self {
        let (apart, delta) = (position - self.position, value - self.value);
        Self {
            position: self.position + apart * share,
            value: self.value + delta * share,
            spread: self.spread + apart * (apart * weight),
            cross: self.cross + apart * (delta * weight),
        }
    }

    #[inline(always)]
    fn merge(self, other: Self, share: Lanes, weight: Lanes) -> Self {
        let mut both = self.add(other.position, other.value, share, weight);
        both.spread = both.spread + other.spread;
        both.cross = both.cross + other.cross;
        both
    }

    /// Returns the slope.
    #[inline(always)]
    fn results(self, _: Lanes, _: Lanes) -> [Lanes; 1] {
        [self.cross / self.spread]
    }
}

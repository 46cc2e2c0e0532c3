//! What is summed up over the samples of a window, with nothing lost to cancellation and samples missing.

use crate::stats::lanes::Lanes;

/// Something summed up over samples that can be joined with another of its kind.
///
/// `share` is what part of both together the other has of the samples, `weight` that times the number of samples of this
/// one; both are 0 for another without samples.
pub(super) trait WindowAggregate<const N: usize>: Copy {
    /// Of no samples.
    fn empty() -> Self;

    /// With one more sample at `position`, counted in samples.
    fn add(self, position: Lanes, value: Lanes, share: Lanes, weight: Lanes) -> Self;

    fn merge(self, other: Self, share: Lanes, weight: Lanes) -> Self;

    /// What is wanted of them, given what was subtracted from each sample and 1 over their number.
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

    /// Mean and population standard deviation.
    #[inline(always)]
    fn results(self, pivot: Lanes, inverse: Lanes) -> [Lanes; 2] {
        [pivot + self.mean, (self.squares * inverse).sqrt()]
    }
}

/// What a least-squares line needs: means of position and value, spread of the positions, and their
/// cross product.
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

    /// The slope.
    #[inline(always)]
    fn results(self, _: Lanes, _: Lanes) -> [Lanes; 1] {
        [self.cross / self.spread]
    }
}

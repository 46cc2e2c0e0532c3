//! Several numbers that go through the same operations at once, on every target the same operations in the same order:
//! results do not depend on how wide its vectors are.

#[cfg_attr(all(target_arch = "wasm32", target_feature = "simd128"), path = "lanes/simd128.rs")]
mod pair;

use std::array::from_fn;
use std::mem::take;
use std::ops::{Add, Div, Mul, Sub};

use pair::LanePair;

/// Number of lanes: enough that their operations need not wait for each other, and few enough that sums stay in
/// registers.
pub(super) const LANES: usize = 4;

const PAIRS: usize = LANES / 2;

/// Numbers that go through the same operations, one in each lane.
#[derive(Clone, Copy)]
pub(super) struct Lanes([LanePair; PAIRS]);

/// Divides samples into one block of `len` for each lane.
#[inline(always)]
pub(super) fn blocks(samples: &[f64], len: usize) -> [&[f64]; LANES] {
    from_fn(|lane| &samples[lane * len..][..len])
}

/// Divides samples into one mutable block of `len` for each lane.
#[inline(always)]
pub(super) fn blocks_mut(mut samples: &mut [f64], len: usize) -> [&mut [f64]; LANES] {
    from_fn(|_| {
        let (block, rest) = take(&mut samples).split_at_mut(len);
        samples = rest;
        block
    })
}

impl Lanes {
    /// Returns the number at one place of each block.
    #[inline(always)]
    pub(super) fn at(blocks: &[&[f64]; LANES], place: usize) -> Self {
        Self::from_fn(|lane| blocks[lane][place])
    }

    /// Writes each number to one place of its block.
    #[inline(always)]
    pub(super) fn put(self, blocks: &mut [&mut [f64]; LANES], place: usize) {
        for (block, value) in blocks.iter_mut().zip(self.to_array()) {
            block[place] = value;
        }
    }

    /// Returns the number that `of` gives for each lane.
    #[inline(always)]
    pub(super) fn from_fn(mut of: impl FnMut(usize) -> f64) -> Self {
        Self(from_fn(|pair| LanePair::new(of(2 * pair), of(2 * pair + 1))))
    }

    /// Repeats a number in each lane.
    #[inline(always)]
    pub(super) fn splat(value: f64) -> Self {
        Self([LanePair::new(value, value); PAIRS])
    }

    #[inline(always)]
    pub(super) fn to_array(self) -> [f64; LANES] {
        let pairs = self.0.map(LanePair::to_array);
        from_fn(|lane| pairs[lane / 2][lane % 2])
    }

    #[inline(always)]
    pub(super) fn sqrt(self) -> Self {
        Self(self.0.map(LanePair::sqrt))
    }

    #[inline(always)]
    pub(super) fn abs(self) -> Self {
        Self(self.0.map(LanePair::abs))
    }

    /// Returns the sum of all lanes.
    #[inline(always)]
    pub(super) fn sum(self) -> f64 {
        let [first, second] = self.0;
        let [even, odd] = (first + second).to_array();
        even + odd
    }

    /// Returns the smaller of both numbers; `self` where either is NaN.
    #[inline(always)]
    pub(super) fn lower(self, other: Self) -> Self {
        Self(from_fn(|pair| self.0[pair].lower(other.0[pair])))
    }

    /// Returns the larger of both numbers; `self` where either is NaN.
    #[inline(always)]
    pub(super) fn higher(self, other: Self) -> Self {
        Self(from_fn(|pair| self.0[pair].higher(other.0[pair])))
    }

    /// Returns the number where it is finite, else that of `other`.
    #[inline(always)]
    pub(super) fn finite_or(self, other: Self) -> Self {
        Self(from_fn(|pair| self.0[pair].finite_or(other.0[pair])))
    }

    /// Returns 1 where the number is finite, else 0.
    #[inline(always)]
    pub(super) fn present(self) -> Self {
        Self(self.0.map(LanePair::present))
    }

    /// Replaces the number in the first lane.
    #[inline(always)]
    pub(super) fn with_first(mut self, first: f64) -> Self {
        self.0[0] = LanePair::new(first, self.0[0].to_array()[1]);
        self
    }

    /// Returns the number where `positive` is above 0, else 0.
    #[inline(always)]
    pub(super) fn only_where(self, positive: Self) -> Self {
        Self(from_fn(|pair| self.0[pair].only_where(positive.0[pair])))
    }

    /// Returns the number where `count` is `least` or more, else NaN.
    #[inline(always)]
    pub(super) fn known(self, count: Self, least: Self) -> Self {
        Self(from_fn(|pair| self.0[pair].known(count.0[pair], least.0[pair])))
    }
}

macro_rules! operator {
    ($name:ident, $method:ident) => {
        impl $name for Lanes {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(from_fn(|pair| self.0[pair].$method(other.0[pair])))
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_by_itself() {
        for values in [[1.0, -2.0, f64::NAN, f64::INFINITY], [0.0, 9.0, f64::NEG_INFINITY, 1e300]] {
            check_lanes(values);
        }
    }

    fn check_lanes(values: [f64; LANES]) {
        let lanes = Lanes::from_fn(|lane| values[lane]);
        let count = Lanes::from_fn(|lane| lane as f64);
        let check = |got: Lanes, of: fn(f64, f64) -> f64| {
            for (lane, got) in got.to_array().into_iter().enumerate() {
                let expected = of(values[lane], lane as f64);
                assert!(got == expected || (got.is_nan() && expected.is_nan()), "{lane}: {got}");
            }
        };
        check(lanes + count, |value, count| value + count);
        check(lanes - count, |value, count| value - count);
        check(lanes * count, |value, count| value * count);
        check(lanes / count, |value, count| value / count);
        check(lanes.sqrt(), |value, _| value.sqrt());
        check(lanes.abs(), |value, _| value.abs());
        assert_eq!(count.sum(), 6.0);
        check(lanes.present(), |value, _| if value.is_finite() { 1.0 } else { 0.0 });
        check(lanes.only_where(count), |value, count| if count > 0.0 { value } else { 0.0 });
        check(
            lanes.known(count, Lanes::splat(2.0)),
            |value, count| if count >= 2.0 { value } else { f64::NAN },
        );
        check(lanes.lower(count), |a, b| if b < a { b } else { a });
        check(count.lower(lanes), |a, b| if a < b { a } else { b });
        check(lanes.higher(count), |a, b| if b > a { b } else { a });
        check(count.higher(lanes), |a, b| if a > b { a } else { b });
        check(lanes.finite_or(count), |a, b| if a.is_finite() { a } else { b });
        check(lanes.with_first(5.0), |value, count| if count == 0.0 { 5.0 } else { value });
        check(Lanes::splat(7.0), |_, _| 7.0);
    }
}

//! Two numbers as an array, which compilers make a vector where they can.

use std::ops::{Add, Div, Mul, Sub};

#[derive(Clone, Copy)]
pub(super) struct LanePair([f64; 2]);

impl LanePair {
    #[inline(always)]
    pub(super) fn new(first: f64, second: f64) -> Self {
        Self([first, second])
    }

    #[inline(always)]
    pub(super) fn to_array(self) -> [f64; 2] {
        self.0
    }

    #[inline(always)]
    pub(super) fn sqrt(self) -> Self {
        Self(self.0.map(f64::sqrt))
    }

    #[inline(always)]
    pub(super) fn abs(self) -> Self {
        Self(self.0.map(f64::abs))
    }

    #[inline(always)]
    pub(super) fn present(self) -> Self {
        Self(self.0.map(|value| if value.is_finite() { 1.0 } else { 0.0 }))
    }

    #[inline(always)]
    pub(super) fn only_where(self, positive: Self) -> Self {
        self.with(positive, |value, positive| if positive > 0.0 { value } else { 0.0 })
    }

    #[inline(always)]
    pub(super) fn lower(self, other: Self) -> Self {
        self.with(other, |a, b| if b < a { b } else { a })
    }

    #[inline(always)]
    pub(super) fn higher(self, other: Self) -> Self {
        self.with(other, |a, b| if a < b { b } else { a })
    }

    #[inline(always)]
    pub(super) fn finite_or(self, other: Self) -> Self {
        self.with(other, |a, b| if a.is_finite() { a } else { b })
    }

    #[inline(always)]
    pub(super) fn known(self, count: Self, least: Self) -> Self {
        let known =
            |lane: usize| if count.0[lane] >= least.0[lane] { self.0[lane] } else { f64::NAN };
        Self([known(0), known(1)])
    }

    #[inline(always)]
    fn with(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self([f(self.0[0], other.0[0]), f(self.0[1], other.0[1])])
    }
}

macro_rules! operator {
    ($name:ident, $method:ident) => {
        impl $name for LanePair {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.with(other, f64::$method)
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

//! Two numbers as a vector of WebAssembly; its compiler makes none of arrays.

use std::arch::wasm32::{
    f64x2, f64x2_abs, f64x2_add, f64x2_div, f64x2_extract_lane, f64x2_ge, f64x2_gt, f64x2_lt,
    f64x2_mul, f64x2_pmax, f64x2_pmin, f64x2_splat, f64x2_sqrt, f64x2_sub, v128, v128_and,
    v128_bitselect,
};
use std::ops::{Add, Div, Mul, Sub};

#[derive(Clone, Copy)]
pub(super) struct LanePair(v128);

impl LanePair {
    #[inline(always)]
    pub(super) fn new(first: f64, second: f64) -> Self {
        Self(f64x2(first, second))
    }

    #[inline(always)]
    pub(super) fn to_array(self) -> [f64; 2] {
        [f64x2_extract_lane::<0>(self.0), f64x2_extract_lane::<1>(self.0)]
    }

    #[inline(always)]
    pub(super) fn sqrt(self) -> Self {
        Self(f64x2_sqrt(self.0))
    }

    #[inline(always)]
    pub(super) fn abs(self) -> Self {
        Self(f64x2_abs(self.0))
    }

    #[inline(always)]
    pub(super) fn present(self) -> Self {
        Self(v128_and(self.finite(), f64x2_splat(1.0)))
    }

    #[inline(always)]
    fn finite(self) -> v128 {
        f64x2_lt(f64x2_abs(self.0), f64x2_splat(f64::INFINITY))
    }

    #[inline(always)]
    pub(super) fn only_where(self, positive: Self) -> Self {
        Self(v128_and(f64x2_gt(positive.0, f64x2_splat(0.0)), self.0))
    }

    #[inline(always)]
    pub(super) fn lower(self, other: Self) -> Self {
        Self(f64x2_pmin(self.0, other.0))
    }

    #[inline(always)]
    pub(super) fn higher(self, other: Self) -> Self {
        Self(f64x2_pmax(self.0, other.0))
    }

    #[inline(always)]
    pub(super) fn finite_or(self, other: Self) -> Self {
        Self(v128_bitselect(self.0, other.0, self.finite()))
    }

    #[inline(always)]
    pub(super) fn known(self, count: Self, least: Self) -> Self {
        let known = f64x2_ge(count.0, least.0);
        Self(v128_bitselect(self.0, f64x2_splat(f64::NAN), known))
    }
}

macro_rules! operator {
    ($name:ident, $method:ident, $instruction:ident) => {
        impl $name for LanePair {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self($instruction(self.0, other.0))
            }
        }
    };
}

operator!(Add, add, f64x2_add);
operator!(Sub, sub, f64x2_sub);
operator!(Mul, mul, f64x2_mul);
operator!(Div, div, f64x2_div);

//! Smallest and largest values of sliding windows.
//!
//! Method: blocks as long as the window, so that each window is the end of one and the beginning of the next:
//! van Herk, "A fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels"
//! (1992). Infinities and NaN enter no window.
//!
//! Cost: O(n) time whatever the values are, O(window) memory beside the output.

use super::enough;

/// Smallest and largest values, one of each a sample, in the unit of the values; NaN without enough samples.
#[derive(Clone, Debug)]
pub struct Extremes {
    /// The smallest.
    pub lowest: Vec<f64>,
    /// The largest.
    pub highest: Vec<f64>,
}

/// Of the `window` samples before each sample, which is itself left out. `window` of 0 counts as 1. Shape: as
/// `values`.
pub fn prior_extremes(values: &[f64], window: usize) -> Extremes {
    prior_extremes_of(values, window, enough(window))
}

/// The same with `least` finite samples as enough.
pub fn prior_extremes_of(values: &[f64], window: usize, least: usize) -> Extremes {
    let window = window.max(1);
    let mut lowest = vec![f64::NAN; values.len()];
    let mut highest = lowest.clone();
    let mut next = lowest.iter_mut().zip(&mut highest).skip(1);
    // Of the ends of the block before, each from its index on, and of the present one.
    let (mut old, mut new) = (vec![Range::EMPTY; window + 1], vec![Range::EMPTY; window + 1]);
    for block in values.chunks(window) {
        let (mut begin, mut end) = (Range::EMPTY, Range::EMPTY);
        for (at, (&forth, &back)) in block.iter().zip(block.iter().rev()).enumerate() {
            begin = begin.with(forth);
            let whole = old[at + 1].join(begin);
            if let Some((lowest, highest)) = next.next()
                && whole.count >= least
            {
                (*lowest, *highest) = (whole.lowest, whole.highest);
            }
            end = end.with(back);
            new[block.len() - 1 - at] = end;
        }
        std::mem::swap(&mut old, &mut new);
    }
    Extremes { lowest, highest }
}

#[derive(Clone, Copy)]
struct Range {
    lowest: f64,
    highest: f64,
    count: usize,
}

impl Range {
    const EMPTY: Self = Self { lowest: f64::INFINITY, highest: f64::NEG_INFINITY, count: 0 };

    #[inline]
    fn with(self, value: f64) -> Self {
        if !value.is_finite() {
            return self;
        }
        // Minus zero is zero.
        let value = value + 0.0;
        self.join(Self { lowest: value, highest: value, count: 1 })
    }

    #[inline]
    fn join(self, other: Self) -> Self {
        Self {
            lowest: if other.lowest < self.lowest { other.lowest } else { self.lowest },
            highest: if other.highest > self.highest { other.highest } else { self.highest },
            count: self.count + other.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(values: &[f64], window: usize) {
        let got = prior_extremes(values, window);
        assert_eq!((got.lowest.len(), got.highest.len()), (values.len(), values.len()));
        for at in 0..values.len() {
            let past = &values[at.saturating_sub(window.max(1))..at];
            let finite: Vec<f64> = past.iter().copied().filter(|v| v.is_finite()).collect();
            if finite.len() < enough(window) {
                assert!(got.lowest[at].is_nan() && got.highest[at].is_nan(), "{window} {at}");
            } else {
                assert_eq!(got.lowest[at], finite.iter().copied().fold(f64::INFINITY, f64::min));
                assert_eq!(
                    got.highest[at],
                    finite.iter().copied().fold(f64::NEG_INFINITY, f64::max)
                );
            }
        }
    }

    proptest! {
        #[test]
        fn as_defined_for_any_gaps(
            values in prop::collection::vec(
                prop_oneof![
                    6 => any::<f64>(),
                    2 => (-3..3_i8).prop_map(f64::from),
                    1 => Just(f64::NAN),
                    1 => Just(f64::INFINITY)
                ], 0..150),
            window in 0_usize..40,
        ) {
            check(&values, window);
        }
    }
}

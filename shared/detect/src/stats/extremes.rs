//! Smallest and largest values of sliding windows.
//!
//! Method: blocks as long as the window, so that each window is the end of one and the beginning of the next:
//! van Herk, "A fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels"
//! (1992). Infinities and NaN enter no window. Several blocks go through the same operations at once.
//!
//! Cost: O(n) time whatever the values are, O(window) memory beside the output.

use super::enough;
use super::lanes::{LANES, Lanes, blocks, blocks_mut};

/// Smallest and largest value of a window for each sample, in the unit of the values; NaN without enough samples.
#[derive(Clone, Debug)]
pub struct Extremes {
    /// Smallest value of each window.
    pub lowest: Vec<f64>,
    /// Largest value of each window.
    pub highest: Vec<f64>,
}

/// Returns the extremes of the `window` samples before each sample, which is itself left out. `window` of 0 counts as
/// 1. Shape: as `values`.
pub fn prior_extremes(values: &[f64], window: usize) -> Extremes {
    prior_extremes_of(values, window, enough(window))
}

/// Returns the extremes of [`prior_extremes`] where `min_samples` finite samples are enough.
pub fn prior_extremes_of(values: &[f64], window: usize, least: usize) -> Extremes {
    let window = window.clamp(1, values.len().max(1));
    let least = Lanes::splat(least as f64);
    let group = window * LANES;
    let mut samples = vec![f64::NAN; window];
    samples.extend_from_slice(values);
    samples.resize(window + values.len().next_multiple_of(group), f64::NAN);
    let mut lowest = vec![0.0; samples.len() - window];
    let mut highest = lowest.clone();
    // Of the end of the block before, from each place on.
    let mut ends = vec![ExtremeRange::empty(); window];
    let out = lowest.chunks_mut(group).zip(highest.chunks_mut(group));
    for (first, (lowest, highest)) in (0..).step_by(group).zip(out) {
        let [before, here] = [0, window].map(|from| blocks(&samples[first + from..], window));
        let (mut lowest, mut highest) = (blocks_mut(lowest, window), blocks_mut(highest, window));
        let mut end = ExtremeRange::empty();
        for (at, kept) in ends.iter_mut().enumerate().rev() {
            end = end.with(Lanes::at(&before, at));
            *kept = end;
        }
        let mut begin = ExtremeRange::empty();
        for (at, end) in ends.iter().enumerate() {
            let whole = end.join(begin);
            whole.lowest.known(whole.count, least).put(&mut lowest, at);
            whole.highest.known(whole.count, least).put(&mut highest, at);
            begin = begin.with(Lanes::at(&here, at));
        }
    }
    lowest.truncate(values.len());
    highest.truncate(values.len());
    Extremes { lowest, highest }
}

/// Extremes of several blocks at once.
#[derive(Clone, Copy)]
struct ExtremeRange {
    lowest: Lanes,
    highest: Lanes,
    count: Lanes,
}

impl ExtremeRange {
    fn empty() -> Self {
        let [lowest, highest] = [f64::INFINITY, f64::NEG_INFINITY].map(Lanes::splat);
        Self { lowest, highest, count: Lanes::splat(0.0) }
    }

    #[inline(always)]
    fn with(self, values: Lanes) -> Self {
        // Minus zero is zero.
        let zero = values + Lanes::splat(0.0);
        let [infinity, minus] = [f64::INFINITY, f64::NEG_INFINITY].map(Lanes::splat);
        let count = values.present();
        self.join(Self { lowest: zero.finite_or(infinity), highest: zero.finite_or(minus), count })
    }

    #[inline(always)]
    fn join(self, other: Self) -> Self {
        Self {
            lowest: self.lowest.lower(other.lowest),
            highest: self.highest.higher(other.highest),
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

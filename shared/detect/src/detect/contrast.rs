//! Statistics of a short window against those of a long one, and how far the two usually differ.

use super::{Detection, DetectorInput, Quantity, words};
use crate::stats::rolling::prior_moments;

/// Lengths of the windows in samples.
#[derive(Clone, Copy)]
pub(super) struct ContrastWindows {
    /// Length of the short window, which ends at the judged sample.
    pub window: usize,
    /// Length of the long window, which ends where the short one begins.
    pub reference: usize,
    /// Number of contrasts in the baseline. It ends where the short window begins, so that nothing is judged by itself.
    pub baseline: usize,
}

/// Judges a statistic of the short window against that of the long one, by mean and population standard deviation of
/// such contrasts before.
///
/// `statistic` returns it for windows of both lengths before each sample, which is left out; `word` is the name of a
/// contrast. NaN without enough samples; samples that are not finite stay as they are.
pub(super) fn contrast(
    input: DetectorInput<'_>,
    quantity: Quantity,
    windows: ContrastWindows,
    statistic: impl Fn(&[f64], [usize; 2]) -> [Vec<f64>; 2],
    compare: impl Fn(f64, f64) -> f64,
    word: &str,
) -> Detection {
    let ContrastWindows { window, reference, baseline } = windows;
    let late = window.max(1) - 1;
    // One sample more, so that the windows before it are the last ones that end at a sample.
    let of_windows = |of: &[f64]| statistic(&[of, &[f64::NAN]].concat(), [window, reference]);
    let [new, old] = of_windows(input.reference);
    let old = delayed(&old, late);
    let contrasts = |of: &[f64], new: &[f64]| -> Vec<f64> {
        let pairs = of.iter().zip(&new[1..]).zip(&old);
        pairs.map(|((v, new), old)| if v.is_finite() { compare(*new, *old) } else { *v }).collect()
    };
    let past = contrasts(input.reference, &new);
    let moments = prior_moments(&past, baseline);
    let judged = if input.learns_all() {
        past
    } else {
        contrasts(input.values, &of_windows(input.values)[0])
    };
    let (expected, scale) = (delayed(&moments.mean, late), delayed(&moments.std, late));
    let words = words::statistics(baseline, word, window, input.grid);
    Detection::judge(quantity, judged, expected, scale, words, reference)
}

/// Shifts a series by `late` samples to later times, with NaN at the front.
fn delayed(of: &[f64], late: usize) -> Vec<f64> {
    std::iter::repeat_n(&f64::NAN, late).chain(of).take(of.len()).copied().collect()
}

//! Flat lines and gaps: stretches that last longer than any before.

use super::evidence::Alarm;

/// Minimum length of a flat line or gap that alerts, as a multiple of the longest one before.
const MIN_LENGTH_RATIO: f64 = 3.0;
/// Minimum length of a flat line or gap that alerts, in samples.
const MIN_STRETCH: usize = 6;

/// Minimum number of changed samples before a flat line may alert.
const MIN_CHANGES: usize = 10;

/// Finds samples at which the value has not changed for much longer than ever before. A value that half of the samples
/// before had is the resting value of the series, such as 0 for an error rate, and never alerts.
pub(super) fn flat(values: &[f64]) -> Vec<Alarm> {
    let unchanged = |at: usize| at > 0 && values[at] == values[at - 1] && values[at].is_finite();
    let mut resting = (usize::MAX, false);
    let rests = |began: usize| {
        if resting.0 != began {
            let same = values[..began].iter().filter(|value| **value == values[began]).count();
            resting = (began, 2 * same >= began);
        }
        resting.1
    };
    lasting(values.len(), unchanged, MIN_CHANGES, rests)
}

/// Finds samples that have been missing for much longer than ever before. Nothing counts as missing before the first
/// sample of the series.
pub(super) fn gap(values: &[f64]) -> Vec<Alarm> {
    let begun = values.iter().position(|value| !value.is_nan()).unwrap_or(values.len());
    lasting(values.len(), |at| at > begun && values[at].is_nan(), 0, |_| false)
}

/// Finds samples at which `goes_on` has held much longer than in the longest stretch before, once more than
/// `min_samples` stretches have ended, except in stretches whose first sample is `usual`.
///
/// If the longest of n stretches of random length is L, one of length l has the probability n^(-l/L); the probability
/// of the alarm is that of lasting on after the longest, n^(1-l/L).
fn lasting(
    len: usize,
    goes_on: impl Fn(usize) -> bool,
    min_samples: usize,
    mut usual: impl FnMut(usize) -> bool,
) -> Vec<Alarm> {
    let (mut length, mut longest, mut ended) = (0_usize, 0_usize, 0_usize);
    let mut alarms = Vec::new();
    for at in 0..len {
        if goes_on(at) {
            length += 1;
        } else {
            longest = longest.max(std::mem::take(&mut length));
            ended += 1;
        }
        let times = length as f64 / longest.max(1) as f64;
        if length >= MIN_STRETCH
            && times >= MIN_LENGTH_RATIO
            && ended > min_samples
            && !usual(at + 1 - length)
        {
            let probability = libm::exp((libm::log(ended as f64) * (1.0 - times)).max(-600.0));
            alarms.push(Alarm { at, score: 1.0, probability });
        }
    }
    alarms
}

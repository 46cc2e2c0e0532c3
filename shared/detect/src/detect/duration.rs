//! Stretches of samples against the longest one before: shared by the detectors of flat lines and gaps.

use super::param::Param;
use super::{Detection, DetectorInput, Quantity};

/// Default threshold: three times the longest stretch so far. If stretches end by chance at a constant rate
/// (exponential lengths), the next one exceeds that with probability `6 / ((n + 1) (n + 2) (n + 3))` after n of them: 1
/// in 286 after 10, 1 in 177,000 after 100.
pub(super) const THRESHOLD: f64 = 3.0;

/// Minimum number of stretches, or samples, from which the usual length is learnt.
pub(super) const MIN_KNOWN: usize = 10;

pub(super) const MIN_LENGTH: Param = Param::samples(
    "least",
    "At least",
    "Minimum length, in samples, of the longest usual stretch, however short the earlier ones were.",
    (1, 1_000),
    3,
);

/// The stretch that a sample is in, in samples.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    /// How long it lasts already; `None` without a verdict.
    pub length: Option<usize>,
    /// The longest that was learnt before; `None` while too little is known.
    pub longest: Option<usize>,
}

/// Judges each stretch, in seconds, against the longest before it, which counts as `least` samples or more. An infinite
/// value is odd by itself.
pub(super) fn against_longest(
    input: DetectorInput<'_>,
    stretches: impl Iterator<Item = Stretch>,
    least: usize,
    baseline: String,
) -> Detection {
    let len = input.values.len();
    let step = input.grid.step.span().as_seconds();
    let seconds = |samples: Option<usize>| samples.map_or(f64::NAN, |count| count as f64 * step);
    let (mut judged, mut expected) = (Vec::with_capacity(len), vec![f64::NAN; len]);
    let mut scale = Vec::with_capacity(len);
    for ((value, stretch), expected) in input.values.iter().zip(stretches).zip(&mut expected) {
        judged.push(if value.is_infinite() { *value } else { seconds(stretch.length) });
        scale.push(seconds(stretch.longest.map(|longest| longest.max(least))));
        if stretch.longest.is_some() {
            *expected = 0.0;
        }
    }
    Detection::judge(Quantity::Duration, judged, expected, scale, baseline, len)
}

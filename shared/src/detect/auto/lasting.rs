//! Flat lines and gaps: what lasts longer than ever before.

/// A flat line or a gap alerts when it lasts so many times as long as any before,
const TIMES: f64 = 3.0;
/// and so many samples.
const LEAST_STRETCH: usize = 6;

/// Alerts as long as no sample has changed for much longer than ever before.
pub(super) fn flat(values: &[f64]) -> Vec<f64> {
    let mut last = f64::NAN;
    let unchanged = |value: f64| value == std::mem::replace(&mut last, value) && value.is_finite();
    lasting(values, unchanged, 10)
}

/// Alerts as long as no sample has come for much longer than ever before; before the first, none is missing.
pub(super) fn gap(values: &[f64]) -> Vec<f64> {
    let mut begun = false;
    let missing = |value: f64| {
        begun |= !value.is_nan();
        begun && value.is_nan()
    };
    lasting(values, missing, 0)
}

/// 1 where `goes_on` has held so long, compared with the longest stretch before, once `least`
/// stretches have ended; else 0.
fn lasting(values: &[f64], mut goes_on: impl FnMut(f64) -> bool, least: usize) -> Vec<f64> {
    let (mut length, mut longest, mut ended) = (0_usize, 0_usize, 0_usize);
    let strength = |value: &f64| {
        if goes_on(*value) {
            length += 1;
        } else {
            longest = longest.max(std::mem::take(&mut length));
            ended += 1;
        }
        let long = length >= LEAST_STRETCH && length as f64 >= TIMES * longest.max(1) as f64;
        if long && ended > least { 1.0 } else { 0.0 }
    };
    values.iter().map(strength).collect()
}

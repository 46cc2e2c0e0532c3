/// Fills missing samples: with the mean of the nearest samples at the same phase of the seasons before
/// and after, which keeps season and trend; where a phase has no sample at all, with those before and after in
/// time. `None` if there is not one. `period` of 0 counts as 1.
///
/// Cost: O(n). Shape: as `values`.
pub fn fill(values: &[f64], period: usize) -> Option<Vec<f64>> {
    let mut filled = values.to_vec();
    between(values, period.max(1), &mut filled);
    if filled.iter().any(|value| !value.is_finite()) {
        let partly = filled.clone();
        between(&partly, 1, &mut filled);
    }
    filled.iter().all(|value| value.is_finite()).then_some(filled)
}

/// Writes to each missing place the mean of the nearest samples that lie a multiple of `stride` before and after it, or
/// the one that there is.
fn between(values: &[f64], stride: usize, filled: &mut [f64]) {
    for phase in 0..stride.min(values.len()) {
        let mut before = None;
        let mut at = phase;
        while at < values.len() {
            if values[at].is_finite() {
                before = Some(values[at]);
                at += stride;
                continue;
            }
            let mut next = at;
            while next < values.len() && !values[next].is_finite() {
                next += stride;
            }
            let after = values.get(next).copied();
            let value = match (before, after) {
                (Some(before), Some(after)) => before * 0.5 + after * 0.5,
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => f64::NAN,
            };
            while at < next.min(values.len()) {
                filled[at] = value;
                at += stride;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: f64 = f64::NAN;

    fn check(values: &[f64], period: usize, filled: Option<&[f64]>) {
        assert_eq!(fill(values, period).as_deref(), filled, "{values:?}");
    }

    #[test]
    fn by_phase_then_by_time() {
        check(&[1.0, 2.0, NO, 4.0, 5.0, 6.0], 2, Some(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        check(&[NO, 2.0, 3.0, NO, f64::INFINITY, 6.0], 2, Some(&[3.0, 2.0, 3.0, 4.0, 3.0, 6.0]));
        check(&[NO, 2.0, NO, 4.0], 2, Some(&[2.0, 2.0, 3.0, 4.0]));
        check(&[7.0, NO, NO], 9, Some(&[7.0, 7.0, 7.0]));
        check(&[NO, NO], 1, None);
        check(&[], 1, Some(&[]));
    }
}

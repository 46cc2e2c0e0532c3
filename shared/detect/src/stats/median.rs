//! Medians and quartiles of a few values at once; [`super::quantile`] has those of sliding windows.

use super::enough;
use super::quantile::QUARTILE_RANGE;

/// Returns the median, of an even count the larger of the two middle values; `None` without a value. Reorders `values`,
/// in which NaN is larger than any number.
pub fn upper_median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Returns the median, of an even count the mean of the two middle values; NaN without a value. Reorders `values`, none of
/// which is NaN.
pub(crate) fn middle_median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let even = values.len().is_multiple_of(2);
    let (below, high, _) = values.select_nth_unstable_by(values.len() / 2, f64::total_cmp);
    let low = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if even { low * 0.5 + *high * 0.5 } else { *high }
}

/// Returns the [`upper_median`] of the finite values; `None` without one. Reorders `values`.
pub fn finite_median(values: &mut [f64]) -> Option<f64> {
    upper_median(finite(values))
}

/// Returns the quartile range of the finite values over [`QUARTILE_RANGE`], which estimates their standard deviation; 0
/// for fewer than 4. Reorders `values`.
pub fn scaled_quartile_range(values: &mut [f64]) -> f64 {
    let values = finite(values);
    let len = values.len();
    if len < 4 {
        return 0.0;
    }
    let upper = *values.select_nth_unstable_by(len * 3 / 4, f64::total_cmp).1;
    let lower = *values[..len * 3 / 4].select_nth_unstable_by(len / 4, f64::total_cmp).1;
    (upper - lower) / QUARTILE_RANGE
}

/// Returns the values at a quarter, half and three quarters of the order; `None` without a value. Reorders `values`.
pub(crate) fn quartiles(values: &mut [f64]) -> Option<[f64; 3]> {
    let last = values.len().checked_sub(1)?;
    let quarter = values.len() / 4;
    let ranks = [quarter, values.len() / 2, last - quarter];
    Some(ranks.map(|rank| *values.select_nth_unstable_by(rank, f64::total_cmp).1))
}

/// Returns the [`quartiles`] of the finite values; `None` if less than half of all values are finite.
pub(crate) fn finite_quartiles(values: &[f64]) -> Option<[f64; 3]> {
    let mut finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if finite.len() < enough(values.len()) { None } else { quartiles(&mut finite) }
}

/// Moves the finite values to the front and returns them.
fn finite(values: &mut [f64]) -> &mut [f64] {
    let mut count = 0;
    for at in 0..values.len() {
        if values[at].is_finite() {
            values.swap(count, at);
            count += 1;
        }
    }
    &mut values[..count]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quartiles_of_few_values() {
        const NO: f64 = f64::NAN;
        type Case = (&'static [f64], Option<f64>, f64);
        let cases: [Case; 5] = [
            (&[], None, 0.0),
            (&[NO, f64::INFINITY], None, 0.0),
            (&[3.0, 1.0], Some(3.0), 0.0),
            (&[5.0, NO, 1.0, 3.0], Some(3.0), 0.0),
            (&[4.0, 1.0, 3.0, 2.0], Some(3.0), 2.0 / QUARTILE_RANGE),
        ];
        for (values, median, range) in cases {
            assert_eq!(finite_median(&mut values.to_vec()), median, "{values:?}");
            assert_eq!(scaled_quartile_range(&mut values.to_vec()), range, "{values:?}");
        }
        assert_eq!(quartiles(&mut [5.0, 1.0, 4.0, 2.0, 3.0]), Some([2.0, 3.0, 4.0]));
        assert_eq!(finite_quartiles(&[1.0, NO, NO, NO]), None);
    }
}

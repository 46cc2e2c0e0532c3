//! Whether two samples come from one distribution: the two-sample Kolmogorov-Smirnov test.
//!
//! Definition: `D = max over x of |F(x) - G(x)|`, F and G the shares of either sample at or below x. It is 0 where both
//! are alike and 1 where they do not overlap. Equal values are stepped over together, so that ties make D smaller and
//! the test careful. Ranks alone decide: it is indifferent to scale and to outliers.
//!
//! Source: Smirnov, "Table for estimating the goodness of fit of empirical distributions" (1948); Press et al.,
//! "Numerical Recipes", section 14.3, for the series and for Stephens' correction for small samples.

/// Returns D of two samples, both of which are sorted on the way; `None` if either is empty. Cost: O(n log n).
pub fn distance(a: &mut [f64], b: &mut [f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let (mut i, mut j, mut most) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let value = if a[i] < b[j] { a[i] } else { b[j] };
        i += a[i..].iter().take_while(|other| **other <= value).count();
        j += b[j..].iter().take_while(|other| **other <= value).count();
        most = most.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    Some(most)
}

/// Returns the probability of so large a distance if both samples come from one distribution. `effective` is `n m / (n
/// + m)` for samples of n and m values that do not depend on one another, and less for others.
pub fn probability(distance: f64, effective: f64) -> f64 {
    let root = effective.max(0.0).sqrt();
    if root == 0.0 {
        return 1.0;
    }
    let lambda = (root + 0.12 + 0.11 / root) * distance;
    // Below this the series converges slowly, and to 1.
    if lambda < 0.3 {
        return 1.0;
    }
    let (mut sum, mut sign) = (0.0, 1.0);
    for k in 1..=20 {
        let k = f64::from(k) * lambda;
        sum += sign * libm::exp(-2.0 * k * k);
        sign = -sign;
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn distances_with_and_without_ties() {
        type Case = (&'static [f64], &'static [f64], Option<f64>);
        let cases: [Case; 7] = [
            (&[], &[1.0], None),
            (&[1.0, 2.0], &[3.0, 4.0], Some(1.0)),
            (&[4.0, 3.0], &[1.0, 2.0], Some(1.0)),
            (&[1.0, 3.0], &[2.0, 4.0], Some(0.5)),
            (&[5.0, 5.0, 5.0], &[5.0], Some(0.0)),
            (&[0.0, 0.0, 0.0, 1.0], &[0.0, 0.0, 1.0, 1.0], Some(0.25)),
            (&[1.0, f64::INFINITY], &[1.0], Some(0.5)),
        ];
        for (a, b, expected) in cases {
            let (mut a, mut b) = (a.to_vec(), b.to_vec());
            assert_eq!(distance(&mut a, &mut b), expected, "{a:?} {b:?}");
        }
    }

    /// Table of the limit distribution: Smirnov (1948). A large sample needs no correction.
    #[test]
    fn probabilities_of_the_table() {
        for (lambda, expected) in
            [(0.5, 0.963_9), (0.83, 0.496_3), (1.36, 0.049_5), (1.63, 0.009_8)]
        {
            let found = probability(lambda / 1e4, 1e8);
            assert!((found - expected).abs() < 2e-4, "{lambda}: {found}");
        }
        assert_eq!((probability(1.0, 0.0), probability(0.0, 50.0)), (1.0, 1.0));
        assert!(probability(1.0, f64::NAN) == 1.0);
    }

    proptest! {
        #[test]
        fn any_samples(
            a in prop::collection::vec(any::<f64>().prop_filter("a number", |x| !x.is_nan()), 1..40),
            b in prop::collection::vec((0..4_i32).prop_map(f64::from), 1..40),
            scale in 0.01..100_f64,
        ) {
            let of = |x: &[f64], y: &[f64]| distance(&mut x.to_vec(), &mut y.to_vec()).unwrap();
            let found = of(&a, &b);
            prop_assert!((0.0..=1.0).contains(&found));
            prop_assert!((of(&b, &a) - found).abs() < 1e-12);
            prop_assert_eq!(of(&a, &a), 0.0);
            let scaled: Vec<f64> = b.iter().map(|x| x * scale).collect();
            prop_assert_eq!(of(&b, &[1.5]), of(&scaled, &[1.5 * scale]));
            let probability = probability(found, 8.0);
            prop_assert!((0.0..=1.0).contains(&probability));
        }
    }
}

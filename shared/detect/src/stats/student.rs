//! Student's t distribution: how probable a mean so far off is when its spread was learnt from few values.

/// Maximum number of steps of the continued fraction; it converges in a few dozen.
const STEPS: usize = 200;

/// Returns the probability of `|t|` or more with `freedom` degrees of freedom; 1 where either is not a number or there
/// are none.
///
/// Source: Abramowitz and Stegun 26.7.1, by the incomplete beta function `I_x(freedom / 2, 1 / 2)` at `x = freedom /
/// (freedom + t^2)`, whose continued fraction is DLMF 8.17.22.
pub fn two_sided(t: f64, freedom: f64) -> f64 {
    if t.is_nan() || freedom.is_nan() || freedom <= 0.0 {
        return 1.0;
    }
    if t.is_infinite() {
        return 0.0;
    }
    let square = t * t;
    incomplete_beta(freedom / (freedom + square), square / (freedom + square), freedom / 2.0, 0.5)
}

/// Returns `I_x(a, b)`, with `rest = 1 - x` given apart so that neither loses digits.
fn incomplete_beta(x: f64, rest: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if rest <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(
        libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)
            + a * libm::log(x)
            + b * libm::log(rest),
    );
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(rest, b, a) / b
    }
}

/// Evaluates the continued fraction of the incomplete beta function by Lentz' method.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let (mut c, mut value) = (1.0, d);
    for m in 1..=STEPS {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut factor = 1.0;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            factor = d * c;
            value *= factor;
        }
        if (factor - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Closed forms: 1 degree is Cauchy's distribution, 2 have a root; and the usual table.
    #[test]
    fn known_probabilities() {
        for t in [0.0, 0.1, 1.0, 3.0, 50.0, 1e6] {
            let cauchy = 1.0 - 2.0 / std::f64::consts::PI * libm::atan(t);
            assert!((two_sided(t, 1.0) - cauchy).abs() < 1e-9, "{t}: {}", two_sided(t, 1.0));
            let two = 1.0 - t / (2.0 + t * t).sqrt();
            assert!((two_sided(-t, 2.0) - two).abs() < 1e-9, "{t}");
        }
        for (t, freedom, expected) in
            [(2.086, 20.0, 0.05), (2.845, 20.0, 0.01), (1.96, 1e7, 0.05), (4.032, 5.0, 0.01)]
        {
            assert!((two_sided(t, freedom) - expected).abs() < 1e-4, "{t} {freedom}");
        }
        assert!(two_sided(40.0, 20.0) < 1e-18 && two_sided(40.0, 20.0) > 0.0);
    }

    #[test]
    fn what_is_no_number_says_nothing() {
        assert_eq!(two_sided(f64::NAN, 3.0), 1.0);
        assert_eq!(two_sided(3.0, 0.0), 1.0);
        assert_eq!(two_sided(f64::INFINITY, 3.0), 0.0);
    }
}

use super::*;
use proptest::prelude::*;

/// Two passes over the window, in the order of the definition.
fn plain_moments(values: &[f64], window: usize, at: usize) -> (f64, f64) {
    let past = &values[at.saturating_sub(window)..at];
    let finite: Vec<f64> = past.iter().copied().filter(|v| v.is_finite()).collect();
    if finite.len() < enough(window) {
        return (f64::NAN, f64::NAN);
    }
    let count = finite.len() as f64;
    let base = finite[0];
    let mean = finite.iter().map(|v| v - base).sum::<f64>() / count;
    let square = finite.iter().map(|v| (v - base - mean).powi(2)).sum::<f64>() / count;
    (base + mean, square.sqrt())
}

fn plain_slope(values: &[f64], window: usize, at: usize) -> f64 {
    let first = (at + 1).saturating_sub(window);
    let points: Vec<(f64, f64)> =
        (first..=at).filter(|i| values[*i].is_finite()).map(|i| (i as f64, values[i])).collect();
    if points.len() < enough(window) {
        return f64::NAN;
    }
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
    let cross: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    cross / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance
}

fn check(values: &[f64], window: usize, relative: f64) {
    let level = values.iter().filter(|v| v.is_finite()).fold(0.0_f64, |m, v| m.max(v.abs()));
    let (got, slope) = (prior_moments(values, window), slopes(values, window));
    assert_eq!(
        (got.mean.len(), got.std.len(), slope.len()),
        (values.len(), values.len(), values.len())
    );
    for (at, slope) in slope.iter().enumerate() {
        let (mean, std) = plain_moments(values, window, at);
        let line = plain_slope(values, window, at);
        assert!(
            close(got.mean[at], mean, relative * level.max(1.0)),
            "mean {at}: {} {mean}",
            got.mean[at]
        );
        assert!(
            close(got.std[at], std, relative * level.max(1.0)),
            "std {at}: {} {std}",
            got.std[at]
        );
        assert!(close(*slope, line, relative * level.max(1.0)), "slope {at}: {slope} {line}");
    }
}

fn noise(len: usize) -> Vec<f64> {
    let mut state = 7_u64;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        })
        .collect()
}

#[test]
fn the_definition_on_plain_input() {
    for len in [0, 1, 2, 3, 7, 200] {
        for window in [0, 1, 2, 3, 5, 60, 500] {
            check(&noise(len), window, 1e-12);
        }
    }
}

#[test]
fn a_high_level_keeps_the_spread() {
    for (level, tolerance) in [(1e9, 1e-9), (1e12, 1e-4)] {
        let values: Vec<f64> = noise(2_000).iter().map(|v| level + v).collect();
        let got = prior_moments(&values, 60);
        for at in 60..values.len() {
            let (_, std) = plain_moments(&values, 60, at);
            assert!(
                (got.std[at] - std).abs() <= tolerance * std,
                "{level} {at}: {} {std}",
                got.std[at]
            );
        }
    }
}

/// Wherever in a block they come, so that every pivot is far from the samples once.
#[test]
fn a_step_and_a_spike_keep_the_spread() {
    let window = 10;
    for at in 100..100 + 8 * window {
        let (mut step, mut spike) = (noise(300), noise(300));
        step[at..].iter_mut().for_each(|value| *value = (1e6 + *value) * 4.0);
        spike[at] = -1e9;
        for values in [step, spike] {
            let got = prior_moments(&values, window);
            for at in window..values.len() {
                let (mean, std) = plain_moments(&values, window, at);
                assert!((got.mean[at] - mean).abs() <= 1e-9 * std, "{at}: {} {mean}", got.mean[at]);
                assert!((got.std[at] - std).abs() <= 1e-9 * std, "{at}: {} {std}", got.std[at]);
            }
        }
    }
}

#[test]
fn what_left_the_window_leaves_no_trace() {
    let clean = noise(400);
    for bad in [1e16, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let mut spoiled = clean.clone();
        spoiled[100] = bad;
        let (a, b) = (prior_moments(&clean, 30), prior_moments(&spoiled, 30));
        for at in 131..400 {
            assert!(
                close(a.mean[at], b.mean[at], 1e-14) && close(a.std[at], b.std[at], 1e-14),
                "{bad} {at}"
            );
        }
    }
    let flat = prior_moments(&[vec![1e9; 50], vec![5.0; 100]].concat(), 20);
    assert!(flat.std[70..].iter().all(|std| *std == 0.0));
}

proptest! {
    #[test]
    fn as_defined_for_any_gaps(
        values in prop::collection::vec(
            prop_oneof![8 => -1e3..1e3_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)], 0..300),
        window in 0_usize..40,
    ) {
        check(&values, window, 1e-10);
    }

    /// Also not which of two ways through a group of blocks is taken.
    #[test]
    fn the_future_changes_nothing(
        values in prop::collection::vec(prop_oneof![40 => -1e6..1e6_f64, 1 => Just(f64::NAN)], 1..300),
        window in 1_usize..30,
        cut in 0_usize..300,
    ) {
        let cut = cut.min(values.len());
        let (all, past) = (prior_moments(&values, window), prior_moments(&values[..cut], window));
        let (slopes, past_slopes) = (slopes(&values, window), slopes(&values[..cut], window));
        for at in 0..cut {
            prop_assert_eq!(all.mean[at].to_bits(), past.mean[at].to_bits());
            prop_assert_eq!(all.std[at].to_bits(), past.std[at].to_bits());
            prop_assert_eq!(slopes[at].to_bits(), past_slopes[at].to_bits());
        }
    }

    #[test]
    fn no_value_panics(values in prop::collection::vec(any::<f64>(), 0..60), window in 0_usize..20) {
        let _ = (prior_moments(&values, window), slopes(&values, window), moments(&values));
    }
}

use super::*;
use proptest::prelude::*;

/// Interpolated as the definition says, over samples sorted anew.
fn plain_quantile(samples: &[f64], quantile: f64) -> f64 {
    let mut sorted: Vec<f64> = samples.iter().map(|value| value + 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let rank = quantile * (sorted.len() - 1) as f64;
    let low = sorted[rank.floor() as usize];
    let high = sorted[rank.ceil() as usize];
    let weight = rank.fract();
    if low == high { low } else { low * (1.0 - weight) + high * weight }
}

fn finite_past(values: &[f64], window: usize, at: usize) -> Option<Vec<f64>> {
    let past = &values[at.saturating_sub(window)..at];
    let finite: Vec<f64> = past.iter().copied().filter(|value| value.is_finite()).collect();
    (finite.len() >= enough(window)).then_some(finite)
}

/// Bit for bit as the definition.
fn check(values: &[f64], window: usize) {
    let ranks = Ranks::new(values);
    let Quartiles { low, median, high } = ranks.prior_quartiles(window);
    let [least, most] = ranks.prior_quantiles(window, [0.0, 1.0]);
    let deviations = ranks.prior_deviations(window);
    for at in 0..values.len() {
        let past = finite_past(values, window.max(1), at);
        let plain =
            |quantile| past.as_ref().map_or(f64::NAN, |past| plain_quantile(past, quantile));
        let far = past.as_ref().map_or(f64::NAN, |past| {
            let centre = plain_quantile(past, 0.5);
            let far: Vec<f64> = past.iter().map(|value| (value - centre).abs()).collect();
            plain_quantile(&far, 0.5)
        });
        for (name, got, expected) in [
            ("least", least[at], plain(0.0)),
            ("low", low[at], plain(0.25)),
            ("median", median[at], plain(0.5)),
            ("high", high[at], plain(0.75)),
            ("most", most[at], plain(1.0)),
            ("median of deviations", deviations.median[at], plain(0.5)),
            ("deviation", deviations.deviation[at], far),
        ] {
            assert!(
                got.to_bits() == expected.to_bits() || (got.is_nan() && expected.is_nan()),
                "{name} of {window} before {at}: {got} instead of {expected}"
            );
        }
    }
    assert_eq!(ranks.prior_medians(window).len(), values.len());
}

fn noise(len: usize) -> Vec<f64> {
    let mut state = 11_u64;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / (1_u64 << 31) as f64 - 0.5
        })
        .collect()
}

#[test]
fn the_definition_on_plain_input() {
    for len in [0, 1, 2, 3, 7, 300] {
        for window in [0, 1, 2, 3, 4, 60, 500] {
            check(&noise(len), window);
        }
    }
    check(&noise(5_000), 777);
}

#[test]
fn levels_ties_and_extremes() {
    let wave: Vec<f64> = noise(300).iter().map(|value| (value * 4.0).round()).collect();
    let level: Vec<f64> = noise(300).iter().map(|value| 1e9 + value).collect();
    let mut spoiled = level.clone();
    (spoiled[100], spoiled[130], spoiled[170]) = (0.0, f64::MAX, -f64::MIN_POSITIVE);
    let step: Vec<f64> =
        noise(300).iter().enumerate().map(|(at, v)| if at < 150 { *v } else { v + 1e6 }).collect();
    for values in [wave, level, spoiled, step, vec![-0.0; 50], vec![0.1; 50]] {
        for window in [3, 6, 21] {
            check(&values, window);
        }
    }
}

/// Many values that share all the bits that fit beside an index.
#[test]
fn values_that_differ_in_the_last_bits_only() {
    let values: Vec<f64> = noise(3_000)
        .iter()
        .enumerate()
        .map(|(at, value)| if at % 1_000 == 0 { at as f64 * 1e300 } else { 1.0 + value * 1e-13 })
        .collect();
    check(&values, 30);
}

#[test]
fn more_samples_than_sixteen_bits_count() {
    let values = noise(70_000);
    let ranks = Ranks::new(&values);
    for (window, held) in [(101, 101), (9_000, 9_000), (40_000, MAX_WINDOW)] {
        let medians = ranks.prior_medians(window);
        for at in (held..values.len()).step_by(4_999) {
            let plain = plain_quantile(&values[at - held..at], 0.5);
            assert_eq!(medians[at], plain, "{window} {at}");
        }
    }
}

proptest! {
    #[test]
    fn as_defined_for_any_gaps(
        values in prop::collection::vec(
            prop_oneof![
                6 => -1e3..1e3_f64,
                2 => (-3..3_i8).prop_map(f64::from),
                1 => Just(f64::NAN),
                1 => prop::sample::select(&[f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0][..])
            ], 0..150),
        window in 0_usize..40,
    ) {
        check(&values, window);
    }

    #[test]
    fn as_defined_for_any_value(values in prop::collection::vec(any::<f64>(), 0..60), window in 0_usize..20) {
        check(&values, window);
    }

    #[test]
    fn the_future_changes_nothing(values in prop::collection::vec(-1e6..1e6_f64, 1..120), window in 1_usize..30, cut in 0_usize..120) {
        let cut = cut.min(values.len());
        let (all, past) = (Ranks::new(&values), Ranks::new(&values[..cut]));
        let (all, past) = (all.prior_deviations(window), past.prior_deviations(window));
        for at in 0..cut {
            prop_assert_eq!(all.median[at].to_bits(), past.median[at].to_bits());
            prop_assert_eq!(all.deviation[at].to_bits(), past.deviation[at].to_bits());
        }
    }
}

//! What holds for every detector; what is particular to one is in the file of that name.

mod particular;

use super::*;
use crate::stats::{MIN_RELATIVE_SCALE, MIN_SCALE, enough};
use crate::time::{Step, Timestamp};
use proptest::prelude::*;

fn input(values: &[f64], history: usize) -> DetectorInput<'_> {
    let grid = Grid { start: Timestamp(0), step: Step::from_seconds(60), len: values.len() };
    DetectorInput::new(values, history, grid)
}

/// Its peers, where it has some, are the series itself up to four samples late.
fn found(detector: Detector, input: DetectorInput<'_>) -> Detection {
    let late = (1..5).map(|late| {
        let first = std::iter::repeat_n(f64::NAN, late);
        first.chain(input.values.iter().copied()).take(input.values.len()).collect::<Vec<f64>>()
    });
    let late: Vec<Vec<f64>> = late.collect();
    let all: Vec<&[f64]> =
        std::iter::once(input.values).chain(late.iter().map(Vec::as_slice)).collect();
    detector.detect(DetectorInput { group: detector.group(&all).as_ref(), ..input })
}

/// With short windows and memories, so that short series reach every branch.
fn small(detector: Detector) -> Detector {
    detector.params().iter().fold(detector, |d, (param, _)| {
        let small = if param.kind == ParamKind::Samples { param.min + 3.0 } else { param.default };
        d.with(param.id, small)
    })
}

/// Each detector with each of its choices.
fn all() -> impl Iterator<Item = Detector> {
    Detector::all().flat_map(|detector| {
        let choices: Vec<Detector> = detector
            .params()
            .into_iter()
            .filter(|(param, _)| matches!(param.kind, ParamKind::Choice(_)))
            .flat_map(|(param, _)| {
                (1..=param.max as u32).map(move |place| detector.with(param.id, place.into()))
            })
            .collect();
        std::iter::once(detector).chain(choices)
    })
}

/// Those that learn: fixed bounds neither scale nor find anything by themselves.
fn learning() -> impl Iterator<Item = Detector> {
    let bounded = |d: &Detector| matches!(d, Detector::Threshold(_) | Detector::Forecast(_));
    all().filter(move |detector| !bounded(detector)).map(small)
}

/// Those that learn from values, and not from when samples come or change.
fn of_values() -> impl Iterator<Item = Detector> {
    learning().filter(|d| !matches!(d, Detector::Flatline(_) | Detector::Gap(_)))
}

/// Those whose scores know no unit and no level: the signed logarithms and floors of `auto` do.
fn without_unit() -> impl Iterator<Item = Detector> {
    learning().filter(|detector| !matches!(detector, Detector::Auto(_)))
}

/// What a value of this quantity grows by when all samples do by `factor`.
fn grows(quantity: Quantity, factor: f64) -> f64 {
    match quantity {
        Quantity::Value
        | Quantity::Increase
        | Quantity::Slope
        | Quantity::Contrast
        | Quantity::Forecast => factor,
        Quantity::Spread | Quantity::CumulativeSum | Quantity::Duration => 1.0,
    }
}

/// Whether the scale is the floor, which knows no unit.
fn floored(found: &Detection, at: usize) -> bool {
    let floor = (MIN_RELATIVE_SCALE * found.expected[at].abs()).max(MIN_SCALE);
    found.scale[at] <= floor
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

fn arbitrary() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -1e3..1e3_f64, 1 => Just(f64::NAN), 1 => any::<f64>()]
}

#[test]
fn parameters_keep_their_bounds_and_names() {
    for detector in Detector::all() {
        assert_eq!(Detector::by_id(detector.about().id), Some(detector));
        for (param, value) in detector.params() {
            assert_eq!(value, param.default);
            assert!(param.min <= param.default && param.default <= param.max);
            let high = detector.with(param.id, f64::MAX).params();
            assert!(high.iter().any(|(p, v)| p.id == param.id && *v == param.max.min(f64::MAX)));
        }
        assert_eq!(detector.with("nonsense", 1.0), detector);
    }
    assert_eq!(Detector::by_id("nonsense"), None);
}

#[test]
fn constants_are_never_odd_and_a_change_of_one_is() {
    for detector in of_values() {
        let mut values = vec![5.0; 300];
        let flat = found(detector, input(&values, 100));
        assert!(flat.score[150..].iter().all(|score| *score == 0.0), "{detector:?}");
        values[200..].fill(6.0);
        let step = found(detector, input(&values, 100));
        // A median takes half a window to move, a sum of clipped residuals some samples to grow.
        let (soon, most) = match detector {
            Detector::Level(_) => (4, 1e3),
            Detector::Drift(_) => (4, 8.0),
            // The mean of clipped scores, half of it from the sample before.
            Detector::Auto(_) => (1, 10.0),
            _ => (1, 1e3),
        };
        let largest = step.score[200..200 + soon].iter().copied().fold(0.0, f64::max);
        assert!(largest >= most, "{detector:?}: {:?}", &step.score[198..210]);
    }
}

#[test]
fn an_infinity_is_odd_and_missing_from_every_baseline() {
    for detector in learning() {
        let mut values: Vec<f64> = (0..300).map(|i| f64::from(i % 7)).collect();
        values[200] = f64::NAN;
        let missing = found(detector, input(&values, 100));
        values[200] = f64::INFINITY;
        let infinite = found(detector, input(&values, 100));
        assert_eq!(infinite.score[200], crate::stats::MAX_SCORE, "{detector:?}");
        for at in (0..300).filter(|at| *at != 200) {
            assert!(same(infinite.score[at], missing.score[at]), "{detector:?} {at}");
        }
    }
}

#[test]
fn no_verdict_without_a_sample_except_on_its_lack() {
    for detector in all().map(small) {
        let mut values: Vec<f64> = (0..300).map(|i| f64::from(i * 7 % 11)).collect();
        values[200..202].fill(f64::NAN);
        let found = found(detector, input(&values, 100));
        for at in 200..202 {
            let gap = matches!(detector, Detector::Gap(_));
            assert_eq!(found.score[at].is_nan(), !gap, "{detector:?} {at}");
            assert_eq!(found.judged[at].is_nan(), !gap, "{detector:?} {at}");
        }
        for at in [199, 202] {
            assert!(found.score[at] >= 0.0, "{detector:?} {at}");
        }
    }
}

/// On samples without a gap verdicts begin where the windows have just enough of them, and never pause.
#[test]
fn verdicts_begin_as_soon_as_enough_is_known() {
    let values: Vec<f64> = (0..400).map(|i| f64::from(i * 7 % 11) + f64::from(i % 5)).collect();
    for detector in learning() {
        let begins = match detector {
            // The robust view, which begins with the third sample before.
            Detector::Auto(_) => 3,
            Detector::ZScore(_) => 100,
            Detector::Rolling(d) => enough(d.window),
            Detector::Robust(d) => enough(d.window),
            Detector::Record(d) => enough(d.lookback),
            Detector::Ewma(d) => enough(d.half_life),
            // Enough slopes, the first of which has enough samples.
            Detector::Slope(d) => enough(d.window) - 1 + enough(d.baseline),
            // Half of the seasons, and the samples after the same phase of the first.
            Detector::Seasonal(d) => d.seasons / 2 * d.length + (d.length - 1) / 2,
            // The first block that has half of its training before it.
            Detector::Spectral(d) => enough(d.training).next_multiple_of(d.training / 4),
            Detector::Autoregressive(d) => enough(d.half_life) + enough(d.window),
            // Enough contrasts before a short window, each with enough samples before its own.
            Detector::Level(d) => 2 * (d.window - 1) + enough(d.reference) + enough(d.baseline),
            Detector::Variance(d) => 2 * (d.window - 1) + enough(d.reference) + enough(d.baseline),
            Detector::Drift(d) => 2 * enough(d.window),
            // The third of the late ones among its peers.
            Detector::Peers(_) => 2,
            // Ten changes, or samples, before it.
            Detector::Flatline(_) => 11,
            Detector::Gap(_) => 10,
            Detector::Decompose(_) | Detector::Threshold(_) | Detector::Forecast(_) => 0,
        };
        let found = found(detector, input(&values, 100));
        for (at, score) in found.score.iter().enumerate() {
            assert_eq!(score.is_nan(), at < begins, "{detector:?} {at}");
        }
    }
}

#[test]
fn next_to_nothing_gives_no_verdict_and_no_panic() {
    for detector in Detector::all().chain(learning()) {
        for len in 0..=3 {
            for value in [0.0, 1.0, f64::MIN_POSITIVE / 4.0, f64::MAX, f64::NAN, f64::INFINITY] {
                let values = vec![value; len];
                let found = found(detector, input(&values, 0));
                let at_once = matches!(detector, Detector::Threshold(_) | Detector::Peers(_));
                let silent = found.score.iter().all(|score| score.is_nan());
                assert!(silent || at_once || value.is_infinite(), "{detector:?} {value} {len}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_input_panics_and_the_shape_is_kept(values in prop::collection::vec(arbitrary(), 0..80), history in 0_usize..100) {
        for detector in all().flat_map(|d| [d, small(d)]) {
            let found = found(detector, input(&values, history));
            for of in [&found.judged, &found.expected, &found.scale, &found.score] {
                prop_assert_eq!(of.len(), values.len());
            }
            prop_assert!(found.score.iter().all(|s| s.is_nan() || (0.0..=1e6).contains(s)), "{:?}", detector);
            prop_assert!(found.scale.iter().all(|s| s.is_nan() || *s > 0.0), "{:?}", detector);
        }
    }

    #[test]
    fn the_future_never_changes_a_verdict(values in prop::collection::vec(arbitrary(), 40..120), cut in 30_usize..120) {
        let cut = cut.min(values.len());
        for detector in learning().filter(|detector| detector.about().causal) {
            let all = found(detector, input(&values, 20));
            let past = found(detector, input(&values[..cut], 20));
            // Without a usable history the z-score learns from the first third of the whole range.
            if all.baseline.starts_with("the first third") {
                continue;
            }
            for at in 0..cut {
                for (all, past) in [
                    (&all.score, &past.score),
                    (&all.judged, &past.judged),
                    (&all.expected, &past.expected),
                    (&all.scale, &past.scale),
                    (&all.alert_scores().to_vec(), &past.alert_scores().to_vec()),
                ] {
                    prop_assert!(same(all[at], past[at]), "{:?} {}", detector, at);
                }
            }
        }
    }

    /// Up to 1e150, beyond which squares overflow. Where no floor is at work: the floor is in the unit of the series.
    #[test]
    fn scaling_by_a_power_of_two_leaves_scores_bit_equal(values in prop::collection::vec(-1e3..1e3_f64, 30..150), power in prop_oneof![-20_i32..20, 20..488]) {
        let factor = 2_f64.powi(power);
        // Never constant over a window, so that no floor is reached inside of a detector.
        let values: Vec<f64> = values.iter().enumerate().map(|(i, v)| v + f64::from(i as u32 * 7 % 11)).collect();
        let scaled: Vec<f64> = values.iter().map(|v| v * factor).collect();
        for detector in without_unit() {
            let (a, b) = (found(detector, input(&values, 20)), found(detector, input(&scaled, 20)));
            let factor = grows(a.quantity, factor);
            for at in (0..values.len()).filter(|at| !floored(&a, *at) && !floored(&b, *at)) {
                prop_assert!(same(a.score[at], b.score[at]), "{:?} {} {} {}", detector, at, a.score[at], b.score[at]);
                prop_assert!(same(a.scale[at] * factor, b.scale[at]), "{:?} {}", detector, at);
                prop_assert!(same(a.expected[at] * factor, b.expected[at]), "{:?} {}", detector, at);
                let (a, b) = (a.bounds(at, 4.0), b.bounds(at, 4.0));
                prop_assert!(same(a.0 * factor, b.0) && same(a.1 * factor, b.1), "{:?} {}", detector, at);
            }
        }
    }

    /// Up to 1e150. Where no floor is at work: the floor grows with the level. A shift by more is rounded in the expected
    /// value already.
    #[test]
    fn an_exact_shift_leaves_scores_as_they_are(
        values in prop::collection::vec(-8_000..8_000_i32, 30..150),
        shift in -1_000_000..1_000_000_i32,
        power in prop_oneof![Just(0), 0..478_i32],
    ) {
        let unit = 2_f64.powi(power);
        let values: Vec<f64> = values.into_iter().map(|v| f64::from(v) / 8.0 * unit).collect();
        let shifted: Vec<f64> = values.iter().map(|v| v + f64::from(shift) * unit).collect();
        for detector in without_unit() {
            let (a, b) = (found(detector, input(&values, 20)), found(detector, input(&shifted, 20)));
            for at in (0..values.len()).filter(|at| !floored(&a, *at) && !floored(&b, *at)) {
                let (a, b) = (a.score[at], b.score[at]);
                prop_assert!(same(a, b) || (a - b).abs() <= 1e-9 * (1.0 + a), "{:?} {} {} {}", detector, at, a, b);
            }
        }
    }
}

#[test]
fn what_is_learnt_is_all_that_a_baseline_knows() {
    let values: Vec<f64> = (0..300).map(|i| f64::from(i * 7 % 11)).collect();
    let spoilt = |bad: f64| -> Vec<f64> {
        let of = values.iter().enumerate();
        of.map(|(i, v)| if (120..160).contains(&i) { bad } else { *v }).collect()
    };
    let (reference, outage) = (spoilt(f64::NAN), spoilt(1e4));
    for detector in learning() {
        let with = found(detector, DetectorInput { reference: &reference, ..input(&outage, 100) });
        let without =
            found(detector, DetectorInput { reference: &reference, ..input(&values, 100) });
        // The judged windows themselves hold the outage for some samples more.
        for at in (0..120).chain(170..300) {
            assert!(same(with.score[at], without.score[at]), "{detector:?} {at}");
            assert!(same(with.expected[at], without.expected[at]), "{detector:?} {at}");
            assert!(same(with.scale[at], without.scale[at]), "{detector:?} {at}");
        }
    }
}

/// Samples that are missing before a series begins change no verdict on it.
#[test]
fn a_young_series_is_judged_from_its_first_sample() {
    let mut random = crate::stats::testing::Random(11);
    let mut values: Vec<f64> = (0..600).map(|_| 40.0 + random.normal()).collect();
    values[540..545].fill(540.0);
    let at_its_age =
        |detector: &Detector| !matches!(detector, Detector::Peers(_) | Detector::ZScore(_));
    for detector in all().filter(at_its_age) {
        let alone = detector.detect(input(&values, 240));
        for missing in [1, 400, 2_000] {
            let mut young = vec![f64::NAN; missing];
            young.extend_from_slice(&values);
            let grid = input(&values, 0).grid;
            let start = grid.start - grid.step.times(missing);
            let grid = Grid { start, len: young.len(), ..grid };
            let history = 240 + missing;
            let later = DetectorInput::new(&young, history, grid);
            let found = detector.detect(later);
            let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            let name = detector.about().id;
            assert_eq!(bits(&found.score[missing..]), bits(&alone.score), "{name} {missing}");
            assert_eq!(
                bits(&found.alert_scores()[missing..]),
                bits(alone.alert_scores()),
                "{name}"
            );
            assert!(found.score[..missing].iter().all(|score| score.is_nan()), "{name}");
            assert_eq!(found.judged.len(), young.len());
        }
    }
}

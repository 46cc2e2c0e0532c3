use super::*;
use crate::stats::LEAST_SCALE;
use crate::time::{Step, Timestamp};
use proptest::prelude::*;

fn input(values: &[f64], history: usize) -> Input<'_> {
    let grid = Grid { start: Timestamp(0), step: Step::from_seconds(60), len: values.len() };
    Input { values, learnt: values, history, grid, group: None }
}

fn small(detector: Detector) -> Detector {
    detector.params().iter().fold(detector, |d, (param, _)| d.with(param.id, param.least + 3.0))
}

/// Those that learn: fixed bounds neither scale nor find anything by themselves.
fn learning() -> impl Iterator<Item = Detector> {
    Detector::all().filter(|detector| !matches!(detector, Detector::Threshold(_))).map(small)
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
            assert!(param.least <= param.default && param.default <= param.most);
            let high = detector.with(param.id, f64::MAX).params();
            assert!(high.iter().any(|(p, v)| p.id == param.id && *v == param.most.min(f64::MAX)));
        }
        assert_eq!(detector.with("nonsense", 1.0), detector);
    }
    assert_eq!(Detector::by_id("nonsense"), None);
}

#[test]
fn constants_are_never_odd_and_a_change_of_one_is() {
    for detector in learning() {
        let mut values = vec![5.0; 300];
        let flat = detector.detect(input(&values, 100));
        assert!(flat.score[150..].iter().all(|score| *score == 0.0), "{detector:?}");
        values[200] = 6.0;
        let bump = detector.detect(input(&values, 100));
        assert!(bump.score[200] >= 1e3, "{detector:?}: {}", bump.score[200]);
    }
}

#[test]
fn an_infinity_is_odd_and_enters_no_baseline() {
    for detector in learning() {
        let plain: Vec<f64> = (0..300).map(|i| f64::from(i % 7)).collect();
        let mut values = plain.clone();
        values[200] = f64::INFINITY;
        let (with, without) =
            (detector.detect(input(&values, 100)), detector.detect(input(&plain, 100)));
        if with.quantity == Quantity::Value {
            assert_eq!(with.score[200], crate::stats::MAX_SCORE, "{detector:?}");
        }
        assert!((with.score[280] - without.score[280]).abs() < 1e-9, "{detector:?}");
    }
}

proptest! {
    #[test]
    fn no_input_panics_and_the_shape_is_kept(values in prop::collection::vec(arbitrary(), 0..80), history in 0_usize..100) {
        for detector in Detector::all().flat_map(|d| [d, small(d)]) {
            let found = detector.detect(input(&values, history));
            prop_assert_eq!(found.score.len(), values.len());
            prop_assert_eq!(found.expected.len(), values.len());
            prop_assert_eq!(found.scale.len(), values.len());
            prop_assert!(found.score.iter().all(|s| s.is_nan() || (0.0..=1e6).contains(s)));
            prop_assert!(found.scale.iter().all(|s| s.is_nan() || *s > 0.0));
        }
    }

    #[test]
    fn the_future_never_changes_a_verdict(values in prop::collection::vec(arbitrary(), 40..120), cut in 30_usize..120) {
        let cut = cut.min(values.len());
        for detector in learning().filter(|detector| detector.about().causal) {
            let all = detector.detect(input(&values, 20));
            let past = detector.detect(input(&values[..cut], 20));
            // Without a usable history the z-score learns from the first third of the whole range.
            if all.baseline.starts_with("the first third") {
                continue;
            }
            for at in 0..cut {
                prop_assert_eq!(all.score[at].to_bits(), past.score[at].to_bits(), "{:?} {}", detector, at);
            }
        }
    }

    #[test]
    fn scaling_by_a_power_of_two_leaves_scores_bit_equal(values in prop::collection::vec(-1e3..1e3_f64, 30..100), power in -20_i32..20) {
        let factor = 2_f64.powi(power);
        let scaled: Vec<f64> = values.iter().map(|v| v * factor).collect();
        for detector in learning() {
            let (a, b) = (detector.detect(input(&values, 20)), detector.detect(input(&scaled, 20)));
            for at in 0..values.len() {
                prop_assert_eq!(a.score[at].to_bits(), b.score[at].to_bits(), "{:?} {}", detector, at);
                let floored = a.scale[at] == LEAST_SCALE || b.scale[at] == LEAST_SCALE;
                prop_assert!(floored || a.scale[at].is_nan() || a.scale[at] * factor == b.scale[at]);
            }
        }
    }
}

#[test]
fn what_is_learnt_is_all_that_a_baseline_knows() {
    for detector in learning() {
        let values: Vec<f64> = (0..300).map(|i| f64::from(i * 7 % 11)).collect();
        let outage: Vec<f64> = values
            .iter()
            .enumerate()
            .map(|(i, v)| if (120..160).contains(&i) { 1e4 } else { *v })
            .collect();
        let learnt: Vec<f64> = values
            .iter()
            .enumerate()
            .map(|(i, v)| if (120..160).contains(&i) { f64::NAN } else { *v })
            .collect();
        let (with, without) = (
            detector.detect(Input { learnt: &learnt, ..input(&outage, 100) }),
            detector.detect(Input { learnt: &learnt, ..input(&values, 100) }),
        );
        for at in (0..120).chain(200..300) {
            assert_eq!(with.score[at].to_bits(), without.score[at].to_bits(), "{detector:?} {at}");
        }
    }
}

#[test]
fn fixed_bounds() {
    let cases = [
        (Some(2.0), Some(8.0), [0.0, 12.5, 0.0, 25.0]),
        (None, Some(8.0), [0.0, 12.5, 0.0, 0.0]),
        (Some(2.0), None, [0.0, 0.0, 0.0, 100.0]),
        (None, None, [0.0; 4]),
        (Some(8.0), Some(2.0), [0.0, 12.5, 0.0, 25.0]),
    ];
    for (lower, upper, scores) in cases {
        let detector = Threshold {
            lower: lower.unwrap_or(f64::NEG_INFINITY),
            upper: upper.unwrap_or(f64::INFINITY),
        };
        let found = Detector::Threshold(detector).detect(input(&[5.0, 9.0, f64::NAN, 0.0], 0));
        for (at, score) in scores.into_iter().enumerate().filter(|(at, _)| *at != 2) {
            assert!((found.score[at] - score).abs() < 1e-9, "{detector:?} {at} {:?}", found.score);
        }
        assert!(found.score[2].is_nan());
    }
}

/// A stray sample moves a mean and a standard deviation, but hardly a median and quartiles.
#[test]
fn a_robust_band_forgets_a_stray_sample_at_once() {
    for scale in [0, 1] {
        let detector = Detector::Robust(Robust { window: 20, scale });
        let mut values: Vec<f64> = (0..200).map(|i| f64::from(i * 7 % 11)).collect();
        let plain = detector.detect(input(&values, 0));
        values[100] = 1e6;
        let stray = detector.detect(input(&values, 0));
        assert!(stray.score[100] > 1e5);
        for at in 101..200 {
            assert!((stray.expected[at] - plain.expected[at]).abs() <= 1.0, "{scale} {at}");
            assert!(stray.scale[at] <= 1.5 * plain.scale[at], "{scale} {at}");
        }
    }
    // 1 to 5: quartiles 2 and 4, median 3, median distance from it 1.
    for (scale, expected) in [(0, 2.0 / 1.349), (1, 1.4826)] {
        let detector = Detector::Robust(Robust { window: 5, scale });
        let found = detector.detect(input(&[4.0, 1.0, 5.0, 2.0, 3.0, 9.0], 0));
        assert_eq!((found.expected[5], found.scale[5]), (3.0, expected));
        assert_eq!(found.score[5], 6.0 / expected);
    }
}

#[test]
fn a_record_is_what_lies_beyond_all_before() {
    let detector = Detector::Record(Record { memory: 4 });
    let values = [1.0, 3.0, 1.0, 3.0, 5.0, 3.0, -1.0, 2.0];
    let found = detector.detect(input(&values, 0));
    let scored = |at: usize, beyond: f64| {
        assert_eq!(found.score[at], beyond / found.scale[at], "{at}");
    };
    assert!(found.score[..3].iter().all(|score| score.is_nan()));
    scored(3, 0.0);
    scored(4, 2.0);
    scored(5, 0.0);
    scored(6, 2.0);
    scored(7, 0.0);
    assert_eq!((found.expected[4], found.scale[4]), (2.0, 1.0));
}

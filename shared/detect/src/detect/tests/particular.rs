use super::*;
use crate::stats::testing::Random;

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

/// A line from 1000 that falls by 1 a minute reaches 0 after 1000 minutes, whatever few samples are missing.
#[test]
fn a_forecast_is_the_line_continued() {
    let mut values: Vec<f64> = (0..900).map(|at| 1_000.0 - f64::from(at)).collect();
    values[300] = f64::NAN;
    let detector = Forecast { window: 60, horizon: 4.0, ..Forecast::default() };
    let found = Detector::Forecast(detector).detect(input(&values, 0));
    for at in [100, 301, 320, 759, 800] {
        let ahead = values[at] - 240.0;
        assert!((found.judged[at] - ahead).abs() < 1e-6, "{at}: {}", found.judged[at]);
        let score = (240.0 / values[at] - 1.0).max(0.0);
        assert!((found.score[at] - score).abs() < 1e-6, "{at}: {}", found.score[at]);
    }
    assert!(found.score[10].is_nan() && found.score[300].is_nan());

    let rising: Vec<f64> = values.iter().map(|value| 1_000.0 - value).collect();
    let full = Forecast { lower: f64::NEG_INFINITY, upper: 1_000.0, ..detector };
    let filling = Detector::Forecast(full).detect(input(&rising, 0));
    assert!((filling.score[800] - found.score[800]).abs() < 1e-6);
    let none = Forecast { upper: f64::INFINITY, ..full };
    let nothing = Detector::Forecast(none).detect(input(&rising, 0));
    assert!(nothing.score.iter().all(|score| score.is_nan() || *score == 0.0));
}

/// A stray sample moves a mean and a standard deviation, but hardly a median and quartiles.
#[test]
fn a_robust_band_forgets_a_stray_sample_at_once() {
    for scale in [RobustScale::Quartiles, RobustScale::Mad] {
        let detector = Detector::Robust(Robust { window: 20, scale });
        let mut values: Vec<f64> = (0..200).map(|i| f64::from(i * 7 % 11)).collect();
        let plain = detector.detect(input(&values, 0));
        values[100] = 1e6;
        let stray = detector.detect(input(&values, 0));
        assert!(stray.score[100] > 1e5);
        for at in 101..200 {
            assert!((stray.expected[at] - plain.expected[at]).abs() <= 1.0, "{scale:?} {at}");
            assert!(stray.scale[at] <= 1.5 * plain.scale[at], "{scale:?} {at}");
        }
    }
    // 1 to 5: quartiles 2 and 4, median 3, median distance from it 1.
    for (scale, expected) in [(RobustScale::Quartiles, 2.0 / 1.349), (RobustScale::Mad, 1.4826)] {
        let detector = Detector::Robust(Robust { window: 5, scale });
        let found = detector.detect(input(&[4.0, 1.0, 5.0, 2.0, 3.0, 9.0], 0));
        assert_eq!((found.expected[5], found.scale[5]), (3.0, expected));
        assert_eq!(found.score[5], 6.0 / expected);
    }
}

#[test]
fn a_record_is_what_lies_beyond_all_before() {
    let detector = Detector::Record(Record { lookback: 4 });
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

/// Near normal noise of spread 1.
fn noise(len: usize, seed: u64) -> Vec<f64> {
    let mut random = Random(seed);
    (0..len).map(|_| random.normal()).collect()
}

/// The first sample that the detector flags, at its default threshold, from `from` on.
fn first_flag(detector: Detector, values: &[f64], from: usize) -> Option<usize> {
    let found = detector.detect(input(values, 0));
    (from..values.len()).find(|at| found.score[*at] >= detector.about().threshold)
}

/// What each is made for is found in time, and noise alone is not.
#[test]
fn each_finds_what_it_is_made_for() {
    type Plant = fn(usize, f64) -> f64;
    let cases: [(Detector, Plant, usize); 7] = [
        (Detector::Ewma(Ewma::default()), |at, v| if at == 0 { v + 8.0 } else { v }, 1),
        (
            Detector::Autoregressive(Autoregressive::default()),
            |at, v| if at == 0 { v + 8.0 } else { v },
            1,
        ),
        (Detector::Level(Level::default()), |_, v| v + 8.0, 10),
        (Detector::Drift(Drift::default()), |_, v| v + 1.5, 30),
        (Detector::Drift(Drift::default()), |at, v| v + at as f64 * 8.0 / 600.0, 240),
        (Detector::Variance(Variance::default()), |_, v| 3.0 * v, 40),
        (Detector::Flatline(Flatline::default()), |_, _| 1.0, 12),
    ];
    for seed in 1..6 {
        for (detector, plant, within) in cases {
            let mut values = noise(2_000, seed);
            assert_eq!(first_flag(detector, &values, 0), None, "{detector:?} {seed}");
            for (at, value) in values[1_200..].iter_mut().enumerate() {
                *value = plant(at, *value);
            }
            let flag = first_flag(detector, &values, 1_200);
            assert!(flag.is_some_and(|at| at < 1_200 + within), "{detector:?} {seed} {flag:?}");
        }
    }
}

#[test]
fn a_drift_begins_anew_at_its_reset() {
    let mut values = noise(2_000, 3);
    values[1_000..].iter_mut().for_each(|value| *value += 4.0);
    let found = Detector::Drift(Drift::default()).detect(input(&values, 0));
    let sums = &found.judged[1_000..1_040];
    let top = sums.iter().position(|sum| *sum > 24.0).expect("the reset is reached");
    assert!(sums[top] <= 29.0 && sums[top + 1] < 5.0, "{sums:?}");
    assert!(found.judged[700..1_000].iter().any(|sum| *sum < 0.0), "the lower sum shows too");
}

#[test]
fn a_series_that_rests_is_no_flat_line() {
    let never = |values: &[f64]| {
        let found = Detector::Flatline(Flatline::default()).detect(input(values, 0));
        assert!(found.score.iter().all(|score| score.is_nan() || *score < 3.0));
    };
    never(&vec![5.0; 2_000]);
    // Mostly 0 with rare ones, regular and not.
    never(&(0..3_000).map(|i| f64::from(i32::from(i % 97 == 0))).collect::<Vec<f64>>());
    never(&noise(5_000, 9).iter().map(|v| f64::from(i32::from(*v > 2.5))).collect::<Vec<f64>>());
    // Few values that come and go.
    never(&noise(5_000, 5).iter().map(|v| v.round()).collect::<Vec<f64>>());
    // Values that repeat, because the step is below the interval of scraping.
    never(&(0..3_000).map(|i| noise(1_000, 4)[i / 4]).collect::<Vec<f64>>());
}

#[test]
fn a_flat_line_is_told_by_the_clock() {
    const MISSING: f64 = f64::NAN;
    let flat = |missing: std::ops::Range<usize>| {
        let mut values = noise(100, 2);
        values[50..60].fill(3.0);
        values[missing].fill(MISSING);
        let found = Detector::Flatline(Flatline::default()).detect(input(&values, 0));
        let minutes = found.judged[50..61].iter().map(|seconds| seconds / 60.0).collect();
        (minutes, found)
    };
    let cases: [(_, [f64; 11], f64); 3] = [
        // Missing samples count as time;
        (54..55, [0.0, 1.0, 2.0, 3.0, MISSING, 5.0, 6.0, 7.0, 8.0, 9.0, 0.0], 9.0),
        (54..56, [0.0, 1.0, 2.0, 3.0, MISSING, MISSING, 6.0, 7.0, 8.0, 9.0, 0.0], 9.0),
        // a pause longer than what is usual, here three samples, begins anew.
        (54..57, [0.0, 1.0, 2.0, 3.0, MISSING, MISSING, MISSING, 0.0, 1.0, 2.0, 0.0], 3.0),
    ];
    for (missing, expected, longest) in cases {
        let (minutes, found): (Vec<f64>, Detection) = flat(missing);
        assert!(minutes.iter().zip(expected).all(|(a, b)| same(*a, b)), "{minutes:?}");
        assert_eq!((found.scale[59], found.scale[61]), (180.0, 60.0 * longest));
        assert_eq!(found.score[59], expected[9] / 3.0);
    }
}

#[test]
fn a_gap_is_measured_by_those_before_it() {
    let mut values = vec![1.0; 200];
    values[..20].fill(f64::NAN);
    for (start, length) in [(50, 5), (100, 20), (150, 50)] {
        values[start..start + length].fill(f64::NAN);
    }
    let detector = Detector::Gap(Gap::default());
    let found = detector.detect(input(&values, 0));
    assert!(found.score[..30].iter().all(|score| score.is_nan()));
    let cases =
        [(30, 0.0), (54, 5.0 / 3.0), (55, 0.0), (114, 3.0), (119, 4.0), (120, 0.0), (199, 2.5)];
    for (at, score) in cases {
        assert_eq!(found.score[at], score, "{at}");
    }
    // What is left out teaches nothing.
    let mut reference = values.clone();
    reference[110..120].fill(f64::INFINITY);
    let found = detector.detect(DetectorInput { reference: &reference, ..input(&values, 0) });
    assert_eq!((found.score[119], found.score[199]), (4.0, 10.0));
}

#[test]
fn the_odd_one_among_peers() {
    let mut series: Vec<Vec<f64>> = (0..10).map(|seed| noise(300, seed + 1)).collect();
    for (at, all) in (0..300).map(|at| (at, at as f64)) {
        series.iter_mut().for_each(|values| values[at] += all);
    }
    series[3][200] += 40.0;
    let slices: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
    for method in [PeerMethod::Quartiles, PeerMethod::Dbscan] {
        let detector = Detector::Peers(Peers { method, ..Peers::default() });
        let group = detector.group(&slices);
        for (index, values) in slices.iter().enumerate() {
            let found =
                detector.detect(DetectorInput { group: group.as_ref(), ..input(values, 0) });
            let odd = found.score[200] >= detector.about().threshold;
            assert_eq!(odd, index == 3, "{method:?} {index} {}", found.score[200]);
        }
        for few in [&slices[..0], &slices[..2]] {
            let group = detector.group(few);
            let found =
                detector.detect(DetectorInput { group: group.as_ref(), ..input(slices[0], 0) });
            assert!(found.score.iter().all(|score| score.is_nan()));
            assert_eq!(found.baseline, "nothing: the query has fewer than 3 series");
        }
    }
}

#[test]
fn quartiles_of_a_group_as_prometheus_has_them() {
    let group = PeerGroup::by_quartiles(&[
        &[1.0, 1.0],
        &[f64::INFINITY, 2.0],
        &[4.0, 3.0],
        &[f64::NAN, 4.0],
    ]);
    assert!(group.center[0].is_nan() && group.scale[0].is_nan());
    assert_eq!((group.center[1], group.scale[1]), (2.5, 1.5 / 1.349));
}

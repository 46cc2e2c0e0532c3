use proptest::prelude::*;
use stlrs::{Mstl, StlParams};

use super::*;
use crate::stats::testing::Random;

/// Trend, season and noise, with outliers.
fn series(len: usize, period: usize, seed: u64) -> Vec<f64> {
    let mut random = Random(seed);
    (0..len)
        .map(|at| {
            let phase = (at % period) as f64 / period as f64;
            let outlier = if random.uniform() < 0.01 { 20.0 } else { 0.0 };
            50.0 + 0.01 * at as f64 + 10.0 * phase * phase + random.normal() + outlier
        })
        .collect()
}

fn apart(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn check(len: usize, period: usize, smoothing: Smoothing) {
    let values = series(len, period, (len + period) as u64);
    let ours = decompose(&values, period, smoothing).unwrap();
    let mut params = StlParams::new();
    params.seasonal_length(smoothing.seasons);
    if smoothing.robust > 0 {
        params.robust(true).outer_loops(smoothing.robust);
    }
    let theirs = params.fit(&values, period).unwrap();
    for (ours, theirs) in [
        (&ours.trend, theirs.trend()),
        (&ours.seasonal, theirs.seasonal()),
        (&ours.remainder, theirs.remainder()),
    ] {
        let apart = apart(ours, theirs);
        assert!(apart <= 1e-9, "{len} {period} {smoothing:?}: {apart:e}");
    }
}

#[test]
fn as_the_reference() {
    for (len, period) in
        [(14, 7), (30, 7), (200, 2), (100, 50), (101, 50), (500, 24), (1_000, 97), (5_000, 1_440)]
    {
        for seasons in [3, 7, 8, 35, 10_001] {
            for robust in [0, 1, 3] {
                check(len, period, Smoothing { seasons, robust });
            }
        }
    }
}

#[test]
fn several_seasons_as_the_reference() {
    let (day, week) = (series(1_500, 24, 1), series(1_500, 168, 2));
    let values: Vec<f64> = day.iter().zip(&week).map(|(day, week)| day + week).collect();
    let smoothing = Smoothing { seasons: 11, robust: 0 };
    let ours = decompose_all(&values, &[24, 168], smoothing).unwrap();
    let mut params = StlParams::new();
    params.seasonal_length(11);
    let theirs = Mstl::params().stl_params(params).iterations(2).fit(&values, &[24, 168]).unwrap();
    assert!(apart(&ours.trend, theirs.trend()) < 1e-9);
    assert!(apart(&ours.remainder, theirs.remainder()) < 1e-9);
}

#[test]
fn gaps_are_filled_and_remain_gaps() {
    let mut values: Vec<f64> =
        (0..400).map(|at| f64::from(at % 20) + 0.1 * f64::from(at)).collect();
    values[105..145].fill(f64::NAN);
    values[200] = f64::INFINITY;
    let found = decompose(&values, 20, Smoothing { seasons: 7, robust: 0 }).unwrap();
    for (at, rest) in found.remainder.iter().enumerate() {
        assert_eq!(rest.is_nan(), (105..145).contains(&at) || at == 200, "{at}");
        assert!(rest.is_nan() || rest.abs() < 2.5, "{at} {rest}");
    }
}

#[test]
fn what_is_too_short_has_no_season() {
    let smoothing = Smoothing { seasons: 7, robust: 0 };
    for (values, periods) in
        [(&[1.0; 9][..], &[5][..]), (&[1.0; 9], &[1]), (&[1.0; 9], &[]), (&[f64::NAN; 9], &[3])]
    {
        assert_eq!(decompose_all(values, periods, smoothing), None);
    }
}

proptest! {
    #[test]
    fn no_input_panics(values in prop::collection::vec(any::<f64>(), 0..60), period in 0_usize..20, seasons in 0_usize..20, robust in 0_usize..2) {
        if let Some(found) = decompose(&values, period, Smoothing { seasons, robust }) {
            prop_assert_eq!(found.remainder.len(), values.len());
        }
    }
}

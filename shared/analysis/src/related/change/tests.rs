use super::*;
use crate::testing::Random;
use proptest::prelude::*;

const LEN: usize = 12;

/// All windows of a series, by the number of samples after the first of the last window.
fn series(value: impl FnMut(i64) -> f64) -> Vec<f64> {
    let before = (PAST * LEN) as i64;
    (-before..LEN as i64).map(value).collect()
}

fn changed(values: &[f64]) -> SeriesChange {
    match fate(values, LEN) {
        SeriesFate::Changed(change) => change,
        other => panic!("{other:?}"),
    }
}

/// Name, series, whether it moved, to which side, whether briefly, and when.
type MoveCase = (&'static str, Vec<f64>, bool, Direction, bool, i64);

#[test]
fn moves_by_their_shape() {
    use Direction::{Down, Up};
    let noise = |seed| {
        let mut random = Random(seed);
        move || random.normal()
    };
    let (mut a, mut b, mut c, mut d) = (noise(1), noise(2), noise(3), noise(4));
    let mut wandering = 0.0;
    let cases: [MoveCase; 10] = [
        ("level", series(|at| 10.0 + a() + if at >= 3 { 6.0 } else { 0.0 }), true, Up, false, 3),
        (
            "early",
            series(|at| 10.0 + b() - if at >= -2 { 6.0 } else { 0.0 }),
            true,
            Down,
            false,
            -2,
        ),
        (
            "peak",
            series(|at| 10.0 + c() + if (4..6).contains(&at) { 25.0 } else { 0.0 }),
            true,
            Up,
            true,
            4,
        ),
        (
            "smooth, but far",
            series(|at| {
                wandering = 0.98 * wandering + 0.2 * d();
                wandering + if at >= 5 { 30.0 } else { 0.0 }
            }),
            true,
            Up,
            false,
            5,
        ),
        (
            "constant, then another",
            series(|at| if at >= 6 { 7.0 } else { 5.0 }),
            true,
            Up,
            false,
            6,
        ),
        (
            "constant, then one sample",
            series(|at| if at == 6 { 7.0 } else { 5.0 }),
            false,
            Up,
            true,
            6,
        ),
        ("constant", series(|_| 5.0), false, Up, true, -12),
        ("a line", series(|at| 3.0 * at as f64), false, Up, true, -12),
        ("a saw", series(|at| (at as f64).rem_euclid(31.0)), false, Up, true, -12),
        ("a day", series(|at| libm::sin(at as f64 / 40.0)), false, Up, true, -12),
    ];
    for (name, values, moved, direction, brief, onset) in cases {
        let found = changed(&values);
        assert_eq!(found.probability < 1e-3, moved, "{name}: {found:?}");
        if moved {
            let at = found.onset as i64 - (PAST * LEN) as i64;
            assert_eq!(
                (found.direction, found.brief, at),
                (direction, brief, onset),
                "{name}: {found:?}"
            );
        }
    }
}

#[test]
fn a_wider_spread_is_a_change_of_distribution() {
    let mut random = Random(5);
    let values = series(|at| random.normal() * if at >= 0 { 12.0 } else { 1.0 });
    let found = changed(&values);
    assert!(found.probability < 1e-3, "{found:?}");
}

#[test]
fn missing_samples() {
    let nan = f64::NAN;
    let gone = series(|at| if at >= 0 { nan } else { at as f64 });
    let new = series(|at| if at >= 4 { at as f64 } else { nan });
    let sparse = series(|at| if at % 3 == 0 { at as f64 } else { nan });
    assert_eq!(fate(&gone, LEN), SeriesFate::Stopped);
    assert_eq!(fate(&new, LEN), SeriesFate::Appeared);
    assert_eq!(fate(&sparse, LEN), SeriesFate::Unknown);
    assert_eq!(fate(&series(|_| nan), LEN), SeriesFate::Unknown);
    assert_eq!(fate(&[], 0), SeriesFate::Unknown);
    // A quarter is missing, and an infinity is as good as missing.
    let mut random = Random(6);
    let holes = series(|at| match at.rem_euclid(8) {
        0 => nan,
        1 => f64::INFINITY,
        _ => random.normal() + if at >= 0 { 20.0 } else { 0.0 },
    });
    assert!(changed(&holes).probability < 1e-3);
    // A series that is only as old as the time before the window is judged by its distribution.
    let young =
        series(
            |at| if at < -40 { nan } else { random.normal() + if at >= 0 { 20.0 } else { 0.0 } },
        );
    let found = changed(&young);
    assert!(found.ratio.is_none() && found.probability < 1e-3, "{found:?}");
}

proptest! {
    #[test]
    fn any_samples(values in prop::collection::vec(prop_oneof![any::<f64>(), (0..3_i32).prop_map(f64::from)], 0..400), len in 0..20_usize) {
        if let SeriesFate::Changed(found) = fate(&values, len) {
            prop_assert!((0.0..=1.0).contains(&found.probability), "{:?}", found);
            prop_assert!((0.0..=1.0).contains(&found.distance));
            prop_assert!(found.onset < values.len());
        }
    }

    #[test]
    fn neither_scale_nor_offset_matters(seed in 1_u64..1_000, scale in -8_i32..8, offset in -3_i32..3) {
        let mut random = Random(seed);
        let values = series(|at| random.normal() + if at >= 2 { 5.0 } else { 0.0 });
        // Powers of two change no digit.
        let (scale, offset) = (libm::exp2(f64::from(scale)), f64::from(offset));
        let moved: Vec<f64> = values.iter().map(|value| (value + offset) * scale).collect();
        let (a, b) = (changed(&values), changed(&moved));
        prop_assert!((a.probability - b.probability).abs() < 1e-9);
        prop_assert_eq!((a.onset, a.direction, a.brief), (b.onset, b.direction, b.brief));
    }
}

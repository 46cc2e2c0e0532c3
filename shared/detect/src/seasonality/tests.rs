use std::f64::consts::TAU;

use proptest::prelude::*;

use super::*;
use crate::stats::testing::Random;

/// Series of each kind.
const SEEDS: u64 = 20;
const MINUTE: Step = Step::from_seconds(60);
const FIVE: Step = Step::from_seconds(300);

/// Value at a phase from 0 to 1.
type Shape = fn(f64) -> f64;
/// Period, shape and size of each.
type Seasons<'a> = &'a [(usize, Shape, f64)];
type Spoil = fn(&mut Random, &mut [f64]);

fn wave(phase: f64) -> f64 {
    libm::sin(phase * TAU)
}

/// What a day of a service looks like.
fn day(phase: f64) -> f64 {
    libm::sin(phase * TAU) + 0.5 * libm::sin(2.0 * phase * TAU + 1.0)
}

/// A batch job that runs a twentieth of the time.
fn pulse(phase: f64) -> f64 {
    if phase < 0.05 { 4.0 } else { 0.0 }
}

/// Fills slowly and is emptied at once.
fn saw(phase: f64) -> f64 {
    2.0 * phase
}

/// Two peaks of different height, half a season apart.
fn twin(phase: f64) -> f64 {
    let bump = |at: f64| libm::exp(-((phase - at) / 0.08) * ((phase - at) / 0.08));
    3.0 * bump(0.25) + 1.8 * bump(0.75)
}

fn nothing(_: &mut Random, _: &mut [f64]) {}

fn trend(random: &mut Random, values: &mut [f64]) {
    let rise = 20.0 * (random.uniform() - 0.5) / values.len() as f64;
    values.iter_mut().enumerate().for_each(|(at, value)| *value += rise * at as f64);
}

/// A quarter is missing, most of it in stretches.
fn gaps(random: &mut Random, values: &mut [f64]) {
    for _ in 0..5 {
        let from = (random.uniform() * 0.95 * values.len() as f64) as usize;
        let length = values.len() / 25;
        values[from..from + length].fill(f64::NAN);
    }
    values.iter_mut().filter(|_| random.uniform() < 0.05).for_each(|value| *value = f64::NAN);
}

fn outliers(random: &mut Random, values: &mut [f64]) {
    for value in values {
        if random.uniform() < 0.01 {
            *value += 1e3 * random.normal();
        }
    }
}

fn shift(random: &mut Random, values: &mut [f64]) {
    let from = (random.uniform() * values.len() as f64) as usize;
    values[from..].iter_mut().for_each(|value| *value += 5.0);
}

fn walk(random: &mut Random, values: &mut [f64]) {
    let size = 2.0 / libm::sqrt(values.len() as f64);
    let mut level = 0.0;
    for value in values {
        level += size * random.normal();
        *value += level;
    }
}

/// How many of the seeded series have exactly the seasons that were put in, within 2 %.
fn right(len: usize, step: Step, seasons: Seasons<'_>, noise: f64, spoil: Spoil) -> u64 {
    let count = (0..SEEDS).filter(|seed| {
        let mut random = Random(*seed);
        let offset = random.uniform();
        let mut values: Vec<f64> = (0..len)
            .map(|at| {
                let season = |(period, shape, size): &(usize, Shape, f64)| {
                    size * shape((at as f64 / *period as f64 + offset).fract())
                };
                100.0 + seasons.iter().map(season).sum::<f64>() + noise * random.normal()
            })
            .collect();
        spoil(&mut random, &mut values);
        let found = periods(&values, step);
        let hit = |period: usize| found.iter().any(|s| s.period.abs_diff(period) <= period / 50);
        found.len() == seasons.len() && seasons.iter().all(|(period, ..)| hit(*period))
    });
    count.count() as u64
}

#[test]
fn seasons_are_found_in_synthetic_series() {
    let hourly: Seasons = &[(60, pulse, 1.0), (1_440, day, 2.0)];
    let weekly: Seasons = &[(288, day, 1.0), (2_016, saw, 1.0)];
    let cases: [(&str, usize, Step, Seasons, f64, Spoil); 22] = [
        ("7 days of 1m", 10_080, MINUTE, &[(1_440, day, 1.0)], 0.5, nothing),
        ("7 noisy days of 1m", 10_080, MINUTE, &[(1_440, day, 1.0)], 2.0, nothing),
        ("3 days of 1m", 4_320, MINUTE, &[(1_440, day, 1.0)], 0.3, nothing),
        ("2.2 days of 1m", 3_200, MINUTE, &[(1_440, day, 1.0)], 0.2, nothing),
        ("7 days of 5m, trend", 2_016, FIVE, &[(288, day, 1.0)], 0.5, trend),
        ("7 days of 5m, gaps", 2_016, FIVE, &[(288, day, 1.0)], 0.5, gaps),
        ("7 days of 5m, outliers", 2_016, FIVE, &[(288, day, 1.0)], 0.5, outliers),
        ("7 days of 5m, level shift", 2_016, FIVE, &[(288, day, 1.0)], 0.5, shift),
        ("7 days of 5m, random walk", 2_016, FIVE, &[(288, day, 1.0)], 0.5, walk),
        ("hourly job", 1_440, MINUTE, &[(60, pulse, 1.0)], 0.5, nothing),
        ("hourly job in days", 7_200, MINUTE, hourly, 0.5, nothing),
        ("days in 4 weeks", 8_064, FIVE, weekly, 0.5, nothing),
        ("wave of 37", 1_000, MINUTE, &[(37, wave, 1.0)], 0.8, nothing),
        ("pulse of 100", 3_000, MINUTE, &[(100, pulse, 1.0)], 0.5, nothing),
        ("pulse of 100, gaps", 3_000, MINUTE, &[(100, pulse, 1.0)], 0.5, gaps),
        ("pulse of 100, quiet", 3_000, MINUTE, &[(100, pulse, 1.0)], 0.01, nothing),
        ("saw of 250, trend", 3_000, MINUTE, &[(250, saw, 1.0)], 0.3, trend),
        ("twin peaks of 250", 3_000, MINUTE, &[(250, twin, 1.0)], 0.3, nothing),
        ("wave of 7, 60 samples", 60, MINUTE, &[(7, wave, 1.0)], 0.3, nothing),
        ("wave of 500, no noise", 3_000, MINUTE, &[(500, wave, 1.0)], 0.0, trend),
        ("constant", 3_000, MINUTE, &[], 0.0, nothing),
        ("12 and 100", 3_000, MINUTE, &[(12, wave, 1.0), (100, wave, 1.0)], 0.5, nothing),
    ];
    let mut all = 0;
    for (name, len, step, seasons, noise, spoil) in cases {
        let right = right(len, step, seasons, noise, spoil);
        println!("{name:28} {right:3} of {SEEDS}");
        assert!(right * 10 >= SEEDS * 8, "{name}: {right} of {SEEDS}");
        all += right;
    }
    let share = all as f64 / (22 * SEEDS) as f64;
    println!("{all} of {}: {share:.3}", 22 * SEEDS);
    assert!(share >= 0.97, "{share}");
}

#[test]
fn noise_and_trends_have_no_season() {
    // What a sample keeps of the one before: 0 is white noise, 1 a random walk.
    let cases: [(&str, usize, f64, Spoil); 11] = [
        ("white, 40", 40, 0.0, nothing),
        ("white, 300", 300, 0.0, nothing),
        ("white, 8,000", 8_000, 0.0, nothing),
        ("white, trend", 2_000, 0.0, trend),
        ("white, level shift", 2_000, 0.0, shift),
        ("white, gaps and outliers", 2_000, 0.0, |random, values| {
            gaps(random, values);
            outliers(random, values);
        }),
        ("red 0.9", 2_000, 0.9, nothing),
        ("red 0.99, gaps", 2_000, 0.99, gaps),
        ("walk, 100", 100, 1.0, nothing),
        ("walk, 2,000", 2_000, 1.0, nothing),
        ("walk, trend", 1_000, 1.0, trend),
    ];
    let mut all = 0;
    for (name, len, keep, spoil) in cases {
        let wrong = (0..2 * SEEDS).filter(|seed| {
            let mut random = Random(1_000 + seed);
            let mut state = 0.0;
            let step = |_| {
                state = keep * state + random.normal();
                state
            };
            let mut values: Vec<f64> = (0..len).map(step).collect();
            spoil(&mut random, &mut values);
            !periods(&values, MINUTE).is_empty()
        });
        let wrong = wrong.count() as u64;
        println!("{name:28} {wrong:3} of {}", 2 * SEEDS);
        assert!(wrong <= 3, "{name}: {wrong} of {}", 2 * SEEDS);
        all += wrong;
    }
    println!("{all} of {}", 22 * SEEDS);
    assert!(all * 100 <= 2 * 22 * SEEDS, "{all} of {}", 22 * SEEDS);
}

#[test]
fn what_is_said_of_a_season() {
    let values: Vec<f64> = (0..2_016).map(|at| day(f64::from(at) / 288.0)).collect();
    let found = periods(&values, FIVE);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].period, found[0].calendar), (288, Some(Calendar::Day)));
    assert!(found[0].confidence > 0.9 && found[0].strength > 0.95, "{found:?}");
    assert_eq!(periods(&values, MINUTE)[0].calendar, None);

    assert_eq!(
        Calendar::ALL.map(|c| c.period(Step::from_seconds(1_800))),
        [None, Some(48), Some(336)]
    );
    assert_eq!(Calendar::ALL.map(|c| c.period(Step::from_seconds(86_400))), [None, None, Some(7)]);
}

#[test]
fn a_season_settles_as_soon_as_it_is_known() {
    let mut random = Random(3);
    let late: Vec<f64> = (0..4_000)
        .map(|at| if at < 900 { 0.0 } else { 3.0 * wave(f64::from(at) / 100.0) } + random.normal())
        .collect();
    for (history, known) in [(800, 1_600), (1_600, 1_600), (3_000, 1_500), (0, 2_048)] {
        let found = settled(&late, history, MINUTE);
        assert!(
            matches!(found[..], [(at, s), ..] if at == known && s.period.abs_diff(100) <= 2),
            "{history}: {found:?}"
        );
        assert_eq!(settled(&late[..known], history, MINUTE), found[..1]);
        assert_eq!(settled(&late[..known - 1], history, MINUTE), []);
    }
}

proptest! {
    #[test]
    fn no_input_panics(values in prop::collection::vec(any::<f64>(), 0..60), seconds in 1_u64..10_000) {
        for season in periods(&values, Step::from_seconds(seconds)) {
            prop_assert!(season.period >= MIN_PERIOD && 2 * season.period <= values.len());
            prop_assert!((0.5..=1.0).contains(&season.confidence));
        }
    }

    #[test]
    fn the_unit_does_not_matter(values in prop::collection::vec(-1e3..1e3_f64, 12..60), power in -30_i32..30) {
        let twice = [values.clone(), values.clone(), values].concat();
        let scaled: Vec<f64> = twice.iter().map(|value| value * 2_f64.powi(power)).collect();
        prop_assert_eq!(periods(&twice, MINUTE), periods(&scaled, MINUTE));
    }
}

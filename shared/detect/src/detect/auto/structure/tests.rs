//! Series with weeks of past: what is told of them, and that no verdict knows what came later.

use super::clock::DAY;
use super::*;
use crate::detect::{Detector, LongPast};
use crate::event::{Direction, Event, EventKind, OnsetCache, Rule, SeriesSamples, events};
use crate::series::Grid;
use crate::stats::testing::Random;
use crate::time::{Step, Timestamp};
use proptest::prelude::*;

/// Monday, 23 November 2026, at midnight UTC: no clock was changed in the three weeks before.
const MONDAY: i64 = 1_795_392_000;
const FINE: i64 = 300;
const COARSE: i64 = 600;

/// Series that is known at any time.
struct World {
    /// First sample and last sample of the detection grid, in seconds.
    fine: (i64, i64),
    /// First sample of the long past.
    past: i64,
    /// First sample of the judged range.
    judged: i64,
}

impl World {
    /// Three weeks of coarse past, a week of history, and a judged day: Wednesday.
    fn usual() -> Self {
        let judged = MONDAY + 2 * DAY;
        Self { fine: (judged - 7 * DAY, judged + DAY), past: judged - 28 * DAY, judged }
    }

    /// Four weeks of coarse past, a week of history, and a judged week.
    fn week() -> Self {
        let judged = MONDAY - 7 * DAY;
        Self { fine: (judged - 7 * DAY, judged + 7 * DAY), past: judged - 35 * DAY, judged }
    }

    fn detect(&self, value: &dyn Fn(i64) -> f64) -> (Detection, Grid, usize) {
        let sample = |start: i64, step: i64, end: i64| -> (Grid, Vec<f64>) {
            let len = ((end - start) / step + 1) as usize;
            let grid = Grid {
                start: Timestamp(start * 1_000),
                step: Step::from_seconds(step as u64),
                len,
            };
            (grid, (0..len as i64).map(|at| value(start + step * at)).collect())
        };
        let (grid, values) = sample(self.fine.0, FINE, self.fine.1);
        let (past_grid, past) = sample(self.past, COARSE, self.fine.0 - COARSE);
        let history = ((self.judged - self.fine.0) / FINE) as usize;
        let input = DetectorInput {
            values: &values,
            reference: &values,
            history,
            grid,
            group: None,
            long_past: Some(LongPast {
                grid: past_grid,
                values: &past,
                count_unit: 0.0,
                quotient: false,
            }),
            succession: None,
        };
        (Detector::default().detect(input), grid, history)
    }

    fn events(&self, value: &dyn Fn(i64) -> f64) -> Vec<Event> {
        let (found, grid, history) = self.detect(value);
        let samples = SeriesSamples { values: &found.judged.clone(), period: &|| None };
        let rule = Rule::of(Detector::default());
        events(samples, &found, &OnsetCache::default(), &rule, history, |at| grid.at(at))
    }
}

/// Noise that depends on the time alone.
fn noise(time: i64) -> f64 {
    Random(time as u64).normal()
}

/// Requests of a service with days and weekends.
fn traffic(time: i64) -> f64 {
    let hour = time.rem_euclid(DAY) as f64 / 3_600.0;
    let day = 60.0 - 50.0 * libm::cos(hour / 24.0 * std::f64::consts::TAU);
    let weekend = clock::weekday(time.div_euclid(DAY)) >= 5;
    day * if weekend { 0.6 } else { 1.0 } * (1.0 + 0.02 * noise(time))
}

#[test]
fn a_healthy_week_has_no_event() {
    let world = World::week();
    let found = world.events(&traffic);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_fall_at_the_peak_is_told_although_the_night_is_lower() {
    let world = World::usual();
    let (from, to) = (world.judged + 12 * 3_600, world.judged + 12 * 3_600 + 1_800);
    let fall = move |time| traffic(time) * if (from..to).contains(&time) { 0.4 } else { 1.0 };
    let found = world.events(&fall);
    let [event] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((event.kind, event.direction), (EventKind::Dip, Direction::Down));
    assert_eq!(event.onset.time, Timestamp(from * 1_000));
    assert!(event.reference.lower > 80.0 && event.reference.lower < 110.0, "{event:?}");
    let back = event.recovered.map(|at| world.fine.0 + FINE * at as i64);
    assert_eq!(back, Some(to));
    assert!(!event.ongoing);
}

#[test]
fn what_goes_on_at_the_end_is_ongoing() {
    let world = World::usual();
    let from = world.judged + 20 * 3_600;
    let found = world.events(&move |time| traffic(time) + if time >= from { 40.0 } else { 0.0 });
    let [event] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((event.kind, event.direction), (EventKind::LevelShiftUp, Direction::Up));
    assert!(event.ongoing && event.recovered.is_none());
    let (before, after) = event.levels.unwrap();
    assert!(after - before > 30.0 && after - before < 50.0, "{before} {after}");
}

#[test]
fn a_job_that_did_not_run_is_told() {
    let nightly = |time: i64| {
        let runs = (2 * 3_600..3 * 3_600).contains(&time.rem_euclid(DAY));
        5.0 + 0.2 * noise(time) + if runs { 100.0 } else { 0.0 }
    };
    let world = World::usual();
    assert!(world.events(&nightly).is_empty());
    let (from, to) = (world.judged, world.judged + 6 * 3_600);
    let missed = move |time: i64| {
        if (from..to).contains(&time) { 5.0 + 0.2 * noise(time) } else { nightly(time) }
    };
    let found = world.events(&missed);
    let [event] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(event.direction, Direction::Down);
    assert!(event.reference.expected > 80.0, "{event:?}");
}

/// Rows of a job that begins at 02:00 and takes 80 to 120 minutes.
fn nightly_rows(time: i64) -> f64 {
    let since = time.rem_euclid(DAY) - 2 * 3_600;
    let takes = 100.0 * 60.0 + (600.0 * noise(time.div_euclid(DAY))).clamp(-1_200.0, 1_200.0);
    if since >= 0 && (since as f64) < takes { 100.0 + noise(time) } else { 0.0 }
}

#[test]
fn a_job_that_takes_longer_on_some_nights_is_healthy_unless_it_does_not_run() {
    let world = World::week();
    let found = world.events(&nightly_rows);
    assert!(found.is_empty(), "{found:#?}");
    let missed = world.judged + 5 * DAY;
    let found = world.events(&|time| match time.div_euclid(DAY) == missed.div_euclid(DAY) {
        true => 0.0,
        false => nightly_rows(time),
    });
    let [event] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(event.direction, Direction::Down);
    assert!((missed..missed + DAY).contains(&(event.onset.time.0 / 1_000)), "{event:?}");
}

/// Length of a queue that is mostly empty: 0 to 4 messages.
fn rare_messages(time: i64) -> f64 {
    let chance = Random(time as u64 ^ 0x5eed).uniform();
    [0.6, 0.87, 0.97, 0.995].iter().filter(|limit| chance > **limit).count() as f64
}

#[test]
fn rare_occurrences_are_healthy_and_many_are_told() {
    let world = World::week();
    let found = world.events(&rare_messages);
    assert!(found.is_empty(), "{found:#?}");
    let (from, to) = (world.judged + 4 * DAY, world.judged + 4 * DAY + 1_800);
    let more =
        move |time| rare_messages(time) + if (from..to).contains(&time) { 12.0 } else { 0.0 };
    let found = world.events(&more);
    let [event] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(event.onset.time, Timestamp(from * 1_000));
}

#[test]
fn a_worse_turn_of_a_long_event_is_an_event_that_knows_the_level_before() {
    let world = World::usual();
    let hour = |hours: i64| world.judged + hours * 3_600;
    let (long, worse) = ((hour(8), hour(16)), (hour(12), hour(13)));
    let value = move |time: i64| {
        let level = match time {
            _ if (worse.0..worse.1).contains(&time) => 20.0,
            _ if (long.0..long.1).contains(&time) => 4.0,
            _ => 1.0,
        };
        level * (1.0 + 0.03 * noise(time))
    };
    let found = world.events(&value);
    let [event, escalation] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(event.onset.time, Timestamp(long.0 * 1_000));
    assert_eq!(escalation.onset.time, Timestamp(worse.0 * 1_000));
    assert_eq!(escalation.end, Timestamp((worse.1 - FINE) * 1_000));
    let before = escalation.escalation.unwrap();
    assert!(event.escalation.is_none() && (3.8..4.2).contains(&before.from), "{before:?}");
    assert!(before.returned);
    assert_eq!(escalation.recovered, event.recovered);
    let growing = move |time: i64| {
        let since = (time - long.0).max(0) as f64 / 3_600.0;
        (1.0 + if time < long.1 { 3.0 * since } else { 0.0 }) * (1.0 + 0.03 * noise(time))
    };
    let found = world.events(&growing);
    assert!(found.iter().all(|event| event.escalation.is_none()), "{found:#?}");
    // At noon more is missing than at night.
    let holiday = move |time| traffic(time) * if time >= world.judged { 0.2 } else { 1.0 };
    let found = world.events(&holiday);
    assert!(!found.is_empty(), "nothing found");
    assert!(found.iter().all(|event| event.escalation.is_none()), "{found:#?}");
}

#[test]
fn a_series_of_two_hours_is_judged() {
    let start = MONDAY + 4 * 3_600;
    let grid = Grid { start: Timestamp(start * 1_000), step: Step::from_seconds(15), len: 481 };
    let mut values: Vec<f64> = (0..481).map(|at| 40.0 + noise(start + 15 * at)).collect();
    values[400..405].fill(90.0);
    let past = Grid {
        start: Timestamp((MONDAY - 35 * DAY) * 1_000),
        step: Step::from_seconds(600),
        len: 5_064,
    };
    let gone = vec![f64::NAN; 5_064];
    let long_past = LongPast { grid: past, values: &gone, count_unit: 0.0, quotient: false };
    let input =
        DetectorInput { long_past: Some(long_past), ..DetectorInput::new(&values, 240, grid) };
    let found = Detector::default().detect(input);
    assert!(found.score[30..].iter().all(|score| score.is_finite()));
    let samples = SeriesSamples { values: &values, period: &|| None };
    let rule = Rule::of(Detector::default());
    let events = events(samples, &found, &OnsetCache::default(), &rule, 240, |at| grid.at(at));
    let [event] = events.as_slice() else { panic!("{events:#?}") };
    assert_eq!((event.onset.index, event.last, event.direction), (400, 404, Direction::Up));
}

#[test]
fn a_disk_that_fills_is_critical_with_the_time_that_is_left() {
    let world = World::usual();
    // Two days at a steady pace; zero is reached two hours after the end.
    let (end, zero) = (world.fine.1, world.fine.1 + 7_200);
    let begin = zero - 2 * DAY;
    let free = move |time: i64| {
        let fall = (time - begin).max(0) as f64 / (zero - begin) as f64;
        170e9 * (1.0 - fall) + 1e7 * noise(time)
    };
    let found = world.events(&free);
    let worst = found.iter().max_by(|a, b| a.severity.total_cmp(&b.severity)).unwrap();
    assert!(worst.ongoing && worst.severity >= 75.0, "{worst:#?}");
    assert_eq!(worst.direction, Direction::Down);
    let left = worst.time_left.unwrap().left.as_seconds();
    assert!((5_400.0..9_000.0).contains(&left), "{left}");
    let calm = world.events(&move |time| free(time.min(end - 4 * DAY)));
    assert!(calm.iter().all(|event| event.time_left.is_none()), "{calm:#?}");
}

#[test]
fn the_band_does_not_leave_what_is_possible() {
    let (found, ..) = World::usual().detect(&|time| (traffic(time) - 9.0).max(0.0));
    for at in 0..found.judged.len() {
        let (lower, upper) = found.bounds(at, 4.0);
        assert_eq!((lower < 0.0, upper < lower), (false, false), "{at} {lower} {upper}");
    }
}

/// An infinity, which also stands for an excluded sample, is in no mean of the samples after it.
#[test]
fn an_infinity_is_missing_from_every_view() {
    let world = World::usual();
    let at = world.judged + 9 * 3_600;
    let with =
        |value: f64| world.detect(&move |time| if time == at { value } else { traffic(time) }).0;
    let (infinite, missing) = (with(f64::INFINITY), with(f64::NAN));
    let index = ((at - world.fine.0) / FINE) as usize;
    assert_eq!(infinite.score[index], MAX_SCORE);
    for other in (0..infinite.score.len()).filter(|other| *other != index) {
        assert!(same(infinite.score[other], missing.score[other]), "{other}");
        assert!(same(infinite.alert_scores()[other], missing.alert_scores()[other]), "{other}");
    }
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn nothing_that_comes_later_changes_a_verdict(
        cut in 1..2_300_i64,
        spoilt in 0..2_300_i64,
        size in -3.0..8.0_f64,
        shape in 0..3_usize,
    ) {
        let world = World::usual();
        let at = world.fine.0 + FINE * spoilt;
        let healthy = [traffic, nightly_rows, rare_messages][shape];
        let value = move |time: i64| healthy(time) * if time >= at && time < at + 7_200 { size } else { 1.0 };
        let (all, ..) = world.detect(&value);
        let end = (world.fine.0 + FINE * cut).min(world.fine.1);
        let (past, ..) = World { fine: (world.fine.0, end), ..World::usual() }.detect(&value);
        for at in 0..past.score.len() {
            for (all, past) in [
                (&all.score, &past.score),
                (&all.expected, &past.expected),
                (&all.scale, &past.scale),
                (&all.alert_scores().to_vec(), &past.alert_scores().to_vec()),
            ] {
                prop_assert!(same(all[at], past[at]), "{}: {} {}", at, all[at], past[at]);
            }
        }
    }

    #[test]
    fn direction_and_numbers_are_those_of_the_samples(from in 0..288_i64, length in 1..60_i64, size in 0.0..4.0_f64) {
        let world = World::usual();
        let from = world.judged + FINE * from;
        let to = from + FINE * length;
        let value = move |time: i64| traffic(time) * if (from..to).contains(&time) { size } else { 1.0 };
        let (found, ..) = world.detect(&value);
        for event in world.events(&value) {
            let samples = event.onset.index..=event.last;
            let mean: f64 = samples.clone().map(|at| found.judged[at] - found.expected[at]).sum();
            prop_assert_eq!(mean > 0.0, event.direction == Direction::Up, "{:?}", event);
            prop_assert!(samples.contains(&event.peak.index));
            let sign = if event.direction == Direction::Up { 1.0 } else { -1.0 };
            prop_assert!(samples.clone().all(|at| sign * found.judged[at] <= sign * event.peak.value));
            prop_assert!(!(event.ongoing && event.recovered.is_some()));
        }
    }

    #[test]
    fn severity_does_not_depend_on_the_end(minutes in 0..60_i64, size in 1.2..4.0_f64) {
        let world = World::usual();
        let from = world.judged + 8 * 3_600;
        let value = move |time: i64| traffic(time) * if (from..from + 3_600).contains(&time) { size } else { 1.0 };
        let severity = |end: i64| {
            let moved = World { fine: (world.fine.0, end), ..World::usual() };
            moved.events(&value).iter().map(|event| event.severity).fold(0.0, f64::max)
        };
        let end = from + 3 * 3_600;
        prop_assert!((severity(end) - severity(end + 60 * minutes / FINE * FINE)).abs() <= 5.0);
    }
}

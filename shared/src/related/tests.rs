//! Planted moves among series that only do what they always do.

use super::*;
use crate::stats::testing::Random;
use crate::time::{Step, TimeRange};

const START: Timestamp = Timestamp(1_768_469_820_000);

fn windows(minutes: u64) -> Windows {
    let end = START + Span::from_seconds(60 * (minutes - 1));
    Windows::of(TimeRange { start: START, end }, Step::from_seconds(60), end + Span::from_seconds(3_600))
}

fn labels(metric: &str) -> Labels {
    Labels::new([(METRIC_NAME.to_owned(), metric.to_owned()), ("job".to_owned(), "a".to_owned())])
}

fn one(windows: &Windows, metric: &str, values: Vec<f64>) -> Series {
    assert_eq!(values.len(), windows.grid.len);
    Series { labels: labels(metric), grid: windows.grid, values: values.into() }
}

/// What series do all the time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Habit {
    /// Each sample on its own.
    White,
    /// Of neighbours with this correlation.
    Smooth(f64),
    /// Wherever it comes.
    Walk,
    /// Slow up and down.
    Season,
    /// Rest, and now and then something.
    Bursts,
    /// Small whole numbers.
    Few,
    /// A counter.
    Counter,
}

const HABITS: [Habit; 9] = [
    Habit::White,
    Habit::Smooth(0.5),
    Habit::Smooth(0.9),
    Habit::Smooth(0.98),
    Habit::Walk,
    Habit::Season,
    Habit::Bursts,
    Habit::Few,
    Habit::Counter,
];

/// A series of its habit with `extra` spreads added from its window's sample `from` on.
fn habit(windows: &Windows, habit: Habit, extra: f64, random: &mut Random) -> Vec<f64> {
    let first = windows.grid.len - windows.len;
    let (mut last, mut total) = (random.normal() * 3.0, 0.0);
    let phase = random.uniform();
    (0..windows.grid.len)
        .map(|at| {
            let added = if at >= first + 2 { extra } else { 0.0 };
            let noise = random.normal();
            match habit {
                Habit::White => 50.0 + noise + added,
                Habit::Smooth(r) => {
                    last = r * last + (1.0 - r * r).sqrt() * noise;
                    50.0 + last + added
                }
                Habit::Walk => {
                    last += 0.2 * noise;
                    last + added
                }
                Habit::Season => {
                    let turn = at as f64 / (7.3 * windows.len as f64) + phase;
                    libm::sin(std::f64::consts::TAU * turn) + 0.1 * noise + added
                }
                Habit::Bursts => {
                    let burst = (at as f64 / 17.0 + 20.0 * phase) % 7.0 < 0.3;
                    (if burst { 20.0 * random.uniform() } else { 0.0 }) + 20.0 * added
                }
                Habit::Few => libm::floor(3.0 * random.uniform()) + added,
                Habit::Counter => {
                    total += libm::floor(4.0 + 4.0 * random.uniform() + 2.0 * added);
                    total
                }
            }
        })
        .collect()
}

/// Of 200 series with ten planted among them: how many were named, and how many of these were planted.
fn named(habit_of: impl Fn(usize) -> Habit, minutes: u64, extra: f64, seed: u64) -> (usize, usize) {
    let windows = windows(minutes);
    let mut random = Random(seed);
    let all: Vec<Series> = (0..200)
        .map(|at| {
            let planted = if at < 10 { extra } else { 0.0 };
            let name = format!("{}_{at}", if at < 10 { "planted" } else { "other" });
            one(&windows, &name, habit(&windows, habit_of(at), planted, &mut random))
        })
        .collect();
    let odd = Odd { onset: START, values: Vec::new() };
    let found = rank(&windows, &odd, &all);
    let planted = |moved: &&Moved| moved.labels.to_string().starts_with("planted");
    let right = found.moved.iter().filter(planted).count();
    (found.moved.len(), right)
}

#[test]
fn precision() {
    println!("habit, minutes of the event: named, of these planted (of 10), in the mean of 20 runs");
    for (name, of) in HABITS.map(|habit| (format!("{habit:?}"), vec![habit])).into_iter().chain([("all".to_owned(), HABITS.to_vec())]) {
        for minutes in [1, 5, 10, 60] {
            let (mut all, mut right, mut none) = (0, 0, 0);
            for seed in 1..=20 {
                let (named_all, named_right) = named(|at| of[at % of.len()], minutes, 8.0, seed);
                all += named_all;
                right += named_right;
                none += named(|at| of[at % of.len()], minutes, 0.0, 100 + seed).0;
            }
            println!("{name} {minutes}: {} {} nothing planted: {}", all as f64 / 20.0, right as f64 / 20.0, none as f64/20.0);
        }
    }
}

//! Planted moves among series that only do what they always do.

use super::*;
use crate::testing::Random;
use oddity_detect::time::{Step, TimeRange};

const START: Timestamp = Timestamp(1_768_469_820_000);

fn windows(minutes: u64) -> ComparisonWindows {
    let end = START + Span::from_seconds(60 * (minutes - 1));
    ComparisonWindows::of(
        TimeRange { start: START, end },
        Step::from_seconds(60),
        end + Span::from_seconds(3_600),
    )
}

fn labels(metric: &str) -> Labels {
    Labels::new([(METRIC_NAME.to_owned(), metric.to_owned()), ("job".to_owned(), "a".to_owned())])
}

fn one(windows: &ComparisonWindows, metric: &str, values: Vec<f64>) -> Series {
    assert_eq!(values.len(), windows.grid.len);
    Series { labels: labels(metric), grid: windows.grid, values: values.into() }
}

/// What series do all the time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum SeriesHabit {
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

const HABITS: [SeriesHabit; 9] = [
    SeriesHabit::White,
    SeriesHabit::Smooth(0.5),
    SeriesHabit::Smooth(0.9),
    SeriesHabit::Smooth(0.98),
    SeriesHabit::Walk,
    SeriesHabit::Season,
    SeriesHabit::Bursts,
    SeriesHabit::Few,
    SeriesHabit::Counter,
];

/// A series of its habit with `extra` spreads added from its window's sample `from` on.
fn habit(
    windows: &ComparisonWindows,
    habit: SeriesHabit,
    extra: f64,
    random: &mut Random,
) -> Vec<f64> {
    let first = windows.grid.len - windows.len;
    let (mut last, mut total) = (random.normal() * 3.0, 0.0);
    let phase = random.uniform();
    (0..windows.grid.len)
        .map(|at| {
            let added = if at >= first + 2 { extra } else { 0.0 };
            let noise = random.normal();
            match habit {
                SeriesHabit::White => 50.0 + noise + added,
                SeriesHabit::Smooth(r) => {
                    last = r * last + (1.0 - r * r).sqrt() * noise;
                    50.0 + last + added
                }
                SeriesHabit::Walk => {
                    last += 0.2 * noise;
                    last + added
                }
                SeriesHabit::Season => {
                    let turn = at as f64 / (7.3 * windows.len as f64) + phase;
                    libm::sin(std::f64::consts::TAU * turn) + 0.1 * noise + added
                }
                SeriesHabit::Bursts => {
                    let burst = (at as f64 / 17.0 + 20.0 * phase) % 7.0 < 0.3;
                    (if burst { 20.0 * random.uniform() } else { 0.0 }) + 20.0 * added
                }
                SeriesHabit::Few => libm::floor(3.0 * random.uniform()) + added,
                SeriesHabit::Counter => {
                    total += libm::floor(4.0 + 4.0 * random.uniform() + 2.0 * added);
                    total
                }
            }
        })
        .collect()
}

/// Of 200 series with ten planted among them: how many were named, and how many of these were planted.
fn named(
    habit_of: impl Fn(usize) -> SeriesHabit,
    minutes: u64,
    extra: f64,
    seed: u64,
) -> (usize, usize) {
    let windows = windows(minutes);
    let mut random = Random(seed);
    let all: Vec<Series> = (0..200)
        .map(|at| {
            let planted = if at < 10 { extra } else { 0.0 };
            let name = format!("{}_{at}", if at < 10 { "planted" } else { "other" });
            one(&windows, &name, habit(&windows, habit_of(at), planted, &mut random))
        })
        .collect();
    let odd = AnomalousSeries { onset: START, values: Vec::new() };
    let found = rank(&windows, &odd, &all);
    let planted = |changed: &&ChangedSeries| changed.labels.to_string().starts_with("planted");
    let right = found.changed.iter().filter(planted).count();
    (found.changed.len(), right)
}

/// Figures of the ranking: how many are named wrongly, and how many are found.
#[test]
fn planted_moves_are_named_and_habits_are_not() {
    const RUNS: u64 = 4;
    println!(
        "habit, minutes of the event: named, of these planted (of 10); named where nothing is planted"
    );
    let each = HABITS.map(|habit| (format!("{habit:?}"), vec![habit]));
    let mixed = ("all of them".to_owned(), HABITS.to_vec());
    let (mut wrong, mut all) = (0, 0);
    for (name, of) in each.into_iter().chain([mixed]) {
        for minutes in [1, 10] {
            let run = |extra, seed| named(|at| of[at % of.len()], minutes, extra, seed);
            let runs = (1..=RUNS).map(|seed| (run(8.0, seed), run(0.0, 100 + seed).0));
            let sum = runs.fold((0, 0, 0), |sum, ((named, right), none)| {
                (sum.0 + named, sum.1 + right, sum.2 + none)
            });
            let mean = |count: usize| count as f64 / RUNS as f64;
            println!("{name} {minutes}: {} {} {}", mean(sum.0), mean(sum.1), mean(sum.2));
            assert!(mean(sum.1) >= 8.5, "{name} {minutes}: too few of the planted ones");
            if of == [SeriesHabit::Bursts] {
                // Rarer than the time that is looked at: nothing tells such a burst from a move.
                continue;
            }
            assert!(mean(sum.2) <= 1.0, "{name} {minutes}: named where nothing is");
            wrong += sum.0 - sum.1;
            all += sum.0;
        }
    }
    println!("named in all {all}, of these wrongly {wrong}");
    assert!(wrong as f64 <= 2.0 * CHANCE * all as f64, "{wrong} of {all}");
}

/// A named series by its metric, before and from the onset on.
fn moving(windows: &ComparisonWindows, metric: &str, at: i64, by: f64, seed: u64) -> Series {
    let (mut random, first) = (Random(seed), windows.grid.len - windows.len + 2);
    let begins = first.checked_add_signed(at as isize).unwrap();
    let values = (0..windows.grid.len)
        .map(|index| 50.0 + random.normal() + if index >= begins { by } else { 0.0 })
        .collect();
    one(windows, metric, values)
}

#[test]
fn what_is_told_of_a_series_that_moved() {
    let windows = windows(10);
    let before = moving(&windows, "first", -2, 20.0, 1);
    let after = moving(&windows, "then_seconds", 3, -20.0, 2);
    let odd = AnomalousSeries {
        onset: START,
        values: moving(&windows, "odd", 0, 30.0, 3).values.to_vec(),
    };
    let copy: Vec<f64> = odd.values.iter().map(|value| 7.0 - 3.0 * value).collect();
    let twin = Series {
        labels: Labels::new([(METRIC_NAME.to_owned(), "first".to_owned())]),
        ..moving(&windows, "first", -2, 15.0, 4)
    };
    let first = windows.grid.len - windows.len;
    let gone = windows.grid.len;
    let only = |from: usize, to: usize| {
        (0..windows.grid.len)
            .map(|at| if (from..to).contains(&at) { 1.0 } else { f64::NAN })
            .collect()
    };
    let all = [
        moving(&windows, "rest", 0, 0.0, 5),
        twin,
        before,
        after,
        one(&windows, "copy", copy),
        one(&windows, "new", only(first + 3, gone)),
        one(&windows, "old", only(0, first)),
        one(&windows, "rare", only(first - 10, first - 3)),
    ];
    let found = rank(&windows, &odd, &all);
    let told: Vec<String> = found
        .changed
        .iter()
        .map(|changed| {
            let name = changed.labels.metric_name().unwrap();
            format!(
                "{name} {:?} {} +{}",
                changed.change.direction,
                changed.timing.words(),
                changed.others
            )
        })
        .collect();
    assert_eq!(told, ["then_seconds Down 3 min after +0", "first Up 2 min before +1"]);
    assert_eq!((found.judged, found.copies, found.unknown), (4, 1, 1));
    assert_eq!(found.appeared, [labels("new")]);
    assert_eq!(found.stopped, [labels("old")]);
    assert_eq!(found.changed[1].values.len(), 5 * windows.len);
    assert!(found.changed[0].words().ends_with(" s"), "{}", found.changed[0].words());
}

#[test]
fn a_counter_is_judged_by_its_increase() {
    let windows = windows(10);
    let first = windows.grid.len - windows.len + 2;
    let mut random = Random(7);
    let mut total = 0.0;
    let values: Vec<f64> = (0..windows.grid.len)
        .map(|at| {
            // A restart in the middle is no move.
            if at == windows.grid.len / 2 {
                total = 0.0;
            }
            total += if at >= first { 600.0 } else { 55.0 + 10.0 * random.uniform() };
            total
        })
        .collect();
    let found = rank(
        &windows,
        &AnomalousSeries { onset: START, values: vec![] },
        &[one(&windows, "x_total", values)],
    );
    let [changed] = found.changed.as_slice() else { panic!("{found:?}") };
    assert!(changed.counter && (changed.change.during - 10.0).abs() < 1e-9, "{changed:?}");
    assert_eq!(changed.expr(windows.grid.step), "rate(x_total{job=\"a\"}[5m])");
}

#[test]
fn the_share_that_may_be_wrong() {
    let cases: [(&[f64], usize); 5] = [
        (&[], 0),
        (&[0.2], 0),
        (&[0.04], 1),
        // The second is above its own bound, but the third is below its.
        (&[0.01, 0.03, 0.03, 0.9], 3),
        (&[0.02, 0.03, 0.9, 0.9], 0),
    ];
    for (ascending, expected) in cases {
        assert_eq!(discoveries(ascending, 0.05), expected, "{ascending:?}");
    }
}

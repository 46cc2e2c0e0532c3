use proptest::prelude::*;

use super::*;
use crate::data::Recording;

const STANDARD: Profile = PROFILES[0];

/// A file of `rows` rows in a category; windows from their first row to before the second.
fn file(category: &str, rows: usize, windows: &[(usize, usize)]) -> File {
    let recording = Recording {
        name: format!("{category}/file.csv"),
        written: vec![String::new(); rows],
        times: vec![oddity_detect::time::Timestamp(0); rows],
        values: vec![0.0; rows],
        labels: None,
    };
    File::new(recording, windows.iter().map(|(start, end)| *start..*end).collect())
}

/// Strengths of 1 in these rows.
fn ones(rows: usize, at: &[usize]) -> Vec<f64> {
    (0..rows).map(|row| f64::from(at.contains(&row))).collect()
}

fn sigmoid(position: f64) -> f64 {
    2.0 / (1.0 + (5.0 * position).exp()) - 1.0
}

/// Weight of a file with alerts in these rows, by the words of the benchmark.
fn plain(file: &File, alerts: &[usize], profile: &Profile) -> f64 {
    let alerts: Vec<usize> = alerts.iter().copied().filter(|row| *row >= file.probation).collect();
    let mut sum = 0.0;
    for window in &file.windows {
        sum += match alerts.iter().find(|row| window.contains(row)) {
            Some(first) => {
                let position = (first - window.start) as f64 / window.len() as f64;
                profile.true_positive * sigmoid(position - 1.0) / sigmoid(-1.0)
            }
            None => -profile.false_negative,
        };
    }
    for row in alerts {
        if file.windows.iter().any(|window| window.contains(&row)) {
            continue;
        }
        let before = file.windows.iter().rev().find(|window| window.end <= row);
        let position = before.map_or(f64::INFINITY, |window| {
            (row + 1 - window.end) as f64 / (window.len() as f64 - 1.0).max(1.0)
        });
        sum += profile.false_positive * if position < 3.0 { sigmoid(position) } else { -1.0 };
    }
    sum
}

/// One file of 100 rows, so with a probation of 15, and one window of rows 40 to 49.
fn check(alerts: &[usize], expected: f64) {
    let files = [file("a", 100, &[(40, 50)])];
    let curves = Curves::new(&files, &[ones(100, alerts)], &STANDARD);
    assert!((curves.sum(1.0) - expected).abs() < 1e-9, "{alerts:?}: {}", curves.sum(1.0));
    assert!((plain(&files[0], alerts, &STANDARD) - expected).abs() < 1e-9, "{alerts:?}");
}

#[test]
fn weights_by_hand() {
    // Silence, and rows that count for nothing.
    check(&[], -1.0);
    check(&[0, 14], -1.0);
    // The first row of a window, its middle, its last; later ones add nothing.
    check(&[40], 1.0);
    check(&[40, 43, 49], 1.0);
    check(&[45], 0.848_283_639_957_512_9 / 0.986_614_298_151_430_3);
    check(&[49], 0.244_918_662_403_709_1 / 0.986_614_298_151_430_3);
    // Before any window, far behind it, right behind it.
    check(&[15], -1.0 - 0.11);
    check(&[39, 40], 1.0 - 0.11);
    check(&[40, 99], 1.0 - 0.11);
    check(&[40, 50], 1.0 - 0.11 * 0.270_847_118_517_066_4);
    check(&[40, 58], 1.0 - 0.11 * 0.986_614_298_151_430_3);
}

#[test]
fn probation_is_15_percent_and_750_rows_at_most() {
    for (rows, probation) in
        [(0, 0), (6, 0), (7, 1), (1_127, 169), (4_999, 749), (5_000, 750), (22_695, 750)]
    {
        assert_eq!(file("a", rows, &[]).probation, probation, "{rows}");
    }
}

#[test]
fn silence_is_0_and_perfection_100_in_every_profile() {
    let files =
        [file("a", 100, &[(40, 50), (60, 70)]), file("b", 100, &[]), file("c", 100, &[(80, 100)])];
    let perfect = [ones(100, &[40, 60]), ones(100, &[]), ones(100, &[80])];
    let silent = [ones(100, &[]), ones(100, &[]), vec![f64::NAN; 100]];
    for profile in &PROFILES {
        for (alerts, expected, threshold) in [(&perfect, 100.0, 1.0), (&silent, 0.0, f64::INFINITY)]
        {
            let found = best(&files, &[Curves::new(&files, alerts, profile)], profile);
            assert!((found.score - expected).abs() < 1e-9, "{found:?}");
            assert_eq!(found.choice.threshold, threshold);
        }
    }
    assert_eq!(best(&files, &[], &STANDARD).score, 0.0);
    assert_eq!(normalized(&[], &STANDARD, 0.0), 0.0);
}

#[test]
fn a_window_of_one_row_and_alerts_behind_it() {
    let files = [file("a", 100, &[(40, 41)])];
    for alerts in [vec![40], vec![41], vec![40, 42, 99]] {
        let curves = Curves::new(&files, &[ones(100, &alerts)], &STANDARD);
        assert_eq!(curves.sum(1.0), plain(&files[0], &alerts, &STANDARD));
    }
}

#[test]
fn random_folds_hold_every_file_once() {
    let mut all = random_folds(58, 7).concat();
    all.sort_unstable();
    assert_eq!(all, (0..58).collect::<Vec<_>>());
    assert_eq!(random_folds(58, 7), random_folds(58, 7));
    assert_ne!(random_folds(58, 7), random_folds(58, 8));
    assert!(random_folds(58, 7).iter().all(|fold| (11..=12).contains(&fold.len())));
}

#[test]
fn categories_are_folders() {
    let files = [file("a", 10, &[]), file("b", 10, &[]), file("a", 10, &[])];
    assert_eq!(category_folds(&files), [vec![0, 2], vec![1]]);
}

/// Two files that one candidate solves and two that the other does, at other thresholds.
#[test]
fn what_is_settled_comes_from_the_other_files() {
    let files = ["a", "a", "b", "b"].map(|category| file(category, 100, &[(40, 50)]));
    let scaled =
        |strength: f64, at: usize| ones(100, &[at]).iter().map(|one| one * strength).collect();
    let first: Vec<Vec<f64>> =
        vec![scaled(5.0, 40), scaled(5.0, 40), scaled(5.0, 20), scaled(5.0, 20)];
    let second: Vec<Vec<f64>> =
        vec![scaled(3.0, 20), scaled(3.0, 20), scaled(3.0, 40), scaled(3.0, 41)];
    let candidates = [first, second].map(|alerts| Curves::new(&files, &alerts, &STANDARD));
    let by_category = validate(&files, &candidates, &STANDARD, &category_folds(&files));
    // For a the second is best on b, for b the first on a; both are wrong where they are applied.
    let choices =
        [Choice { candidate: 1, threshold: 3.0 }, Choice { candidate: 0, threshold: 5.0 }];
    assert_eq!(by_category.choices, choices);
    assert!((by_category.score - 100.0 * -0.44 / 8.0).abs() < 1e-9, "{by_category:?}");
    // One file of each left out: of two equally good ones the first is taken, then the better one.
    let mixed = validate(&files, &candidates, &STANDARD, &[vec![0, 3], vec![1, 2]]);
    assert_eq!(mixed.choices.iter().map(|choice| choice.candidate).collect::<Vec<_>>(), [0, 0]);
    let alone = validate(&files, &candidates[..1], &STANDARD, &[vec![0, 1, 2, 3]]);
    assert_eq!((alone.score, alone.choices[0].threshold), (0.0, f64::INFINITY));
}

fn strengths(rows: usize) -> impl Strategy<Value = Vec<f64>> {
    let strength =
        prop_oneof![4 => Just(0.0), 1 => Just(f64::NAN), 3 => (1..6_i32).prop_map(f64::from)];
    prop::collection::vec(strength, rows)
}

proptest! {
    #[test]
    fn every_threshold_as_the_benchmark_words_it(first in strengths(60), second in strengths(40), profile in 0_usize..3) {
        let profile = &PROFILES[profile];
        let files = [file("a", 60, &[(12, 20), (21, 22), (40, 55)]), file("b", 40, &[])];
        let alerts = [first, second];
        let curves = Curves::new(&files, &alerts, profile);
        let mut highest = f64::NEG_INFINITY;
        for threshold in [f64::INFINITY, 5.0, 4.0, 3.5, 3.0, 2.0, 1.0] {
            let rows = |file: usize| -> Vec<usize> {
                (0..alerts[file].len()).filter(|row| alerts[file][*row] >= threshold).collect()
            };
            let expected: f64 = (0..2).map(|at| plain(&files[at], &rows(at), profile)).sum();
            prop_assert!((curves.sum(threshold) - expected).abs() < 1e-9, "{} {}", threshold, expected);
            highest = highest.max(expected);
        }
        let best = curves.optimum(|_| true);
        prop_assert!((best.raw - highest).abs() < 1e-9);
        prop_assert!((curves.sum(best.threshold) - highest).abs() < 1e-9);
        let one = curves.optimum(|file| file == 1);
        prop_assert!((curves.at(1, one.threshold) - one.raw).abs() < 1e-9);
    }
}

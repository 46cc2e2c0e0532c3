//! The default detector on labelled data of the Numenta Anomaly Benchmark, where that lies beside the repository.

#![allow(clippy::disallowed_methods, reason = "the data lies in files")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use oddity_detect::detect::{Detector, DetectorInput, Rolling};
use oddity_detect::event::{Event, EventKind, OnsetCache, Rule, SeriesSamples, events};
use oddity_detect::series::Grid;
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};

/// Where the data is, `None` and a visible line where it is not.
fn data(test: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let folder = std::env::var_os("ODDITY_DATA").map_or_else(beside, PathBuf::from).join("nab");
    if folder.is_dir() {
        return Some(folder);
    }
    // The harness swallows what a passing test prints through the macros.
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {test} (no data at {})", folder.display());
    None
}

/// A file's values on the grid of its most common step; missing samples are NaN.
fn load(path: &Path) -> (Vec<f64>, Grid) {
    let text = std::fs::read_to_string(path).unwrap();
    let rows: Vec<(Timestamp, f64)> = text
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap())
        .map(|(time, value)| (time.parse().unwrap(), value.trim().parse().unwrap()))
        .collect();
    let mut distances: BTreeMap<Span, usize> = BTreeMap::new();
    for pair in rows.windows(2) {
        *distances.entry(pair[1].0.since(pair[0].0)).or_default() += 1;
    }
    let (step, _) = distances.into_iter().max_by_key(|(_, count)| *count).unwrap();
    let (start, step) = (rows[0].0, Step::new(step).unwrap());
    let len = (rows[rows.len() - 1].0.since(start).millis() / step.millis()) as usize + 1;
    let grid = Grid { start, step, len };
    let mut values = vec![f64::NAN; len];
    for (time, value) in rows {
        values[grid.nearest(time).unwrap()] = value;
    }
    (values, grid)
}

fn found(path: &Path) -> (Vec<Event>, usize) {
    let (values, grid) = load(path);
    let detection =
        Detector::Rolling(Rolling::default()).detect(DetectorInput::new(&values, 0, grid));
    let rule = Rule::default();
    let samples = SeriesSamples { values: &values, period: &|| None };
    let found = events(samples, &detection, &OnsetCache::default(), &rule, 0, |at| grid.at(at));
    (found, grid.len)
}

/// The labelled windows of a file, `dir/name.csv`.
fn windows(folder: &Path, file: &str) -> Vec<TimeRange> {
    let text = std::fs::read_to_string(folder.join("windows.json")).unwrap();
    let all: BTreeMap<String, Vec<(String, String)>> = serde_json::from_str(&text).unwrap();
    let time = |text: &str| text.parse().unwrap();
    all[file].iter().map(|(start, end)| TimeRange { start: time(start), end: time(end) }).collect()
}

/// For each labelled window whether an event begins in it, and how many events begin outside of all.
fn hits(folder: &Path, file: &str) -> (Vec<bool>, usize) {
    let windows = windows(folder, file);
    let (events, _) = found(&folder.join(file));
    let inside =
        |event: &Event, window: &TimeRange| (window.start..=window.end).contains(&event.onset.time);
    let hit = windows.iter().map(|window| events.iter().any(|event| inside(event, window)));
    let outside = events.iter().filter(|event| !windows.iter().any(|window| inside(event, window)));
    (hit.collect(), outside.count())
}

#[test]
fn few_events_where_nothing_is_labelled() {
    let Some(folder) = data("few_events_where_nothing_is_labelled") else { return };
    let cases = [
        ("art_flatline", 0),
        ("art_noisy", 0),
        // Two jumps a day for fourteen days: a baseline of five hours knows no day.
        ("art_daily_no_noise", 28),
        ("art_daily_small_noise", 28),
        ("art_daily_perfect_square_wave", 28),
    ];
    for (name, most) in cases {
        let (events, len) = found(&folder.join("artificialNoAnomaly").join(format!("{name}.csv")));
        assert_eq!(len, 4_032, "{name}");
        assert!(events.len() <= most, "{name}: {events:#?}");
    }
}

#[test]
fn labelled_windows_are_hit_with_few_events_outside() {
    let Some(folder) = data("labelled_windows_are_hit_with_few_events_outside") else { return };
    for (file, windows, most_outside) in [
        ("realKnownCause/ec2_request_latency_system_failure.csv", 3, 1),
        ("realKnownCause/rogue_agent_key_hold.csv", 2, 9),
    ] {
        let (hit, outside) = hits(&folder, file);
        assert_eq!(hit, vec![true; windows], "{file}");
        assert!(outside <= most_outside, "{file}: {outside}");
    }
}

#[test]
fn the_highest_of_many_jumps_is_the_labelled_one() {
    let Some(folder) = data("the_highest_of_many_jumps_is_the_labelled_one") else { return };
    let file = "artificialWithAnomaly/art_daily_jumpsup.csv";
    let (events, _) = found(&folder.join(file));
    let highest = events.iter().max_by(|a, b| a.peak.value.total_cmp(&b.peak.value)).unwrap();
    let window = windows(&folder, file)[0];
    assert!((window.start..=window.end).contains(&highest.onset.time), "{highest:?}");
    assert_eq!((highest.kind, highest.peak.value.round()), (EventKind::LevelShiftUp, 128.0));
}

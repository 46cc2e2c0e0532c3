//! Events of the product as the scorer reads them.

use std::sync::Arc;

use oddity_analysis::analysis::{Analysis, Learning, analyze, detect, prepare};
use oddity_detect::detect::Detector;
use oddity_detect::event::{Direction, Event, EventKind, Rule};

use super::fetch::Fetched;
use super::world::{Side, World};

/// One event as a person reads it; times are minutes of the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Index of the series in the query.
    pub series: usize,
    /// Kind in words.
    pub kind: &'static str,
    /// Minute of the first odd sample.
    pub onset: usize,
    /// First minute of what is told, for slow changes before the onset.
    pub start: usize,
    /// Last minute.
    pub end: usize,
    /// Minute of the largest deviation.
    pub peak: usize,
    /// Value at the largest deviation.
    pub value: f64,
    /// Side of the deviation; `None` for missing and frozen values.
    pub side: Option<Side>,
    /// Whether it is said to go on.
    pub ongoing: bool,
    /// Minute from which it is said to be over.
    pub recovered: Option<usize>,
    /// Severity, 0 to 100.
    pub severity: f64,
    /// Least lower and greatest upper bound of onset and peak.
    pub bounds: (f64, f64),
    /// Whether kind, side and values agree.
    pub agrees: bool,
}

/// Everything that is said about one query and range.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Number of series that were judged.
    pub series: usize,
    /// Events of all series.
    pub entries: Vec<Entry>,
}

/// Runs the path of the product on fetched samples, with the default rule of the detector.
pub fn answer(world: &World, fetched: Fetched, detector: Detector) -> Answer {
    let Fetched { loaded, indices } = fetched;
    let series = indices.len();
    let prepared = prepare(Arc::new(loaded));
    let detected = detect(&prepared, detector, Learning::default());
    let analysis = analyze(Arc::new(detected), Rule::of(detector));
    let entries = analysis
        .worst_events()
        .into_iter()
        .map(|(ranked, event)| entry(world, &analysis, indices[ranked.index], event))
        .collect();
    Answer { series, entries }
}

fn entry(world: &World, analysis: &Analysis, series: usize, event: &Event) -> Entry {
    let grid = analysis.detected.loaded.query.grid();
    let (onset, peak) = (&event.onset, &event.peak);
    let silent = matches!(event.kind, EventKind::Gap | EventKind::FlatLine);
    let bounds = match event.quantity.is_values() {
        true => (onset.lower.min(peak.lower), onset.upper.max(peak.upper)),
        false => (f64::NAN, f64::NAN),
    };
    Entry {
        series,
        kind: event.kind.name(),
        onset: world.minute(onset.time),
        start: world.minute(event.display_start),
        end: world.minute(event.end),
        peak: world.minute(peak.time),
        value: peak.value,
        side: (!silent).then_some(match event.direction {
            Direction::Up => Side::Up,
            Direction::Down => Side::Down,
        }),
        ongoing: event.ongoing,
        recovered: event.recovered.map(|index| world.minute(grid.at(index))),
        severity: event.severity,
        bounds,
        agrees: agrees(event),
    }
}

/// Returns whether the kind of an event leads to the side that it names and in which its largest value lies.
fn agrees(event: &Event) -> bool {
    let named = match event.kind {
        EventKind::Spike | EventKind::LevelShiftUp => Direction::Up,
        EventKind::Dip | EventKind::LevelShiftDown => Direction::Down,
        _ => return true,
    };
    let sign = if named == Direction::Up { 1.0 } else { -1.0 };
    let away = sign * (event.peak.value - event.reference.expected);
    event.direction == named && !(event.quantity.is_values() && away < 0.0)
}

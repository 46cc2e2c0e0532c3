//! Comparison of an event with the samples that were loaded before it.

use oddity_detect::detect::Detection;
use oddity_detect::event::{Direction, Event, EventKind};
use oddity_detect::series::Grid;
use oddity_detect::stats::median::scaled_quartile_range;
use oddity_detect::time::{Span, Timestamp};

/// Minimum number of samples before an event that tell how high or low it is.
const MIN_KNOWN: usize = 30;

/// Number of samples on each side whose spreads are compared.
const WIDE: usize = 120;

/// Time before the peak in which no value was as high, or as low.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecordSince {
    /// Time from the last value as high or as low, or else from the first loaded sample, to the peak.
    pub looked_back: Span,
    /// Time of the last value that was as high or as low; `None` without one.
    pub last: Option<Timestamp>,
}

/// Finds the last value before the event that was as far off as its peak. Cost: O(samples before the event).
pub(super) fn record_since(
    detection: &Detection,
    event: &Event,
    began: usize,
    grid: Grid,
) -> Option<RecordSince> {
    if matches!(event.kind, EventKind::Gap | EventKind::FlatLine | EventKind::Infinite) {
        return None;
    }
    let peak = event.peak.value;
    let before = detection.judged.get(..began)?;
    let known = before.iter().filter(|value| value.is_finite()).count();
    if !peak.is_finite() || known < MIN_KNOWN {
        return None;
    }
    let reaches = |value: &f64| match event.direction {
        Direction::Up => *value >= peak,
        Direction::Down => *value <= peak,
    };
    let last = before.iter().rposition(reaches);
    let from = last.or_else(|| before.iter().position(|value| value.is_finite()))?;
    // A peak that was reached a few samples earlier is no record.
    if last.is_some_and(|last| began - last < MIN_KNOWN) {
        return None;
    }
    Some(RecordSince {
        looked_back: event.peak.time.since(grid.at(from)),
        last: last.map(|last| grid.at(last)),
    })
}

/// Computes the ratio of the spread from the onset on to the spread before it, both as scaled quartile ranges.
pub(super) fn widened(values: &[f64], onset: usize) -> Option<f64> {
    let before =
        scaled_quartile_range(&mut values.get(onset.saturating_sub(WIDE)..onset)?.to_vec());
    let until = (onset + WIDE).min(values.len());
    let after = scaled_quartile_range(&mut values.get(onset..until)?.to_vec());
    (before > 0.0 && after > 0.0).then(|| after / before)
}

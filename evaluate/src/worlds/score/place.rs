//! Whether an entry is about a place.

use super::Window;
use crate::worlds::entry::Entry;
use crate::worlds::world::{Place, PlaceWeight, Tolerated};

/// Minutes by which an entry may begin too early at any step.
const EARLY: usize = 5;

/// Minutes after the end of a place in which its way back may begin: at least, and at most.
const WAY_BACK: (usize, usize) = (10, 120);

/// Minutes from the start of an entry to a peak that lies in a place.
const TO_PEAK: usize = 60;

/// Fewest samples that a range must show of a place before it has to be found.
const MIN_SAMPLES: usize = 3;

/// Stretch of time in some series that entries can be about.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    series: &'a [usize],
    start: usize,
    /// Minute after the last one.
    end: usize,
}

impl Stretch<'_> {
    /// Returns whether an entry begins in the stretch or a little around it, or has its largest deviation or half of
    /// itself there.
    fn holds(self, entry: &Entry, step: usize) -> bool {
        let Self { series, start, end } = self;
        if !series.contains(&entry.series) {
            return false;
        }
        let first = start.saturating_sub(early(step));
        let quarter = end.saturating_sub(start) / 4;
        let last = end + quarter.min(WAY_BACK.1).max(WAY_BACK.0 + MIN_SAMPLES * step);
        if (first..=last).contains(&entry.start) {
            return true;
        }
        let led_to_it = start <= entry.start + TO_PEAK.max(12 * step);
        if led_to_it && (start..end + step).contains(&entry.peak) {
            return true;
        }
        let common = entry.end.min(last).saturating_sub(entry.start.max(first));
        entry.end > entry.start && 2 * common >= entry.end - entry.start
    }
}

/// Returns the minutes by which an entry may begin before a place.
pub(super) fn early(step: usize) -> usize {
    EARLY.max(MIN_SAMPLES * step)
}

/// Returns whether an entry is about a place, be it the way back.
pub(super) fn fits(place: &Place, entry: &Entry, window: Window) -> bool {
    let end = place.end.unwrap_or(window.end + 1);
    Stretch { series: &place.series, start: place.start, end }.holds(entry, window.step)
}

/// Returns whether an entry is about something harmless.
pub(super) fn is_tolerated(tolerated: &Tolerated, entry: &Entry, window: Window) -> bool {
    let Tolerated { series, start, end, .. } = tolerated;
    Stretch { series, start: *start, end: *end }.holds(entry, window.step)
}

/// Returns whether an entry shares a minute with a place.
pub(super) fn overlaps(place: &Place, entry: &Entry) -> bool {
    let ends_before = place.end.is_some_and(|end| end <= entry.start);
    place.series.contains(&entry.series) && !ends_before && entry.end >= place.start
}

/// Returns whether an entry leads to the other side: the way back, or an echo.
pub(super) fn is_other_side(place: &Place, entry: &Entry) -> bool {
    place.side.zip(entry.side).is_some_and(|(of_place, of_entry)| of_place != of_entry)
}

/// Returns whether a place has to be found: it begins in the range, which shows enough of it.
pub(super) fn is_required(place: &Place, window: Window) -> bool {
    let end = place.end.unwrap_or(usize::MAX).min(window.end + 1);
    let shown = end.saturating_sub(place.start);
    place.weight == PlaceWeight::Required
        && place.start >= window.start
        && shown >= place.needs.max(MIN_SAMPLES * window.step)
}

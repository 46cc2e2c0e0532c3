//! Which stretch of time is compared with which.

use oddity_detect::series::Grid;
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};
use oddity_source::query::{QueryError, RangeQuery};

/// The time before is so many times as long as the window: as Netdata's metric correlations have it.
pub(super) const BEFORE: usize = 4;

/// Number of windows before the window. Those with four windows before them tell how far the series usually moves.
pub(super) const PAST: usize = 24;

/// The window looks at so many samples before the event too: a cause comes first.
const LEAD: usize = 2;

/// A window is not shorter, in samples: less tells nothing.
const MIN_SAMPLES: usize = 5;

/// An event of more samples is looked at with a longer step, so that each query stays small.
const MAX_SAMPLES: usize = 16;

/// Length of the beginning of an event that is looked at. What moved with it shows there, and the windows before reach back
/// two days instead of weeks that the source may not have.
const MAX_LENGTH: Span = Span::from_seconds(7_200);

/// The window of an event and the time before it, on a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComparisonWindows {
    /// All samples: those before, and last the window.
    pub grid: Grid,
    /// Samples of the window.
    pub len: usize,
}

impl ComparisonWindows {
    /// Places the windows of an event, or of its beginning if it is long, that was found at `step` in a range that ends at
    /// `latest`.
    pub fn of(event: TimeRange, step: Step, latest: Timestamp) -> Self {
        let event = TimeRange { end: event.end.min(event.start + MAX_LENGTH), ..event };
        let samples = event.span().millis() / step.millis() + 1;
        let factor = usize::try_from(samples).unwrap_or(usize::MAX).div_ceil(MAX_SAMPLES);
        let step = Step::new(step.times(factor)).unwrap_or(step);
        let first = event.start.floor_to(step) - step.times(LEAD);
        let last = latest
            .floor_to(step)
            .min(event.end.floor_to(step).max(first + step.times(MIN_SAMPLES - 1)));
        let len =
            usize::try_from(last.since(first).millis() / step.millis()).unwrap_or(MAX_SAMPLES) + 1;
        // Where the range ends too early, the window begins earlier.
        let len = len.max(MIN_SAMPLES);
        let all = len.saturating_mul(PAST + 1);
        Self { grid: Grid { start: last - step.times(all - 1), step, len: all }, len }
    }

    /// Returns the first and the last sample of the window.
    pub fn window(&self) -> TimeRange {
        TimeRange { start: self.grid.at(self.grid.len - self.len), end: self.grid.range().end }
    }

    /// Returns the first and the last sample of the time that the window is compared with.
    pub fn before(&self) -> TimeRange {
        let at = |windows: usize| self.grid.at(self.grid.len - windows * self.len);
        TimeRange { start: at(BEFORE + 1), end: at(1) - self.grid.step.span() }
    }

    /// Builds the range query for `expr` over all windows.
    ///
    /// # Errors
    /// As [`RangeQuery::new`].
    pub fn query(&self, expr: &str) -> Result<RangeQuery, QueryError> {
        RangeQuery::new(expr, self.grid.range(), self.grid.step, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_768_469_820_000);

    /// Samples of the window, its first and last one in minutes after the event's start, the step in minutes.
    fn check(minutes: u64, after: u64, expected: (usize, i64, i64, u64)) {
        let end = START + Span::from_seconds(60 * minutes);
        let latest = end + Span::from_seconds(60 * after);
        let found =
            ComparisonWindows::of(TimeRange { start: START, end }, Step::from_seconds(60), latest);
        let minute = |t: Timestamp| (t.0 - START.0).div_euclid(60_000);
        let window = found.window();
        assert_eq!(
            (
                found.len,
                minute(window.start),
                minute(window.end),
                found.grid.step.millis() / 60_000
            ),
            expected,
            "{minutes} {after}"
        );
        assert_eq!(found.grid.len, found.len * (PAST + 1));
        assert_eq!(found.grid.start.0.rem_euclid(found.grid.step.millis() as i64), 0);
        let before = found.before();
        assert_eq!(before.end + found.grid.step.span(), window.start);
        assert_eq!(Grid::covering(before, found.grid.step).len, BEFORE * found.len);
        assert_eq!(found.query("up").unwrap().grid(), found.grid);
    }

    #[test]
    fn windows_of_events() {
        check(0, 100, (5, -2, 2, 1));
        check(0, 0, (5, -4, 0, 1));
        check(9, 100, (12, -2, 9, 1));
        check(15, 100, (18, -2, 15, 1));
        check(16, 100, (11, -5, 15, 2));
        check(1_440, 0, (18, -17, 119, 8));
    }
}

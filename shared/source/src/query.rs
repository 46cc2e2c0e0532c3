//! Range queries: the step, the limits, and the chunks of a long one.

use serde::{Deserialize, Serialize};

use crate::promql;
use oddity_detect::series::Grid;
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};

/// Maximum number of points per series of one range query to Prometheus.
/// Source: Prometheus `web/api/v1/api.go`, "exceeded maximum resolution of 11,000 points per timeseries";
/// the check divides the range by the step, so 11,001 points pass.
pub const MAX_POINTS: usize = 11_000;

/// Maximum number of samples per series of a query in chunks.
pub const MAX_SAMPLES: usize = 1_000_000;

/// Minimum number of samples of history of every query: enough for each detector at its defaults.
pub const MIN_HISTORY: usize = 750;

/// Maximum number of samples of additional history of all series together: 9 MB of replies before compression, and
/// most of a second of the detector `auto`. Divided among a hundred series, it is the default lookback of `auto` for
/// each.
const HISTORY_BUDGET: usize = 600_000;

/// Maximum number of samples of additional history per series: three chunks.
const MAX_HISTORY: usize = 3 * MAX_POINTS;

/// Spans of additional history, longest first: three periods of a weekly and of a daily season, in seconds, each with
/// the share of the budget that it may take. The daily season explains most of a series, so it may take the whole
/// budget.
const SEASONS: [(u64, f64); 3] = [(3 * 7 * 86_400, 0.2), (7 * 86_400, 1.0), (3 * 86_400, 1.0)];

/// Span of the coarse samples before a range from which weekly seasons are learnt.
const LONG_PAST: Span = Span::from_seconds(35 * 86_400);

/// Steps of the long past in seconds, shortest first; each divides a day.
const LONG_PAST_STEPS: [u64; 3] = [600, 1_800, 3_600];

/// Maximum number of samples of the long past of all series together: 10 minutes for 170 series, 30 minutes for 500.
const LONG_PAST_BUDGET: usize = 860_000;

/// Steps that are chosen automatically, shortest first, in seconds.
const LADDER: [u64; 11] = [15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600];

/// A range query: an expression over a time range at a step, with history before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RangeQuery {
    /// PromQL expression.
    pub expr: String,
    /// Time of the first judged sample, a multiple of `step`.
    pub start: Timestamp,
    /// End of the range; no sample is later.
    pub end: Timestamp,
    /// Interval of samples.
    pub step: Step,
    /// Number of samples before `start` that a detector learns from.
    pub history: usize,
}

/// The reason why a range query is not sent; each message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The expression is blank.
    #[error("enter a PromQL query")]
    Empty,
    /// The history starts before the earliest timestamp.
    #[error(
        "{history} samples of history at a step of {step} start before the earliest supported time: select a shorter step"
    )]
    BeforeTime {
        /// Number of samples before the range.
        history: usize,
        /// Requested step.
        step: Step,
    },
    /// The range has too many samples, even in chunks.
    #[error(
        "{samples} samples per series exceed the limit of {MAX_SAMPLES}: shorten the range or select a step of {shortest} or more"
    )]
    TooManySamples {
        /// Number of samples of range and history.
        samples: usize,
        /// Shortest step that is accepted.
        shortest: Step,
    },
}

impl RangeQuery {
    /// Creates a query for `range` at `step` with `history` samples before it. The start is floored to the step.
    ///
    /// # Errors
    /// [`QueryError`] for a blank expression, more than [`MAX_SAMPLES`] samples a series, or a history
    /// that begins before the least timestamp.
    pub fn new(
        expr: &str,
        range: TimeRange,
        step: Step,
        history: usize,
    ) -> Result<Self, QueryError> {
        let expr = expr.trim();
        if expr.is_empty() {
            return Err(QueryError::Empty);
        }
        let grid = Grid::covering(range, step);
        let samples = grid.len.saturating_add(history);
        if samples > MAX_SAMPLES {
            let room = (MAX_SAMPLES - history.min(MAX_SAMPLES / 2)) as u64;
            let exact = (range.span().millis() / room + 1).div_ceil(1_000);
            let round = [1, 2, 5, 10].into_iter().chain(LADDER).find(|step| *step >= exact);
            let shortest = Step::from_seconds(round.unwrap_or(exact));
            return Err(QueryError::TooManySamples { samples, shortest });
        }
        let query =
            Self { expr: expr.to_owned(), start: grid.start, end: range.end, step, history };
        if query.grid().at(history) != query.start {
            return Err(QueryError::BeforeTime { history, step });
        }
        Ok(query)
    }

    /// Returns the grid of all fetched samples: history and judged range.
    pub fn grid(&self) -> Grid {
        let start = self.start - self.step.times(self.history);
        Grid::covering(TimeRange { start, end: self.end.max(self.start) }, self.step)
    }

    /// Returns the range of the judged samples.
    pub fn judged(&self) -> TimeRange {
        TimeRange { start: self.start, end: self.end.max(self.start) }
    }

    /// Returns the query for additional history before this one if there are `series` series: three weeks or three days
    /// where the budget allows that, else as much as it allows. Returns `None` if there is enough history already, or
    /// if the expression depends on the requested range.
    pub fn older(&self, series: usize) -> Option<Self> {
        let grid = self.grid();
        let most = MAX_HISTORY.min(MAX_SAMPLES.saturating_sub(grid.len));
        let room = |share: f64| {
            let budget = (HISTORY_BUDGET as f64 * share) as usize;
            (budget / series.max(1)).min(most)
        };
        let fitting = SEASONS.iter().find_map(|(season, share)| {
            let season = (season * 1_000 / self.step.millis()) as usize;
            (season <= room(*share)).then_some(season)
        });
        let wanted = fitting.unwrap_or_else(|| room(1.0));
        let more = wanted.checked_sub(self.history).filter(|more| *more > 0 && series > 0)?;
        let (start, end) = (grid.start - self.step.times(more), grid.start - self.step.span());
        let older = Self { start, end, history: 0, ..self.clone() };
        // The history must not start before the earliest timestamp.
        let fits = older.grid().len == more && !promql::depends_on_range(&self.expr);
        fits.then_some(older)
    }

    /// Returns the query for coarse samples of the five weeks before the range, up to the samples of this one, if there
    /// are `series` series: at 10 minutes, or at a longer step for many series or a long step. It begins at midnight UTC,
    /// so that a range a little later asks for the same samples. Returns `None` where nothing is missing, where the series
    /// are too many or the step is too long, or if the expression depends on the requested range.
    pub fn long_past(&self, series: usize) -> Option<Self> {
        let grid = self.grid();
        let fits = |step: &u64| {
            let samples = LONG_PAST.millis() / 1_000 / step;
            *step * 1_000 >= self.step.millis()
                && samples.saturating_mul(series as u64) <= LONG_PAST_BUDGET as u64
        };
        let step = Step::from_seconds(LONG_PAST_STEPS.into_iter().find(fits)?);
        let day = Step::from_seconds(86_400);
        let start = (self.start.floor_to(day) - LONG_PAST).floor_to(step);
        let end = (grid.start - self.step.span()).floor_to(step);
        let known = series > 0 && self.step.millis().is_multiple_of(1_000);
        if !known || start.0 < 0 || end < start || promql::depends_on_range(&self.expr) {
            return None;
        }
        Some(Self { start, end, step, history: 0, expr: self.expr.clone() })
    }

    /// Returns a range for `rate` that holds enough samples: five minutes, or four steps where that is longer.
    pub fn rate_window(&self) -> Span {
        Span::from_seconds(300).max(self.step.times(4))
    }

    /// Returns the expression as it is sent for each chunk: `@ start()` and `@ end()` become the bounds of the judged
    /// range, whatever the chunk covers.
    pub fn absolute_expr(&self) -> String {
        promql::with_absolute_times(&self.expr, TimeRange { start: self.start, end: self.end })
    }

    /// Splits the query into consecutive ranges on one grid, oldest first, of at most [`MAX_POINTS`] points each.
    pub fn chunks(&self) -> Vec<TimeRange> {
        let grid = self.grid();
        (0..grid.len)
            .step_by(MAX_POINTS)
            .map(|first| TimeRange {
                start: grid.at(first),
                end: grid.at((first + MAX_POINTS).min(grid.len) - 1),
            })
            .collect()
    }
}

/// Returns the shortest automatic step that is at least the sample interval and keeps `span` with `history` samples
/// before it within [`MAX_POINTS`] points. A measured interval is inexact, so a step of four fifths of it is long
/// enough.
pub fn detection_step(span: Span, history: usize, sample_interval: Option<Span>) -> Step {
    let least = sample_interval.map_or(0, |interval| interval.millis() / 5 * 4);
    let room = (MAX_POINTS - history.min(MAX_POINTS / 2)) as u64;
    LADDER
        .into_iter()
        .map(Step::from_seconds)
        .find(|step| step.millis() >= least && span.millis() / step.millis() < room)
        .unwrap_or_else(|| {
            let last = Span::from_seconds(LADDER[LADDER.len() - 1]).millis();
            let steps = (span.millis() / room / last + 1).max(least.div_ceil(last));
            Step::from_seconds(LADDER[LADDER.len() - 1] * steps)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hours(n: u64) -> Span {
        Span::from_seconds(n * 3_600)
    }

    #[test]
    fn the_step_fits_interval_and_limit() {
        let minute = Some(Span::from_seconds(60));
        let cases = [
            (hours(1), 60, None, "15s"),
            (hours(24), 60, None, "15s"),
            (hours(24), 60, minute, "1m"),
            (hours(24), 60, Some(Span::from_seconds(66)), "1m"),
            (hours(24), 60, Some(Span::from_seconds(80)), "2m"),
            (hours(24 * 7), 60, minute, "1m"),
            (hours(24 * 30), 60, minute, "5m"),
            (hours(24 * 30), 5_000, minute, "10m"),
            (hours(24 * 3_650), 60, None, "12h"),
            (hours(1), 0, Some(hours(24)), "1d"),
        ];
        for (span, history, interval, step) in cases {
            assert_eq!(
                detection_step(span, history, interval).to_string(),
                step,
                "{span} {interval:?}"
            );
        }
    }

    #[test]
    fn bad_queries_say_what_to_change() {
        let range = TimeRange { start: Timestamp(0), end: Timestamp(0) + hours(24 * 365) };
        assert_eq!(
            RangeQuery::new("  ", range, Step::from_seconds(60), 0).unwrap_err(),
            QueryError::Empty
        );
        let error = RangeQuery::new("up", range, Step::from_seconds(1), 60).unwrap_err();
        let QueryError::TooManySamples { shortest, .. } = error else { panic!("{error:?}") };
        assert!(RangeQuery::new("up", range, shortest, 60).is_ok());
        let step = Step::from_seconds(8_999_999_999_999);
        let error = RangeQuery::new("up", range, step, 2_000).unwrap_err();
        assert_eq!(error, QueryError::BeforeTime { history: 2_000, step });
    }

    #[test]
    fn the_long_past_lies_on_an_absolute_grid_before_the_samples() {
        let end = Timestamp(1_796_020_200_000);
        let midnight = Timestamp(1_795_910_400_000) - hours(35 * 24);
        for (step, series, coarse) in
            [("1m", 1, "10m"), ("15s", 170, "10m"), ("1m", 171, "30m"), ("15m", 3, "30m")]
        {
            for minutes in [0, 7, 59] {
                let end = end + Span::from_seconds(60 * minutes);
                let range = TimeRange { start: end - hours(24), end };
                let query =
                    RangeQuery::new("up", range, step.parse().unwrap(), MIN_HISTORY).unwrap();
                let query = query.older(series).map_or(query.clone(), |older| RangeQuery {
                    history: query.history + older.grid().len,
                    ..query.clone()
                });
                let past = query.long_past(series).unwrap();
                assert_eq!((past.start, past.step.to_string().as_str()), (midnight, coarse));
                assert!(past.end < query.grid().start);
                assert!(query.grid().start.since(past.end) < hours(1));
            }
        }
        let range = TimeRange { start: end - hours(24), end };
        let query = |step: &str| RangeQuery::new("up", range, step.parse().unwrap(), 0).unwrap();
        for (step, series) in [("1m", 0), ("1m", 1_100), ("2h", 1)] {
            assert_eq!(query(step).long_past(series), None, "{step} {series}");
        }
        let moving = RangeQuery { expr: "up @ end()".to_owned(), ..query("1m") };
        assert_eq!(moving.long_past(1), None);
    }

    #[test]
    fn history_for_a_season_where_that_is_little() {
        let cases = [
            ("15s", 1, 3 * 5_760),
            ("1m", 1, 21 * 1_440),
            ("1m", 3, 21 * 1_440),
            ("1m", 4, 7 * 1_440),
            ("1m", 69, 3 * 1_440),
            ("1m", 100, 3 * 1_440),
            ("1m", 200, 3_000),
            ("1m", 1_000, 0),
            ("5m", 19, 21 * 288),
            ("1h", 100, 0),
            ("15m", 10, 21 * 96),
            ("1s", 1, 33_000),
            ("1m", 0, 0),
        ];
        for (step, series, wanted) in cases {
            let step: Step = step.parse().unwrap();
            let end = Timestamp(1_767_225_600_000);
            let range = TimeRange { start: end - hours(24), end };
            let query = RangeQuery::new("up", range, step, MIN_HISTORY).unwrap();
            let older = query.older(series);
            let found = older.as_ref().map_or(0, |older| MIN_HISTORY + older.grid().len);
            assert_eq!(found, wanted, "{step} {series}");
            let moving = RangeQuery { expr: "up @ end()".to_owned(), ..query.clone() };
            assert_eq!(moving.older(series), None);
            let Some(older) = older else { continue };
            assert_eq!(older.grid().range().end + step.span(), query.grid().start);
            assert_eq!((older.history, older.step), (0, step));
        }
    }

    proptest! {
        #[test]
        fn chunks_cover_the_grid_once(
            start in -1_000_000_000_i64..2_000_000_000_000,
            len in 0_u64..60_000_000,
            step in 100_u64..100_000,
            history in 0_usize..2_000,
        ) {
            let range = TimeRange { start: Timestamp(start), end: Timestamp(start) + Span::from_millis(len) };
            let step = Step::new(Span::from_millis(step)).unwrap();
            let query = RangeQuery::new("up", range, step, history).unwrap();
            let grid = query.grid();
            prop_assert_eq!(grid.start.0.rem_euclid(step.millis() as i64), 0);
            prop_assert_eq!(grid.at(history), query.start);
            let mut points = Vec::new();
            for chunk in query.chunks() {
                let piece = Grid::covering(chunk, step);
                prop_assert!(piece.len <= MAX_POINTS);
                prop_assert_eq!(piece.start, chunk.start);
                points.extend((0..piece.len).map(|i| piece.at(i)));
            }
            prop_assert_eq!(points, (0..grid.len).map(|i| grid.at(i)).collect::<Vec<_>>());
        }

        #[test]
        fn the_chosen_step_keeps_the_limit(span in 0_u64..400_000_000, history in 0_usize..6_000, interval in 0_u64..100_000) {
            let span = Span::from_seconds(span);
            let interval = Span::from_seconds(interval);
            let step = detection_step(span, history, Some(interval));
            prop_assert!(step.millis() >= interval.millis() / 5 * 4);
            prop_assert!(span.millis() / step.millis() + history.min(MAX_POINTS / 2) as u64 <= MAX_POINTS as u64);
        }
    }
}

//! End of the range: what the source can know by its clock, and whether it or only the query has no newer samples.

use std::fmt::Display;

use super::sampling::Sampling;
use super::source::Source;
use super::{ApiRequest, LOOKBACK};
use crate::note::DataNote;
use crate::prometheus::{Loaded, ReplyError};
use crate::promql::{bare_selector, selection};
use oddity_detect::series::{METRIC_NAME, quote};
use oddity_detect::time::{Span, TimeRange, Timestamp};

/// Difference between clocks that is not worth a word.
const SKEW: Span = Span::from_seconds(60);

/// Longest time without a sample before the end of a range in the past that is not an outage, but the end of what the
/// source has.
const SHORT: Span = Span::from_seconds(15 * 60);

/// Metrics that nearly every source has of itself or its targets.
const WITNESSES: [&str; 4] =
    ["up", "scrape_samples_scraped", "process_start_time_seconds", "go_goroutines"];

/// Maximum number of metrics of a query that are looked for with other labels.
const MAX_METRICS: usize = 3;

/// End of a range, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// End that is asked for.
    pub(super) asked: Timestamp,
    /// Time of the source's clock; `None` if it does not tell.
    pub(super) clock: Option<Timestamp>,
    /// Interval of samples, if known.
    pub(super) interval: Option<Span>,
}

/// Returns the time of the source's own clock.
pub(super) async fn clock<S, E>(source: &mut Source<S>) -> Option<Timestamp>
where
    S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    E: From<ReplyError> + Display,
{
    source.value("time()".to_owned(), None).await.and_then(Timestamp::from_seconds)
}

/// Returns the part of a range that lies before the time of the source's clock; all of it where none does.
pub(super) fn known(range: TimeRange, clock: Option<Timestamp>) -> TimeRange {
    let end = clock.map_or(range.end, |clock| range.end.min(clock));
    if end > range.start { TimeRange { end, ..range } } else { range }
}

impl End {
    /// Returns the samples until the newest that the source has, or with a note of its silence.
    pub(super) async fn judge<S, E>(
        self,
        source: &mut Source<S>,
        sampling: &Sampling,
        mut loaded: Loaded,
    ) -> Result<Loaded, E>
    where
        S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
        E: From<ReplyError> + Display,
    {
        let end = loaded.query.end;
        if let Some(clock) = self.clock.filter(|clock| self.asked.since(*clock) > SKEW) {
            loaded.notes.push(DataNote::range_ends_after_clock(self.asked, clock));
        }
        let step = loaded.query.step.span();
        let interval = self.interval.unwrap_or(step);
        let normal = Span::from_millis(2 * interval.millis() + step.millis());
        let quiet = |newest: Timestamp| end.since(newest) > normal;
        if sampling.newest().is_some_and(|newest| !quiet(newest)) || !sampling.failed.is_empty() {
            return Ok(loaded);
        }
        let Some(last) = loaded.last_sample().filter(|last| *last >= loaded.query.start) else {
            return Ok(loaded);
        };
        let Some(newest) = newest(source, sampling, last).await.filter(|newest| quiet(*newest))
        else {
            return Ok(loaded);
        };
        // A value that a selector repeats from before is none.
        if last < end - step || bare_selector(&loaded.query.expr).is_some() {
            loaded.remove_after(newest + interval);
        }
        if goes_on(source, sampling, TimeRange { start: newest, end }, normal).await {
            return Ok(loaded);
        }
        let silent = end.since(newest);
        let live = self
            .clock
            .is_some_and(|clock| clock.since(self.asked).max(self.asked.since(clock)) <= SHORT);
        let share = end.since(loaded.query.start).millis() / 2;
        if live || (silent > SHORT && silent.millis() <= share) {
            loaded.notes.push(DataNote::source_silent(newest, silent));
        } else {
            loaded.notes.push(DataNote::no_samples_after(newest, silent));
            loaded.cut(newest);
        }
        Ok(loaded)
    }
}

/// Returns the time of the newest sample of all selectors of a query that has a value at `last`.
async fn newest<S, E>(
    source: &mut Source<S>,
    sampling: &Sampling,
    last: Timestamp,
) -> Option<Timestamp>
where
    S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    E: From<ReplyError> + Display,
{
    let mut newest = sampling.newest();
    for selector in &sampling.measured {
        let query = format!("max(timestamp({}))", selector.selector);
        let value = source.value(query, Some(last)).await;
        newest = newest.max(value.and_then(Timestamp::from_seconds));
    }
    newest
}

/// Returns whether the source has any sample well after the start of `silence`.
async fn goes_on<S, E>(
    source: &mut Source<S>,
    sampling: &Sampling,
    silence: TimeRange,
    normal: Span,
) -> bool
where
    S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    E: From<ReplyError> + Display,
{
    let mut metrics: Vec<String> = WITNESSES.map(str::to_owned).to_vec();
    let own = sampling.measured.iter().filter_map(|known| selection(&known.selector).metric);
    metrics.extend(own.take(MAX_METRICS));
    let times = metrics.iter().map(|name| format!("timestamp({{{METRIC_NAME}={}}})", quote(name)));
    let query = format!("max({})", times.collect::<Vec<_>>().join(" or "));
    let last = source.value(query, Some(silence.end)).await.and_then(Timestamp::from_seconds);
    if last.is_some_and(|last| last.since(silence.start) > normal) {
        return true;
    }
    // Where the witnesses fell silent too, nothing else needs to be asked.
    let known = WITNESSES.join("|");
    let query = format!("count({{{METRIC_NAME}=~\"{known}\"}})");
    let witnessed = source.value(query, Some(silence.start)).await.is_some();
    let hidden = silence.span() <= LOOKBACK;
    if witnessed || hidden {
        return false;
    }
    let query = format!("count({{{METRIC_NAME}!=\"\"}})");
    source.value(query, Some(silence.end)).await.is_some()
}

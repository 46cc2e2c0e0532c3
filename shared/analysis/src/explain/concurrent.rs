//! Comparison of an event with the other series of the query.

use serde::Serialize;

use crate::analysis::{Analysis, RankedSeries};
use oddity_detect::event::Event;
use oddity_detect::time::Span;

/// Maximum distance of simultaneous onsets, in steps.
const NEAR: usize = 3;

/// Numbers of series that are anomalous at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ConcurrentAnomalies {
    /// Number of series with an event at the time of this onset, including the event's own series.
    pub odd: usize,
    /// Number of series of the query that could be judged.
    pub of: usize,
}

/// Counts the series that are odd at the time of an event; `None` if there is only one series. Cost: O(events of all
/// series).
pub(super) fn concurrent_anomalies(
    analysis: &Analysis,
    ranked: &RankedSeries,
    event: &Event,
) -> Option<ConcurrentAnomalies> {
    let judged =
        |other: &RankedSeries| analysis.series(other).1.judged > 0 || other.index == ranked.index;
    let of = analysis.ranking.iter().filter(|other| judged(other)).count();
    if of < 2 {
        return None;
    }
    let near: Span = analysis.judged_grid().duration(NEAR);
    let meets = |other: &Event| {
        other.onset.time - near <= event.onset.time && event.onset.time <= other.end + near
    };
    let odd = analysis
        .ranking
        .iter()
        .filter(|other| other.index == ranked.index || other.events.iter().any(meets))
        .count();
    Some(ConcurrentAnomalies { odd, of })
}

//! Samples of a world as the product fetches them from a source.

use std::sync::Arc;

use oddity_detect::series::{Grid, Series};
use oddity_detect::time::{Span, TimeRange, Timestamp};
use oddity_source::prometheus::{Loaded, Stitcher};
use oddity_source::query::{MIN_HISTORY, QueryError, RangeQuery, detection_step};

use super::world::{World, WorldQuery, WorldSeries};

/// Time between the samples of a world.
const SAMPLE_INTERVAL: Span = Span::from_seconds(60);

/// Length of the judged range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum RangeLength {
    /// 24 hours.
    #[value(name = "24h")]
    Day,
    /// 7 days.
    #[value(name = "7d")]
    Week,
    /// 30 days.
    #[value(name = "30d")]
    Month,
}

impl RangeLength {
    /// All lengths, shortest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Returns the name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "24 h",
            Self::Week => "7 d",
            Self::Month => "30 d",
        }
    }

    /// Returns the length in minutes.
    pub fn minutes(self) -> usize {
        let days = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        };
        days * 1_440
    }
}

/// Samples of a query, and the series of the world that they belong to.
#[derive(Debug)]
pub struct Fetched {
    /// Query and series, with their history.
    pub loaded: Loaded,
    /// Index in [`WorldQuery::series`] of each loaded series.
    pub indices: Vec<usize>,
}

/// Fetches a range that ends `back` minutes before the end of the world: at the automatic step, with the minimum history,
/// as much more as the budget for these series allows, and the coarse samples of the weeks before. A series without a
/// sample in range or minimum history is not returned.
///
/// # Errors
/// Those of [`RangeQuery::new`].
pub fn fetch(
    world: &World,
    query: &WorldQuery,
    length: RangeLength,
    back: usize,
) -> Result<Fetched, QueryError> {
    let end = world.time(world.len - 1 - back);
    let span = Span::from_seconds(60 * length.minutes() as u64);
    let step = detection_step(span, MIN_HISTORY, Some(SAMPLE_INTERVAL));
    let range = TimeRange { start: Timestamp(end.0 - span.millis() as i64), end };
    let range = RangeQuery::new(query.expr, range, step, MIN_HISTORY)?;
    let bounds = range.grid().range();
    let (first, last) = (world.minute(bounds.start), world.minute(bounds.end));
    let lives = |index: &usize| query.series[*index].lives_in(first, last);
    let indices: Vec<usize> = (0..query.series.len()).filter(lives).collect();
    let older = range.older(indices.len());
    let mut loaded = sampled(world, query, &indices, range);
    if let Some(older) = older {
        loaded = loaded.with_older(sampled(world, query, &indices, older));
    }
    if let Some(past) = loaded.query.long_past(indices.len()) {
        let all: Vec<usize> = (0..query.series.len()).collect();
        let mut past = sampled(world, query, &all, past);
        past.series.retain(|series| series.values.iter().any(|value| !value.is_nan()));
        loaded = loaded.with_long_past(past);
    }
    Ok(Fetched { loaded, indices })
}

/// Evaluates a range query on some series: the sample at each step, as the source returns it.
fn sampled(world: &World, query: &WorldQuery, indices: &[usize], range: RangeQuery) -> Loaded {
    let grid = range.grid();
    let series = indices
        .iter()
        .map(|&index| {
            let series = &query.series[index];
            let at = |at: usize| sample(world, series, grid, at);
            let values: Arc<[f64]> = (0..grid.len).map(at).collect();
            Series { labels: series.labels.clone(), grid, values }
        })
        .collect();
    Loaded { series, ..Stitcher::new(range).finish() }
}

fn sample(world: &World, series: &WorldSeries, grid: Grid, index: usize) -> f64 {
    let time = grid.at(index);
    if time < world.start { f64::NAN } else { series.at(world.minute(time)) }
}

//! Refresh of samples that are shown: only what came after them is fetched.

use std::fmt::Display;

use super::chunks::fetch;
use super::end::{self, End};
use super::source::Source;
use super::{ApiRequest, FetchPlan, FetchProgress, Wanted, sampling};
use crate::note::NoteKind;
use crate::prometheus::{ConditionSamples, Loaded, LoadedCondition, MAX_SAMPLES_TOTAL, ReplyError};
use crate::promql;
use crate::query::RangeQuery;
use oddity_detect::time::{Span, TimeRange};

/// Number of steps before the newest known sample that are fetched again, for samples that arrive late.
const OVERLAP: usize = 5;

/// Minimum time before the newest known sample that is fetched again.
const MIN_OVERLAP: Span = Span::from_seconds(120);

/// Maximum number of samples by which refreshes extend the history of each series before everything is fetched anew.
const MAX_ADDED: usize = 1_000;

/// Known samples and the range that they are to be extended to.
#[derive(Clone, Debug)]
pub(super) struct Refresh {
    loaded: Loaded,
    range: TimeRange,
}

impl FetchPlan {
    /// Creates a plan that extends known samples to a range that begins and ends later: it fetches what came after them
    /// and the last few of them again. What leaves the range becomes history, so that indices of samples and of series
    /// stay. Returns `None` where everything has to be fetched anew: there are no series, the range begins after the
    /// known samples or ends before them, the expression depends on the range, or the samples would become too many.
    pub fn refresh(loaded: &Loaded, range: TimeRange) -> Option<Self> {
        let query = &loaded.query;
        let start = range.start.floor_to(query.step);
        let added = loaded.refreshed + query.step.count(query.start, start);
        let samples = query.grid().len + query.step.count(query.end, range.end) + 1;
        let fits = loaded.series.len().saturating_mul(samples) <= MAX_SAMPLES_TOTAL;
        let follows = (query.start..=query.end).contains(&start) && query.end <= range.end;
        let is_fixed = !promql::depends_on_range(&query.expr);
        (follows && fits && is_fixed && added <= MAX_ADDED && !loaded.series.is_empty())
            .then(|| Self(Wanted::Refresh(Box::new(Refresh { loaded: loaded.clone(), range }))))
    }
}

impl Refresh {
    pub(super) async fn run<S, E>(
        self,
        source: &mut Source<S>,
        report: &mut impl FnMut(FetchProgress),
    ) -> Result<Loaded, E>
    where
        S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
        E: From<ReplyError> + Display,
    {
        let Self { mut loaded, range } = self;
        let clock = end::clock(source).await;
        let last = loaded.last_sample().unwrap_or(loaded.query.start).min(loaded.query.end);
        let step = loaded.query.step;
        let from = (last - MIN_OVERLAP.max(step.times(OVERLAP))).floor_to(step);
        let end = end::known(range, clock).end.max(loaded.query.end);
        let piece = RangeQuery {
            start: from.max(loaded.query.grid().start),
            end,
            history: 0,
            ..loaded.query.clone()
        };
        let newer = fetch(&piece, 0, &mut source.send, report).await?;
        let condition = loaded.condition.take();
        loaded = loaded.with_newer(newer, range.start.floor_to(step));
        if let Some(LoadedCondition { condition, samples }) = condition {
            let samples = match samples {
                ConditionSamples::Asked(known) => {
                    let expr = condition.expr.clone();
                    let first = known.first().map_or(piece.start, |series| series.grid.start);
                    let query = RangeQuery { expr, history: 0, ..piece.clone() };
                    let piece = RangeQuery { start: piece.start.max(first), ..query.clone() };
                    let newer = fetch(&piece, 0, &mut source.send, report).await?;
                    let known = Loaded::new(RangeQuery { start: first, ..query }, known);
                    ConditionSamples::Asked(known.with_newer(newer, first).series)
                }
                other => other,
            };
            loaded.condition = Some(LoadedCondition { condition, samples });
        }
        loaded
            .notes
            .retain(|note| !matches!(note.kind, NoteKind::SourceSilent | NoteKind::RangeEndCut));
        let sampling = sampling::newest_only(source, &loaded.query.expr, end).await;
        let end = End { asked: range.end, clock, interval: loaded.interval };
        end.judge(source, &sampling, loaded).await
    }
}

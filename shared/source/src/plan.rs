//! Plan of the requests that fetch the samples of a query. It decodes the replies, and sends nothing itself.
//!
//! [`FetchPlan::run`] drives a plan with a function that sends one request:
//!
//! ```
//! use oddity_source::plan::{ApiRequest, FetchPlan, FetchProgress};
//! use oddity_source::prometheus::Loaded;
//!
//! async fn load<E>(
//!     plan: FetchPlan,
//!     send: impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
//! ) -> Result<Loaded, E>
//! where
//!     E: From<oddity_source::query::QueryError>
//!         + From<oddity_source::prometheus::ReplyError>
//!         + std::fmt::Display,
//! {
//!     plan.run(send, |FetchProgress { done, total }| println!("{done} of {total}")).await
//! }
//! ```

use std::fmt::Display;
use std::ops::ControlFlow::{self, Break, Continue};

use crate::prometheus::{Loaded, ReplyError, Stitcher, decode_vector};
use crate::promql;
use crate::query::{MIN_HISTORY, QueryError, RangeQuery, detection_step, step_note};
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};

/// Maximum number of selectors of a query whose sample interval is measured.
const MAX_SELECTORS: usize = 3;

/// Windows in which samples are counted to measure their interval. The second is used where the first holds too few.
const WINDOWS: [Span; 2] = [Span::from_seconds(600), Span::from_seconds(10_800)];

/// A query as the user specifies it, before the step is chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct QuerySpec {
    /// PromQL expression.
    pub expr: String,
    /// Evaluation window: the samples that are judged.
    pub range: TimeRange,
    /// Step of the range query; `None` chooses it by range and sample interval.
    pub step: Option<Step>,
    /// Minimum number of samples before the range, to learn from.
    pub history: usize,
}

/// A request to the HTTP API of Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// Path below `/api/v1/`.
    pub endpoint: &'static str,
    /// Names and values of the form parameters.
    pub parameters: Vec<(&'static str, String)>,
}

/// Number of partial range queries that have been answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchProgress {
    /// Answered queries.
    pub done: usize,
    /// Queries in all; 0 while that is unknown.
    pub total: usize,
}

/// A fetch that is under way: the next request to send, and everything received so far.
#[derive(Debug)]
pub struct FetchPlan {
    /// Largest sample interval measured so far.
    interval: Option<Span>,
    stage: FetchStage,
}

#[derive(Debug)]
enum FetchStage {
    /// Counts the samples of the last of `selectors` in the window at index `window` of [`WINDOWS`].
    Interval { spec: QuerySpec, selectors: Vec<String>, window: usize },
    /// Fetches the range and its minimum history, then perhaps more history.
    Range { partial: PartialQuery, more: bool },
    /// Fetches more history.
    Older { loaded: Box<Loaded>, partial: PartialQuery },
}

/// A range query of which some chunks have been fetched.
#[derive(Debug)]
struct PartialQuery {
    query: RangeQuery,
    chunks: Vec<TimeRange>,
    stitcher: Stitcher,
    done: usize,
}

impl FetchPlan {
    /// Creates a plan that measures the sample interval, chooses the step, fetches the range and, where there are few
    /// samples, more history.
    ///
    /// # Errors
    /// Those of [`RangeQuery::new`].
    pub fn new(spec: QuerySpec) -> Result<Self, QueryError> {
        let selectors = promql::selectors(&spec.expr).into_iter().take(MAX_SELECTORS);
        let selectors = selectors.map(str::to_owned).rev().collect();
        Self::next_selector(spec, selectors, 0, None)
    }

    /// Creates a plan that fetches a query whose grid is known, and nothing else.
    pub fn for_query(query: RangeQuery) -> Self {
        let stage = FetchStage::Range { partial: PartialQuery::new(query), more: false };
        Self { interval: None, stage }
    }

    /// Sends requests one after another until everything has been fetched, and reports the progress before each.
    ///
    /// # Errors
    /// The error of a request that the result depends on, an error that the reply itself reports, or a [`QueryError`].
    pub async fn run<E>(
        mut self,
        mut send: impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
        mut report: impl FnMut(FetchProgress),
    ) -> Result<Loaded, E>
    where
        E: From<QueryError> + From<ReplyError> + Display,
    {
        let learns = !matches!(self.stage, FetchStage::Range { more: false, .. });
        loop {
            report(self.progress());
            let reply = send(self.request()).await;
            match self.with_reply(reply)? {
                Continue(next) => self = next,
                Break(loaded) if learns => return with_long_past(loaded, send).await,
                Break(loaded) => return Ok(loaded),
            }
        }
    }

    /// Returns the request to send next.
    fn request(&self) -> ApiRequest {
        match &self.stage {
            FetchStage::Interval { spec, selectors, window } => {
                let selector = selectors.last().map_or("", String::as_str);
                let query = format!("max(count_over_time({selector}[{}]))", WINDOWS[*window]);
                let parameters = vec![("query", query), ("time", seconds(spec.range.end))];
                ApiRequest { endpoint: "query", parameters }
            }
            FetchStage::Range { partial, .. } | FetchStage::Older { partial, .. } => {
                partial.request()
            }
        }
    }

    fn progress(&self) -> FetchProgress {
        match &self.stage {
            FetchStage::Interval { .. } => FetchProgress::default(),
            FetchStage::Range { partial, .. } => {
                FetchProgress { done: partial.done, total: partial.chunks.len() }
            }
            FetchStage::Older { loaded, partial } => {
                let before = loaded.query.chunks().len();
                let total = before + partial.chunks.len();
                FetchProgress { done: before + partial.done, total }
            }
        }
    }

    /// Continues with the body of a reply. Without a sample interval the range alone decides the step. If more history
    /// cannot be fetched, a warning says so.
    fn with_reply<E>(self, reply: Result<Vec<u8>, E>) -> Result<ControlFlow<Loaded, Self>, E>
    where
        E: From<QueryError> + From<ReplyError> + Display,
    {
        let interval = self.interval;
        let next = |stage| Continue(Self { interval, stage });
        Ok(match self.stage {
            FetchStage::Interval { spec, mut selectors, window } => {
                let Some(samples) = reply.ok().and_then(|body| largest(&body)) else {
                    return Ok(Continue(Self::next_selector(spec, Vec::new(), 0, None)?));
                };
                if samples < 2.0 && window + 1 < WINDOWS.len() {
                    return Ok(Continue(Self::next_selector(
                        spec,
                        selectors,
                        window + 1,
                        interval,
                    )?));
                }
                selectors.pop();
                let measured = (samples >= 2.0)
                    .then(|| Span::from_millis((WINDOWS[window].millis() as f64 / samples) as u64));
                Continue(Self::next_selector(spec, selectors, 0, interval.max(measured))?)
            }
            FetchStage::Range { partial, more } => match partial.with_reply(&reply?)? {
                Continue(partial) => next(FetchStage::Range { partial, more }),
                Break(loaded) => {
                    let older = more.then(|| loaded.query.older(loaded.series.len())).flatten();
                    match older.map(PartialQuery::new) {
                        Some(partial) => {
                            next(FetchStage::Older { loaded: Box::new(loaded), partial })
                        }
                        None => Break(finished(loaded, interval)),
                    }
                }
            },
            FetchStage::Older { loaded, partial } => {
                match reply.and_then(|body| Ok(partial.with_reply(&body)?)) {
                    Ok(Continue(partial)) => next(FetchStage::Older { loaded, partial }),
                    Ok(Break(older)) => Break(finished(loaded.with_older(older), interval)),
                    Err(error) => Break(finished(without_older(*loaded, &error), interval)),
                }
            }
        })
    }

    /// Measures the next selector, or begins with the range where there is none.
    fn next_selector(
        spec: QuerySpec,
        selectors: Vec<String>,
        window: usize,
        interval: Option<Span>,
    ) -> Result<Self, QueryError> {
        if !selectors.is_empty() {
            return Ok(Self { interval, stage: FetchStage::Interval { spec, selectors, window } });
        }
        let QuerySpec { expr, range, step, history } = spec;
        let step = step.unwrap_or_else(|| detection_step(range.span(), MIN_HISTORY, interval));
        let query = RangeQuery::new(&expr, range, step, history)?;
        let partial = PartialQuery::new(query);
        Ok(Self { interval, stage: FetchStage::Range { partial, more: true } })
    }
}

impl PartialQuery {
    fn new(query: RangeQuery) -> Self {
        let (chunks, stitcher) = (query.chunks(), Stitcher::new(query.clone()));
        Self { query, chunks, stitcher, done: 0 }
    }

    fn request(&self) -> ApiRequest {
        let range = self.chunks.get(self.done).copied();
        let TimeRange { start, end } = range.unwrap_or_else(|| self.query.grid().range());
        let parameters = vec![
            ("query", self.query.absolute_expr()),
            ("start", seconds(start)),
            ("end", seconds(end)),
            ("step", self.query.step.span().as_seconds().to_string()),
        ];
        ApiRequest { endpoint: "query_range", parameters }
    }

    /// Adds one reply: continues with what is missing, or breaks with the whole result.
    fn with_reply(self, body: &[u8]) -> Result<ControlFlow<Loaded, Self>, ReplyError> {
        let stitcher = self.stitcher.with_reply(body)?;
        let done = self.done + 1;
        if done < self.chunks.len() {
            Ok(Continue(Self { stitcher, done, ..self }))
        } else {
            Ok(Break(stitcher.finish()))
        }
    }
}

/// Fetches the coarse samples of the weeks before. If they cannot be fetched, a warning says so.
async fn with_long_past<E>(
    mut loaded: Loaded,
    mut send: impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
) -> Result<Loaded, E>
where
    E: From<QueryError> + From<ReplyError> + Display,
{
    let Some(query) = loaded.query.long_past(loaded.series.len()) else { return Ok(loaded) };
    let mut partial = PartialQuery::new(query);
    loop {
        let reply = send(partial.request()).await;
        match reply.and_then(|body| Ok(partial.with_reply(&body)?)) {
            Ok(Continue(next)) => partial = next,
            Ok(Break(past)) => return Ok(loaded.with_long_past(past)),
            Err(error) => {
                loaded.warnings.push(format!(
                    "no season was learnt from the weeks before: the source did not return them ({error})"
                ));
                return Ok(loaded);
            }
        }
    }
}

fn without_older(mut loaded: Loaded, error: &impl Display) -> Loaded {
    let query = &loaded.query;
    let only = query.step.times(query.history).words();
    loaded.warnings.push(format!(
        "training window limited to {only}: the source returned no earlier samples ({error})"
    ));
    loaded
}

fn finished(mut loaded: Loaded, interval: Option<Span>) -> Loaded {
    loaded.notes.extend(step_note(loaded.query.step, interval));
    loaded
}

/// Returns the value of the only sample of a reply to `max(...)`; 0 if there is none, `None` if it cannot be read.
fn largest(body: &[u8]) -> Option<f64> {
    let reply = decode_vector(body).ok()?;
    Some(reply.samples.first().map_or(0.0, |sample| sample.value))
}

fn seconds(t: Timestamp) -> String {
    t.as_seconds().to_string()
}

#[cfg(test)]
mod tests;

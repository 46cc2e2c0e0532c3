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

mod chunks;
mod condition;
mod end;
mod judge;
mod refresh;
mod sampling;
mod source;

use std::fmt::Display;

use crate::interval;
use crate::prometheus::{Loaded, ReplyError};
use crate::query::{MIN_HISTORY, QueryError, RangeQuery, detection_step};
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};

use chunks::fetch;
use refresh::Refresh;
use source::Source;

/// Time that an instant selector looks back for a sample. Source: Prometheus `--query.lookback-delta`, its default.
const LOOKBACK: Span = Span::from_seconds(300);

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
    /// Names and values of the parameters.
    pub parameters: Vec<(&'static str, String)>,
}

impl ApiRequest {
    /// Returns whether the parameters go into the address of a GET request; else they are the form of a POST request.
    pub fn is_get(&self) -> bool {
        matches!(self.endpoint, "metadata" | "label/__name__/values")
    }
}

/// Number of partial range queries that have been answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchProgress {
    /// Answered queries.
    pub done: usize,
    /// Queries in all; 0 while that is unknown.
    pub total: usize,
}

/// A fetch: what to ask, and what the replies mean.
#[derive(Clone, Debug)]
pub struct FetchPlan(Wanted);

#[derive(Clone, Debug)]
enum Wanted {
    /// A query whose step, history and end are to be found.
    Spec(QuerySpec),
    /// A query whose grid is known.
    Query(RangeQuery),
    /// Samples after those that are known.
    Refresh(Box<Refresh>),
}

impl FetchPlan {
    /// Creates a plan that measures the sample interval, chooses the step, cuts the range at the newest sample that the
    /// source can have, fetches it and, where there are few samples, more history, and notes what is odd about them.
    ///
    /// # Errors
    /// Those of [`RangeQuery::new`] that do not depend on the sample interval.
    pub fn new(spec: QuerySpec) -> Result<Self, QueryError> {
        let step =
            spec.step.unwrap_or_else(|| detection_step(spec.range.span(), MIN_HISTORY, None));
        RangeQuery::new(&spec.expr, spec.range, step, spec.history)?;
        Ok(Self(Wanted::Spec(spec)))
    }

    /// Creates a plan that fetches a query whose grid is known, and nothing else.
    pub fn for_query(query: RangeQuery) -> Self {
        Self(Wanted::Query(query))
    }

    /// Sends requests one after another until everything has been fetched, and reports the progress before each. A
    /// source that does not answer what is asked about its samples, or has no more history, is told in a note or a
    /// warning. A query with a condition is fetched without it, see [`crate::promql::condition`]; if the source refuses
    /// that, which may have many more samples, it is asked as it is.
    ///
    /// # Errors
    /// The error of a request that the result depends on, an error that the reply itself reports, or a [`QueryError`].
    pub async fn run<E>(
        self,
        send: impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
        report: impl FnMut(FetchProgress),
    ) -> Result<Loaded, E>
    where
        E: From<QueryError> + From<ReplyError> + Display,
    {
        condition::run(self, send, report).await
    }

    /// Fetches the samples of a query as it is.
    async fn load<E>(
        self,
        send: impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
        mut report: impl FnMut(FetchProgress),
    ) -> Result<Loaded, E>
    where
        E: From<QueryError> + From<ReplyError> + Display,
    {
        let mut source = Source { send };
        let spec = match self.0 {
            Wanted::Spec(spec) => spec,
            Wanted::Query(query) => return fetch(&query, 0, &mut source.send, &mut report).await,
            Wanted::Refresh(refresh) => return refresh.run(&mut source, &mut report).await,
        };
        report(FetchProgress::default());
        let clock = end::clock(&mut source).await;
        let range = end::known(spec.range, clock);
        let sampling = sampling::measure(&mut source, &spec.expr, range).await;
        let mut interval = sampling.widest();
        let query = query(&spec, range, interval)?;
        let mut loaded = fetch(&query, 0, &mut source.send, &mut report).await?;
        if interval.is_none() {
            interval = shown(&loaded);
            let better = self::query(&spec, range, interval)?;
            if better != query {
                loaded = fetch(&better, 0, &mut source.send, &mut report).await?;
            }
        }
        let mut done = loaded.query.chunks().len();
        if let Some(older) = loaded.query.older(loaded.series.len()) {
            loaded = match fetch(&older, done, &mut source.send, &mut report).await {
                Ok(older) => loaded.with_older(older),
                Err(error) => without_older(loaded, &error),
            };
            done += older.chunks().len();
        }
        if let Some(past) = loaded.query.long_past(loaded.series.len()) {
            match fetch(&past, done, &mut source.send, &mut report).await {
                Ok(past) => loaded = loaded.with_long_past(past),
                Err(error) => loaded.warnings.push(format!(
                    "no season was learnt from the weeks before: the source did not return them ({error})"
                )),
            }
        }
        judge::add_notes(&mut loaded, &spec, &sampling, interval);
        loaded.interval = interval;
        let end = end::End { asked: spec.range.end, clock, interval };
        end.judge(&mut source, &sampling, loaded).await
    }
}

/// Returns the range query at the step that is asked for or fits the sample interval.
fn query(
    spec: &QuerySpec,
    range: TimeRange,
    interval: Option<Span>,
) -> Result<RangeQuery, QueryError> {
    let automatic = || detection_step(range.span(), MIN_HISTORY, interval);
    RangeQuery::new(&spec.expr, range, spec.step.unwrap_or_else(automatic), spec.history)
}

/// Returns the longest sample interval that most series show by repeating their values.
fn shown(loaded: &Loaded) -> Option<Span> {
    let mut found: Vec<Span> = loaded.series.iter().filter_map(interval::repeated).collect();
    found.sort_unstable();
    found.get(found.len() / 2).copied().filter(|_| 2 * found.len() > loaded.series.len())
}

fn without_older(mut loaded: Loaded, error: &impl Display) -> Loaded {
    let query = &loaded.query;
    let only = query.step.times(query.history).words();
    loaded.warnings.push(format!(
        "training window limited to {only}: the source returned no earlier samples ({error})"
    ));
    loaded
}

fn seconds(t: Timestamp) -> String {
    t.as_seconds().to_string()
}

#[cfg(test)]
mod tests;

//! The demo source: Prometheus' HTTP API over deterministic series in which events are planted.
//!
//! Nothing is stored. A sample is a pure function of its series and its number, so any range of time can be
//! asked for and costs nothing until then.

mod budget;
mod catalog;
mod params;
mod promql;
mod render;
mod signal;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::StatusCode;
use oddity_analysis::api::ExampleQuery;
use oddity_detect::time::Timestamp;
use promql_parser::parser::Expr;
use promql_parser::parser::value::ValueType;
use serde_json::{Value as Json, json};

pub use self::budget::AnswerLimits;
use self::budget::{Budget, SharedMemory};
use self::catalog::DemoSeries;
use self::params::Query;
pub use self::promql::cost;
use self::promql::{EvalError, Evaluator, Parsed, Regexes, Selector, Steps, Store, Value};
use self::render::Pieces;
use crate::error::{ApiError, ErrorType};
use crate::metrics::self_history::MetricsHistory;
use crate::source::allowlist::{Endpoint, Params};

/// The demo source; cheap to clone.
#[derive(Clone)]
pub struct Demo {
    series: Arc<[DemoSeries]>,
    memory: SharedMemory,
}

/// An answer in Prometheus' envelope, written while it is read; it holds its share of the memory until then.
pub struct Answer(Pieces);

impl Answer {
    /// Returns a bound on the bytes of its text.
    pub fn max_len(&self) -> usize {
        self.0.max_len()
    }

    /// Reads it whole and returns the member `data`; null if it is no JSON.
    pub fn into_data(self) -> Json {
        let text: Vec<u8> = self.flatten().collect();
        let mut envelope: Json = serde_json::from_slice(&text).unwrap_or_default();
        envelope["data"].take()
    }
}

impl Iterator for Answer {
    type Item = Vec<u8>;

    /// Returns the next piece of its text, of some 64 KiB.
    fn next(&mut self) -> Option<Vec<u8>> {
        self.0.next()
    }
}

impl Demo {
    /// Makes a source of series whose planted events begin at `anchor`, floored to its minute.
    pub fn new(anchor: Timestamp) -> Self {
        Self { series: catalog::series(anchor).into(), memory: SharedMemory::default() }
    }

    /// Makes a source with the server's own metrics beside.
    pub fn with_own(anchor: Timestamp, history: &Arc<MetricsHistory>) -> Self {
        let mut series = catalog::series(anchor);
        series.extend(catalog::own(anchor, history));
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Self { series: series.into(), memory: SharedMemory::default() }
    }

    /// Returns queries worth showing to a newcomer, the most telling first.
    pub fn examples() -> Vec<ExampleQuery> {
        catalog::examples()
    }

    /// Parses a query as a request would, for fuzzing alone; patterns are numbers in the tree.
    ///
    /// # Errors
    /// As [`Demo::answer`].
    pub fn parse(query: &str) -> Result<Expr, ApiError> {
        promql::parse(query).map(|parsed| parsed.expr).map_err(invalid_query)
    }

    /// Answers a request at the instant `now`, after which no sample exists, within the bounds of every evaluation.
    ///
    /// # Errors
    /// As Prometheus: `bad_data` for wrong parameters and queries, `execution` for queries that fail on these series
    /// or take too much; `bad_data` as well for PromQL that the demo source does not support.
    pub fn answer(
        &self,
        endpoint: &Endpoint,
        params: &Params,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        self.answer_within(&AnswerLimits::default(), endpoint, params, now)
    }

    /// Answers a request within `limits` as well.
    ///
    /// # Errors
    /// As [`Demo::answer`]; `timeout` after the time of the limits, `execution` for a longer answer than they allow.
    pub fn answer_within(
        &self,
        limits: &AnswerLimits<'_>,
        endpoint: &Endpoint,
        params: &Params,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let query = Query { params, now: now.0 };
        let store = Store { series: &self.series, now: now.0 };
        let budget = Budget::new(&self.memory, limits);
        let data = match endpoint {
            Endpoint::Query => return finish(instant(store, &query, &budget)?, budget, limits),
            Endpoint::QueryRange => return finish(range(store, &query, &budget)?, budget, limits),
            Endpoint::Series => {
                if query.all("match[]").next().is_none() {
                    return Err(bad_data("no match[] parameter provided"));
                }
                let found = selected(store, &query)?;
                found.into_iter().map(|series| render::metric(&series.labels)).collect()
            }
            Endpoint::Labels => {
                let found = selected(store, &query)?;
                let names = found.iter().flat_map(|series| series.labels.iter());
                limited(&query, names.map(|(name, _)| name))?
            }
            Endpoint::LabelValues(name) => {
                if !promql::is_label_name(name) {
                    return Err(bad_data(format!("invalid label name: {name:?}")));
                }
                let found = selected(store, &query)?;
                limited(&query, found.iter().filter_map(|series| series.labels.get(name)))?
            }
            Endpoint::Metadata => metadata(&query)?,
            Endpoint::Rules => json!({ "groups": [] }),
            Endpoint::Alerts => json!({ "alerts": [] }),
            Endpoint::BuildInfo => json!({
                "version": concat!("demo-", env!("CARGO_PKG_VERSION")),
                "revision": "demo",
                "branch": "demo",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }),
        };
        finish(render::json(&data), budget, limits)
    }
}

/// Parses a query without compiling its regular expressions: the values of these are numbers of the list of patterns.
///
/// # Errors
/// The message for the user, with line and column of what is no PromQL.
pub(crate) fn parse_uncompiled(query: &str) -> Result<(Expr, Vec<String>), String> {
    promql::parse_uncompiled(query).map_err(|error| error.to_string())
}

/// Makes an answer of what was evaluated, unless it is too long.
fn finish(
    pieces: Pieces,
    budget: Budget<'_>,
    limits: &AnswerLimits<'_>,
) -> Result<Answer, ApiError> {
    if pieces.is_longer_than(limits.answer_bytes) {
        let message = format!(
            "the answer has more than {} MiB, which is the limit answer_bytes: ask for fewer series, a shorter range or a longer step",
            limits.answer_bytes >> 20
        );
        return Err(execution(message));
    }
    let memory = budget.into_reservation(pieces.held());
    Ok(Answer(pieces.holding(memory)))
}

fn instant(store: Store<'_>, query: &Query<'_>, budget: &Budget<'_>) -> Result<Pieces, ApiError> {
    let at = query.time("time")?.unwrap_or(query.now);
    let Parsed { expr, regexes } = promql::parse(query.one("query")).map_err(invalid_query)?;
    let evaluator = Evaluator::new(store, &regexes, (Steps::instant(at), at), budget);
    let value = match expr.value_type() {
        ValueType::Matrix => evaluator.matrix(&expr).map(Value::Matrix),
        _ => evaluator.run(&expr),
    };
    Ok(render::instant(value?, at))
}

fn range(store: Store<'_>, query: &Query<'_>, budget: &Budget<'_>) -> Result<Pieces, ApiError> {
    let (steps, end) = query.steps()?;
    let Parsed { expr, regexes } = promql::parse(query.one("query")).map_err(invalid_query)?;
    let of_type = match expr.value_type() {
        ValueType::Matrix => Some("range vector"),
        ValueType::String => Some("string"),
        ValueType::Vector | ValueType::Scalar => None,
    };
    if let Some(name) = of_type {
        return Err(bad_data(format!(
            "invalid parameter \"query\": invalid expression type \"{name}\" for range query, must be Scalar or instant Vector"
        )));
    }
    let value = Evaluator::new(store, &regexes, (steps, end), budget).run(&expr)?;
    Ok(render::range(value.into_vector(), steps))
}

/// Returns the series that match any of the selectors and have a sample in the time range.
fn selected<'a>(store: Store<'a>, query: &Query<'_>) -> Result<Vec<&'a DemoSeries>, ApiError> {
    let start = query.time("start")?.unwrap_or(i64::MIN);
    let end = query.time("end")?.unwrap_or(i64::MAX);
    let invalid = |error| bad_data(format!("invalid parameter \"match[]\": {error}"));
    let mut selectors = Vec::new();
    let mut patterns = 0;
    for text in query.all("match[]") {
        let Parsed { expr, regexes } = promql::parse_selector(text).map_err(invalid)?;
        patterns += regexes.len();
        Regexes::check_number(patterns).map_err(invalid)?;
        selectors.push(Selector::new(&expr, &regexes).map_err(invalid)?);
    }
    let wanted = |series: &&DemoSeries| {
        selectors.is_empty() || selectors.iter().any(|selector| selector.matches(series))
    };
    let found = store.series.iter().filter(wanted);
    Ok(found.filter(|series| store.count(series, start, end) > 0).collect())
}

/// Returns names in their order, each once.
fn limited<'a>(query: &Query<'_>, names: impl Iterator<Item = &'a str>) -> Result<Json, ApiError> {
    let names: BTreeSet<&str> = names.collect();
    Ok(names.into_iter().take(query.limit()?).collect())
}

fn metadata(query: &Query<'_>) -> Result<Json, ApiError> {
    let wanted = query.one("metric");
    let metrics = catalog::metrics().filter(|metric| wanted.is_empty() || metric.name == wanted);
    let described = |metric: catalog::Metric| {
        let entry = json!([{ "type": metric.kind, "help": metric.help, "unit": metric.unit }]);
        (metric.name, entry)
    };
    let all: BTreeMap<&str, Json> = metrics.take(query.limit()?).map(described).collect();
    Ok(json!(all))
}

fn bad_data(message: impl Into<String>) -> ApiError {
    ApiError::failed(StatusCode::BAD_REQUEST, ErrorType::BadData, message)
}

fn execution(message: String) -> ApiError {
    ApiError::failed(StatusCode::UNPROCESSABLE_ENTITY, ErrorType::Execution, message)
}

/// Tells what is wrong with a query before it is evaluated.
fn invalid_query(error: EvalError) -> ApiError {
    match error {
        EvalError::Parse { .. } => bad_data(format!("invalid parameter \"query\": {error}")),
        other => other.into(),
    }
}

impl From<EvalError> for ApiError {
    fn from(error: EvalError) -> Self {
        let message = error.to_string();
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        match error {
            EvalError::Parse { .. } | EvalError::Limit(_) | EvalError::Unsupported(_) => {
                bad_data(message)
            }
            EvalError::Execution(_) | EvalError::TooMuch | EvalError::Memory(_) => {
                execution(message)
            }
            EvalError::Busy => Self::failed(unavailable, ErrorType::Unavailable, message),
            EvalError::Timeout(_) | EvalError::Cancelled => {
                Self::failed(unavailable, ErrorType::Timeout, message)
            }
        }
    }
}

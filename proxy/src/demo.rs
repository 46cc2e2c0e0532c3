//! The demo source: Prometheus' HTTP API over deterministic series in which events are planted.
//!
//! Nothing is stored. A sample is a pure function of its series and its number, so any range of time can be
//! asked for and costs nothing until then.

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

use self::catalog::DemoSeries;
use self::params::Query;
pub use self::promql::cost;
use self::promql::{EvalError, Evaluator, Parsed, Regexes, Selector, Steps, Store, Value};
use crate::error::{ApiError, ErrorType};
use crate::metrics::self_history::MetricsHistory;
use crate::source::allowlist::{Endpoint, Params};

/// The demo source; cheap to clone.
#[derive(Clone)]
pub struct Demo {
    series: Arc<[DemoSeries]>,
}

/// What goes into Prometheus' envelope on success.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The member `data`.
    pub data: Json,
    /// The member `warnings`; absent from the envelope if empty.
    pub warnings: Vec<String>,
}

impl Demo {
    /// Series whose planted events begin at `anchor`, floored to its minute.
    pub fn new(anchor: Timestamp) -> Self {
        Self { series: catalog::series(anchor).into() }
    }

    /// The same with the server's own metrics beside.
    pub fn with_own(anchor: Timestamp, history: &Arc<MetricsHistory>) -> Self {
        let mut series = catalog::series(anchor);
        series.extend(catalog::own(anchor, history));
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Self { series: series.into() }
    }

    /// Queries worth showing to a newcomer, the most telling first.
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

    /// Answers a request at the instant `now`, after which no sample exists.
    ///
    /// # Errors
    /// As Prometheus: `bad_data` for wrong parameters and queries, `execution` for queries that fail on
    /// these series; `bad_data` as well for PromQL that the demo source does not support.
    pub fn answer(
        &self,
        endpoint: &Endpoint,
        params: &Params,
        now: Timestamp,
    ) -> Result<Answer, ApiError> {
        let query = Query { params, now: now.0 };
        let store = Store { series: &self.series, now: now.0 };
        let data = match endpoint {
            Endpoint::Query => instant(store, &query)?,
            Endpoint::QueryRange => range(store, &query)?,
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
            Endpoint::BuildInfo => json!({
                "version": concat!("demo-", env!("CARGO_PKG_VERSION")),
                "revision": "demo",
                "branch": "demo",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }),
        };
        Ok(Answer { data, warnings: Vec::new() })
    }
}

fn instant(store: Store<'_>, query: &Query<'_>) -> Result<Json, ApiError> {
    let at = query.time("time")?.unwrap_or(query.now);
    let Parsed { expr, regexes } = promql::parse(query.one("query")).map_err(invalid_query)?;
    let evaluator = Evaluator::new(store, &regexes, Steps::instant(at), at);
    let value = match expr.value_type() {
        ValueType::Matrix => evaluator.matrix(&expr).map(Value::Matrix),
        _ => evaluator.run(&expr),
    };
    Ok(render::instant(value?, at))
}

fn range(store: Store<'_>, query: &Query<'_>) -> Result<Json, ApiError> {
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
    let value = Evaluator::new(store, &regexes, steps, end).run(&expr)?;
    Ok(render::range(&value.into_vector(), steps))
}

/// The series that match any of the selectors and have a sample in the time range.
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

/// Names in their order, each once.
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

/// What is wrong with a query before it is evaluated.
fn invalid_query(error: EvalError) -> ApiError {
    match error {
        EvalError::Parse { .. } => bad_data(format!("invalid parameter \"query\": {error}")),
        other => other.into(),
    }
}

impl From<EvalError> for ApiError {
    fn from(error: EvalError) -> Self {
        let message = error.to_string();
        match error {
            EvalError::Parse { .. } | EvalError::Limit(_) | EvalError::Unsupported(_) => {
                bad_data(message)
            }
            EvalError::Execution(_) | EvalError::TooMuch => {
                Self::failed(StatusCode::UNPROCESSABLE_ENTITY, ErrorType::Execution, message)
            }
        }
    }
}

//! Queries with a condition, which is taken off before their samples are fetched, and the type of a selected metric.

use std::cell::Cell;
use std::fmt::Display;

use super::{ApiRequest, FetchPlan, FetchProgress, QuerySpec, Wanted};
use crate::prometheus::{
    ConditionSamples, Loaded, LoadedCondition, ReplyError, decode_is_counter, described_names,
};
use crate::promql::{self, Condition};
use crate::query::{QueryError, RangeQuery};

pub(super) async fn run<E>(
    plan: FetchPlan,
    mut send: impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    mut report: impl FnMut(FetchProgress),
) -> Result<Loaded, E>
where
    E: From<QueryError> + From<ReplyError> + Display,
{
    let Wanted::Spec(whole) = &plan.0 else { return plan.load(send, report).await };
    let whole = whole.clone();
    let was_answered = Cell::new(false);
    let mut send = async |request: ApiRequest| {
        let reply = send(request).await;
        was_answered.set(reply.is_ok());
        reply
    };
    let mut loaded = match promql::condition(&whole.expr) {
        None => plan.load(&mut send, &mut report).await?,
        Some(condition) => {
            let judged = QuerySpec { expr: condition.judged.clone(), ..whole };
            match FetchPlan(Wanted::Spec(judged)).load(&mut send, &mut report).await {
                Ok(loaded) => with_condition(loaded, condition, &mut send, &mut report).await,
                Err(_) if was_answered.get() => plan.load(&mut send, &mut report).await?,
                Err(error) => return Err(error),
            }
        }
    };
    if !loaded.series.is_empty() {
        loaded.is_counter = is_counter(&loaded.query.expr, send).await;
    }
    Ok(loaded)
}

/// Adds the condition of a query to its samples, and fetches the whole query if they do not tell when it holds.
async fn with_condition<E>(
    mut loaded: Loaded,
    condition: Condition,
    send: impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    report: impl FnMut(FetchProgress),
) -> Loaded
where
    E: From<QueryError> + From<ReplyError> + Display,
{
    let samples = if condition.is_local {
        ConditionSamples::Judged
    } else {
        let expr = condition.expr.clone();
        let whole = RangeQuery { expr, history: 0, ..loaded.query.clone() };
        match FetchPlan::for_query(whole).load(send, report).await {
            Ok(whole) => ConditionSamples::Asked(whole.series),
            Err(error) => {
                loaded.warnings.push(format!(
                    "the times at which the condition of the query holds are not known: {error}"
                ));
                ConditionSamples::Unknown
            }
        }
    };
    loaded.condition = Some(LoadedCondition { condition, samples });
    loaded
}

/// Asks whether a query selects a counter; `None` if it computes something, or if the source does not tell.
async fn is_counter<E>(
    expr: &str,
    mut send: impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
) -> Option<bool> {
    let metric = promql::selection(promql::bare_selector(expr)?).metric?;
    for name in described_names(&metric) {
        let parameters = vec![("metric", name.to_owned())];
        let reply = send(ApiRequest { endpoint: "metadata", parameters }).await;
        if let Some(known) = decode_is_counter(&reply.ok()?, &metric) {
            return Some(known);
        }
    }
    None
}

//! Executes a query plan at a source of this process, with the checks, limits and credentials of the server.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::http::Method;
use oddity_analysis::api::form;
use oddity_analysis::checks::{CheckPlan, TOTAL_TIMEOUT};
use oddity_analysis::knowledge::{EventEvidence, NamedMetadata};
use oddity_analysis::words::checks as words;
use oddity_source::plan::{ApiRequest, FetchPlan, FetchProgress};
use oddity_source::prometheus::{Loaded, ReplyError};
use tokio::time::{Instant, timeout};

use super::DetectError;
use crate::error::ApiError;
use crate::http::connection::Connection;
use crate::source::allowlist::Endpoint;
use crate::source::error::SourceError;
use crate::source::params;
use crate::source::{Source, SourceRequest};

/// Executes a plan until everything is loaded.
pub(super) async fn load(
    source: &Source,
    plan: FetchPlan,
    report: impl Fn(FetchProgress),
) -> Result<Loaded, DetectError> {
    plan.run(async |request| send(source, request).await, report).await
}

/// Fetches the metadata of the metrics of a query; metrics without metadata are left out.
pub(super) async fn metadata(source: &Source, expr: &str) -> Vec<NamedMetadata> {
    NamedMetadata::fetch_all(expr, async |name: String| {
        ask(source, Method::GET, "metadata", &[("metric", name)]).await.ok()
    })
    .await
}

/// Makes the checks of an event, for [`TOTAL_TIMEOUT`] at most.
pub(super) async fn check(
    source: &Source,
    plan: &CheckPlan,
    report: impl Fn(FetchProgress),
) -> EventEvidence {
    let mut found = EventEvidence::default();
    let checks = plan.run(
        async |request| send(source, request).await,
        |evidence, progress| {
            found.clone_from(evidence);
            report(progress);
        },
    );
    let limit = Duration::from_millis(TOTAL_TIMEOUT.millis());
    if timeout(limit, checks).await.is_err() {
        found.stopped = Some(words::out_of_time(limit.as_secs()));
    }
    found
}

async fn send(source: &Source, request: ApiRequest) -> Result<Vec<u8>, DetectError> {
    let method = if request.is_get() { Method::GET } else { Method::POST };
    ask(source, method, request.endpoint, &request.parameters).await
}

async fn ask(
    source: &Source,
    method: Method,
    endpoint: &str,
    parameters: &[(&str, String)],
) -> Result<Vec<u8>, DetectError> {
    let endpoint = Endpoint::parse(endpoint).ok_or_else(ApiError::internal)?;
    let params = params::check(&endpoint, [form(parameters).as_bytes(), b""], &source.limits)?;
    let nobody = ([127, 0, 0, 1], 0).into();
    let client = Arc::new(Connection::new(nobody, nobody, Instant::now()));
    let answer =
        source.query(SourceRequest { method, endpoint, params, client, user: None }).await?;
    let body = to_bytes(answer.into_body(), usize::MAX).await;
    body.map(Into::into).map_err(|error| cut(source, error.into_inner().as_ref()))
}

/// Finds the cause of an incomplete answer.
fn cut(source: &Source, error: &(dyn Error + 'static)) -> DetectError {
    let mut next = Some(error);
    while let Some(cause) = next {
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<SourceError>()) {
            return source.api_error(*error).into();
        }
        next = cause.source();
    }
    DetectError::Reply(ReplyError::Cut { bytes: 0 })
}

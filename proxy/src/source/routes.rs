//! The routes of sources: which there are, and Prometheus' API for each.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use oddity_analysis::api::SourceList;

use crate::AppState;
use crate::config::Limits;
use crate::error::{ApiError, RejectionReason};
use crate::http::body::{self, ExpectedBody};
use crate::http::connection::Connection;
use crate::source::SourceRequest;
use crate::source::allowlist::Endpoint;
use crate::source::params;
use crate::source::upstream::FORM;

/// `GET /api/sources`.
pub async fn sources(State(state): State<Arc<AppState>>) -> Json<SourceList> {
    Json(SourceList {
        sources: state.sources.iter().map(|source| source.about.clone()).collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// `GET|POST /api/sources/{id}/api/v1/...`.
///
/// # Errors
/// [`ApiError`] for what is not on the list of endpoints, for parameters beyond the limits, and for
/// sources that do not answer.
pub async fn ask(
    State(state): State<Arc<AppState>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (mut head, body) = request.into_parts();
    let client = head.extensions.remove::<Arc<Connection>>().ok_or_else(ApiError::internal)?;
    // The raw path: nothing is decoded before it is compared.
    let (id, path) = head
        .uri
        .path()
        .strip_prefix("/api/sources/")
        .and_then(|rest| rest.split_once("/api/v1/"))
        .ok_or_else(no_endpoint)?;
    let source =
        state.sources.iter().find(|source| source.about.id == id).ok_or_else(|| {
            ApiError::not_found("no source has this id: GET /api/sources lists them")
        })?;
    let endpoint = Endpoint::parse(path).ok_or_else(no_endpoint)?;
    let form = if head.method == Method::POST {
        let Limits { form_bytes: bytes, form_wait: wait, .. } = state.limits;
        let form = ExpectedBody { media: FORM, name: "the form", bytes, wait };
        body::read(&head.headers, body, form, &client).await?
    } else {
        Bytes::new()
    };
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let params = params::check(&endpoint, [query, &form], &source.limits)?;
    source.ask(SourceRequest { method: head.method, endpoint, params, client }).await
}

fn no_endpoint() -> ApiError {
    ApiError::not_found(
        "no such path: the API has /api/sources, and below /api/sources/<id>/api/v1/ query, query_range, series, labels, label/<name>/values, metadata \
         and status/buildinfo",
    )
}

/// For paths below `/api` that do not exist.
pub async fn not_found() -> ApiError {
    no_endpoint()
}

/// For methods that a route does not take.
pub async fn method_not_allowed() -> ApiError {
    ApiError::refused(
        StatusCode::METHOD_NOT_ALLOWED,
        RejectionReason::Method,
        "this path does not take this method: use GET, or POST for query, query_range, series, labels and notify",
    )
}

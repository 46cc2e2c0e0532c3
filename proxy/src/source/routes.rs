//! Routes of the sources: their list, and the read API of Prometheus for each.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use oddity_analysis::api::SourceList;

use crate::config::Limits;
use crate::error::{ApiError, RejectionReason};
use crate::http::auth::User;
use crate::http::body::{self, ExpectedBody};
use crate::http::connection::Connection;
use crate::http::request_log::RequestRecord;
use crate::source::allowlist::Endpoint;
use crate::source::params;
use crate::source::upstream::FORM;
use crate::source::{Source, SourceRequest};

/// Answers `GET /api/sources`.
pub async fn sources(State(sources): State<Arc<[Source]>>) -> Json<SourceList> {
    Json(SourceList {
        sources: sources.iter().map(|source| source.about.clone()).collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Answers `GET` and `POST /api/sources/{id}/api/v1/...`.
///
/// # Errors
/// [`ApiError`] for an endpoint that is not on the allowlist, for parameters beyond the limits, and for a source that does
/// not answer.
pub async fn query(
    State(sources): State<Arc<[Source]>>,
    State(limits): State<Arc<Limits>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (mut head, body) = request.into_parts();
    let client = head.extensions.remove::<Arc<Connection>>().ok_or_else(ApiError::internal)?;
    let user = head.extensions.remove::<User>();
    // The raw path is compared; nothing in it is decoded.
    let (id, path) = head
        .uri
        .path()
        .strip_prefix("/api/sources/")
        .and_then(|rest| rest.split_once("/api/v1/"))
        .ok_or_else(unknown_path)?;
    let source = sources.iter().find(|source| source.about.id == id).ok_or_else(|| {
        ApiError::not_found("unknown source: GET /api/sources lists the configured ones")
    })?;
    let endpoint = Endpoint::parse(path).ok_or_else(unknown_path)?;
    let form = if head.method == Method::POST {
        let Limits { form_bytes: bytes, form_wait: wait, .. } = *limits;
        let form = ExpectedBody { media: FORM, name: "the form", bytes, wait };
        body::read(&head.headers, body, form, &client).await?
    } else {
        Bytes::new()
    };
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let params = params::check(&endpoint, [query, &form], &source.limits);
    if let Some(record) = head.extensions.get::<Arc<RequestRecord>>() {
        match &params {
            Ok(params) => record.set_parameters(params.iter().map(|(name, value)| (name, value))),
            Err(_) => {
                record.set_parameters([query, &form].into_iter().flat_map(form_urlencoded::parse));
            }
        }
    }
    let params = params?;
    source.query(SourceRequest { method: head.method, endpoint, params, client, user }).await
}

fn unknown_path() -> ApiError {
    ApiError::not_found(
        "unknown path: see /api/openapi.json; below /api/sources/<id>/api/v1/ there are query, query_range, series, labels, \
         label/<name>/values, metadata, rules, alerts and status/buildinfo",
    )
}

/// Refuses paths below `/api` that do not exist.
pub async fn not_found() -> ApiError {
    unknown_path()
}

/// Refuses methods that a route does not support.
pub async fn method_not_allowed() -> ApiError {
    ApiError::refused(
        StatusCode::METHOD_NOT_ALLOWED,
        RejectionReason::Method,
        "method not allowed: use GET, or POST for query, query_range, series, labels and notify",
    )
}

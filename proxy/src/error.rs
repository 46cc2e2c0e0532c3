//! Error responses, in the envelope of Prometheus.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Error type as Prometheus names it in `errorType`. Source: Prometheus documentation, "HTTP API", format overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// The request is invalid.
    BadData,
    /// The expression cannot be evaluated.
    Execution,
    /// The request took too long.
    Timeout,
    /// The source or route does not exist.
    NotFound,
    /// The server or its upstream cannot answer now.
    Unavailable,
    /// The server has a bug.
    Internal,
}

impl ErrorType {
    /// Returns the name as it is sent.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadData => "bad_data",
            Self::Execution => "execution",
            Self::Timeout => "timeout",
            Self::NotFound => "not_found",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// Reason why a request or a connection was rejected, for the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectionReason {
    /// All connection slots are taken and none can be evicted.
    Connections,
    /// An idle connection was evicted by a new one.
    IdleConnection,
    /// A stalled connection was evicted by a new one.
    StalledConnection,
    /// The host name is not allowed, or ambiguous.
    Host,
    /// The request comes from a page of another origin.
    Origin,
    /// The request has no valid credentials.
    Credentials,
    /// The user may not read this of the source.
    Scope,
    /// The route, source or endpoint does not exist.
    Path,
    /// The route does not support the method.
    Method,
    /// The body has another media type.
    MediaType,
    /// The body has no `Content-Length`.
    Length,
    /// A body or a parameter is too large.
    Size,
    /// The body arrived too slowly.
    Slow,
    /// A parameter is invalid.
    Parameters,
    /// The query has too many points per series.
    Points,
    /// The subqueries have too many steps.
    Subqueries,
    /// Too many queries are running.
    Busy,
    /// The client is at its limits.
    Client,
    /// The rate limit is reached.
    Rate,
    /// The daily token budget of the language model is used up.
    Budget,
}

impl RejectionReason {
    /// Returns the value of the label `reason`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::IdleConnection => "idle_connection",
            Self::StalledConnection => "stalled_connection",
            Self::Host => "host",
            Self::Origin => "origin",
            Self::Credentials => "credentials",
            Self::Scope => "scope",
            Self::Path => "path",
            Self::Method => "method",
            Self::MediaType => "media_type",
            Self::Length => "length",
            Self::Size => "size",
            Self::Slow => "slow",
            Self::Parameters => "parameters",
            Self::Points => "points",
            Self::Subqueries => "subqueries",
            Self::Busy => "busy",
            Self::Client => "client",
            Self::Rate => "rate",
            Self::Budget => "budget",
        }
    }
}

/// Failed request: HTTP status, type, and a message that says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// Type as Prometheus names it.
    pub error_type: ErrorType,
    /// Message for the user; contains no address and no secret.
    pub message: String,
    /// Reason, if this server rejected the request.
    pub reason: Option<RejectionReason>,
    /// Seconds after which the same request can succeed; for status 503 the default is 1.
    pub retry_after: Option<u64>,
}

/// Returns a wait in whole seconds, rounded up, as `Retry-After` takes it.
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.saturating_add(Duration::from_millis(999)).as_secs()
}

impl ApiError {
    /// Creates the error for an invalid request (400).
    pub fn bad_data(message: impl Into<String>) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, RejectionReason::Parameters, message)
    }

    /// Creates the error for an invalid request with a more specific status than 400.
    pub fn refused(
        status: StatusCode,
        reason: RejectionReason,
        message: impl Into<String>,
    ) -> Self {
        Self { reason: Some(reason), ..Self::failed(status, ErrorType::BadData, message) }
    }

    /// Creates the error for a source or route that does not exist (404).
    pub fn not_found(message: impl Into<String>) -> Self {
        let failed = Self::failed(StatusCode::NOT_FOUND, ErrorType::NotFound, message);
        Self { reason: Some(RejectionReason::Path), ..failed }
    }

    /// Creates the error for a rate or concurrency limit (429); the same request can succeed after `seconds`.
    pub fn too_many(reason: RejectionReason, message: impl Into<String>, seconds: u64) -> Self {
        let (status, error_type) = (StatusCode::TOO_MANY_REQUESTS, ErrorType::Unavailable);
        let failed = Self::failed(status, error_type, message);
        Self { reason: Some(reason), retry_after: Some(seconds), ..failed }
    }

    /// Creates the error for a request that this server accepted but could not fulfil.
    pub fn failed(status: StatusCode, error_type: ErrorType, message: impl Into<String>) -> Self {
        Self { status, error_type, message: message.into(), reason: None, retry_after: None }
    }

    /// Creates the error for a bug of the server (500), whose details are in the log.
    pub fn internal() -> Self {
        let (status, error_type) = (StatusCode::INTERNAL_SERVER_ERROR, ErrorType::Internal);
        Self::failed(status, error_type, "internal server error: see the server log")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "status": "error",
            "errorType": self.error_type,
            "error": self.message,
        });
        let mut response = (self.status, Json(body)).into_response();
        let soon = (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
        if let Some(seconds) = self.retry_after.or(soon) {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if let Some(reason) = self.reason {
            response.extensions_mut().insert(reason);
        }
        response
    }
}

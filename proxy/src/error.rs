//! What a client is told when a request fails, in Prometheus' own envelope.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Prometheus' `errorType`. Source: Prometheus documentation, "HTTP API", format overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// The request is wrong and must be changed.
    BadData,
    /// The expression cannot be evaluated.
    Execution,
    /// It took too long.
    Timeout,
    /// No such source or route.
    NotFound,
    /// The server or its upstream cannot answer now.
    Unavailable,
    /// A fault of the server.
    Internal,
}

impl ErrorType {
    /// As it is sent.
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

/// Why a request was refused, for the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectionReason {
    /// Every connection is taken by a client that does its part.
    Connections,
    /// The connection gave way to a new one while it had no complete request.
    IdleConnection,
    /// The connection gave way to a new one while its client took or sent nothing.
    StalledConnection,
    /// The Host is none of ours, or ambiguous.
    Host,
    /// The page of another origin asks.
    Origin,
    /// No valid credentials.
    Credentials,
    /// No such route, source or endpoint.
    Path,
    /// The route does not take the method.
    Method,
    /// The body is not a form.
    MediaType,
    /// The body has no length.
    Length,
    /// A body or a parameter is too large.
    Size,
    /// The body came too slowly.
    Slow,
    /// A parameter is wrong.
    Parameters,
    /// Too many points a series.
    Points,
    /// Too many steps in subqueries.
    Subqueries,
    /// Too many queries at once.
    Busy,
    /// Too many requests in a minute.
    Rate,
    /// The language model's tokens of the day are spent.
    Budget,
}

impl RejectionReason {
    /// Value of the label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::IdleConnection => "idle_connection",
            Self::StalledConnection => "stalled_connection",
            Self::Host => "host",
            Self::Origin => "origin",
            Self::Credentials => "credentials",
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
            Self::Rate => "rate",
            Self::Budget => "budget",
        }
    }
}

/// A failed request: HTTP status, type, and a message that says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// Status of the reply.
    pub status: StatusCode,
    /// See [`ErrorType`].
    pub error_type: ErrorType,
    /// For a person; holds no address and no secret.
    pub message: String,
    /// Set if this server refused the request.
    pub reason: Option<RejectionReason>,
    /// After how many seconds the same request can succeed, where it can; with a status of 503 it is 1 otherwise.
    pub retry_after: Option<u64>,
}

impl ApiError {
    /// A request that must be changed.
    pub fn bad_data(message: impl Into<String>) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, RejectionReason::Parameters, message)
    }

    /// A request that must be changed, with a status that says more than 400.
    pub fn refused(
        status: StatusCode,
        reason: RejectionReason,
        message: impl Into<String>,
    ) -> Self {
        Self { reason: Some(reason), ..Self::failed(status, ErrorType::BadData, message) }
    }

    /// No such source or route.
    pub fn not_found(message: impl Into<String>) -> Self {
        let failed = Self::failed(StatusCode::NOT_FOUND, ErrorType::NotFound, message);
        Self { reason: Some(RejectionReason::Path), ..failed }
    }

    /// More than a limit allows at a time; the same request can succeed after so many seconds.
    pub fn too_many(reason: RejectionReason, message: impl Into<String>, seconds: u64) -> Self {
        let (status, error_type) = (StatusCode::TOO_MANY_REQUESTS, ErrorType::Unavailable);
        let failed = Self::failed(status, error_type, message);
        Self { reason: Some(reason), retry_after: Some(seconds), ..failed }
    }

    /// What this server did not refuse, but could not do.
    pub fn failed(status: StatusCode, error_type: ErrorType, message: impl Into<String>) -> Self {
        Self { status, error_type, message: message.into(), reason: None, retry_after: None }
    }

    /// A fault of the server; its details are in the log.
    pub fn internal() -> Self {
        let (status, error_type) = (StatusCode::INTERNAL_SERVER_ERROR, ErrorType::Internal);
        Self::failed(status, error_type, "the server failed: its log says why")
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

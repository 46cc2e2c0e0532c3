//! What a client is told when a request fails, in Prometheus' own envelope.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
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

/// A failed request: HTTP status, type, and a message that says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// Status of the reply; 503 means that the same request can succeed a second later.
    pub status: StatusCode,
    /// See [`ErrorType`].
    pub error_type: ErrorType,
    /// For a person; holds no address and no secret.
    pub message: String,
}

impl ApiError {
    /// A request that must be changed.
    pub fn bad_data(message: impl Into<String>) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, message)
    }

    /// A request that must be changed, with a status that says more than 400.
    pub fn refused(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, error_type: ErrorType::BadData, message: message.into() }
    }

    /// No such source or route.
    pub fn not_found(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status: StatusCode::NOT_FOUND, error_type: ErrorType::NotFound, message }
    }

    /// A fault of the server; its details are in the log.
    pub fn internal() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            error_type: ErrorType::Internal,
            message: "the server failed: its log says why".to_owned(),
        }
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
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

//! What a client is told when a request fails, in Prometheus' own envelope.

use axum::Json;
use axum::http::StatusCode;
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
    /// Status of the reply.
    pub status: StatusCode,
    /// See [`ErrorType`].
    pub error_type: ErrorType,
    /// For a person; holds no address and no secret.
    pub message: String,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "status": "error",
            "errorType": self.error_type,
            "error": self.message,
        });
        (self.status, Json(body)).into_response()
    }
}

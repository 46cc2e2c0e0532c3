//! Bounded reading of request bodies.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::error::{ApiError, ErrorType, RejectionReason};
use crate::http::connection::Connection;

/// Media type and bounds of a request body.
#[derive(Clone, Copy)]
pub struct ExpectedBody {
    /// Media type, for example `application/json`.
    pub media: &'static str,
    /// Name of the body in messages, for example "the form".
    pub name: &'static str,
    /// Maximum size in bytes.
    pub bytes: usize,
    /// Maximum time until the whole body has arrived.
    pub wait: Duration,
}

/// Reads and parses the JSON body of a request; `invalid` is the beginning of the message for a body that does not parse.
///
/// # Errors
/// 400 for a body that does not parse as `T`, and the errors of [`read`].
pub async fn json<T: DeserializeOwned>(
    request: Request,
    expected: ExpectedBody,
    invalid: &str,
) -> Result<(HeaderMap, T), ApiError> {
    let (mut head, body) = request.into_parts();
    let client = head.extensions.remove::<Arc<Connection>>().ok_or_else(ApiError::internal)?;
    let body = read(&head.headers, body, expected, &client).await?;
    let value = serde_json::from_slice(&body)
        .map_err(|error| ApiError::bad_data(format!("{invalid}: {error}")))?;
    Ok((head.headers, value))
}

/// Reads the whole body of a request of `client`.
///
/// # Errors
/// 415 for another media type, 413 for a body that is too large, 408 for one that does not arrive in time.
pub async fn read(
    headers: &HeaderMap,
    body: Body,
    expected: ExpectedBody,
    client: &Arc<Connection>,
) -> Result<Bytes, ApiError> {
    let ExpectedBody { media, name, bytes, wait } = expected;
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media) {
        let message = format!("unsupported content type: send {name} as {media}");
        return Err(ApiError::refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RejectionReason::MediaType,
            message,
        ));
    }
    let too_large = || {
        let message = format!("the request body is larger than {bytes} bytes: shorten {name}");
        ApiError::refused(StatusCode::PAYLOAD_TOO_LARGE, RejectionReason::Size, message)
    };
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > bytes) {
        return Err(too_large());
    }
    client.mark_stalled();
    let read = timeout(wait, to_bytes(body, bytes)).await;
    client.clear_stall();
    match read {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => {
            let message = "timed out waiting for the request body";
            let late = ApiError::failed(StatusCode::REQUEST_TIMEOUT, ErrorType::Timeout, message);
            Err(ApiError { reason: Some(RejectionReason::Slow), ..late })
        }
    }
}

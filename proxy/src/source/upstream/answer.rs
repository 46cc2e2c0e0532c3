//! Turns the answer of a source into the response for the client: status and JSON are kept, headers are not.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use futures_util::stream;
use metrics::Counter;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::Upstream;
use super::buffered_prefix::BufferedPrefix;
use super::inflate::DecodedPieces;
use super::json_nesting_check::JsonNestingCheck;
use super::redact::Secrets;
use super::utf8_check::{Utf8Check, Utf8Error};
use crate::http::connection::Connection;
use crate::metrics::Metrics;
use crate::outbound::pool::PooledResponse;
use crate::source::concurrency_limit::{AnswerSlot, QueryPermit};
use crate::source::error::SourceError;

/// Fields of the envelope of Prometheus that tell it from other JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    status: EnvelopeStatus,
    error_type: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum EnvelopeStatus {
    Success,
    Error,
}

/// Answer that is passed on as a stream, after its beginning has been checked.
struct StreamedAnswer {
    prefix: VecDeque<Bytes>,
    pieces: DecodedPieces,
    nesting: JsonNestingCheck,
    utf8: Utf8Check,
    passed: usize,
    max_bytes: usize,
    end: Instant,
    deadline: Duration,
    id: Arc<str>,
    metrics: Arc<Metrics>,
    received: Counter,
    _slot: AnswerSlot,
}

/// Checked answer that keeps its slot until the last byte has been sent.
struct BufferedAnswer {
    body: Bytes,
    _slot: AnswerSlot,
}

impl AsRef<[u8]> for BufferedAnswer {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Upstream {
    /// Checks an answer to a request with `secrets` and passes it on, as [`Upstream::query`] describes.
    pub(super) async fn pass_on(
        &self,
        (exchange, secrets): (PooledResponse, Arc<Secrets>),
        end: Instant,
        permit: QueryPermit,
        client: Arc<Connection>,
    ) -> Result<Response<Body>, SourceError> {
        let status = exchange.status;
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let lacks_tenant = status == StatusCode::UNAUTHORIZED && lacks_tenant(exchange).await;
            return Err(match lacks_tenant {
                true => SourceError::Tenant,
                false => SourceError::Credentials(status),
            });
        }
        if status.is_redirection() {
            return Err(SourceError::Redirect(status));
        }
        let max_bytes = self.limits.answer_bytes;
        let length = exchange.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let length: u64 = length.and_then(|length| length.parse().ok()).unwrap_or_default();
        if length > max_bytes as u64 {
            return Err(SourceError::TooLarge(max_bytes));
        }
        let malformed = if status.is_success() {
            SourceError::NotPrometheus
        } else {
            SourceError::Status(status)
        };
        let mut prefix = BufferedPrefix::default();
        let mut nesting = JsonNestingCheck::default();
        let mut utf8 = Utf8Check::default();
        let mut pieces = DecodedPieces::of(exchange);
        while prefix.len() <= self.limits.checked_bytes {
            let Some(piece) = pieces.next().await.map_err(|_| SourceError::Cut)? else {
                let success = prefix.is_success();
                let body = prefix.joined();
                return if is_envelope(status, &body) {
                    let body = match status.is_success() {
                        true => body,
                        false => secrets.redact(body).ok_or(malformed)?,
                    };
                    let slot = permit.into_answer_slot(client).await.ok_or(SourceError::Busy)?;
                    Ok(buffered_response(status, body, slot))
                } else if success && !nesting.is_complete() {
                    Err(SourceError::Cut)
                } else {
                    Err(malformed)
                };
            };
            self.received.increment(piece.len() as u64);
            nesting.feed(&piece).map_err(|_| malformed)?;
            utf8.feed(&piece)?;
            prefix.push(piece);
        }
        if status != StatusCode::OK || !prefix.is_success() {
            return Err(malformed);
        }
        if prefix.len() > max_bytes {
            return Err(SourceError::TooLarge(max_bytes));
        }
        let slot = permit.into_answer_slot(client).await.ok_or(SourceError::Busy)?;
        let rest = StreamedAnswer {
            passed: prefix.len(),
            prefix: prefix.into_pieces(),
            pieces,
            nesting,
            utf8,
            max_bytes,
            end,
            deadline: self.deadline,
            id: self.id.clone(),
            metrics: self.metrics.clone(),
            received: self.received.clone(),
            _slot: slot,
        };
        let pieces = stream::try_unfold(rest, |mut rest| async move {
            match rest.next().await {
                Ok(piece) => Ok(piece.map(|piece| (piece, rest))),
                Err(error) => {
                    rest.metrics.upstream_failed(&rest.id, error.class());
                    tracing::warn!(source = %rest.id, %error, "answer aborted");
                    Err(io::Error::other(error))
                }
            }
        });
        Ok(json_response(status, Body::from_stream(pieces)))
    }
}

impl From<Utf8Error> for SourceError {
    fn from(_: Utf8Error) -> Self {
        Self::NotUtf8
    }
}

impl StreamedAnswer {
    /// Returns the next piece, or `None` after the last one of a complete answer.
    async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        if let Some(piece) = self.prefix.pop_front() {
            return Ok(Some(piece));
        }
        let chunk = timeout_at(self.end, self.pieces.next()).await;
        let chunk = chunk.map_err(|_| SourceError::Timeout(self.deadline))?;
        let chunk = chunk.map_err(|_| SourceError::Cut)?;
        let Some(chunk) = chunk else {
            return if self.nesting.is_complete() { Ok(None) } else { Err(SourceError::Cut) };
        };
        self.received.increment(chunk.len() as u64);
        self.passed = self.passed.saturating_add(chunk.len());
        if self.passed > self.max_bytes {
            return Err(SourceError::TooLarge(self.max_bytes));
        }
        self.nesting.feed(&chunk)?;
        self.utf8.feed(&chunk)?;
        Ok(Some(chunk))
    }
}

/// Bytes of a refusal that are looked through.
const REFUSAL_BYTES: usize = 4 << 10;

/// Returns whether an answer says that the request named no tenant, as Mimir, Cortex and Loki do.
async fn lacks_tenant(exchange: PooledResponse) -> bool {
    let mut pieces = DecodedPieces::of(exchange);
    let mut text = Vec::new();
    while text.len() < REFUSAL_BYTES
        && let Ok(Some(piece)) = pieces.next().await
    {
        text.extend_from_slice(&piece);
    }
    text.windows(NO_TENANT.len()).any(|part| part == NO_TENANT)
}

/// Words of a system that needs a tenant.
const NO_TENANT: &[u8] = b"no org id";

/// Returns whether `body` is a complete envelope that agrees with the status.
fn is_envelope(status: StatusCode, body: &[u8]) -> bool {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else { return false };
    if status == StatusCode::OK {
        envelope.status == EnvelopeStatus::Success
    } else {
        let explained = envelope.error_type.is_some() && envelope.error.is_some();
        !status.is_success() && envelope.status == EnvelopeStatus::Error && explained
    }
}

/// Builds a response without headers of the source, whose body keeps `slot` until it has been sent.
pub(crate) fn buffered_response(
    status: StatusCode,
    body: Bytes,
    slot: AnswerSlot,
) -> Response<Body> {
    json_response(status, Bytes::from_owner(BufferedAnswer { body, _slot: slot }).into())
}

/// Builds a JSON response without headers of the source.
pub(crate) fn json_response(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

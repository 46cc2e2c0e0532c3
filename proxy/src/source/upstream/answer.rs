//! From a source's answer to the client's: its status and JSON, and nothing else of it.

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
use crate::http::connection::Connection;
use crate::metrics::Metrics;
use crate::outbound::pool::PooledResponse;
use crate::source::concurrency_limit::{AnswerSlot, QueryPermit};
use crate::source::error::SourceError;

/// The part of Prometheus' envelope that tells it from other JSON.
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

/// An answer of which only the start has been read.
struct StreamedAnswer {
    start: VecDeque<Bytes>,
    pieces: DecodedPieces,
    shape: JsonNestingCheck,
    passed: usize,
    most: usize,
    end: Instant,
    deadline: Duration,
    id: Arc<str>,
    metrics: Arc<Metrics>,
    received: Counter,
    _place: AnswerSlot,
}

/// A whole answer; it keeps its place until the last byte of it has been sent.
struct BufferedAnswer {
    body: Bytes,
    _place: AnswerSlot,
}

impl AsRef<[u8]> for BufferedAnswer {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Upstream {
    /// See [`Upstream::ask`].
    pub(super) async fn pass_on(
        &self,
        exchange: PooledResponse,
        end: Instant,
        permit: QueryPermit,
        client: Arc<Connection>,
    ) -> Result<Response<Body>, SourceError> {
        let status = exchange.status;
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(SourceError::Credentials(status));
        }
        if status.is_redirection() {
            return Err(SourceError::Redirect(status));
        }
        let most = self.limits.answer_bytes;
        let length = exchange.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let length: u64 = length.and_then(|length| length.parse().ok()).unwrap_or_default();
        if length > most as u64 {
            return Err(SourceError::TooLarge(most));
        }
        let malformed = if status.is_success() {
            SourceError::NotPrometheus
        } else {
            SourceError::Status(status)
        };
        let mut start = BufferedPrefix::default();
        let mut shape = JsonNestingCheck::default();
        let mut pieces = DecodedPieces::of(exchange);
        while start.len() <= self.limits.checked_bytes {
            let Some(piece) = pieces.next().await.map_err(|_| SourceError::Cut)? else {
                let success = start.is_success();
                let body = start.joined();
                return if is_envelope(status, &body) {
                    let place = permit.into_answer_slot(client).await.ok_or(SourceError::Busy)?;
                    Ok(buffered_response(status, body, place))
                } else if success && !shape.is_complete() {
                    Err(SourceError::Cut)
                } else {
                    Err(malformed)
                };
            };
            self.received.increment(piece.len() as u64);
            shape.feed(&piece).map_err(|_| malformed)?;
            start.push(piece);
        }
        if status != StatusCode::OK || !start.is_success() {
            return Err(malformed);
        }
        if start.len() > most {
            return Err(SourceError::TooLarge(most));
        }
        let place = permit.into_answer_slot(client).await.ok_or(SourceError::Busy)?;
        let rest = StreamedAnswer {
            passed: start.len(),
            start: start.into_pieces(),
            pieces,
            shape,
            most,
            end,
            deadline: self.deadline,
            id: self.id.clone(),
            metrics: self.metrics.clone(),
            received: self.received.clone(),
            _place: place,
        };
        let pieces = stream::try_unfold(rest, |mut rest| async move {
            match rest.next().await {
                Ok(piece) => Ok(piece.map(|piece| (piece, rest))),
                Err(fault) => {
                    rest.metrics.upstream_fault(&rest.id, fault);
                    tracing::warn!(source = %rest.id, %fault, "an answer was cut off");
                    Err(io::Error::other(fault))
                }
            }
        });
        Ok(json(status, Body::from_stream(pieces)))
    }
}

impl StreamedAnswer {
    /// The next piece, or `None` after the last one of a complete answer.
    async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        if let Some(start) = self.start.pop_front() {
            return Ok(Some(start));
        }
        let chunk = timeout_at(self.end, self.pieces.next()).await;
        let chunk = chunk.map_err(|_| SourceError::Timeout(self.deadline))?;
        let chunk = chunk.map_err(|_| SourceError::Cut)?;
        let Some(chunk) = chunk else {
            return if self.shape.is_complete() { Ok(None) } else { Err(SourceError::Cut) };
        };
        self.received.increment(chunk.len() as u64);
        self.passed = self.passed.saturating_add(chunk.len());
        if self.passed > self.most {
            return Err(SourceError::TooLarge(self.most));
        }
        self.shape.feed(&chunk)?;
        Ok(Some(chunk))
    }
}

/// Whether `body` is a whole envelope that agrees with the status.
fn is_envelope(status: StatusCode, body: &[u8]) -> bool {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else { return false };
    if status == StatusCode::OK {
        envelope.status == EnvelopeStatus::Success
    } else {
        let explained = envelope.error_type.is_some() && envelope.error.is_some();
        !status.is_success() && envelope.status == EnvelopeStatus::Error && explained
    }
}

/// A reply with our headers only, whose body keeps `place` until it has been sent.
pub(crate) fn buffered_response(
    status: StatusCode,
    body: Bytes,
    place: AnswerSlot,
) -> Response<Body> {
    json(status, Bytes::from_owner(BufferedAnswer { body, _place: place }).into())
}

/// A reply with our headers only.
fn json(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

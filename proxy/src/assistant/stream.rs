//! One question and its answer: bounded in time, charged whatever becomes of it, and dropped with its client.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use bytes::Bytes;
use futures_util::stream;
use oddity_analysis::api::{ChatEvent, EndReason};
use reqwest::{RequestBuilder, Response};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::budget::TokenReservation;
use super::completion::{CompletionReader, is_stream};
use super::error::AssistantError;
use super::meters;
use crate::metrics::Metrics;
use crate::source::error::SourceError as Connection;

/// Bytes of a refusal that are looked at.
const MAX_REFUSAL_BYTES: usize = 4_096;

/// What a question holds while it is answered. Dropped, it is charged for what it came to so far.
pub(super) struct TokenCharge {
    pub(super) reservation: TokenReservation,
    pub(super) metrics: Arc<Metrics>,
    pub(super) _permit: OwnedSemaphorePermit,
    /// Tokens of the question, by an estimate or by the provider's count.
    pub(super) prompt: u64,
    pub(super) answer: u64,
    /// For the metrics; a client that leaves says nothing.
    pub(super) outcome: &'static str,
}

impl Drop for TokenCharge {
    fn drop(&mut self) {
        self.reservation.settle(self.prompt.saturating_add(self.answer));
        meters::charged(&self.metrics, self.prompt, self.answer);
        meters::outcome(&self.metrics, self.outcome);
    }
}

impl TokenCharge {
    fn fault(&mut self, fault: AssistantError) {
        self.outcome = fault.class();
        if !fault.is_charged() {
            self.prompt = 0;
        }
    }
}

/// How long the provider has.
#[derive(Clone, Copy)]
pub(super) struct AnswerDeadlines {
    pub(super) idle: Duration,
    pub(super) total: Duration,
    pub(super) end: Instant,
}

impl AnswerDeadlines {
    /// Waits for something that the provider does.
    async fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, AssistantError> {
        let silent = Instant::now() + self.idle;
        timeout_at(silent.min(self.end), future).await.map_err(|_| {
            if silent < self.end {
                AssistantError::Silent(self.idle)
            } else {
                AssistantError::TooSlow(self.total)
            }
        })
    }
}

/// An answer that is on its way.
pub(super) struct AnswerStream {
    response: Response,
    answer: CompletionReader,
    times: AnswerDeadlines,
    charge: TokenCharge,
    lines: VecDeque<ChatEvent>,
}

impl AnswerStream {
    /// Sends the question and waits for the head of the answer.
    pub(super) async fn begin(
        request: RequestBuilder,
        answer: CompletionReader,
        times: AnswerDeadlines,
        mut charge: TokenCharge,
        setting: &'static str,
    ) -> Result<Self, AssistantError> {
        let found = head(request, times, setting).await;
        match found {
            Ok(response) => {
                charge.outcome = "disconnected";
                Ok(Self {
                    response,
                    answer,
                    times,
                    charge,
                    lines: VecDeque::from([ChatEvent::Start]),
                })
            }
            Err(fault) => {
                charge.fault(fault);
                Err(fault)
            }
        }
    }

    /// The events as lines, of which the last one is an end or a fault. Nothing runs when nobody reads.
    pub(super) fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(self, async |mut answer| {
            let lines = answer.next().await?;
            Some((Ok::<_, Infallible>(lines), answer))
        }))
    }

    async fn next(&mut self) -> Option<Bytes> {
        while self.lines.is_empty() {
            if self.answer.is_over() {
                return None;
            }
            let piece = self.times.wait(self.response.chunk()).await;
            match piece {
                Ok(Ok(Some(bytes))) => self.lines.extend(self.answer.feed(&bytes)),
                Ok(Ok(None)) => self.lines.extend(self.answer.end()),
                Ok(Err(error)) => {
                    tracing::debug!(error = %error.without_url(), "the language model's answer broke off");
                    // What was complete before is an answer.
                    self.lines.extend(self.answer.end());
                }
                Err(fault) => self.lines.extend(self.answer.abort(fault)),
            }
            self.charge.answer = self.answer.tokens();
            if let Some(usage) = self.answer.usage() {
                (self.charge.prompt, self.charge.answer) =
                    (usage.prompt_tokens, usage.answer_tokens);
            }
        }
        if let Some(last) = self.lines.back().filter(|event| event.is_last()) {
            self.charge.outcome = outcome(last);
        }
        let lines: String = self.lines.drain(..).map(|event| event.to_line()).collect();
        Some(lines.into())
    }
}

fn outcome(last: &ChatEvent) -> &'static str {
    match last {
        ChatEvent::End { reason: EndReason::Stop, .. } => "stop",
        ChatEvent::End { reason: EndReason::Length, .. } => "length",
        ChatEvent::End { reason: EndReason::Filtered, .. } => "filtered",
        ChatEvent::Failed { error_type, .. } if error_type == "timeout" => "timeout",
        _ => "broken",
    }
}

/// The head of a stream, or why there is none.
async fn head(
    request: RequestBuilder,
    times: AnswerDeadlines,
    setting: &'static str,
) -> Result<Response, AssistantError> {
    let mut response = times.wait(request.send()).await?.map_err(|error| {
        let error = error.without_url();
        tracing::debug!(?error, "no answer of the language model");
        match error.is_connect() {
            true => AssistantError::Unreachable(Connection::of_connection(&error), setting),
            false => AssistantError::Cut,
        }
    })?;
    let field = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let status = response.status();
    if is_stream(status, field(CONTENT_TYPE).unwrap_or_default()) {
        return Ok(response);
    }
    let retry_after = field(RETRY_AFTER).and_then(|value| value.trim().parse().ok());
    let mut body = Vec::new();
    while body.len() < MAX_REFUSAL_BYTES && status != StatusCode::OK {
        match times.wait(response.chunk()).await {
            Ok(Ok(Some(bytes))) => body.extend_from_slice(&bytes),
            _ => break,
        }
    }
    Err(AssistantError::of_reply(status, retry_after, &body, setting))
}

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
use crate::outbound::client::{CONNECT_TIMEOUT, connect_failure};

/// Maximum number of bytes of a refusal that are read.
const MAX_REFUSAL_BYTES: usize = 4_096;

/// Maximum number of seconds of a Retry-After that is passed on; more is no useful advice.
const MAX_RETRY_AFTER: u64 = 86_400;

/// Tokens and place that a question holds while it is answered; dropped, it is charged for what it came to so far.
pub(super) struct TokenCharge {
    pub(super) reservation: TokenReservation,
    pub(super) metrics: Arc<Metrics>,
    pub(super) _permit: OwnedSemaphorePermit,
    /// Tokens of the question, estimated or counted by the provider.
    pub(super) prompt: u64,
    /// Tokens of the answer so far, estimated or counted by the provider.
    pub(super) answer: u64,
    /// Outcome for the metrics.
    pub(super) outcome: &'static str,
}

impl Drop for TokenCharge {
    fn drop(&mut self) {
        self.reservation.settle(self.prompt.saturating_add(self.answer));
        meters::count_tokens(&self.metrics, self.prompt, self.answer);
        meters::count_outcome(&self.metrics, self.outcome);
    }
}

impl TokenCharge {
    fn fail(&mut self, error: AssistantError) {
        self.outcome = error.class();
        if !error.is_charged() {
            self.prompt = 0;
        }
    }
}

/// Time that the provider has.
#[derive(Clone, Copy)]
pub(super) struct AnswerDeadlines {
    /// Maximum time without a byte.
    pub(super) idle: Duration,
    /// Maximum time of the whole answer.
    pub(super) total: Duration,
    /// Instant at which `total` is over.
    pub(super) end: Instant,
}

impl AnswerDeadlines {
    /// Waits for the next thing that the provider does.
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

/// An answer whose head has arrived.
pub(super) struct AnswerStream {
    response: Response,
    reader: CompletionReader,
    deadlines: AnswerDeadlines,
    charge: TokenCharge,
    /// Events that nobody has read yet.
    events: VecDeque<ChatEvent>,
}

impl AnswerStream {
    /// Sends the question and waits for the head of the answer.
    ///
    /// # Errors
    /// [`AssistantError`] if no answer begins.
    pub(super) async fn start(
        request: RequestBuilder,
        reader: CompletionReader,
        deadlines: AnswerDeadlines,
        mut charge: TokenCharge,
        setting: &'static str,
    ) -> Result<Self, AssistantError> {
        match head(request, deadlines, setting).await {
            Ok(response) => {
                charge.outcome = "disconnected";
                let events = VecDeque::from([ChatEvent::Start]);
                Ok(Self { response, reader, deadlines, charge, events })
            }
            Err(error) => {
                charge.fail(error);
                Err(error)
            }
        }
    }

    /// Returns the body of the response: a line for each event. Nothing runs while nobody reads.
    pub(super) fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(self, async |mut answer| {
            let lines = answer.next().await?;
            Some((Ok::<_, Infallible>(lines), answer))
        }))
    }

    /// Returns the next lines, or `None` after the last event.
    async fn next(&mut self) -> Option<Bytes> {
        while self.events.is_empty() {
            if self.reader.is_over() {
                return None;
            }
            let piece = self.deadlines.wait(self.response.chunk()).await;
            match piece {
                Ok(Ok(Some(bytes))) => self.events.extend(self.reader.feed(&bytes)),
                Ok(Ok(None)) => self.events.extend(self.reader.end()),
                Ok(Err(error)) => {
                    tracing::debug!(error = %error.without_url(), "the language model's answer broke off");
                    // What was complete before is an answer.
                    self.events.extend(self.reader.end());
                }
                Err(error) => self.events.extend(self.reader.abort(error)),
            }
            self.charge.answer = self.reader.tokens();
            if let Some(usage) = self.reader.usage() {
                (self.charge.prompt, self.charge.answer) =
                    (usage.prompt_tokens, usage.answer_tokens);
            }
        }
        if let Some(last) = self.events.back().filter(|event| event.is_last()) {
            self.charge.outcome = outcome(last);
        }
        let lines: String = self.events.drain(..).map(|event| event.to_line()).collect();
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

/// Sends the request and waits for the head of an event stream.
async fn head(
    request: RequestBuilder,
    deadlines: AnswerDeadlines,
    setting: &'static str,
) -> Result<Response, AssistantError> {
    let mut response = deadlines.wait(request.send()).await?.map_err(|error| {
        let error = error.without_url();
        tracing::debug!(?error, "no answer of the language model");
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => AssistantError::Unreachable(CONNECT_TIMEOUT, setting),
            (true, false) => AssistantError::Unreachable(connect_failure(&error), setting),
            (false, _) => AssistantError::Cut,
        }
    })?;
    let field = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let status = response.status();
    if is_stream(status, field(CONTENT_TYPE).unwrap_or_default()) {
        return Ok(response);
    }
    let retry_after = field(RETRY_AFTER).and_then(|value| value.trim().parse().ok());
    let retry_after = retry_after.filter(|seconds| *seconds <= MAX_RETRY_AFTER);
    let mut body = Vec::new();
    while body.len() < MAX_REFUSAL_BYTES && status != StatusCode::OK {
        match deadlines.wait(response.chunk()).await {
            Ok(Ok(Some(bytes))) => body.extend_from_slice(&bytes),
            _ => break,
        }
    }
    Err(AssistantError::of_reply(status, retry_after, &body, setting))
}

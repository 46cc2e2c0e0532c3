//! How much the server takes, sends and waits for; each is a key of `[limits]`.

use std::num::NonZeroUsize;
use std::time::Duration;

use oddity_detect::time::Span;
use oddity_source::query::MAX_POINTS;
use serde::{Deserialize, Deserializer};

/// Limits with their defaults. Lengths of time are written as in Prometheus: `30s`, `1m`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Time that a source has for one evaluation; a source may have its own. Default 30s.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Time beyond `timeout` for sending the whole answer. Default 5s.
    #[serde(deserialize_with = "duration")]
    pub grace: Duration,
    /// Time for a connection to a source. Default 3s.
    #[serde(deserialize_with = "duration")]
    pub connect_timeout: Duration,
    /// Questions that one source answers at once. Default 8.
    pub concurrent_queries: NonZeroUsize,
    /// Questions that wait for their turn. Default 32.
    pub queued_queries: usize,
    /// Answers of one source that are passed on at once; each holds at most `checked_bytes` and what the sockets'
    /// buffers have. Default 32.
    pub concurrent_answers: NonZeroUsize,
    /// How long a question waits for its turn, and an answer for its place. Default 2s.
    #[serde(deserialize_with = "duration")]
    pub queue_wait: Duration,
    /// Points that a range query may ask for a series. Default 11001, what Prometheus accepts.
    pub points: u64,
    /// Steps that the subqueries of an expression may evaluate: `[1d:1s]` are 86,400, nested ones are multiplied.
    /// Default 5000000.
    pub subquery_steps: u64,
    /// Bytes of one parameter. Default 16 KiB.
    pub query_bytes: usize,
    /// Bytes of a form. Default 64 KiB.
    pub form_bytes: usize,
    /// Time for sending a form. Default 10s.
    #[serde(deserialize_with = "duration")]
    pub form_wait: Duration,
    /// Bytes of an answer that are checked before any of it is passed on. Default 1 MiB.
    pub checked_bytes: usize,
    /// Bytes of an answer, decompressed. Default 64 MiB.
    pub answer_bytes: usize,
    /// Bytes of what is to be sent to a target of notifications, the report among it. Default 512 KiB.
    pub notify_bytes: usize,
    /// Notifications to one target in any minute; tests count. Default 30.
    pub notify_per_minute: NonZeroUsize,
    /// Notifications to one target that are under way at once. Default 4.
    pub notify_at_once: NonZeroUsize,
    /// Time for one notification with all that it is tried again. Default 30s.
    #[serde(deserialize_with = "duration")]
    pub notify_wait: Duration,
    /// For so long an event is not sent to a target that has it. Default 1d.
    #[serde(deserialize_with = "duration")]
    pub notify_remember: Duration,
    /// Open connections of clients; at the limit the oldest one without a complete request is closed. Default 512.
    pub connections: NonZeroUsize,
    /// Bytes of a request's head. Default 64 KiB.
    pub header_bytes: NonZeroUsize,
    /// Fields of a request's head. Default 64.
    pub header_fields: NonZeroUsize,
    /// Time for sending a request's head, and for an idle connection. Default 15s.
    #[serde(deserialize_with = "duration")]
    pub header_wait: Duration,
    /// Time for which a client may take no byte of its answer. Default 30s.
    #[serde(deserialize_with = "duration")]
    pub write_wait: Duration,
    /// Time for open requests when the server is stopped. Default 10s.
    #[serde(deserialize_with = "duration")]
    pub drain: Duration,
}

/// Limits that one source has in place of the general ones: `limits` of a `[[source]]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SourceLimits {
    concurrent_queries: Option<NonZeroUsize>,
    queued_queries: Option<usize>,
    concurrent_answers: Option<NonZeroUsize>,
    points: Option<u64>,
    subquery_steps: Option<u64>,
    answer_bytes: Option<usize>,
}

impl SourceLimits {
    pub(super) fn over(&self, general: &Limits) -> Limits {
        Limits {
            concurrent_queries: self.concurrent_queries.unwrap_or(general.concurrent_queries),
            queued_queries: self.queued_queries.unwrap_or(general.queued_queries),
            concurrent_answers: self.concurrent_answers.unwrap_or(general.concurrent_answers),
            points: self.points.unwrap_or(general.points),
            subquery_steps: self.subquery_steps.unwrap_or(general.subquery_steps),
            answer_bytes: self.answer_bytes.unwrap_or(general.answer_bytes),
            ..general.clone()
        }
    }
}

/// `n`, which is not zero.
const fn count(n: usize) -> NonZeroUsize {
    match NonZeroUsize::new(n) {
        Some(n) => n,
        None => NonZeroUsize::MIN,
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            grace: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(3),
            concurrent_queries: count(8),
            queued_queries: 32,
            concurrent_answers: count(32),
            queue_wait: Duration::from_secs(2),
            points: MAX_POINTS as u64 + 1,
            subquery_steps: 5_000_000,
            query_bytes: 16 << 10,
            form_bytes: 64 << 10,
            form_wait: Duration::from_secs(10),
            checked_bytes: 1 << 20,
            answer_bytes: 64 << 20,
            notify_bytes: 512 << 10,
            notify_per_minute: count(30),
            notify_at_once: count(4),
            notify_wait: Duration::from_secs(30),
            notify_remember: Duration::from_secs(86_400),
            connections: count(512),
            header_bytes: count(64 << 10),
            header_fields: count(64),
            header_wait: Duration::from_secs(15),
            write_wait: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// A Prometheus duration longer than zero.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.parse::<Span>() {
        Ok(Span::ZERO) => {
            Err(serde::de::Error::custom("a length of time must be longer than zero"))
        }
        Ok(span) => Ok(Duration::from_millis(span.millis())),
        Err(error) => Err(serde::de::Error::custom(error)),
    }
}

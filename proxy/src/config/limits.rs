//! Limits of sizes, counts and times; each is a key of `[limits]`.

use std::num::NonZeroUsize;
use std::time::Duration;

use oddity_source::query::MAX_POINTS;
use serde::Deserialize;

use super::duration::duration;

/// Limits with their defaults. Durations are written as in Prometheus: `30s`, `1m`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Maximum time of an evaluation by a source; a source may have its own. Default 30s.
    #[serde(deserialize_with = "duration")]
    pub timeout: Duration,
    /// Time after `timeout` for sending the whole answer. Default 5s.
    #[serde(deserialize_with = "duration")]
    pub grace: Duration,
    /// Maximum time for a connection to a source. Default 3s.
    #[serde(deserialize_with = "duration")]
    pub connect_timeout: Duration,
    /// Maximum concurrent queries of a source. Default 8.
    pub concurrent_queries: NonZeroUsize,
    /// Maximum queries of a source that wait. Default 32.
    pub queued_queries: usize,
    /// Maximum answers of a source that are sent to clients at once; each holds at most `checked_bytes` and the buffers of the
    /// sockets. Default 32.
    pub concurrent_answers: NonZeroUsize,
    /// Maximum time that a query or an answer waits. Default 2s.
    #[serde(deserialize_with = "duration")]
    pub queue_wait: Duration,
    /// Maximum points a series of a range query. Default 11001, the limit of Prometheus.
    pub points: u64,
    /// Maximum steps of the subqueries of an expression: `[1d:1s]` has 86,400, nested ones are multiplied. Default 5000000.
    pub subquery_steps: u64,
    /// Maximum bytes of a parameter. Default 16 KiB.
    pub query_bytes: usize,
    /// Maximum bytes of a form. Default 64 KiB.
    pub form_bytes: usize,
    /// Maximum time for receiving a form. Default 10s.
    #[serde(deserialize_with = "duration")]
    pub form_wait: Duration,
    /// Bytes of an answer that are checked before any are passed on. Default 1 MiB.
    pub checked_bytes: usize,
    /// Maximum bytes of an answer, decompressed. Default 64 MiB.
    pub answer_bytes: usize,
    /// Maximum bytes of a notification with its report. Default 512 KiB.
    pub notify_bytes: usize,
    /// Maximum notifications to a target in any minute, including tests. Default 30.
    pub notify_per_minute: NonZeroUsize,
    /// Maximum concurrent notifications to a target. Default 4.
    pub notify_at_once: NonZeroUsize,
    /// Maximum time for a notification with all its attempts. Default 30s.
    #[serde(deserialize_with = "duration")]
    pub notify_wait: Duration,
    /// Time for which duplicates are not sent. Default 1d.
    #[serde(deserialize_with = "duration")]
    pub notify_remember: Duration,
    /// Maximum concurrent requests of a user, or of an address without one, to the API. Default: no limit.
    pub client_at_once: Option<NonZeroUsize>,
    /// Maximum requests of a user, or of an address without one, to the API in any minute. Default: no limit.
    pub client_per_minute: Option<NonZeroUsize>,
    /// Maximum open connections of clients; at the limit the one idle for longest is closed. Default 512.
    pub connections: NonZeroUsize,
    /// Maximum bytes of the head of a request. Default 64 KiB.
    pub header_bytes: NonZeroUsize,
    /// Maximum header fields of a request. Default 64.
    pub header_fields: NonZeroUsize,
    /// Maximum time for receiving the head of a request, and of an idle connection. Default 15s.
    #[serde(deserialize_with = "duration")]
    pub header_wait: Duration,
    /// Maximum time for which a client may take no byte of its response. Default 30s.
    #[serde(deserialize_with = "duration")]
    pub write_wait: Duration,
    /// Maximum time for open requests when the server shuts down. Default 10s.
    #[serde(deserialize_with = "duration")]
    pub drain: Duration,
}

/// Limits that override the general ones for a source: `limits` of a `[[source]]`.
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

/// Converts `n`, which is not zero.
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
            client_at_once: None,
            client_per_minute: None,
            connections: count(512),
            header_bytes: count(64 << 10),
            header_fields: count(64),
            header_wait: Duration::from_secs(15),
            write_wait: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

//! How much the server takes, sends and waits for; each is a key of `[limits]`.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use shared::time::Span;

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
    /// How long they wait. Default 2s.
    #[serde(deserialize_with = "duration")]
    pub queue_wait: Duration,
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
    /// Open connections of clients. Default 512.
    pub connections: NonZeroUsize,
    /// Bytes of a request's head. Default 64 KiB.
    pub header_bytes: NonZeroUsize,
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
            queue_wait: Duration::from_secs(2),
            query_bytes: 16 << 10,
            form_bytes: 64 << 10,
            form_wait: Duration::from_secs(10),
            checked_bytes: 1 << 20,
            answer_bytes: 64 << 20,
            connections: count(512),
            header_bytes: count(64 << 10),
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

//! Points and lengths of time in whole milliseconds, as Prometheus counts and writes them.

mod span;
mod timestamp;

use serde::{Deserialize, Serialize};

pub use span::{Span, Step};
pub use timestamp::Timestamp;

/// A stretch of time from `start` to `end`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeRange {
    /// First instant.
    pub start: Timestamp,
    /// Last instant, never before `start`.
    pub end: Timestamp,
}

/// Reason why a text is not a time; each message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a Prometheus duration.
    #[error("\"{0}\" is not a duration: write a number and a unit, such as 30s, 5m, 1h30m or 7d")]
    Duration(String),
    /// Not a point in time.
    #[error("\"{0}\" is not a time: write 2026-01-31 13:45, 2026-01-31T13:45:00Z or Unix seconds")]
    Timestamp(String),
    /// A step of zero.
    #[error("the step must be longer than zero")]
    ZeroStep,
    /// A range that ends before it starts.
    #[error("the range ends ({end}) before it starts ({start})")]
    Reversed {
        /// The start that was given.
        start: Timestamp,
        /// The end that was given.
        end: Timestamp,
    },
}

impl TimeRange {
    /// Creates a range.
    ///
    /// # Errors
    ///
    /// [`TimeError::Reversed`] if `end` lies before `start`.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, TimeError> {
        if start <= end { Ok(Self { start, end }) } else { Err(TimeError::Reversed { start, end }) }
    }

    /// Returns the time from the first to the last instant.
    pub fn span(self) -> Span {
        self.end.since(self.start)
    }
}

#[cfg(test)]
mod tests;

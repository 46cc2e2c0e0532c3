//! Durations as Prometheus writes them: `30s`, `1m`.

use std::time::Duration;

use oddity_detect::time::Span;
use serde::{Deserialize, Deserializer};

/// Deserializes a duration longer than zero.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.parse::<Span>() {
        Ok(Span::ZERO) => Err(serde::de::Error::custom("a duration must be longer than zero")),
        Ok(span) => Ok(Duration::from_millis(span.millis())),
        Err(error) => Err(serde::de::Error::custom(error)),
    }
}

/// Deserializes an optional duration longer than zero.
pub(super) fn some_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

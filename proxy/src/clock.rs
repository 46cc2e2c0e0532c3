//! System clock.

use std::time::{SystemTime, UNIX_EPOCH};

use oddity_detect::time::Timestamp;

/// Returns the current time of the system clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

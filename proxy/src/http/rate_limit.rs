//! Sliding-window rate limiter.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// Allows a number of operations in any window of one minute.
pub struct RateLimiter {
    max_per_minute: usize,
    taken: Mutex<VecDeque<Instant>>,
}

impl RateLimiter {
    /// Creates a limiter that allows `max_per_minute` operations in any minute.
    pub fn new(max_per_minute: NonZeroUsize) -> Self {
        Self { max_per_minute: max_per_minute.get(), taken: Mutex::default() }
    }

    /// Counts one operation at `now` against the limit.
    ///
    /// # Errors
    /// The time until the next operation is allowed, if the limit is reached.
    pub fn try_acquire(&self, now: Instant) -> Result<(), Duration> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while taken.front().is_some_and(|first| now.duration_since(*first) >= MINUTE) {
            taken.pop_front();
        }
        match taken.front() {
            Some(first) if taken.len() >= self.max_per_minute => {
                Err(MINUTE.saturating_sub(now.duration_since(*first)))
            }
            _ => {
                taken.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_in_any_minute() {
        let (rate, start) = (RateLimiter::new(NonZeroUsize::new(2).unwrap()), Instant::now());
        let take =
            |at| rate.try_acquire(start + Duration::from_secs(at)).map_err(|wait| wait.as_secs());
        assert_eq!(take(0), Ok(()));
        assert_eq!(take(50), Ok(()));
        assert_eq!(take(59), Err(1));
        assert_eq!(take(60), Ok(()));
        assert_eq!(take(61), Err(49));
        assert_eq!(take(111), Ok(()));
    }
}

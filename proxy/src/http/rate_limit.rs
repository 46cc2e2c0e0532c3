//! So many in any minute.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// What was taken in the last minute.
pub struct RateLimiter {
    most: usize,
    taken: Mutex<VecDeque<Instant>>,
}

impl RateLimiter {
    /// None was taken yet.
    pub fn new(most: NonZeroUsize) -> Self {
        Self { most: most.get(), taken: Mutex::default() }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long to wait for one.
    pub fn try_acquire(&self, now: Instant) -> Result<(), Duration> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while taken.front().is_some_and(|first| now.duration_since(*first) >= MINUTE) {
            taken.pop_front();
        }
        match taken.front() {
            Some(first) if taken.len() >= self.most => {
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
    fn a_minute_is_any_minute() {
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

//! How many questions a source answers at once, and how many wait for their turn.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Limits;

/// A bounded queue before a bounded number of running questions.
pub struct Gate {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    wait: Duration,
}

/// The right to ask; it is held until the last byte of the answer has been passed on.
pub struct Permit {
    _admitted: OwnedSemaphorePermit,
    _running: OwnedSemaphorePermit,
}

impl Gate {
    /// A gate with the limits' `concurrent_queries`, `queued_queries` and `queue_wait`.
    pub fn new(limits: &Limits) -> Self {
        let running = limits.concurrent_queries.get().min(Semaphore::MAX_PERMITS);
        let admitted = running.saturating_add(limits.queued_queries).min(Semaphore::MAX_PERMITS);
        Self {
            admitted: Arc::new(Semaphore::new(admitted)),
            running: Arc::new(Semaphore::new(running)),
            wait: limits.queue_wait,
        }
    }

    /// Waits for a turn; `None` if the queue is full or the wait too long.
    pub async fn enter(&self) -> Option<Permit> {
        let admitted = self.admitted.clone().try_acquire_owned().ok()?;
        let running = self.running.clone().acquire_owned();
        let running = tokio::time::timeout(self.wait, running).await.ok()?.ok()?;
        Some(Permit { _admitted: admitted, _running: running })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_is_refused_at_once_and_a_long_wait_later() {
        let limits = Limits {
            concurrent_queries: std::num::NonZeroUsize::MIN,
            queued_queries: 1,
            queue_wait: Duration::from_millis(50),
            ..Limits::default()
        };
        let gate = Gate::new(&limits);
        let first = gate.enter().await.expect("the first runs");
        let (second, third) = tokio::join!(gate.enter(), gate.enter());
        assert!(second.is_none() && third.is_none());
        drop(first);
        assert!(gate.enter().await.is_some());
    }
}

//! Limits of concurrent queries and answers of a source: queries beyond them wait in a bounded queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::config::Limits;
use crate::http::connection::{AnswerHolders, Connection};
use crate::http::worker;

/// Interval at which a query that waits looks for a stalled or closed client.
const STALL_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Limits how many queries of a source run, how many wait, and how many answers are held in memory.
pub struct ConcurrencyLimiter {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    answers: Arc<Semaphore>,
    holders: Arc<AnswerHolders>,
    wait: Duration,
}

/// Permission to run a query.
pub struct QueryPermit {
    turn: Option<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
    answers: AnswerSlots,
}

/// Slots for answers that are sent to clients.
struct AnswerSlots {
    free: Arc<Semaphore>,
    holders: Arc<AnswerHolders>,
    wait: Duration,
}

/// Permission to hold an answer in memory, kept until the client has taken the last byte.
pub struct AnswerSlot {
    _slot: OwnedSemaphorePermit,
    holders: Arc<AnswerHolders>,
    client: Arc<Connection>,
}

/// Bounds evaluations of the built-in source that turn out long and would take every turn of short ones.
pub struct LongQueryLimiter {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// Permission to go on for long.
pub struct LongQueryPermit {
    _admitted: OwnedSemaphorePermit,
    _running: OwnedSemaphorePermit,
}

impl LongQueryLimiter {
    /// Creates a limiter for half of the processors, and as many waiting evaluations as the limits let run at once.
    pub fn new(limits: &Limits) -> Self {
        let running = worker::count().div_ceil(2);
        let admitted = limits.concurrent_queries.get().saturating_add(running);
        Self {
            admitted: Arc::new(Semaphore::new(admitted.min(Semaphore::MAX_PERMITS))),
            running: Arc::new(Semaphore::new(running)),
        }
    }

    /// Waits for a turn on a thread that may block; `None` after `end`, if nobody waits for the answer any more, or if
    /// too many wait already.
    pub fn acquire_blocking(
        &self,
        end: Instant,
        cancelled: &AtomicBool,
    ) -> Option<LongQueryPermit> {
        let admitted = self.admitted.clone().try_acquire_owned().ok()?;
        while Instant::now() < end && !cancelled.load(Ordering::Relaxed) {
            let turn =
                async { timeout(STALL_POLL_INTERVAL, self.running.clone().acquire_owned()).await };
            if let Ok(running) = Handle::current().block_on(turn) {
                return Some(LongQueryPermit { _admitted: admitted, _running: running.ok()? });
            }
        }
        None
    }
}

impl ConcurrencyLimiter {
    /// Creates a limiter with `concurrent_queries`, `queued_queries`, `queue_wait` and `concurrent_answers` of `limits`.
    pub fn new(limits: &Limits) -> Self {
        let running = limits.concurrent_queries.get().min(Semaphore::MAX_PERMITS);
        let admitted = running.saturating_add(limits.queued_queries).min(Semaphore::MAX_PERMITS);
        let answers = limits.concurrent_answers.get().min(Semaphore::MAX_PERMITS);
        Self {
            admitted: Arc::new(Semaphore::new(admitted)),
            running: Arc::new(Semaphore::new(running)),
            answers: Arc::new(Semaphore::new(answers)),
            holders: Arc::default(),
            wait: limits.queue_wait,
        }
    }

    /// Waits until the query may run; `None` if the queue is full or the wait exceeds `queue_wait`.
    pub async fn acquire(&self) -> Option<QueryPermit> {
        let admitted = self.admitted.clone().try_acquire_owned().ok()?;
        let running = match self.running.clone().try_acquire_owned() {
            Ok(running) => running,
            Err(_) => timeout(self.wait, self.running.clone().acquire_owned()).await.ok()?.ok()?,
        };
        let answers = AnswerSlots {
            free: self.answers.clone(),
            holders: self.holders.clone(),
            wait: self.wait,
        };
        Some(QueryPermit { turn: Some((admitted, running)), answers })
    }
}

impl QueryPermit {
    /// Gives the turn to the next query, before there is an answer.
    pub fn give_turn(&mut self) {
        self.turn = None;
    }

    /// Exchanges the permission for a slot for the answer to `client`, so that the next query may run. Where all slots are
    /// taken, the client that has been stalled for longest is evicted. `None` if no slot is free within `queue_wait`.
    pub async fn into_answer_slot(self, client: Arc<Connection>) -> Option<AnswerSlot> {
        let AnswerSlots { free, holders, wait } = &self.answers;
        let slot = match free.clone().try_acquire_owned() {
            Ok(slot) => slot,
            Err(_) => {
                let end = Instant::now() + *wait;
                loop {
                    holders.close_stalled();
                    if let Ok(slot) =
                        timeout(STALL_POLL_INTERVAL, free.clone().acquire_owned()).await
                    {
                        break slot.ok()?;
                    }
                    if Instant::now() > end {
                        return None;
                    }
                }
            }
        };
        holders.add(client.clone());
        Some(AnswerSlot { _slot: slot, holders: holders.clone(), client })
    }
}

impl Drop for AnswerSlot {
    fn drop(&mut self) {
        self.holders.remove(&self.client);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::http::connection::MIN_STALL;

    fn single_slot(mut limits: Limits) -> ConcurrencyLimiter {
        limits.concurrent_queries = NonZeroUsize::MIN;
        limits.concurrent_answers = NonZeroUsize::MIN;
        ConcurrencyLimiter::new(&limits)
    }

    fn client() -> Arc<Connection> {
        let address = ([127, 0, 0, 1], 1).into();
        Arc::new(Connection::new(address, address, Instant::now()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_is_refused_at_once_and_a_long_wait_later() {
        let wait = Duration::from_millis(50);
        let limiter =
            single_slot(Limits { queued_queries: 1, queue_wait: wait, ..Limits::default() });
        let first = limiter.acquire().await.expect("the first query runs");
        let (second, third) = tokio::join!(limiter.acquire(), limiter.acquire());
        assert!(second.is_none() && third.is_none());
        drop(first);
        assert!(limiter.acquire().await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_lets_the_next_query_run_and_loses_its_slot_when_its_client_stalls() {
        let limiter = single_slot(Limits::default());
        let slow = client();
        let held = limiter.acquire().await.unwrap().into_answer_slot(slow.clone()).await.unwrap();
        slow.mark_stalled();
        let next = limiter.acquire().await.expect("the next query may run");
        let (slot, ()) = tokio::join!(next.into_answer_slot(client()), async {
            slow.closed().await;
            assert!(slow.stalled_for().unwrap() >= MIN_STALL);
            drop(held);
        });
        assert!(slot.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn clients_that_read_keep_their_slots() {
        let wait = Duration::from_millis(400);
        let limiter = single_slot(Limits { queue_wait: wait, ..Limits::default() });
        let _held = limiter.acquire().await.unwrap().into_answer_slot(client()).await.unwrap();
        assert!(limiter.acquire().await.unwrap().into_answer_slot(client()).await.is_none());
    }
}

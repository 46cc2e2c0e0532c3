//! How many questions a source answers at once, how many wait for their turn, and how many answers are passed
//! on at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::config::Limits;
use crate::http::connection::{AnswerHolders, Connection};

/// How often a question that waits for a place looks for a client that has stalled.
const STALL_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A bounded queue before a bounded number of running questions, and a bounded number of answers behind it.
pub struct ConcurrencyLimiter {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    answers: Arc<Semaphore>,
    holders: Arc<AnswerHolders>,
    wait: Duration,
}

/// The right to ask.
pub struct QueryPermit {
    _admitted: OwnedSemaphorePermit,
    _running: OwnedSemaphorePermit,
    answers: AnswerSlots,
}

/// Where the places for answers are.
struct AnswerSlots {
    places: Arc<Semaphore>,
    holders: Arc<AnswerHolders>,
    wait: Duration,
}

/// The right to hold an answer in memory; it is kept until the client has taken the last byte.
pub struct AnswerSlot {
    _place: OwnedSemaphorePermit,
    holders: Arc<AnswerHolders>,
    client: Arc<Connection>,
}

impl ConcurrencyLimiter {
    /// A limiter with the limits' `concurrent_queries`, `queued_queries`, `queue_wait` and `concurrent_answers`.
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

    /// Waits for a turn; `None` if the queue is full or the wait too long.
    pub async fn acquire(&self) -> Option<QueryPermit> {
        let admitted = self.admitted.clone().try_acquire_owned().ok()?;
        let running = match self.running.clone().try_acquire_owned() {
            Ok(running) => running,
            Err(_) => timeout(self.wait, self.running.clone().acquire_owned()).await.ok()?.ok()?,
        };
        let answers = AnswerSlots {
            places: self.answers.clone(),
            holders: self.holders.clone(),
            wait: self.wait,
        };
        Some(QueryPermit { _admitted: admitted, _running: running, answers })
    }
}

impl QueryPermit {
    /// A place for the answer to `client`; the turn goes to the next question. Where all places are taken, the
    /// client that has stalled longest loses its own. `None` if there is no place for as long as a question waits.
    pub async fn into_answer_slot(self, client: Arc<Connection>) -> Option<AnswerSlot> {
        let AnswerSlots { places, holders, wait } = &self.answers;
        let place = match places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                let end = Instant::now() + *wait;
                loop {
                    holders.close_stalled();
                    if let Ok(place) =
                        timeout(STALL_POLL_INTERVAL, places.clone().acquire_owned()).await
                    {
                        break place.ok()?;
                    }
                    if Instant::now() > end {
                        return None;
                    }
                }
            }
        };
        holders.add(client.clone());
        Some(AnswerSlot { _place: place, holders: holders.clone(), client })
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

    fn limiter(mut limits: Limits) -> ConcurrencyLimiter {
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
        let limiter = limiter(Limits { queued_queries: 1, queue_wait: wait, ..Limits::default() });
        let first = limiter.acquire().await.expect("the first runs");
        let (second, third) = tokio::join!(limiter.acquire(), limiter.acquire());
        assert!(second.is_none() && third.is_none());
        drop(first);
        assert!(limiter.acquire().await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_leaves_the_turn_to_others_and_its_place_when_its_client_stalls() {
        let limiter = limiter(Limits::default());
        let slow = client();
        let held = limiter.acquire().await.unwrap().into_answer_slot(slow.clone()).await.unwrap();
        slow.mark_stalled();
        let next = limiter.acquire().await.expect("the turn is free");
        let (place, ()) = tokio::join!(next.into_answer_slot(client()), async {
            slow.closed().await;
            assert!(slow.stalled_for().unwrap() >= MIN_STALL);
            drop(held);
        });
        assert!(place.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn clients_that_read_keep_their_places() {
        let wait = Duration::from_millis(400);
        let limiter = limiter(Limits { queue_wait: wait, ..Limits::default() });
        let _held = limiter.acquire().await.unwrap().into_answer_slot(client()).await.unwrap();
        assert!(limiter.acquire().await.unwrap().into_answer_slot(client()).await.is_none());
    }
}

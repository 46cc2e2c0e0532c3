//! How many questions a source answers at once, how many wait for their turn, and how many answers are passed
//! on at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::config::Limits;
use crate::http::connection::{Connection, Holders};

/// How often a question that waits for a place looks for a client that has stalled.
const LOOK: Duration = Duration::from_millis(100);

/// A bounded queue before a bounded number of running questions, and a bounded number of answers behind it.
pub struct Gate {
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    answers: Arc<Semaphore>,
    holders: Arc<Holders>,
    wait: Duration,
}

/// The right to ask.
pub struct Permit {
    _admitted: OwnedSemaphorePermit,
    _running: OwnedSemaphorePermit,
    answers: Answers,
}

/// Where the places for answers are.
struct Answers {
    places: Arc<Semaphore>,
    holders: Arc<Holders>,
    wait: Duration,
}

/// The right to hold an answer in memory; it is kept until the client has taken the last byte.
pub struct Place {
    _place: OwnedSemaphorePermit,
    holders: Arc<Holders>,
    client: Arc<Connection>,
}

impl Gate {
    /// A gate with the limits' `concurrent_queries`, `queued_queries`, `queue_wait` and `concurrent_answers`.
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
    pub async fn enter(&self) -> Option<Permit> {
        let admitted = self.admitted.clone().try_acquire_owned().ok()?;
        let running = match self.running.clone().try_acquire_owned() {
            Ok(running) => running,
            Err(_) => timeout(self.wait, self.running.clone().acquire_owned()).await.ok()?.ok()?,
        };
        let answers = Answers {
            places: self.answers.clone(),
            holders: self.holders.clone(),
            wait: self.wait,
        };
        Some(Permit { _admitted: admitted, _running: running, answers })
    }
}

impl Permit {
    /// A place for the answer to `client`; the turn goes to the next question. Where all places are taken, the
    /// client that has stalled longest loses its own. `None` if there is no place for as long as a question waits.
    pub async fn answered(self, client: Arc<Connection>) -> Option<Place> {
        let Answers { places, holders, wait } = &self.answers;
        let place = match places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                let end = Instant::now() + *wait;
                loop {
                    holders.close_stalled();
                    if let Ok(place) = timeout(LOOK, places.clone().acquire_owned()).await {
                        break place.ok()?;
                    }
                    if Instant::now() > end {
                        return None;
                    }
                }
            }
        };
        holders.add(client.clone());
        Some(Place { _place: place, holders: holders.clone(), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.holders.remove(&self.client);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::http::connection::STALL;

    fn gate(mut limits: Limits) -> Gate {
        limits.concurrent_queries = NonZeroUsize::MIN;
        limits.concurrent_answers = NonZeroUsize::MIN;
        Gate::new(&limits)
    }

    fn client() -> Arc<Connection> {
        let address = ([127, 0, 0, 1], 1).into();
        Arc::new(Connection::new(address, address, std::time::Instant::now()))
    }

    #[tokio::test]
    async fn a_full_queue_is_refused_at_once_and_a_long_wait_later() {
        let wait = Duration::from_millis(50);
        let gate = gate(Limits { queued_queries: 1, queue_wait: wait, ..Limits::default() });
        let first = gate.enter().await.expect("the first runs");
        let (second, third) = tokio::join!(gate.enter(), gate.enter());
        assert!(second.is_none() && third.is_none());
        drop(first);
        assert!(gate.enter().await.is_some());
    }

    #[tokio::test]
    async fn an_answer_leaves_the_turn_to_others_and_its_place_when_its_client_stalls() {
        let gate = gate(Limits::default());
        let slow = client();
        let held = gate.enter().await.unwrap().answered(slow.clone()).await.unwrap();
        slow.stalls();
        let next = gate.enter().await.expect("the turn is free");
        let (place, ()) = tokio::join!(next.answered(client()), async {
            slow.closed().await;
            assert!(slow.stalled().unwrap() >= STALL);
            drop(held);
        });
        assert!(place.is_some());
    }

    #[tokio::test]
    async fn clients_that_read_keep_their_places() {
        let wait = Duration::from_millis(400);
        let gate = gate(Limits { queue_wait: wait, ..Limits::default() });
        let _held = gate.enter().await.unwrap().answered(client()).await.unwrap();
        assert!(gate.enter().await.unwrap().answered(client()).await.is_none());
    }
}

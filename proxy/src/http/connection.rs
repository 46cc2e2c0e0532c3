//! Tracks idle and stalled connections, so that slow clients are evicted first.

mod socket;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::http::lock;

pub use socket::{AnswerBody, WatchedStream};

/// Minimum time without a byte taken or sent before a connection may be evicted.
pub const MIN_STALL: Duration = Duration::from_millis(250);

/// Connection of a client.
#[derive(Debug)]
pub struct Connection {
    /// Address of the client.
    pub peer: IpAddr,
    /// Address of the server that the client reached.
    pub local: IpAddr,
    start: Instant,
    /// Time since which the head of a request is awaited.
    head: AtomicMillis,
    /// Time since which the client takes no byte of a response, or owes the rest of a body.
    stall: AtomicMillis,
    end: Notify,
}

/// Optional point in time, shared between threads: milliseconds plus one, or zero for none.
#[derive(Debug, Default)]
struct AtomicMillis(AtomicU64);

impl AtomicMillis {
    fn get(&self) -> Option<u64> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }

    fn set(&self, millis: u64) {
        self.0.store(millis.saturating_add(1), Ordering::Relaxed);
    }

    fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

impl Connection {
    /// Creates a connection that awaits a request; times are counted from `start`.
    pub fn new(peer: SocketAddr, local: SocketAddr, start: Instant) -> Self {
        let connection = Self {
            peer: peer.ip().to_canonical(),
            local: local.ip().to_canonical(),
            start,
            head: AtomicMillis::default(),
            stall: AtomicMillis::default(),
            end: Notify::new(),
        };
        connection.head.set(connection.now());
        connection
    }

    /// Closes the connection, whatever its state.
    pub fn close(&self) {
        self.end.notify_one();
    }

    /// Resolves once [`Self::close`] has been called.
    pub async fn closed(&self) {
        self.end.notified().await;
    }

    /// Records that the response has been handed over and a request is awaited.
    pub fn await_request(&self) {
        self.head.set(self.now());
    }

    /// Records that a request has arrived.
    pub fn begin_request(&self) {
        self.head.clear();
    }

    /// Records that the client owes the rest of a body, or room for a response.
    pub fn mark_stalled(&self) {
        if self.stall.get().is_none() {
            self.stall.set(self.now());
        }
    }

    /// Records that the client has made progress.
    pub fn clear_stall(&self) {
        self.stall.clear();
    }

    /// Returns how long the client has been stalled, or none if it is not.
    pub fn stalled_for(&self) -> Option<Duration> {
        self.stall.get().map(|since| self.since(since))
    }

    /// Returns how long the head of a request has been awaited, or none if it is not.
    fn head_awaited_for(&self) -> Option<Duration> {
        self.head.get().map(|since| self.since(since))
    }

    /// Returns since when the connection is idle, in milliseconds; earlier is smaller.
    fn idle_since(&self) -> Option<u64> {
        self.head.get().filter(|_| self.stall.get().is_none())
    }

    fn since(&self, then: u64) -> Duration {
        Duration::from_millis(self.now().saturating_sub(then))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Bounded set of open connections.
pub struct Connections {
    max_open: usize,
    start: Instant,
    open: Mutex<OpenConnections>,
}

#[derive(Default)]
struct OpenConnections {
    next: u64,
    by_number: HashMap<u64, Arc<Connection>>,
}

/// Slot among the open connections, released when dropped.
pub struct ConnectionSlot {
    number: u64,
    connections: Arc<Connections>,
    /// Connection that holds the slot.
    pub connection: Arc<Connection>,
}

/// Connection that was closed in favour of a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evicted {
    /// None: there was room.
    Nobody,
    /// Connection that was idle for longest, without a complete request head.
    Idle,
    /// Connection that was stalled for longest.
    Stalled,
}

impl Connections {
    /// Creates an empty set for at most `max_open` connections.
    pub fn new(max_open: usize) -> Arc<Self> {
        Arc::new(Self { max_open, start: Instant::now(), open: Mutex::default() })
    }

    /// Returns a slot for a new connection. At the limit the connection that has been idle for longest is evicted, or else
    /// the one that has been stalled for longest; `None` if neither exists.
    pub fn enter(
        self: &Arc<Self>,
        peer: SocketAddr,
        local: SocketAddr,
    ) -> Option<(ConnectionSlot, Evicted)> {
        let mut open = lock(&self.open);
        let mut evicted = Evicted::Nobody;
        if open.by_number.len() >= self.max_open {
            let (number, reason) = open.victim()?;
            if let Some(victim) = open.by_number.remove(&number) {
                victim.close();
            }
            evicted = reason;
        }
        let number = open.next;
        open.next += 1;
        let connection = Arc::new(Connection::new(peer, local, self.start));
        open.by_number.insert(number, connection.clone());
        Some((ConnectionSlot { number, connections: self.clone(), connection }, evicted))
    }

    /// Closes the connections that have awaited the head of a request for `max_wait`.
    pub fn close_waiting(&self, max_wait: Duration) {
        let open = lock(&self.open);
        let late = |one: &&Arc<Connection>| {
            one.head_awaited_for().is_some_and(|waited| waited >= max_wait)
        };
        open.by_number.values().filter(late).for_each(|one| one.close());
    }

    /// Returns the number of open connections.
    pub fn count(&self) -> usize {
        lock(&self.open).by_number.len()
    }
}

impl OpenConnections {
    fn victim(&self) -> Option<(u64, Evicted)> {
        let all = || self.by_number.iter();
        let idle = all().filter_map(|(number, one)| Some((one.idle_since()?, *number))).min();
        let idle = idle.map(|(_, number)| (number, Evicted::Idle));
        idle.or_else(|| {
            let stalled =
                all().filter_map(|(number, one)| Some((one.stalled_for()?, *number))).max();
            let (_, number) = stalled.filter(|(since, _)| *since >= MIN_STALL)?;
            Some((number, Evicted::Stalled))
        })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        lock(&self.connections.open).by_number.remove(&self.number);
    }
}

/// Connections that hold an answer in memory, so that the one stalled for longest can be evicted.
#[derive(Default)]
pub struct AnswerHolders(Mutex<Vec<Arc<Connection>>>);

impl AnswerHolders {
    /// Adds an answer that `connection` holds.
    pub fn add(&self, connection: Arc<Connection>) {
        lock(&self.0).push(connection);
    }

    /// Removes an answer that `connection` held.
    pub fn remove(&self, connection: &Arc<Connection>) {
        let mut all = lock(&self.0);
        if let Some(index) = all.iter().position(|one| Arc::ptr_eq(one, connection)) {
            all.swap_remove(index);
        }
    }

    /// Closes the connection stalled for longest, if for at least [`MIN_STALL`]; the next call closes another one.
    pub fn close_stalled(&self) {
        let mut all = lock(&self.0);
        let stalled = all.iter().enumerate();
        let longest = stalled.filter_map(|(index, one)| Some((one.stalled_for()?, index))).max();
        if let Some((_, index)) = longest.filter(|(since, _)| *since >= MIN_STALL) {
            all.swap_remove(index).close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(connections: &Arc<Connections>) -> Option<(ConnectionSlot, Evicted)> {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        connections.enter(address, address)
    }

    #[tokio::test(start_paused = true)]
    async fn each_call_closes_another_stalled_connection() {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let connect = || Arc::new(Connection::new(address, address, Instant::now()));
        let (holders, all) = (AnswerHolders::default(), [connect(), connect(), connect()]);
        for one in &all {
            holders.add(one.clone());
        }
        all[..2].iter().for_each(|one| one.mark_stalled());
        holders.close_stalled();
        tokio::time::advance(MIN_STALL).await;
        (0..3).for_each(|_| holders.close_stalled());
        tokio::join!(all[0].closed(), all[1].closed());
        let third = tokio::time::timeout(Duration::ZERO, all[2].closed()).await;
        assert!(third.is_err(), "it has not stalled");
        all.iter().for_each(|one| holders.remove(one));
        assert!(lock(&holders.0).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_limit_idle_connections_are_evicted_before_stalled_ones_and_busy_ones_never() {
        let connections = Connections::new(3);
        let (busy, _) = enter(&connections).unwrap();
        busy.connection.begin_request();
        let (stalled, _) = enter(&connections).unwrap();
        stalled.connection.begin_request();
        stalled.connection.mark_stalled();
        let (idle, evicted) = enter(&connections).unwrap();
        assert_eq!((evicted, connections.count()), (Evicted::Nobody, 3));

        let (second, evicted) = enter(&connections).unwrap();
        assert_eq!((evicted, connections.count()), (Evicted::Idle, 3));
        idle.connection.closed().await;
        drop(idle);
        assert_eq!(connections.count(), 3);

        second.connection.begin_request();
        assert!(enter(&connections).is_none(), "none has stalled for long enough");
        tokio::time::advance(MIN_STALL).await;
        let (third, evicted) = enter(&connections).unwrap();
        assert_eq!(evicted, Evicted::Stalled);
        stalled.connection.closed().await;
        third.connection.begin_request();
        stalled.connection.clear_stall();
        assert!(enter(&connections).is_none());
        drop(busy);
        assert_eq!(enter(&connections).map(|(_, evicted)| evicted), Some(Evicted::Nobody));
    }
}

//! Limits of each client, which is a user or else an address: concurrent requests to the API, and requests in a minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::config::Limits;
use crate::error::{ApiError, RejectionReason, whole_seconds};
use crate::http::auth::{User, network_of};
use crate::http::lock;
use crate::http::rate_limit::RateLimiter;

/// Clients that are remembered; of those without a request in progress, the one that asked longest ago gives way.
const MAX_CLIENTS: usize = 1_024;

/// Limits of each client.
pub struct ClientLimiter {
    at_once: Option<NonZeroUsize>,
    per_minute: Option<NonZeroUsize>,
    clients: Mutex<HashMap<ClientKey, ClientUsage>>,
}

/// Request in progress of a client, until this is dropped.
pub struct ClientPermit {
    limiter: Arc<ClientLimiter>,
    key: ClientKey,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum ClientKey {
    User(User),
    Address(IpAddr),
}

struct ClientUsage {
    running: usize,
    last: Instant,
    rate: Option<RateLimiter>,
}

impl ClientLimiter {
    /// Creates a limiter with `client_at_once` and `client_per_minute` of `limits`, or none if neither is set.
    pub fn new(limits: &Limits) -> Option<Arc<Self>> {
        let Limits { client_at_once: at_once, client_per_minute: per_minute, .. } = *limits;
        let is_set = at_once.is_some() || per_minute.is_some();
        is_set.then(|| Arc::new(Self { at_once, per_minute, clients: Mutex::default() }))
    }

    /// Counts a request that begins at `now`.
    ///
    /// # Errors
    /// 429 for a client at a limit.
    pub fn enter(
        self: &Arc<Self>,
        user: Option<&User>,
        peer: IpAddr,
        now: Instant,
    ) -> Result<ClientPermit, ApiError> {
        let key = match user {
            Some(user) => ClientKey::User(user.clone()),
            None => ClientKey::Address(network_of(peer)),
        };
        let mut clients = lock(&self.clients);
        if clients.len() >= MAX_CLIENTS && !clients.contains_key(&key) {
            let idle = clients.iter().filter(|(_, usage)| usage.running == 0);
            let oldest = idle.min_by_key(|(_, usage)| usage.last).map(|(key, _)| key.clone());
            oldest.map(|key| clients.remove(&key));
        }
        let usage = clients.entry(key.clone()).or_insert_with(|| ClientUsage {
            running: 0,
            last: now,
            rate: self.per_minute.map(RateLimiter::new),
        });
        usage.last = now;
        if let Some(most) = self.at_once.filter(|most| usage.running >= most.get()) {
            let message = format!(
                "you have {} requests in progress, and {most} are allowed to each client (client_at_once): wait for them",
                usage.running
            );
            return Err(ApiError::too_many(RejectionReason::Client, message, 1));
        }
        if let Some(Err(wait)) = usage.rate.as_ref().map(|rate| rate.try_acquire(now)) {
            let seconds = whole_seconds(wait);
            let message = format!(
                "you have sent {} requests in a minute, which are allowed to each client (client_per_minute): try again in \
                 {seconds} s",
                self.per_minute.map_or(0, NonZeroUsize::get)
            );
            return Err(ApiError::too_many(RejectionReason::Client, message, seconds));
        }
        usage.running += 1;
        Ok(ClientPermit { limiter: self.clone(), key })
    }
}

impl Drop for ClientPermit {
    fn drop(&mut self) {
        let mut clients = lock(&self.limiter.clients);
        if let Some(usage) = clients.get_mut(&self.key) {
            usage.running = usage.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limiter(at_once: usize, per_minute: usize) -> Arc<ClientLimiter> {
        ClientLimiter::new(&Limits {
            client_at_once: NonZeroUsize::new(at_once),
            client_per_minute: NonZeroUsize::new(per_minute),
            ..Limits::default()
        })
        .unwrap()
    }

    #[test]
    fn each_user_or_address_has_limits_of_its_own() {
        let (limiter, now) = (limiter(2, 3), Instant::now());
        let (ann, bob) = (User::new(b"ann"), User::new(b"bob"));
        let peer = IpAddr::from([10, 0, 0, 2]);
        let enter = |user, peer: IpAddr, at| {
            let entered = limiter.enter(user, peer, now + Duration::from_secs(at));
            entered.map_err(|error| (error.status.as_u16(), error.retry_after.unwrap()))
        };
        let first = enter(Some(&ann), peer, 0).unwrap();
        let second = enter(Some(&ann), [10, 0, 0, 3].into(), 0).unwrap();
        assert_eq!(enter(Some(&ann), peer, 0).err(), Some((429, 1)));
        assert!(enter(Some(&bob), peer, 0).is_ok() && enter(None, peer, 0).is_ok());
        drop(first);
        drop(enter(Some(&ann), peer, 10).unwrap());
        assert_eq!(enter(Some(&ann), peer, 20).err(), Some((429, 40)));
        drop(second);
        assert!(enter(Some(&ann), peer, 60).is_ok());
        let network = |text: &str| enter(None, text.parse().unwrap(), 0);
        let _both = (network("2001:db8::1").unwrap(), network("2001:db8::2").unwrap());
        assert_eq!(network("2001:db8::3").err(), Some((429, 1)));
    }

    #[test]
    fn the_memory_of_clients_is_bounded() {
        let (limiter, now) = (limiter(1, 1), Instant::now());
        let busy = limiter.enter(None, [9, 9, 9, 9].into(), now).unwrap();
        for number in 0..2 * MAX_CLIENTS as u32 {
            let at = now + Duration::from_millis(number.into());
            drop(limiter.enter(None, number.to_be_bytes().into(), at).unwrap());
        }
        assert_eq!(lock(&limiter.clients).len(), MAX_CLIENTS);
        assert!(limiter.enter(None, [9, 9, 9, 9].into(), now).is_err());
        drop(busy);
    }
}

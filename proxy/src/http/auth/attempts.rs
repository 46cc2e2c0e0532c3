//! Memory of attempts to sign in: credentials that passed lately, and clients that have to wait after failures.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::hmac;
use ring::rand::SystemRandom;
use tokio::time::Instant;

use crate::config::ConfigError;

/// Time for which credentials that passed are not verified again.
const REMEMBER_VERIFIED: Duration = Duration::from_secs(10 * 60);

/// Failures after which a client has to wait before the next attempt.
const FREE_FAILURES: u32 = 10;

/// Longest wait; the first one is a second, and each failure doubles it.
const MAX_WAIT: Duration = Duration::from_secs(64);

/// Time after which failures are forgotten.
const REMEMBER_FAILURES: Duration = Duration::from_secs(10 * 60);

/// Maximum entries of each kind; the oldest gives way.
const MAX_ENTRIES: usize = 4_096;

/// Credentials that passed and clients that failed, as keyed hashes.
pub(super) struct Attempts {
    key: hmac::Key,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    verified: HashMap<Tag, Instant>,
    failures: HashMap<Tag, Failures>,
}

/// Keyed hash of credentials, or of an address and a name.
type Tag = [u8; 32];

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Attempts {
    /// Creates an empty memory with a random key.
    ///
    /// # Errors
    /// [`ConfigError`] if the system gives no random numbers.
    pub(super) fn new() -> Result<Self, ConfigError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map_err(|_| {
            ConfigError::setting("auth", "the system gives no random numbers for its key")
        })?;
        Ok(Self { key, state: Mutex::default() })
    }

    /// Returns whether these credentials passed lately.
    pub(super) fn is_verified(&self, credentials: &[u8]) -> bool {
        let passed = self.state().verified.get(&self.tag(&[credentials])).copied();
        passed.is_some_and(|passed| passed.elapsed() < REMEMBER_VERIFIED)
    }

    /// Returns how long a client at `peer` with the name `user` has to wait before its next attempt.
    pub(super) fn wait(&self, peer: IpAddr, user: &[u8]) -> Option<Duration> {
        let failures = self.state().failures.get(&self.client(peer, user)).copied()?;
        let doublings = failures.count.checked_sub(FREE_FAILURES)?.min(16);
        let wait = Duration::from_secs(1 << doublings).min(MAX_WAIT);
        wait.checked_sub(failures.last.elapsed()).filter(|wait| !wait.is_zero())
    }

    /// Remembers credentials that passed.
    pub(super) fn passed(&self, credentials: &[u8], peer: IpAddr, user: &[u8]) {
        let (credentials, client) = (self.tag(&[credentials]), self.client(peer, user));
        let mut state = self.state();
        state.failures.remove(&client);
        make_room(&mut state.verified, |passed| *passed);
        state.verified.insert(credentials, Instant::now());
    }

    /// Counts a failure.
    pub(super) fn failed(&self, peer: IpAddr, user: &[u8]) {
        let client = self.client(peer, user);
        let mut state = self.state();
        if !state.failures.contains_key(&client) {
            make_room(&mut state.failures, |failures| failures.last);
        }
        let now = Instant::now();
        let failures = state.failures.entry(client).or_insert(Failures { count: 0, last: now });
        if now.duration_since(failures.last) >= REMEMBER_FAILURES {
            failures.count = 0;
        }
        *failures = Failures { count: failures.count.saturating_add(1), last: now };
    }

    /// Forgets what passed, since the secrets have changed.
    pub(super) fn forget_verified(&self) {
        self.state().verified.clear();
    }

    fn client(&self, peer: IpAddr, user: &[u8]) -> Tag {
        self.tag(&[network_of(peer).to_string().as_bytes(), user])
    }

    fn tag(&self, parts: &[&[u8]]) -> Tag {
        let mut context = hmac::Context::with_key(&self.key);
        for part in parts {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part);
        }
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the address, of IPv6 the first address of its network of 64 bits, of which one client has all.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Removes the oldest entry of a full map.
fn make_room<K: Copy + Eq + Hash, V>(map: &mut HashMap<K, V>, time: impl Fn(&V) -> Instant) {
    if map.len() >= MAX_ENTRIES {
        let oldest = map.iter().min_by_key(|(_, value)| time(value)).map(|(key, _)| *key);
        oldest.map(|key| map.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    #[tokio::test(start_paused = true)]
    async fn waits_double_with_each_failure_and_end() {
        let attempts = Attempts::new().unwrap();
        for _ in 0..FREE_FAILURES {
            assert_eq!(attempts.wait(PEER, b"ann"), None);
            attempts.failed(PEER, b"ann");
        }
        for seconds in [1, 2, 4, 8, 16, 32, 64, 64] {
            let wait = Duration::from_secs(seconds);
            assert_eq!(attempts.wait(PEER, b"ann"), Some(wait));
            assert_eq!(attempts.wait(PEER, b"bob"), None, "another user");
            assert_eq!(attempts.wait([10, 0, 0, 3].into(), b"ann"), None, "another address");
            tokio::time::advance(wait).await;
            assert_eq!(attempts.wait(PEER, b"ann"), None);
            attempts.failed(PEER, b"ann");
        }
        attempts.passed(b"ann:secret", PEER, b"ann");
        assert_eq!(attempts.wait(PEER, b"ann"), None);
        (0..FREE_FAILURES).for_each(|_| attempts.failed(PEER, b"ann"));
        tokio::time::advance(REMEMBER_FAILURES).await;
        attempts.failed(PEER, b"ann");
        assert_eq!(attempts.wait(PEER, b"ann"), None, "forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_that_passed_are_remembered_for_a_while() {
        let attempts = Attempts::new().unwrap();
        attempts.passed(b"ann:secret", PEER, b"ann");
        assert!(attempts.is_verified(b"ann:secret") && !attempts.is_verified(b"ann:secreu"));
        tokio::time::advance(REMEMBER_VERIFIED).await;
        assert!(!attempts.is_verified(b"ann:secret"));
        attempts.passed(b"ann:secret", PEER, b"ann");
        attempts.forget_verified();
        assert!(!attempts.is_verified(b"ann:secret"));
    }

    #[tokio::test]
    async fn the_memory_is_bounded() {
        let attempts = Attempts::new().unwrap();
        for number in 0..2 * MAX_ENTRIES {
            let name = number.to_string();
            attempts.failed(PEER, name.as_bytes());
            attempts.passed(name.as_bytes(), PEER, b"");
        }
        let state = attempts.state();
        assert_eq!((state.failures.len(), state.verified.len()), (MAX_ENTRIES, MAX_ENTRIES));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_client() {
        let network = |text: &str| network_of(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:10.0.0.2"), "10.0.0.2");
        assert_eq!(network("10.0.0.2"), "10.0.0.2");
    }
}

//! Memory of attempts to sign in: credentials that passed lately, and clients that have to wait after failures.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use ring::hmac;
use ring::rand::SystemRandom;
use tokio::time::Instant;

use crate::config::ConfigError;
use crate::http::lock;

/// Time since their last use for which credentials that passed are not verified again: a working day, so that nobody who is
/// signed in has to wait since others fail under the same name.
const REMEMBER_VERIFIED: Duration = Duration::from_secs(12 * 60 * 60);

/// Failures under a name after which a client has to wait before the next attempt.
const FREE_FAILURES: u32 = 10;

/// Failures under any names after which all clients at an address have to wait.
const FREE_FAILURES_OF_ADDRESS: u32 = 100;

/// Longest wait; the first one is a second, and each failure doubles it.
const MAX_WAIT: Duration = Duration::from_secs(64);

/// Time after which failures are forgotten.
const REMEMBER_FAILURES: Duration = Duration::from_secs(10 * 60);

/// Maximum entries of each kind; those that matter least give way.
const MAX_ENTRIES: usize = 4_096;

/// Credentials that passed and clients that failed, as keyed hashes.
pub(super) struct Attempts {
    key: hmac::Key,
    state: Mutex<State>,
}

struct State {
    verified: HashMap<Tag, Instant>,
    by_name: FailureCounts,
    by_address: FailureCounts,
}

/// Clients that failed.
struct FailureCounts {
    /// Failures after which a client has to wait.
    free: u32,
    clients: HashMap<Tag, Failures>,
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
        let state = State {
            verified: HashMap::new(),
            by_name: FailureCounts::new(FREE_FAILURES),
            by_address: FailureCounts::new(FREE_FAILURES_OF_ADDRESS),
        };
        Ok(Self { key, state: Mutex::new(state) })
    }

    /// Returns whether these credentials passed lately, and remembers them for longer if so.
    pub(super) fn is_verified(&self, credentials: &[u8]) -> bool {
        let credentials = self.tag(&[credentials]);
        let mut state = lock(&self.state);
        let used = state.verified.get_mut(&credentials);
        let used = used.filter(|used| used.elapsed() < REMEMBER_VERIFIED);
        used.map(|used| *used = Instant::now()).is_some()
    }

    /// Returns how long a client at `peer` with the name `user` has to wait before its next attempt.
    pub(super) fn wait(&self, peer: IpAddr, user: &[u8]) -> Option<Duration> {
        let (address, client) = self.tags(peer, user);
        let state = lock(&self.state);
        state.by_name.wait(&client).max(state.by_address.wait(&address))
    }

    /// Remembers credentials that passed.
    pub(super) fn passed(&self, credentials: &[u8], peer: IpAddr, user: &[u8]) {
        let (credentials, (_, client)) = (self.tag(&[credentials]), self.tags(peer, user));
        let mut state = lock(&self.state);
        state.by_name.clients.remove(&client);
        let verified = &mut state.verified;
        if verified.len() >= MAX_ENTRIES && !verified.contains_key(&credentials) {
            let oldest = verified.iter().min_by_key(|(_, used)| **used).map(|(tag, _)| *tag);
            oldest.map(|oldest| verified.remove(&oldest));
        }
        verified.insert(credentials, Instant::now());
    }

    /// Counts a failure.
    pub(super) fn failed(&self, peer: IpAddr, user: &[u8]) {
        let (address, client) = self.tags(peer, user);
        let mut state = lock(&self.state);
        state.by_name.count(client);
        state.by_address.count(address);
    }

    /// Forgets what passed, since the secrets have changed.
    pub(super) fn forget_verified(&self) {
        lock(&self.state).verified.clear();
    }

    /// Returns the tags of an address, and of a name there.
    fn tags(&self, peer: IpAddr, user: &[u8]) -> (Tag, Tag) {
        let address = network_of(peer).to_string();
        (self.tag(&[address.as_bytes()]), self.tag(&[address.as_bytes(), user]))
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
}

impl FailureCounts {
    fn new(free: u32) -> Self {
        Self { free, clients: HashMap::new() }
    }

    fn wait(&self, client: &Tag) -> Option<Duration> {
        self.clients.get(client)?.wait(self.free, Instant::now())
    }

    /// Counts a failure. In a full memory one of the clients that failed least gives way, and none that has to wait.
    fn count(&mut self, client: Tag) {
        let now = Instant::now();
        if self.clients.len() >= MAX_ENTRIES && !self.clients.contains_key(&client) {
            let free = self.free;
            let may_go = self.clients.iter().filter(|(_, one)| one.wait(free, now).is_none());
            let least = may_go.min_by_key(|(_, one)| (one.current(now), one.last));
            let Some(least) = least.map(|(tag, _)| *tag) else { return };
            self.clients.remove(&least);
        }
        let failures = self.clients.entry(client).or_insert(Failures { count: 0, last: now });
        *failures = Failures { count: failures.current(now).saturating_add(1), last: now };
    }
}

impl Failures {
    /// Returns the number of failures, zero if the last one is long ago.
    fn current(&self, now: Instant) -> u32 {
        if now.duration_since(self.last) < REMEMBER_FAILURES { self.count } else { 0 }
    }

    /// Returns the rest of the wait after more failures than are free.
    fn wait(&self, free: u32, now: Instant) -> Option<Duration> {
        let doublings = self.count.checked_sub(free)?.min(16);
        let wait = Duration::from_secs(1 << doublings).min(MAX_WAIT);
        wait.checked_sub(now.duration_since(self.last)).filter(|wait| !wait.is_zero())
    }
}

/// Returns the address, of IPv6 the first address of its network of 64 bits, of which one client has all.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
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
    async fn many_names_at_one_address_have_to_wait_together() {
        let attempts = Attempts::new().unwrap();
        for number in 0..FREE_FAILURES_OF_ADDRESS {
            assert_eq!(attempts.wait(PEER, b"ann"), None);
            attempts.failed(PEER, number.to_string().as_bytes());
        }
        assert_eq!(attempts.wait(PEER, b"ann"), Some(Duration::from_secs(1)));
        assert_eq!(attempts.wait([10, 0, 0, 3].into(), b"ann"), None, "another address");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_names_does_not_end_a_wait() {
        let attempts = Attempts::new().unwrap();
        (0..FREE_FAILURES + 6).for_each(|_| attempts.failed(PEER, b"ann"));
        (0..3).for_each(|_| attempts.failed(PEER, b"bob"));
        for number in 0..MAX_ENTRIES as u32 + 100 {
            attempts.failed(IpAddr::V4(number.into()), b"eve");
        }
        assert_eq!(attempts.wait(PEER, b"ann"), Some(MAX_WAIT));
        let (_, bob) = attempts.tags(PEER, b"bob");
        assert_eq!(lock(&attempts.state).by_name.clients.get(&bob).map(|one| one.count), Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_that_passed_are_remembered_for_a_while() {
        let attempts = Attempts::new().unwrap();
        attempts.passed(b"ann:secret", PEER, b"ann");
        assert!(attempts.is_verified(b"ann:secret") && !attempts.is_verified(b"ann:secreu"));
        for _ in 0..3 {
            tokio::time::advance(REMEMBER_VERIFIED / 2).await;
            assert!(attempts.is_verified(b"ann:secret"), "used");
        }
        tokio::time::advance(REMEMBER_VERIFIED).await;
        assert!(!attempts.is_verified(b"ann:secret"));
        attempts.passed(b"ann:secret", PEER, b"ann");
        attempts.forget_verified();
        assert!(!attempts.is_verified(b"ann:secret"));
    }

    #[tokio::test]
    async fn the_memory_is_bounded() {
        let attempts = Attempts::new().unwrap();
        for number in 0..MAX_ENTRIES as u32 + 100 {
            let name = number.to_string();
            attempts.failed(IpAddr::V4(number.into()), b"");
            attempts.passed(name.as_bytes(), PEER, b"");
        }
        let state = lock(&attempts.state);
        let sizes = [state.by_name.clients.len(), state.by_address.clients.len()];
        assert_eq!((sizes, state.verified.len()), ([MAX_ENTRIES; 2], MAX_ENTRIES));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_client() {
        let network = |text: &str| network_of(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:10.0.0.2"), "10.0.0.2");
        assert_eq!(network("10.0.0.2"), "10.0.0.2");
    }
}

//! Cache of recent deliveries of a target, so that the same event is not sent twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use oddity_analysis::api::Notification;
use oddity_detect::event::EventKind;
use oddity_detect::time::Timestamp;
use ring::digest::{SHA256, digest};
use serde::Serialize;

/// Maximum number of deliveries remembered; the oldest is forgotten first.
const MAX_REMEMBERED: usize = 10_000;

/// Identity of a notification: equal for duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeliveryKey([u8; 32]);

impl DeliveryKey {
    /// Hashes source and query, and series, kind and start of each event.
    pub fn of(notice: &Notification) -> Self {
        #[derive(Serialize)]
        struct Same<'a> {
            source: &'a str,
            expr: &'a str,
            is_report: bool,
            events: Vec<(&'a BTreeMap<String, String>, EventKind, Timestamp)>,
        }
        let events = notice.events.iter().map(|event| (&event.labels, event.kind, event.start));
        let same = Same {
            source: &notice.source,
            expr: &notice.expr,
            is_report: notice.report.is_some(),
            events: events.collect(),
        };
        Self::of_bytes(&serde_json::to_vec(&same).unwrap_or_default())
    }

    /// Creates a key that is equal to no other.
    pub fn unique(now: Timestamp) -> Self {
        Self::of_bytes(format!("{now} {:?}", Instant::now()).as_bytes())
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(key)
    }

    /// Returns the first 16 bytes as 32 hexadecimal digits.
    pub fn hex(self) -> String {
        hex::encode(&self.0[..16])
    }
}

/// Notifications that were sent within the last `remember`, or are being sent.
pub struct DeliveryCache {
    remember: Duration,
    sent: Mutex<HashMap<DeliveryKey, Instant>>,
}

/// Notification that is being sent; forgotten when dropped, unless it was kept.
pub struct DeliveryClaim<'a> {
    cache: &'a DeliveryCache,
    key: DeliveryKey,
    before: Option<Instant>,
    kept: bool,
}

impl DeliveryCache {
    /// Creates an empty cache that remembers deliveries for `remember`.
    pub fn new(remember: Duration) -> Self {
        Self { remember, sent: Mutex::default() }
    }

    /// Returns whether the notification was sent.
    pub fn has(&self, key: DeliveryKey) -> bool {
        self.sent().get(&key).is_some_and(|at| at.elapsed() < self.remember)
    }

    /// Claims the right to send a notification; `None` if it was sent before and `again` is false.
    pub fn claim(&self, key: DeliveryKey, again: bool) -> Option<DeliveryClaim<'_>> {
        let mut sent = self.sent();
        sent.retain(|_, at| at.elapsed() < self.remember);
        let before = sent.get(&key).copied();
        if before.is_some() && !again {
            return None;
        }
        if sent.len() >= MAX_REMEMBERED
            && let Some(oldest) = sent.iter().min_by_key(|(_, at)| **at).map(|(key, _)| *key)
        {
            sent.remove(&oldest);
        }
        sent.insert(key, Instant::now());
        Some(DeliveryClaim { cache: self, key, before, kept: false })
    }

    fn sent(&self) -> MutexGuard<'_, HashMap<DeliveryKey, Instant>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeliveryClaim<'_> {
    /// Keeps the notification, which was sent.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for DeliveryClaim<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let mut sent = self.cache.sent();
        match self.before {
            Some(at) => sent.insert(self.key, at),
            None => sent.remove(&self.key),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_not_sent_again() {
        let cache = DeliveryCache::new(Duration::from_secs(60));
        let (a, b) = (DeliveryKey::of_bytes(b"a"), DeliveryKey::of_bytes(b"b"));
        let claim = cache.claim(a, false).unwrap();
        assert!(cache.claim(a, false).is_none(), "it is being sent");
        assert!(cache.claim(b, false).is_some(), "another one");
        drop(claim);
        assert!(!cache.has(a), "it failed");
        cache.claim(a, false).unwrap().keep();
        assert!(cache.has(a) && cache.claim(a, false).is_none());
        drop(cache.claim(a, true).unwrap());
        assert!(cache.has(a), "a failure to send it again leaves it sent");
        let forgets = DeliveryCache::new(Duration::ZERO);
        forgets.claim(a, false).unwrap().keep();
        assert!(!forgets.has(a) && forgets.claim(a, false).is_some());
    }

    #[test]
    fn the_cache_is_bounded_and_forgets_the_oldest() {
        let cache = DeliveryCache::new(Duration::from_secs(60));
        let key = |at: usize| DeliveryKey::of_bytes(&at.to_be_bytes());
        (0..=MAX_REMEMBERED).for_each(|at| cache.claim(key(at), false).unwrap().keep());
        assert_eq!(cache.sent().len(), MAX_REMEMBERED);
        assert!(!cache.has(key(0)) && cache.has(key(1)) && cache.has(key(MAX_REMEMBERED)));
    }
}

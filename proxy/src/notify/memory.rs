//! What a target has been sent lately.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use oddity_analysis::api::Notification;
use oddity_detect::event::Kind;
use oddity_detect::time::Timestamp;
use ring::digest::{SHA256, digest};
use serde::Serialize;

/// So many notifications are remembered at most, the latest ones.
const MOST: usize = 10_000;

/// What two notifications of the same have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// Of one event: its source, query, series, kind and onset; of a report: those of all its events.
    pub fn of(notice: &Notification) -> Self {
        #[derive(Serialize)]
        struct Same<'a> {
            source: &'a str,
            expr: &'a str,
            is_report: bool,
            events: Vec<(&'a BTreeMap<String, String>, Kind, Timestamp)>,
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

    /// Of something that is never the same twice.
    pub fn unique(now: Timestamp) -> Self {
        Self::of_bytes(format!("{now} {:?}", Instant::now()).as_bytes())
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(key)
    }

    /// 32 hexadecimal digits.
    pub fn hex(self) -> String {
        hex(&self.0[..16])
    }
}

/// Two hexadecimal digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What was sent, or is being sent.
pub struct Memory {
    remember: Duration,
    sent: Mutex<HashMap<Key, Instant>>,
}

/// A notification that is being sent. It is forgotten when this is dropped, unless it was kept.
pub struct Claim<'a> {
    memory: &'a Memory,
    key: Key,
    before: Option<Instant>,
    kept: bool,
}

impl Memory {
    /// Nothing was sent yet; what will be is remembered for so long.
    pub fn new(remember: Duration) -> Self {
        Self { remember, sent: Mutex::default() }
    }

    /// Whether it was sent.
    pub fn has(&self, key: Key) -> bool {
        self.sent().get(&key).is_some_and(|at| at.elapsed() < self.remember)
    }

    /// The right to send it; `None` if it was sent, unless that is to be done again.
    pub fn claim(&self, key: Key, again: bool) -> Option<Claim<'_>> {
        let mut sent = self.sent();
        sent.retain(|_, at| at.elapsed() < self.remember);
        let before = sent.get(&key).copied();
        if before.is_some() && !again {
            return None;
        }
        if sent.len() >= MOST
            && let Some(oldest) = sent.iter().min_by_key(|(_, at)| **at).map(|(key, _)| *key)
        {
            sent.remove(&oldest);
        }
        sent.insert(key, Instant::now());
        Some(Claim { memory: self, key, before, kept: false })
    }

    fn sent(&self) -> MutexGuard<'_, HashMap<Key, Instant>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim<'_> {
    /// It was sent.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let mut sent = self.memory.sent();
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
    fn what_was_sent_is_not_sent_again() {
        let memory = Memory::new(Duration::from_secs(60));
        let (a, b) = (Key::of_bytes(b"a"), Key::of_bytes(b"b"));
        let claim = memory.claim(a, false).unwrap();
        assert!(memory.claim(a, false).is_none(), "it is being sent");
        assert!(memory.claim(b, false).is_some(), "another one");
        drop(claim);
        assert!(!memory.has(a), "it failed");
        memory.claim(a, false).unwrap().keep();
        assert!(memory.has(a) && memory.claim(a, false).is_none());
        drop(memory.claim(a, true).unwrap());
        assert!(memory.has(a), "a failure to send it again leaves it sent");
        let forgets = Memory::new(Duration::ZERO);
        forgets.claim(a, false).unwrap().keep();
        assert!(!forgets.has(a) && forgets.claim(a, false).is_some());
    }

    #[test]
    fn memory_is_bounded_and_forgets_the_oldest() {
        let memory = Memory::new(Duration::from_secs(60));
        let key = |at: usize| Key::of_bytes(&at.to_be_bytes());
        (0..=MOST).for_each(|at| memory.claim(key(at), false).unwrap().keep());
        assert_eq!(memory.sent().len(), MOST);
        assert!(!memory.has(key(0)) && memory.has(key(1)) && memory.has(key(MOST)));
    }
}

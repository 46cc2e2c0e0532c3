//! Cache of the facts about the onset of an event that do not depend on the rule, so that moving a slider of the rule
//! is fast.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::kind::Finding;
use crate::stats::tail::{TailEstimator, TailFit};

/// Cache of the onsets of one detection. Events are the same with and without it.
#[derive(Debug, Default)]
pub struct OnsetCache(Mutex<BTreeMap<usize, CachedOnset>>);

/// Facts about one onset.
#[derive(Clone, Copy, Debug)]
pub(super) struct CachedOnset {
    /// Kind of the event that begins there.
    pub(super) finding: Finding,
    /// Distribution of the alert scores before the onset.
    pub(super) tail: TailFit,
}

impl OnsetCache {
    /// Empties the cache. For benchmarks only.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the facts about each onset in `indices`, which ascend; `find` is called for those that are not cached.
    /// Shape: as `indices`. Cost: for onsets that are not cached, that of `find`, and one pass over `alert_scores` for
    /// all.
    pub(super) fn of(
        &self,
        indices: impl Iterator<Item = usize>,
        strengths: &[f64],
        find: impl Fn(usize) -> Finding,
    ) -> Vec<CachedOnset> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut learnt = 0;
        let mut past: Option<TailEstimator> = None;
        let of = |at: usize| {
            *known.entry(at).or_insert_with(|| {
                let past = past.get_or_insert_with(|| TailEstimator::new(strengths.len()));
                past.extend(&strengths[learnt..at]);
                learnt = at;
                CachedOnset { finding: find(at), tail: past.tail() }
            })
        };
        indices.map(of).collect()
    }
}

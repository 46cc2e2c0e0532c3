//! What is known of the onset of an event whatever the rule, and so is kept while a slider moves.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::kind::Finding;
use crate::stats::tail::{TailEstimator, TailFit};

/// What was found out of the onsets of one detection so far. Events are the same with and without it.
#[derive(Debug, Default)]
pub struct OnsetCache(Mutex<BTreeMap<usize, CachedOnset>>);

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct CachedOnset {
    /// What happened.
    pub(super) finding: Finding,
    /// How the strengths before it are distributed.
    pub(super) tail: TailFit,
}

impl OnsetCache {
    /// Forgets all of them.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Of each index, ascending; `find` is asked where it is not known yet. Shape: as `indices`. Cost: of those not
    /// known, that of `find` and one pass over `strengths` for all.
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

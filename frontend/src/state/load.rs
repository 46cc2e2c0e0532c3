//! Fetching the samples of a query.

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::SourceInfo;
use oddity_analysis::view_state::RangeSelection;
use oddity_detect::time::{Step, TimeRange, Timestamp};
use oddity_source::plan::{FetchPlan, FetchProgress, QuerySpec};
use oddity_source::prometheus::Loaded;

use super::{LoadError, PtrEq, State, client};
use crate::browser::clock;

/// Everything that decides what is fetched. Thresholds are not part of it, so moving one fetches nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FetchKey {
    pub(super) query: QueryIdentity,
    pub(super) asked_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct QueryIdentity {
    pub(super) expr: String,
    pub(super) source: Option<String>,
    pub(super) range: RangeSelection,
    pub(super) step: Option<Step>,
    /// Minimum number of samples before the range.
    pub(super) history: usize,
}

impl FetchKey {
    /// Returns the time that is asked for.
    pub(super) fn range(&self) -> TimeRange {
        self.query.range.at(self.asked_at)
    }

    /// Returns the query for the source.
    pub(super) fn spec(&self) -> QuerySpec {
        let QueryIdentity { expr, step, history, .. } = self.query.clone();
        QuerySpec { expr, range: self.range(), step, history }
    }
}

impl State {
    /// Cancels the current fetch and the judging of samples; the query and the results stay.
    pub fn cancel(self) {
        self.stop_fetching();
        self.cancel_judging();
    }

    pub(super) fn stop_fetching(self) {
        self.fetching.stop();
        self.live.stop();
        self.progress.set(None);
    }

    /// Returns the reason why no source is chosen; `None` until the sources are known.
    pub(super) fn no_source(self, wanted: Option<String>) -> Option<LoadError> {
        match self.sources.read().as_ref()? {
            Ok(_) => Some(LoadError::UnknownSource(wanted.unwrap_or_default())),
            Err(error) => Some(error.clone()),
        }
    }

    /// Returns the loaded samples if they suffice for a query, which may need less history than there is, or compare
    /// the same samples with another threshold.
    fn answer(self, key: &FetchKey) -> Option<PtrEq<Loaded>> {
        let fetched = self.judging.fetched;
        let (mut answered, loaded) = (self.answered.get_untracked()?, fetched.get_untracked()?);
        answered.query.history = key.query.history;
        let has_same_expr = answered.query.expr == key.query.expr;
        answered.query.expr.clone_from(&key.query.expr);
        if answered != *key || loaded.query.history < key.query.history {
            return None;
        }
        match has_same_expr {
            true => Some(loaded),
            false => loaded.with_condition_of(&key.query.expr).map(PtrEq::new),
        }
    }

    pub(super) fn load(self, key: FetchKey, source: &SourceInfo) {
        self.stop_fetching();
        self.stop_related();
        if let Some(loaded) = self.answer(&key) {
            self.error.set(None);
            let fetched = self.judging.fetched;
            if *fetched.read_untracked() != Some(loaded.clone()) {
                fetched.set(Some(loaded));
            }
            return self.answered.set(Some(key));
        }
        let plan = FetchPlan::new(key.spec());
        let started =
            plan.map_err(LoadError::from).and_then(|plan| Ok((plan, self.fetching.start()?)));
        let (plan, signal) = match started {
            Ok(started) => started,
            Err(error) => return self.error.set(Some(error)),
        };
        self.progress.set(Some(FetchProgress::default()));
        let source = source.id.clone();
        spawn_local(async move {
            let reply = client::load(&source, plan, &signal, |progress| {
                if !signal.aborted() {
                    self.progress.set(Some(progress));
                }
            })
            .await;
            if signal.aborted() {
                return;
            }
            self.progress.set(None);
            match reply {
                Ok(loaded) => {
                    self.error.set(None);
                    self.live.updated_at.set(Some(clock::now()));
                    self.answered.set(Some(key));
                    self.judging.fetched.set(Some(PtrEq::new(loaded)));
                }
                Err(error) => self.error.set(Some(error)),
            }
        });
    }
}

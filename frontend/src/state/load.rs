//! Fetching the samples of a query.

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::SourceInfo;
use oddity_analysis::view_state::RangeSelection;
use oddity_detect::time::{Step, Timestamp};
use oddity_source::plan::{self, FetchPlan, FetchProgress};

use super::{LoadError, PtrEq, State, client};

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

impl State {
    /// Cancels the current fetch; the results stay.
    pub fn cancel(self) {
        self.fetching.stop();
        self.progress.set(None);
    }

    /// Returns the reason why no source is chosen; `None` until the sources are known.
    pub(super) fn no_source(self, wanted: Option<String>) -> Option<LoadError> {
        match self.sources.read().as_ref()? {
            Ok(_) => Some(LoadError::UnknownSource(wanted.unwrap_or_default())),
            Err(error) => Some(error.clone()),
        }
    }

    /// Returns whether the loaded samples suffice for a query, which may need less history than there is.
    fn answers(self, key: &FetchKey) -> bool {
        let (answered, loaded) = (self.answered.get_untracked(), self.loaded.get_untracked());
        let (Some(mut answered), Some(loaded)) = (answered, loaded) else { return false };
        answered.query.history = key.query.history;
        answered == *key && loaded.query.history >= key.query.history
    }

    pub(super) fn load(self, key: FetchKey, source: &SourceInfo) {
        self.cancel();
        self.stop_related();
        if self.answers(&key) {
            self.error.set(None);
            return self.answered.set(Some(key));
        }
        let QueryIdentity { expr, range, step, history, .. } = key.query.clone();
        let range = range.at(key.asked_at);
        let plan = FetchPlan::new(plan::QuerySpec { expr, range, step, history });
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
                    self.selected.set(None);
                    self.answered.set(Some(key));
                    self.loaded.set(Some(PtrEq::new(loaded)));
                }
                Err(error) => self.error.set(Some(error)),
            }
        });
    }
}

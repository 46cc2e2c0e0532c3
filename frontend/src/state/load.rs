//! From the question to the samples.

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::SourceInfo;
use oddity_analysis::view_state::RangeSelection;
use oddity_detect::time::{Step, Timestamp};
use oddity_source::plan::{self, Plan, Progress};

use super::{LoadError, Same, State, client};

/// All that decides what is fetched. A threshold is not in it, so moving one fetches nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    pub(super) panel: Asked,
    pub(super) asked_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) expr: String,
    pub(super) source: Option<String>,
    pub(super) range: RangeSelection,
    pub(super) step: Option<Step>,
    /// Samples before the range, at least.
    pub(super) history: usize,
}

impl State {
    /// Stops the present fetch; what is shown stays.
    pub fn cancel(self) {
        self.fetching.stop();
        self.progress.set(None);
    }

    /// Why no source is chosen; `None` while they are not known yet.
    pub(super) fn no_source(self, wanted: Option<String>) -> Option<LoadError> {
        match self.sources.read().as_ref()? {
            Ok(_) => Some(LoadError::UnknownSource(wanted.unwrap_or_default())),
            Err(error) => Some(error.clone()),
        }
    }

    /// Whether the samples that are shown answer a question too, because only less history is asked for than there is.
    fn answers(self, question: &Question) -> bool {
        let (answered, loaded) = (self.answered.get_untracked(), self.loaded.get_untracked());
        let (Some(mut answered), Some(loaded)) = (answered, loaded) else { return false };
        answered.panel.history = question.panel.history;
        answered == *question && loaded.query.history >= question.panel.history
    }

    pub(super) fn load(self, question: Question, source: &SourceInfo) {
        self.cancel();
        self.stop_looking();
        if self.answers(&question) {
            self.error.set(None);
            return self.answered.set(Some(question));
        }
        let Asked { expr, range, step, history, .. } = question.panel.clone();
        let range = range.at(question.asked_at);
        let plan = Plan::new(plan::Question { expr, range, step, history });
        let started =
            plan.map_err(LoadError::from).and_then(|plan| Ok((plan, self.fetching.start()?)));
        let (plan, signal) = match started {
            Ok(started) => started,
            Err(error) => return self.error.set(Some(error)),
        };
        self.progress.set(Some(Progress::default()));
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
                    self.answered.set(Some(question));
                    self.loaded.set(Some(Same::new(loaded)));
                }
                Err(error) => self.error.set(Some(error)),
            }
        });
    }
}

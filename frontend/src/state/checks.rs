//! The checks of the possible causes of an event.

use std::collections::BTreeMap;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::analysis::EventId;
use oddity_analysis::checks::{CheckPlan, TOTAL_TIMEOUT};
use oddity_analysis::knowledge::{EventEvidence, ExplainedEvent, explain_event};
use oddity_analysis::words::checks as words;
use oddity_source::plan::FetchProgress;
use oddity_source::prometheus::Loaded;

use super::{PtrEq, State, client};

/// Results of the checks of events, as far as they were made.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedEvents {
    /// Data in which the events were found.
    pub loaded: PtrEq<Loaded>,
    /// Results of the checks of each event.
    pub found: BTreeMap<EventId, EventEvidence>,
}

impl State {
    /// Returns the results of the checks of an event, or `None` if it was not checked.
    pub fn evidence(self, event: EventId) -> Option<EventEvidence> {
        let loaded = PtrEq(self.throttled_analysis.get()?.detected.loaded.clone());
        let checked = self.checked.read();
        let checked = checked.as_ref().filter(|checked| loaded.continues(&checked.loaded))?;
        checked.found.get(&event).cloned()
    }

    /// Ranks the causes of an event by its checks, if there are any.
    pub fn weighed(self, event: ExplainedEvent<'_>) -> ExplainedEvent<'_> {
        match self.evidence(event.id()) {
            Some(evidence) => event.weighed(&evidence),
            None => event,
        }
    }

    /// Makes the checks of an event. Cancels those of another.
    pub fn check(self, event: EventId) {
        self.stop_checks();
        let (analysis, source) =
            (self.throttled_analysis.get_untracked(), self.source.get_untracked());
        let knowledge = self.knowledge.get_untracked();
        let (Some(analysis), Some(source), Some(knowledge)) = (analysis, source, knowledge) else {
            return;
        };
        let Some(found) = analysis.find_event(event) else { return };
        let one =
            explain_event(&analysis, found, Some(&knowledge), &self.metadata.read_untracked());
        let Some(causes) = &one.causes else { return };
        let loaded = PtrEq(analysis.detected.loaded.clone());
        let latest = analysis.judged_grid().range().end;
        let plan = CheckPlan::new(causes, &one.facts, &loaded.query.expr, latest);
        let Ok(signal) = self.check_request.start() else { return };
        self.checking.set(Some((event, FetchProgress::default())));
        let waits = signal.clone();
        let give_up = move || {
            if !waits.aborted() && self.checking.read_untracked().is_some() {
                self.end_checks(words::out_of_time(TOTAL_TIMEOUT.millis() / 1_000));
            }
        };
        set_timeout(give_up, Duration::from_millis(TOTAL_TIMEOUT.millis()));
        spawn_local(async move {
            let send = async |request| client::post(&source.id, &signal, request).await;
            let report = |evidence: &EventEvidence, progress| {
                if !signal.aborted() {
                    self.checking.set(Some((event, progress)));
                    self.keep_evidence(&loaded, event, evidence.clone());
                }
            };
            plan.run(send, report).await;
            if !signal.aborted() {
                self.checking.set(None);
            }
        });
    }

    /// Cancels the checks and keeps what they found.
    pub fn cancel_checks(self) {
        self.end_checks(words::CANCELLED.to_owned());
    }

    fn end_checks(self, reason: String) {
        let Some((event, _)) = self.checking.get_untracked() else { return };
        self.stop_checks();
        self.checked.update(|checked| {
            let found = checked.as_mut().and_then(|checked| checked.found.get_mut(&event));
            if let Some(found) = found {
                found.stopped = Some(reason);
            }
        });
    }

    fn stop_checks(self) {
        self.check_request.stop();
        self.checking.set(None);
    }

    /// Keeps what the checks of an event have found, and what was found before in the same data or in what they continue.
    fn keep_evidence(self, loaded: &PtrEq<Loaded>, event: EventId, evidence: EventEvidence) {
        self.checked.update(|checked| match checked {
            Some(checked) if loaded.continues(&checked.loaded) => {
                checked.loaded = loaded.clone();
                checked.found.insert(event, evidence);
            }
            _ => {
                let found = BTreeMap::from([(event, evidence)]);
                *checked = Some(CheckedEvents { loaded: loaded.clone(), found });
            }
        });
    }
}

//! Verification of the exported rules on the source.

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::analysis::Detected;
use oddity_analysis::rules::{self, RuleExport, Verification};
use oddity_source::plan::{FetchPlan, FetchProgress};

use super::{LoadError, PtrEq, State, client};

/// The scores of the source compared with those of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Scores of the page.
    pub detected: PtrEq<Detected>,
    /// Result of the comparison, or the error of the fetch.
    pub found: Result<Verification, LoadError>,
    differing: Vec<Vec<usize>>,
}

impl Agreement {
    pub(super) fn new(detected: PtrEq<Detected>, found: Result<Verification, LoadError>) -> Self {
        let mut differing = vec![Vec::new(); detected.series.len()];
        for difference in found.iter().flat_map(|found| &found.differences) {
            differing[difference.series].push(difference.index);
        }
        Self { detected, found, differing }
    }

    /// Returns the indices of the samples of a series that the rule judges differently.
    pub fn differing(&self, series: usize) -> &[usize] {
        self.differing.get(series).map(Vec::as_slice).unwrap_or_default()
    }
}

impl State {
    /// Fetches the scores of the exported rules from the source and compares them with those of the page.
    pub fn verify(self, export: &RuleExport) {
        let (detected, source) = (self.detected.get_untracked(), self.source.get_untracked());
        let (Some(detected), Some(source)) = (detected, source) else { return };
        let signal = match self.verification.start() {
            Ok(signal) => signal,
            Err(error) => return self.verified.set(Some(Agreement::new(detected, Err(error)))),
        };
        self.verifying.set(Some(FetchProgress::default()));
        let query = export.score_query();
        spawn_local(async move {
            let reply =
                client::load(&source.id, FetchPlan::for_query(query), &signal, |progress| {
                    if !signal.aborted() {
                        self.verifying.set(Some(progress));
                    }
                })
                .await;
            if !signal.aborted() {
                self.verifying.set(None);
                let found = reply.map(|answer| rules::verify(&detected, &answer));
                self.verified.set(Some(Agreement::new(detected, found)));
            }
        });
    }
}

//! Results of the checks of an event, and what they make of its candidate causes.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{CandidateCause, CandidateCauses, CauseCheck, Confidence, QuerySubject};
use crate::words::{Clock, causes, checks as words};
use oddity_detect::series::Labels;
use oddity_detect::time::Timestamp;
use oddity_source::unit::Unit;

/// Verdict of a check on a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckVerdict {
    /// The observation that confirms the cause was made, or one that refutes it was not.
    Supports,
    /// The observation that refutes the cause was made, or one that confirms it was not.
    Contradicts,
    /// The answer allows no verdict, or there was none.
    NotDecided,
    /// The source has no series that the query asks for.
    NoSuchMetric,
}

impl CheckVerdict {
    /// Returns the name for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Supports => "supports",
            Self::Contradicts => "contradicts",
            Self::NotDecided => "not decided",
            Self::NoSuchMetric => "no such metric",
        }
    }
}

/// Observation in the answer to a check: the window of an event beside the time before.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckObservation {
    /// The series that moved most unusually, or the first one where none moved.
    Moved {
        /// Labels of the series.
        labels: Labels,
        /// Median before the window.
        before: f64,
        /// Median of the window, or its farthest sample where only a few samples moved.
        during: f64,
        /// Whether the series was constant before, and its change over the usual change where that is known; `None` if it
        /// moved by no more than chance explains.
        unusual: Option<(bool, Option<f64>)>,
        /// Unit of the values.
        unit: Unit,
    },
    /// A condition came to hold in the window.
    Began {
        /// Labels of the first series for which it holds.
        labels: Labels,
        /// Number of series for which it holds.
        series: usize,
        /// Largest value in the window.
        value: f64,
        /// Time from which on it holds.
        at: Timestamp,
        /// Unit of the values.
        unit: Unit,
    },
    /// A condition holds in the window, and often did before.
    AsBefore {
        /// Largest value in the window.
        value: f64,
        /// Unit of the values.
        unit: Unit,
    },
    /// A condition holds at the end of the event.
    Held {
        /// Value of the last sample.
        value: f64,
        /// Unit of the values.
        unit: Unit,
    },
    /// A condition does not hold in the window.
    NotHeld,
    /// Too few samples to compare.
    TooFew,
    /// No series.
    NoSeries,
    /// The source did not answer; the reason in words.
    Failed(String),
}

impl CheckObservation {
    /// Returns what was observed, with its numbers: "6 series from 13:20 UTC, none before: {pod="a"}".
    pub fn words(&self, clock: Clock) -> String {
        match self {
            Self::Moved { labels, before, during, unusual, unit } => {
                words::moved(labels, &unit.format(*before), &unit.format(*during), *unusual)
            }
            Self::Began { labels, series, value, at, unit } => {
                words::began(labels, *series, &unit.format(*value), *at, clock)
            }
            Self::AsBefore { value, unit } => words::as_before(&unit.format(*value)),
            Self::Held { value, unit } => words::held(&unit.format(*value)),
            Self::NotHeld => words::NOT_HELD.to_owned(),
            Self::TooFew => words::TOO_FEW.to_owned(),
            Self::NoSeries => words::NO_SERIES.to_owned(),
            Self::Failed(reason) => words::failed(reason),
        }
    }
}

/// Result of one check of one cause.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckResult {
    /// Id of the family of the cause.
    pub family: String,
    /// Id of the cause in its family.
    pub hypothesis: String,
    /// Observation that was looked for.
    pub see: String,
    /// PromQL that was asked.
    pub query: String,
    /// Verdict on the cause.
    pub verdict: CheckVerdict,
    /// Observation in the answer.
    pub observed: CheckObservation,
}

/// Results of the checks of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventEvidence {
    /// Metrics that checks need and the source lacks.
    pub lacking: BTreeSet<String>,
    /// Results in the order of the checks.
    pub results: Vec<CheckResult>,
    /// Reason why the checks ended early, in words; `None` if all were made.
    pub stopped: Option<String>,
}

impl EventEvidence {
    /// Returns whether a query asks for metrics of which the source has none.
    pub fn lacks(&self, query: &str) -> bool {
        lacks(&self.lacking, query)
    }
}

fn lacks(lacking: &BTreeSet<String>, query: &str) -> bool {
    let names = QuerySubject::metric_names(query);
    !names.is_empty() && names.iter().all(|name| lacking.contains(name))
}

impl<'a> CandidateCauses<'a> {
    /// Ranks the causes by the evidence: supported ones first, among them changes of the system, then those that were not
    /// decided, last the contradicted ones. Causes that need metrics that the source lacks are only counted.
    #[must_use]
    pub fn weighed(mut self, evidence: &EventEvidence) -> Self {
        let looked_for = std::mem::take(&mut self.looked_for);
        let mut all: Vec<CandidateCause<'a>> = std::mem::take(&mut self.ranked);
        let fitting = all.len();
        all.extend(looked_for);
        let mut ranked = Vec::new();
        for (at, mut cause) in all.into_iter().enumerate() {
            cause.add(evidence);
            let fits = at < fitting;
            if self.is_lacking(&cause, evidence) {
                self.lacking += usize::from(fits);
            } else if fits || cause.confidence == Confidence::Supported {
                ranked.push(cause);
            }
        }
        ranked.sort_by_key(|cause| {
            let (supports, contradicts) = cause.tally();
            let order = match cause.confidence {
                Confidence::Supported => 0,
                Confidence::Contradicted => 2,
                _ => 1,
            };
            let change = order == 0 && cause.hypothesis.change;
            (order, !change, std::cmp::Reverse((supports - contradicts, cause.points)))
        });
        self.ranked = without_repeats(ranked);
        self.stopped.clone_from(&evidence.stopped);
        self.missing_metrics.clone_from(&evidence.lacking);
        let was_made = |result: &CheckResult| result.verdict != CheckVerdict::NoSuchMetric;
        self.is_checked = evidence.results.iter().any(was_made);
        self
    }

    /// Returns whether each check of a cause that has a query asks for metrics that the source lacks.
    fn is_lacking(&self, cause: &CandidateCause<'_>, evidence: &EventEvidence) -> bool {
        if cause.tally() != (0, 0) {
            return false;
        }
        let none = |result: &CheckResult| result.verdict == CheckVerdict::NoSuchMetric;
        if !cause.checks.is_empty() && cause.checks.iter().all(none) {
            return true;
        }
        let checks = cause.hypothesis.confirm.iter().chain(&cause.hypothesis.refute);
        let queries: Vec<String> = checks.filter_map(|check| self.query(check)).collect();
        !queries.is_empty() && queries.iter().all(|query| evidence.lacks(query))
    }

    /// Returns the PromQL of a check for this event, if the source has the metrics that it needs.
    pub fn available_query(&self, check: &CauseCheck) -> Option<String> {
        self.query(check).filter(|query| !lacks(&self.missing_metrics, query))
    }

    /// Returns the PromQL of a check of a cause that was not made and that the source can answer.
    pub fn open_query(&self, cause: &CandidateCause<'_>, check: &CauseCheck) -> Option<String> {
        let made = |query: &String| cause.checks.iter().any(|check| check.query == *query);
        self.available_query(check).filter(|query| !made(query))
    }

    /// Returns the causes to act on, best first: the supported ones, since beside them one that was not decided is no reason
    /// to act, or else all that are not contradicted.
    pub fn acted_on(&self) -> &[CandidateCause<'a>] {
        let least = match self.ranked.first().map(|best| best.confidence) {
            Some(Confidence::Supported) => Confidence::Supported,
            _ => Confidence::Inconclusive,
        };
        let worth = self.ranked.iter().take_while(|cause| cause.confidence >= least).count();
        &self.ranked[..worth]
    }

    /// Returns the best cause with the result of its checks, if they support it.
    pub fn supported(&self) -> Option<String> {
        let best = self.ranked.first().filter(|best| best.confidence == Confidence::Supported)?;
        Some(format!("{} ({})", best.hypothesis.cause.trim_end_matches('.'), best.tally_words()))
    }

    /// Returns how far the causes are to be believed.
    pub fn caveat(&self) -> &'static str {
        if self.is_checked { causes::CHECKED } else { causes::HYPOTHESES }
    }
}

impl CandidateCause<'_> {
    fn add(&mut self, evidence: &EventEvidence) {
        let own = |result: &&CheckResult| {
            result.family == self.family.id && result.hypothesis == self.hypothesis.id
        };
        self.checks = evidence.results.iter().filter(own).cloned().collect();
        let (supports, contradicts) = self.tally();
        // A release or a restart shows in one of several ways, and seldom in all of them.
        if supports > contradicts || self.hypothesis.change && supports > 0 {
            self.confidence = Confidence::Supported;
        } else if contradicts > supports {
            self.confidence = Confidence::Contradicted;
        }
    }

    /// Returns whether a check of the cause was made.
    pub fn is_checked(&self) -> bool {
        self.checks.iter().any(|check| check.verdict != CheckVerdict::NoSuchMetric)
    }

    /// Returns the result of the checks in words: "supported by 2 of 3 checks".
    pub fn tally_words(&self) -> String {
        let (supports, contradicts) = self.tally();
        words::tally(self.confidence, supports, contradicts)
    }

    /// Returns how many checks support the cause, and how many contradict it.
    fn tally(&self) -> (i32, i32) {
        let count =
            |verdict| self.checks.iter().filter(|check| check.verdict == verdict).count() as i32;
        (count(CheckVerdict::Supports), count(CheckVerdict::Contradicts))
    }
}

/// Leaves out causes of any metric whose supporting observations a better cause has too.
fn without_repeats(ranked: Vec<CandidateCause<'_>>) -> Vec<CandidateCause<'_>> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut kept = Vec::with_capacity(ranked.len());
    for cause in ranked {
        let supporting = || {
            let checks = cause.checks.iter();
            checks.filter(|check| check.verdict == CheckVerdict::Supports).map(|check| &check.query)
        };
        let general =
            cause.family.recognise.is_empty() && cause.confidence == Confidence::Supported;
        if general && supporting().all(|query| seen.contains(query)) {
            continue;
        }
        seen.extend(supporting().cloned());
        kept.push(cause);
    }
    kept
}

//! Queries that support or contradict the candidate causes of an event, and the verdicts on their answers.
//!
//! It sends nothing itself: [`CheckPlan::run`] drives a plan with a function that sends one request. What it asks is
//! bounded: one request for the names of metrics, then at most [`MAX_QUERIES`] range queries one after another, each for
//! at most [`MAX_SERIES`] series on the grid of [`ComparisonWindows`], and after an empty answer one count of the series
//! that it is about. It ends early when the source fails twice in a row; a caller that drops it keeps what was reported.

mod ask;
mod judge;

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::explain::Facts;
use crate::knowledge::{
    CandidateCause, CandidateCauses, CheckExpectation, CheckObservation, CheckResult, CheckVerdict,
    EventEvidence, QuerySubject,
};
use crate::related::ComparisonWindows;
use crate::words::checks as words;
use ask::{Answer, CheckQuery};
use judge::judge;
use oddity_detect::event::EventKind;
use oddity_detect::time::{Span, TimeRange, Timestamp};
use oddity_source::plan::{ApiRequest, FetchProgress};
use oddity_source::promql;

/// Maximum number of range queries for one event.
pub const MAX_QUERIES: usize = 16;

/// Maximum number of series that one query may return; the source is asked to leave out the rest.
pub const MAX_SERIES: usize = 50;

/// Maximum time that the source may take for one query.
pub const QUERY_TIMEOUT: Span = Span::from_seconds(10);

/// Maximum time for all checks of an event, which the caller keeps.
pub const TOTAL_TIMEOUT: Span = Span::from_seconds(60);

/// Maximum number of metrics whose existence is asked for.
const MAX_NAMES: usize = 100;

/// Maximum number of causes that are checked, beside changes of the system.
const MAX_CAUSES: usize = 5;

/// Maximum number of queries for one cause.
const MAX_QUERIES_OF_CAUSE: usize = 3;

/// Samples of the event that are compared, from its start: what caused it shows there.
const FIRST_SAMPLES: usize = 16;

/// Number of requests in a row that may fail.
const MAX_FAILURES: usize = 2;

/// The checks of one event.
#[derive(Clone, Debug)]
pub struct CheckPlan {
    windows: ComparisonWindows,
    onset: Timestamp,
    /// Last sample of the event, at which is asked what holds.
    end: Timestamp,
    checks: Vec<PlannedCheck>,
    /// Metrics that the candidate causes need.
    names: Vec<String>,
}

#[derive(Clone, Debug)]
struct PlannedCheck {
    family: String,
    hypothesis: String,
    see: String,
    query: String,
    expect: CheckExpectation,
    /// Whether the observation confirms the cause, or refutes it.
    confirms: bool,
}

impl CheckPlan {
    /// Plans the checks of an event in a range that ends at `latest`: first changes of the system, then the causes that
    /// fit best.
    pub fn new(causes: &CandidateCauses<'_>, facts: &Facts, expr: &str, latest: Timestamp) -> Self {
        let event = &facts.event;
        let gradual = matches!(event.kind, EventKind::Drift | EventKind::SlopeChange);
        let first =
            event.display_start + Span::from_millis(facts.step.times(FIRST_SAMPLES).millis());
        let end = if gradual { event.end } else { event.end.min(first) };
        let range = TimeRange { start: event.display_start, end };
        let changes = causes.ranked.iter().chain(&causes.looked_for);
        let changes = changes.filter(|cause| cause.hypothesis.change);
        let others = causes.ranked.iter().filter(|cause| !cause.hypothesis.change);
        let checks = changes
            .chain(others.take(MAX_CAUSES))
            .flat_map(|cause| planned(cause, causes, expr))
            .collect();
        Self {
            windows: ComparisonWindows::of(range, facts.step, latest),
            onset: event.display_start,
            end: event.end,
            checks,
            names: names(causes),
        }
    }

    /// Returns the times that are compared.
    pub fn windows(&self) -> &ComparisonWindows {
        &self.windows
    }

    /// Makes the checks one after another, and reports what was found before each and at the end. A request that fails is a
    /// check without a verdict; two in a row end the checks.
    pub async fn run<E: Display>(
        &self,
        mut send: impl AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
        mut report: impl FnMut(&EventEvidence, FetchProgress),
    ) {
        let mut found = EventEvidence::default();
        report(&found, FetchProgress::default());
        match self.lacking(&mut send).await {
            Ok(lacking) => found.lacking = lacking,
            Err(reason) => {
                found.stopped = Some(words::unanswered(&reason));
                return report(&found, FetchProgress::default());
            }
        }
        let mut asked: Vec<(CheckQuery<'_>, Answer)> = Vec::new();
        let queries: BTreeSet<CheckQuery<'_>> =
            self.checks.iter().map(PlannedCheck::query).collect();
        let exist = queries.iter().filter(|query| !found.lacks(query.expr)).count();
        let total = exist.min(MAX_QUERIES);
        let mut failures = 0;
        for check in &self.checks {
            if found.lacks(&check.query) {
                found.results.push(check.result(CheckObservation::NoSeries, None));
                continue;
            }
            let known = asked.iter().position(|(query, _)| *query == check.query());
            let at = match known {
                Some(at) => at,
                None if asked.len() >= total => continue,
                None => {
                    report(&found, FetchProgress { done: asked.len(), total });
                    let answer = self.ask(check.query(), &mut send).await;
                    let is_failure = answer.as_ref().is_err_and(|error| !error.is_refusal);
                    failures = if is_failure { failures + 1 } else { 0 };
                    asked.push((check.query(), answer));
                    asked.len() - 1
                }
            };
            let (observed, seen) = match &asked[at].1 {
                Ok(Some(series)) => {
                    judge(check.expect, &check.query, series, &self.windows, self.onset)
                }
                Ok(None) => (CheckObservation::NoSeries, None),
                Err(error) => (CheckObservation::Failed(error.reason.clone()), None),
            };
            if let (CheckObservation::Failed(reason), true) = (&observed, failures >= MAX_FAILURES)
            {
                found.stopped = Some(words::unanswered(reason));
            }
            found.results.push(check.result(observed, seen));
            if found.stopped.is_some() {
                break;
            }
        }
        report(&found, FetchProgress { done: asked.len(), total });
    }
}

impl PlannedCheck {
    fn query(&self) -> CheckQuery<'_> {
        CheckQuery { expr: &self.query, at_end: self.expect == CheckExpectation::Holds }
    }

    /// Returns the result of an observation; `seen` is whether it is the expected one, if that could be decided.
    fn result(&self, observed: CheckObservation, seen: Option<bool>) -> CheckResult {
        let verdict = match (seen, &observed) {
            (_, CheckObservation::NoSeries) => CheckVerdict::NoSuchMetric,
            (None, _) => CheckVerdict::NotDecided,
            (Some(seen), _) if seen == self.confirms => CheckVerdict::Supports,
            (Some(_), _) => CheckVerdict::Contradicts,
        };
        CheckResult {
            family: self.family.clone(),
            hypothesis: self.hypothesis.clone(),
            see: self.see.clone(),
            query: self.query.clone(),
            verdict,
            observed,
        }
    }
}

/// Returns the checks of a cause whose answers can be judged, without those that only repeat the event.
fn planned(
    cause: &CandidateCause<'_>,
    causes: &CandidateCauses<'_>,
    expr: &str,
) -> Vec<PlannedCheck> {
    let hypothesis = cause.hypothesis;
    let confirm = hypothesis.confirm.iter().map(|check| (true, check));
    let checks = confirm.chain(hypothesis.refute.iter().map(|check| (false, check)));
    let planned = checks.filter_map(|(confirms, check)| {
        let (expect, query) = (check.expect?, causes.query(check)?);
        (!repeats(expect, &query, expr)).then(|| PlannedCheck {
            family: cause.family.id.clone(),
            hypothesis: hypothesis.id.clone(),
            see: check.see.clone(),
            query,
            expect,
            confirms,
        })
    });
    planned.take(MAX_QUERIES_OF_CAUSE).collect()
}

/// Returns whether a query asks how the metrics of the event itself moved, which tells nothing new. The parts of a
/// quotient do.
fn repeats(expect: CheckExpectation, query: &str, expr: &str) -> bool {
    use CheckExpectation::{Begins, Falls, Holds, Moves, Rises, Steady};
    match expect {
        Begins | Holds => false,
        Rises | Falls | Moves | Steady => {
            let own = QuerySubject::metric_names(expr);
            let asked = QuerySubject::metric_names(query);
            !promql::is_quotient(expr) && asked.iter().all(|name| own.contains(name))
        }
    }
}

/// Returns the metrics that the checks of the causes need, best causes first.
fn names(causes: &CandidateCauses<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let changes = causes.looked_for.iter();
    for cause in changes.chain(&causes.ranked) {
        let checks = cause.hypothesis.confirm.iter().chain(&cause.hypothesis.refute);
        for query in checks.filter_map(|check| causes.query(check)) {
            for name in QuerySubject::metric_names(&query) {
                if crate::knowledge::plain(&name).is_some() && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    names.truncate(MAX_NAMES);
    names
}

#[cfg(test)]
mod tests;

//! One event on one page: what happened, when, how severe, whom it affects, possible causes, and what to do next.

use std::fmt::Write;

use super::event::EventHeading;
use super::markdown::{code, text};
use crate::analysis::Analysis;
use crate::knowledge::{
    CandidateCause, CandidateCauses, CheckResult, CheckVerdict, ExplainedEvent,
};
use crate::words::{
    self, Clock, causes as cause_words, checks as check_words, report as report_words,
};
use oddity_detect::event::EventKind;

/// Maximum number of causes if there is only one event.
const MAX_CAUSES: usize = 3;

/// Maximum number of causes of each event if there are several.
const MAX_CAUSES_OF_SEVERAL: usize = 2;

/// Maximum number of checks of one cause.
const MAX_CHECKS: usize = 2;

/// Maximum number of next steps if there is only one event.
const MAX_STEPS: usize = 5;

/// Maximum number of next steps for each event if there are several.
const MAX_STEPS_OF_SEVERAL: usize = 3;

/// Maximum number of causes that next steps are about.
const MAX_ACTED_ON: usize = 2;

/// Maximum number of actions against one cause.
const MAX_ACTIONS: usize = 2;

/// Writes what happened, one fact a line.
pub(super) fn facts(analysis: &Analysis, one: &ExplainedEvent<'_>, clock: Clock) -> String {
    let (facts, event) = (&one.facts, &one.facts.event);
    let mut out = String::new();
    let mut put = |name: &str, value: &str| {
        let _ = writeln!(out, "- **{name}:** {value}");
    };
    put("Severity", &format!("{} ({:.0} of 100)", event.level().name(), event.severity));
    put("Status", &words::course(event));
    put("When", &report_words::when(event, clock));
    put("What", &text(&what(one, clock)));
    put("Affected", &affected(analysis, one, clock));
    if facts.evidence.contains(&crate::explain::EvidenceTag::SamplesMissing)
        && event.kind != EventKind::Gap
    {
        put("Samples", report_words::SAMPLES_MISSING);
    }
    out
}

/// Returns what happened, with what was expected and from what.
fn what(one: &ExplainedEvent<'_>, clock: Clock) -> String {
    let (facts, event) = (&one.facts, &one.facts.event);
    let mut parts = vec![words::what(event, facts.unit)];
    if !event.ranged && !event.steady && !event.reference.expected.is_nan() {
        let (lower, upper) = (event.reference.lower, event.reference.upper);
        parts.push(report_words::normal(&words::bounds(lower, upper, facts.unit)));
    }
    parts.push(report_words::learnt_from(&event.baseline));
    parts.extend(words::further(facts, clock));
    parts.join("; ")
}

/// Returns the labels of the affected series, and how many others are affected.
fn affected(analysis: &Analysis, one: &ExplainedEvent<'_>, clock: Clock) -> String {
    let facts = &one.facts;
    let series = match facts.labels.is_empty() {
        true => report_words::ONLY_SERIES.to_owned(),
        false => code(&facts.labels.to_string()),
    };
    let incident = analysis.incident_of(one.id()).map(|(_, incident)| incident);
    match (incident.filter(|incident| incident.is_shared()), facts.concurrent) {
        (Some(incident), _) => {
            format!("{series}; {}", text(&report_words::part_of_incident(incident, clock)))
        }
        (None, Some(all)) => format!("{series}; {}", words::odd_together(all.odd, all.of)),
        (None, None) => series,
    }
}

/// Writes the causes that fit best, each with what speaks for and against it.
pub(super) fn causes(found: &CandidateCauses<'_>, heading: EventHeading, clock: Clock) -> String {
    let most = if heading.of.is_some() { MAX_CAUSES_OF_SEVERAL } else { MAX_CAUSES };
    let mut out = format!("{}\n\n", heading.heading("Possible causes"));
    if found.ranked.is_empty() {
        let _ = writeln!(out, "{}", cause_words::NO_MATCH);
    }
    for (at, cause) in found.ranked.iter().take(most).enumerate() {
        let name = text(cause.hypothesis.cause.trim_end_matches('.'));
        let _ = writeln!(out, "{}. **{name}**: {}.", at + 1, text(&standing(cause)));
        for check in decided(cause).take(MAX_CHECKS) {
            let _ = writeln!(
                out,
                "   - {}: {} ({}): {}",
                check.verdict.name(),
                text(&check.see),
                text(&check.observed.words(clock)),
                code(&check.query)
            );
        }
    }
    let stopped = found.stopped.as_deref().map(check_words::stopped);
    for note in check_words::lacking(found.lacking).into_iter().chain(stopped) {
        let _ = writeln!(out, "\n{}", text(&note));
    }
    out
}

/// Returns the checks with a verdict, those that agree with the confidence in the cause first.
fn decided<'a>(cause: &'a CandidateCause<'_>) -> impl Iterator<Item = &'a CheckResult> {
    let of = |verdict| cause.checks.iter().filter(move |check| check.verdict == verdict);
    of(CheckVerdict::Supports).chain(of(CheckVerdict::Contradicts))
}

/// Returns how well a cause fits, and by what.
fn standing(cause: &CandidateCause<'_>) -> String {
    if cause.is_checked() {
        return cause.tally_words();
    }
    let told = |wanted: fn(i32) -> bool| -> Vec<&str> {
        let reasons =
            cause.reasons.iter().filter(|reason| reason.of_event && wanted(reason.points));
        reasons.map(|reason| reason.text.as_str()).collect()
    };
    cause_words::unchecked(
        cause.confidence.name(),
        cause.points,
        &told(|points| points > 0),
        &told(|points| points < 0),
    )
}

/// Writes at most five next steps: actions against the causes that fit best, and queries that would decide.
pub(super) fn steps(found: &CandidateCauses<'_>, heading: EventHeading) -> String {
    let most = if heading.of.is_some() { MAX_STEPS_OF_SEVERAL } else { MAX_STEPS };
    let acted_on = || (1..).zip(found.acted_on()).take(MAX_ACTED_ON);
    let queries: Vec<String> = acted_on()
        .filter_map(|(number, cause)| {
            let checks = cause.hypothesis.confirm.iter().chain(&cause.hypothesis.refute);
            let mut open =
                checks.filter_map(|check| Some((&check.see, found.open_query(cause, check)?)));
            let (see, query) = open.next()?;
            Some(format!("{}: {}", text(&report_words::look(see, number)), code(&query)))
        })
        .collect();
    let mut all: Vec<String> = Vec::new();
    let place = found.scope.place();
    for (number, cause) in acted_on() {
        let actions = cause.hypothesis.mitigate.iter().take(MAX_ACTIONS);
        all.extend(actions.map(|action| text(&report_words::act(action, number, place))));
    }
    all.truncate(most.saturating_sub(queries.len()));
    all.extend(queries);
    if all.is_empty() {
        return String::new();
    }
    let mut out = format!("{}\n\n", heading.heading("Next steps"));
    for (at, step) in all.iter().enumerate() {
        let _ = writeln!(out, "{}. {step}", at + 1);
    }
    out
}

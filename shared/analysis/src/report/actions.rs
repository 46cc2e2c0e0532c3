//! Suggested actions: queries to run next, mitigation, prevention, and alerts to add.

use std::fmt::Write;

use super::event::EventHeading;
use super::markdown::{cell, fenced, text};
use crate::knowledge::{CandidateCause, CandidateCauses, CauseCheck};
use crate::words::report::ACTIONS_HEAD;

/// Maximum number of causes that actions are listed for.
const MAX_CAUSES: usize = 3;

/// Maximum number of queries if there is only one event.
const MAX_QUERIES: usize = 6;

/// Maximum number of queries per event if there are several.
const MAX_QUERIES_OF_SEVERAL: usize = 3;

pub(super) fn actions(causes: &CandidateCauses<'_>, heading: EventHeading) -> String {
    let table = table(causes);
    if table.is_empty() {
        return String::new();
    }
    let mut out = format!("{}\n\n{ACTIONS_HEAD}{table}", heading.heading("Suggested actions"));
    let most = if heading.of.is_some() { MAX_QUERIES_OF_SEVERAL } else { MAX_QUERIES };
    for (name, queries) in
        [("Queries to run next", next(causes)), ("Alerts to add", alerts(causes))]
    {
        if !queries.is_empty() {
            let _ = writeln!(out, "\n{}\n", heading.below(name));
            let listed: Vec<String> = queries
                .into_iter()
                .take(most)
                .enumerate()
                .map(|(at, query)| item(at, &query))
                .collect();
            out.push_str(&listed.join("\n"));
        }
    }
    out
}

fn worth<'a>(causes: &'a CandidateCauses<'a>) -> impl Iterator<Item = &'a CandidateCause<'a>> {
    causes.acted_on().iter().take(MAX_CAUSES)
}

fn table(causes: &CandidateCauses<'_>) -> String {
    let (mut out, mut known) = (String::new(), Vec::new());
    let mut put = |what: &str, cause: usize, actions: &[String]| {
        for action in actions {
            if !known.contains(action) {
                known.push(action.clone());
                let _ = writeln!(out, "| {} | {what} | {cause} | | |", cell(action));
            }
        }
    };
    for (at, cause) in worth(causes).enumerate() {
        put("mitigate", at + 1, &cause.hypothesis.mitigate);
    }
    for (at, cause) in worth(causes).enumerate() {
        put("prevent", at + 1, &cause.hypothesis.prevent);
    }
    out
}

/// A query with what it shows.
struct ShownQuery {
    shows: String,
    promql: String,
}

/// Returns the queries that would confirm each cause in turn, then those that would refute it: the first of each, then
/// the second.
fn next(causes: &CandidateCauses<'_>) -> Vec<ShownQuery> {
    let mut all: Vec<(usize, usize, ShownQuery)> = Vec::new();
    for (at, cause) in worth(causes).enumerate() {
        let known = cause.hypothesis;
        let ways = [("would confirm cause", &known.confirm), ("would refute cause", &known.refute)];
        let checks =
            ways.into_iter().flat_map(|(way, checks)| checks.iter().map(move |c| (way, c)));
        let with_query = checks.filter_map(|(way, check)| {
            let promql = causes.open_query(cause, check)?;
            Some(ShownQuery { shows: format!("{} ({way} {})", check.see, at + 1), promql })
        });
        all.extend(with_query.enumerate().map(|(round, query)| (round, at, query)));
    }
    all.sort_by_key(|(round, cause, _)| (*round, *cause));
    distinct(all.into_iter().map(|(.., query)| query))
}

fn alerts(causes: &CandidateCauses<'_>) -> Vec<ShownQuery> {
    let checks = worth(causes).flat_map(|cause| &cause.hypothesis.detect);
    distinct(checks.filter_map(|check: &CauseCheck| {
        Some(ShownQuery { shows: check.see.clone(), promql: causes.available_query(check)? })
    }))
}

fn distinct(queries: impl Iterator<Item = ShownQuery>) -> Vec<ShownQuery> {
    let mut all: Vec<ShownQuery> = Vec::new();
    for query in queries {
        if !all.iter().any(|known| known.promql == query.promql) {
            all.push(query);
        }
    }
    all
}

/// Formats an item of a list with its query in a block.
fn item(at: usize, query: &ShownQuery) -> String {
    let number = format!("{}. ", at + 1);
    let indent = " ".repeat(number.len());
    let block = fenced("promql", &query.promql);
    let block: Vec<String> = block.lines().map(|line| format!("{indent}{line}")).collect();
    format!("{number}{}\n\n{}\n", text(&query.shows), block.join("\n"))
}

//! What to do: queries to run next, what ends the harm, what keeps it from coming back, what notices it earlier.

use std::fmt::Write;

use super::event::Place;
use super::markdown::{cell, fenced, text};
use crate::knowledge::{Check, Confidence, Suspect, Suspects};

/// So many causes are acted on.
const CAUSES: usize = 3;

/// So many queries are told; of an event of several fewer.
const QUERIES: usize = 6;
const QUERIES_OF_SEVERAL: usize = 3;

pub(super) fn actions(suspects: &Suspects<'_>, place: Place) -> String {
    let table = table(suspects);
    if table.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "{}\n\n| Action | What it does | Cause | Owner | Due |\n| --- | --- | ---: | --- | --- |\n{table}",
        place.heading("Suggested actions")
    );
    let most = if place.of.is_some() { QUERIES_OF_SEVERAL } else { QUERIES };
    for (name, queries) in
        [("Queries to run next", next(suspects)), ("Alerts to add", alerts(suspects))]
    {
        if !queries.is_empty() {
            let _ = writeln!(out, "\n{}\n", place.below(name));
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

/// The causes to act on: those that fit better than by not being excluded, else the first.
fn worth<'a>(suspects: &'a Suspects<'a>) -> impl Iterator<Item = &'a Suspect<'a>> {
    let fits = |suspect: &Suspect<'_>| suspect.confidence > Confidence::Inconclusive;
    let count = suspects.ranked.iter().take(CAUSES).filter(|suspect| fits(suspect)).count();
    suspects.ranked.iter().take(count.max(1))
}

fn table(suspects: &Suspects<'_>) -> String {
    let (mut out, mut known) = (String::new(), Vec::new());
    let mut put = |what: &str, cause: usize, actions: &[String]| {
        for action in actions {
            if !known.contains(action) {
                known.push(action.clone());
                let _ = writeln!(out, "| {} | {what} | {cause} | | |", cell(action));
            }
        }
    };
    for (at, suspect) in worth(suspects).enumerate() {
        put("mitigate", at + 1, &suspect.hypothesis.mitigate);
    }
    for (at, suspect) in worth(suspects).enumerate() {
        put("prevent", at + 1, &suspect.hypothesis.prevent);
    }
    out
}

/// A query with what it shows.
struct Query {
    shows: String,
    promql: String,
}

/// What would confirm each cause in turn, then what would refute it: the first query of each, then the second.
fn next(suspects: &Suspects<'_>) -> Vec<Query> {
    let mut all: Vec<(usize, usize, Query)> = Vec::new();
    for (at, suspect) in worth(suspects).enumerate() {
        let cause = suspect.hypothesis;
        let ways = [("if cause", &cause.confirm), ("against cause", &cause.refute)];
        let checks =
            ways.into_iter().flat_map(|(way, checks)| checks.iter().map(move |c| (way, c)));
        let with_query = checks.filter_map(|(way, check)| {
            let promql = suspects.query(check)?;
            Some(Query { shows: format!("{} ({way} {})", check.see, at + 1), promql })
        });
        all.extend(with_query.enumerate().map(|(round, query)| (round, at, query)));
    }
    all.sort_by_key(|(round, cause, _)| (*round, *cause));
    distinct(all.into_iter().map(|(.., query)| query))
}

fn alerts(suspects: &Suspects<'_>) -> Vec<Query> {
    let causes = worth(suspects);
    let checks = causes.flat_map(|suspect| &suspect.hypothesis.detect);
    distinct(checks.filter_map(|check: &Check| {
        Some(Query { shows: check.see.clone(), promql: suspects.query(check)? })
    }))
}

fn distinct(queries: impl Iterator<Item = Query>) -> Vec<Query> {
    let mut all: Vec<Query> = Vec::new();
    for query in queries {
        if !all.iter().any(|known| known.promql == query.promql) {
            all.push(query);
        }
    }
    all
}

/// An item of a list with its query in a block.
fn item(at: usize, query: &Query) -> String {
    let number = format!("{}. ", at + 1);
    let indent = " ".repeat(number.len());
    let block = fenced("promql", &query.promql);
    let block: Vec<String> = block.lines().map(|line| format!("{indent}{line}")).collect();
    format!("{number}{}\n\n{}\n", text(&query.shows), block.join("\n"))
}

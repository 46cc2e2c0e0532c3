//! Events as CSV, for spreadsheets and scripts.

use oddity_detect::event::{Direction, Event};

use crate::analysis::{Analysis, EventId, RankedSeries};
use crate::words;

/// Names of the columns.
const HEAD: [&str; 16] = [
    "start",
    "end",
    "ongoing",
    "kind",
    "direction",
    "severity",
    "level",
    "incident",
    "series",
    "value",
    "expected",
    "lower",
    "upper",
    "score",
    "unit",
    "reason",
];

/// Returns events as CSV with a head, in the given order. Times are RFC 3339 in UTC, numbers are plain, `incident` counts the
/// incidents from the worst, `series` has its labels as PromQL. Numbers that are not finite, such as the bound of a half-open
/// band, are empty. Texts that a spreadsheet would take for a formula begin with an apostrophe.
pub fn events_csv(analysis: &Analysis, events: &[EventId]) -> String {
    let found = events.iter().filter_map(|id| Some((*id, analysis.find_event(*id)?)));
    let rows = found.map(|(id, (ranked, event))| row(analysis, id, ranked, event));
    let head = HEAD.map(str::to_owned);
    let lines =
        std::iter::once(head).chain(rows).map(|row| row.map(|cell| quoted(&cell)).join(","));
    lines.map(|line| line + "\r\n").collect()
}

fn row(analysis: &Analysis, id: EventId, ranked: &RankedSeries, event: &Event) -> [String; 16] {
    let labels = &analysis.series(ranked).0.labels;
    let unit = analysis.judged_unit(event.quantity);
    let incident = analysis.incident_of(id).map(|(at, _)| (at + 1).to_string());
    let direction = match event.direction {
        Direction::Up => "up",
        Direction::Down => "down",
    };
    let reference = &event.reference;
    [
        event.display_start.to_string(),
        event.end.to_string(),
        event.ongoing.to_string(),
        event.kind.name().to_owned(),
        direction.to_owned(),
        number(event.severity),
        event.level().name().to_owned(),
        incident.unwrap_or_default(),
        text(&labels.to_string()),
        number(event.peak.value),
        number(reference.expected),
        number(reference.lower),
        number(reference.upper),
        number(event.score),
        unit.axis().to_owned(),
        text(&words::reason(event, analysis.detected.unit)),
    ]
}

/// Formats a number; empty for NaN and the infinities.
fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

/// Returns a text with an apostrophe in front if a spreadsheet would evaluate it.
fn text(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// Returns a cell in quotes if it needs them (RFC 4180).
fn quoted(cell: &str) -> String {
    match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_breaks_the_row() {
        let check = |given: &str, expected: &str| assert_eq!(quoted(&text(given)), expected);
        check("job=api", "job=api");
        check("=1+1", "'=1+1");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t=1");
        check("a, b", "\"a, b\"");
        check("=\"x\"\n", "\"'=\"\"x\"\"\n\"");
    }

    #[test]
    fn numbers_that_do_not_exist_are_empty() {
        let check = |value: f64, expected: &str| assert_eq!(number(value), expected);
        check(-1.5, "-1.5");
        check(f64::NAN, "");
        check(f64::INFINITY, "");
    }
}

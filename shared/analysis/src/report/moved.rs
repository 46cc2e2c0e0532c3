//! What else moved, as a section of the report.

use std::fmt::Write as _;

use super::markdown::{cell, code};
use super::{Place, Section};
use crate::related::{Related, Windows};
use crate::words::Clock;

/// So many series are listed.
const MOST: usize = 10;

/// So many that came or went are named.
const MOST_NAMED: usize = 5;

/// The section; the event began in a window of `windows`.
pub fn moved(found: &Related, windows: &Windows, clock: Clock) -> Section {
    let body = body(found, windows, clock);
    Section { place: Place::Evidence, heading: "What else moved".to_owned(), body }
}

fn body(found: &Related, windows: &Windows, clock: Clock) -> String {
    let (window, before) = (windows.window(), windows.before());
    let mut out = format!(
        "Compared {} series of the same place: {} with the time from {} on, and each with how far it moves at other times. At most \
         one in twenty of those that are named moved by chance. That something moved at the same time does not make it the cause.",
        found.judged,
        clock.from_to(window.start, window.end),
        clock.short(before.start),
    );
    if found.moved.is_empty() {
        out.push_str("\n\nNone moved by more than chance.");
    } else {
        out.push_str("\n\n| series | before and in the window | beside its habit | began |\n| --- | --- | --- | --- |\n");
        for moved in found.moved.iter().take(MOST) {
            let others = match moved.others {
                0 => String::new(),
                more => format!(" and {more} more of it"),
            };
            let _ = writeln!(
                out,
                "| {}{others} | {} | {} | {} |",
                cell(&moved.labels.to_string()),
                cell(&moved.words()),
                cell(&moved.usual()),
                cell(&moved.timing.words()),
            );
        }
        let more = found.moved.len().saturating_sub(MOST);
        if more > 0 {
            let _ = write!(out, "\n{more} more metrics moved less unusually.");
        }
        let first = found.moved.first().map(|moved| code(&moved.expr(windows.grid.step)));
        let _ = write!(out, "\nThe first one: {}", first.unwrap_or_default());
    }
    for (what, all) in [("Appeared", &found.appeared), ("Stopped", &found.stopped)] {
        if !all.is_empty() {
            let names: Vec<String> =
                all.iter().take(MOST_NAMED).map(|labels| code(&labels.to_string())).collect();
            let more = all.len().saturating_sub(MOST_NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _ = write!(out, "\n\n{what}: {}{more}.", names.join(", "));
        }
    }
    out.trim_end().to_owned()
}

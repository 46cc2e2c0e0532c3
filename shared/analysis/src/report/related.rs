//! Related series as a section of the report.

use std::fmt::Write as _;

use super::markdown::{cell, code};
use super::{ReportSection, SectionPosition};
use crate::related::{ComparisonWindows, RelatedSeries};
use crate::words::{self, Clock};

/// Maximum number of series that are listed.
const MAX_SERIES: usize = 10;

/// Maximum number of series that are named among those that appeared or stopped.
const MAX_NAMED: usize = 5;

/// Writes the section on the changes between the two times of `windows`, around the onset of an event.
pub fn related(found: &RelatedSeries, windows: &ComparisonWindows, clock: Clock) -> ReportSection {
    let body = body(found, windows, clock);
    ReportSection {
        position: SectionPosition::Evidence,
        heading: "Related changes".to_owned(),
        body,
    }
}

fn body(found: &RelatedSeries, windows: &ComparisonWindows, clock: Clock) -> String {
    let (window, before) = (windows.window(), windows.before());
    let compared = clock.from_to(window.start, window.end);
    let mut out = words::report::related(found.judged, &compared, &clock.short(before.start));
    if found.changed.is_empty() {
        let _ = write!(out, "\n\n{}.", words::capitalised(&found.words()));
    } else {
        let _ = write!(out, "\n\n{}", words::report::RELATED_HEAD);
        for changed in found.changed.iter().take(MAX_SERIES) {
            let others = words::related::others(changed.others);
            let _ = writeln!(
                out,
                "| {}{others} | {} | {} | {} |",
                cell(&changed.labels.to_string()),
                cell(&changed.words()),
                cell(&changed.usual()),
                cell(&changed.timing.words()),
            );
        }
        let more = found.changed.len().saturating_sub(MAX_SERIES);
        if more > 0 {
            let _ = write!(out, "\n{more} more metrics with less unusual changes are not listed.");
        }
        let first = found.changed.first().map(|changed| code(&changed.expr(windows.grid.step)));
        let _ = write!(out, "\nQuery of the first: {}", first.unwrap_or_default());
    }
    for (what, all) in [("Appeared", &found.appeared), ("Stopped", &found.stopped)] {
        if !all.is_empty() {
            let names: Vec<String> =
                all.iter().take(MAX_NAMED).map(|labels| code(&labels.to_string())).collect();
            let more = all.len().saturating_sub(MAX_NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let _ = write!(out, "\n\n{what}: {}{more}.", names.join(", "));
        }
    }
    out.trim_end().to_owned()
}

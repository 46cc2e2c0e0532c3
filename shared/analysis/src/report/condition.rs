//! Condition of the query and the times at which it holds.

use std::fmt::Write;

use super::MAX_EVENTS;
use super::markdown::{cell, fenced, text};
use crate::analysis::Analysis;
use crate::words::condition::{holding, unlisted};
use crate::words::{Clock, capitalised, report};

/// Writes the section about the condition; `None` without one.
pub(super) fn section(analysis: &Analysis, clock: Clock) -> Option<String> {
    let of = &analysis.condition()?.condition;
    let sentence = capitalised(&holding(analysis, clock)?);
    let mut out =
        format!("## Condition\n\n{}.\n\n{}\n", text(&sentence), fenced("promql", &of.expr));
    let mut periods = analysis.holding().unwrap_or_default();
    if periods.is_empty() {
        return Some(out);
    }
    let _ = write!(out, "\n{}", report::HOLDING_HEAD);
    let rest = periods.len().saturating_sub(MAX_EVENTS);
    periods.truncate(MAX_EVENTS);
    for period in periods {
        let ongoing = if period.is_ongoing { ", ongoing" } else { "" };
        let row = [
            period.name,
            clock.full(period.range.start),
            clock.full(period.range.end),
            format!("{}{ongoing}", period.lasted.words()),
        ];
        let _ = writeln!(out, "| {} |", row.map(|value| cell(&value)).join(" | "));
    }
    if rest > 0 {
        let _ = writeln!(out, "\n{}", unlisted(rest));
    }
    Some(out)
}

//! Candidate causes of an event. Facts stand apart: see [`super::event`].

use std::fmt::Write;

use super::event::EventHeading;
use super::markdown::{link, text};
use crate::knowledge::{
    CandidateCause, CandidateCauses, CauseCheck, ExplainedEvent, RecognisedFamily,
};
use crate::words::{causes as words, evidence};

/// Maximum number of causes if there is only one event, the best ones; the rest is counted.
const MAX_CAUSES: usize = 5;

/// Maximum number of causes per event if there are several.
const MAX_CAUSES_OF_SEVERAL: usize = 3;

pub(super) fn causes(
    one: &ExplainedEvent<'_>,
    found: &CandidateCauses<'_>,
    heading: EventHeading,
) -> String {
    let mut out = format!("{}\n\n", heading.heading("Suspected causes"));
    out.push_str(found.caveat());
    if found.inconclusive() {
        let _ = write!(out, " {}", words::INCONCLUSIVE);
    }
    let families: Vec<String> = found.families.iter().filter_map(family).collect();
    if !families.is_empty() {
        let _ = write!(out, " The query was recognised as {}.", families.join("; "));
    }
    let observed = evidence::all(&one.facts);
    if !observed.is_empty() {
        let _ = write!(out, "\n\nRelevant observations: {}.", text(&observed));
    }
    out.push_str("\n\n");
    let most = if heading.of.is_some() { MAX_CAUSES_OF_SEVERAL } else { MAX_CAUSES };
    for (at, cause) in found.ranked.iter().take(most).enumerate() {
        item(&mut out, at + 1, cause);
    }
    if found.ranked.is_empty() {
        let _ = writeln!(out, "{}", words::NO_MATCH);
    }
    if let Some(more) = words::more(found.ranked.len().saturating_sub(most)) {
        let _ = writeln!(out, "\n{more}");
    }
    out
}

/// Formats a family with the reasons it was recognised by: "DHCP (the metric dhcp_lease_count, the label job=dhcp)".
fn family(recognised: &RecognisedFamily<'_>) -> Option<String> {
    let by = text(&recognised.by.join(", "));
    (recognised.points > 0).then(|| format!("{} ({by})", text(&recognised.family.name)))
}

fn item(out: &mut String, number: usize, cause: &CandidateCause<'_>) {
    let hypothesis = cause.hypothesis;
    let (supports, against) = cause.evidence();
    let seen = |checks: &[CauseCheck]| {
        let all: Vec<&str> = checks.iter().map(|check| check.see.as_str()).collect();
        text(&all.join("; "))
    };
    let confidence = match cause.is_checked() {
        true => cause.tally_words(),
        false => format!("{} ({} points)", cause.confidence.name(), cause.points),
    };
    let _ = writeln!(out, "{number}. **{}**", text(&hypothesis.cause));
    for (name, value) in [
        ("Confidence", confidence),
        ("Why", text(&hypothesis.because)),
        ("Evidence for", text(&supports)),
        ("Evidence against", text(&against)),
        ("Would confirm", seen(&hypothesis.confirm)),
        ("Would refute", seen(&hypothesis.refute)),
        ("Source", format!("{}, {}", text(&hypothesis.source.title), link(&hypothesis.source.url))),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "   - {name}: {value}");
        }
    }
}

//! What may be behind an event. Facts stand apart: see [`super::event`].

use std::fmt::Write;

use super::event::EventHeading;
use super::markdown::{link, text};
use crate::knowledge::{
    CandidateCause, CandidateCauses, CauseCheck, ExplainedEvent, RecognisedFamily,
};

/// So many causes are told, the best ones; the rest is counted. Of an event of several fewer.
const MAX_CAUSES: usize = 5;
const MAX_CAUSES_OF_SEVERAL: usize = 3;

pub(super) fn causes(
    one: &ExplainedEvent<'_>,
    found: &CandidateCauses<'_>,
    heading: EventHeading,
) -> String {
    let mut out = format!("{}\n\n", heading.heading("Suspected causes"));
    out.push_str(
        "These are hypotheses: they fit the shape of this series, and none of them was checked.",
    );
    if found.inconclusive() {
        out.push_str(
            " The result is inconclusive: no cause fits better than by not being excluded.",
        );
    }
    let families: Vec<String> = found.families.iter().filter_map(family).collect();
    if !families.is_empty() {
        let _ = write!(out, " The query is taken for {}.", families.join("; "));
    }
    let seen: Vec<String> = one.facts.evidence.iter().map(|tag| tag.words(&one.facts)).collect();
    if !seen.is_empty() {
        let _ = write!(out, "\n\nThe observations that count: {}.", text(&seen.join("; ")));
    }
    out.push_str("\n\n");
    let most = if heading.of.is_some() { MAX_CAUSES_OF_SEVERAL } else { MAX_CAUSES };
    for (at, cause) in found.ranked.iter().take(most).enumerate() {
        item(&mut out, at + 1, cause);
    }
    if found.ranked.is_empty() {
        out.push_str("Nothing that is known of such metrics looks like this.\n");
    }
    match found.ranked.len().saturating_sub(most) {
        0 => {}
        1 => out.push_str("\n1 more hypothesis fits less well.\n"),
        rest => {
            let _ = writeln!(out, "\n{rest} more hypotheses fit less well.");
        }
    }
    out
}

/// "DHCP (the metric dhcp_lease_count, the label job=dhcp)".
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
    let _ = writeln!(out, "{number}. **{}**", text(&hypothesis.cause));
    for (name, value) in [
        ("Confidence", format!("{} ({} points)", cause.confidence.name(), cause.points)),
        ("Why", text(&hypothesis.because)),
        ("For it", text(&supports)),
        ("Against it", text(&against)),
        ("Would confirm it", seen(&hypothesis.confirm)),
        ("Would refute it", seen(&hypothesis.refute)),
        ("Source", format!("{}, {}", text(&hypothesis.source.title), link(&hypothesis.source.url))),
    ] {
        if !value.is_empty() {
            let _ = writeln!(out, "   - {name}: {value}");
        }
    }
}

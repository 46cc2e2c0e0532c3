//! What may be behind an event. Facts stand apart: see [`super::event`].

use std::fmt::Write;

use super::event::Place;
use super::markdown::{link, text};
use crate::knowledge::{Check, Explained, Recognised, Suspect, Suspects};

/// So many causes are told, the best ones; the rest is counted. Of an event of several fewer.
const MOST: usize = 5;
const MOST_OF_SEVERAL: usize = 3;

pub(super) fn causes(one: &Explained<'_>, suspects: &Suspects<'_>, place: Place) -> String {
    let mut out = format!("{}\n\n", place.heading("Suspected causes"));
    out.push_str(
        "These are hypotheses: they fit the shape of this series, and none of them was checked.",
    );
    if suspects.inconclusive() {
        out.push_str(
            " The result is inconclusive: no cause fits better than by not being excluded.",
        );
    }
    let families: Vec<String> = suspects.families.iter().filter_map(family).collect();
    if !families.is_empty() {
        let _ = write!(out, " The query is taken for {}.", families.join("; "));
    }
    let seen: Vec<String> = one.facts.signs.iter().map(|sign| sign.words(&one.facts)).collect();
    if !seen.is_empty() {
        let _ = write!(out, "\n\nThe observations that count: {}.", text(&seen.join("; ")));
    }
    out.push_str("\n\n");
    let most = if place.of.is_some() { MOST_OF_SEVERAL } else { MOST };
    for (at, suspect) in suspects.ranked.iter().take(most).enumerate() {
        cause(&mut out, at + 1, suspect);
    }
    if suspects.ranked.is_empty() {
        out.push_str("Nothing that is known of such metrics looks like this.\n");
    }
    match suspects.ranked.len().saturating_sub(most) {
        0 => {}
        1 => out.push_str("\n1 more hypothesis fits less well.\n"),
        rest => {
            let _ = writeln!(out, "\n{rest} more hypotheses fit less well.");
        }
    }
    out
}

/// "DHCP (the metric dhcp_lease_count, the label job=dhcp)".
fn family(found: &Recognised<'_>) -> Option<String> {
    let by = text(&found.by.join(", "));
    (found.points > 0).then(|| format!("{} ({by})", text(&found.family.name)))
}

fn cause(out: &mut String, number: usize, suspect: &Suspect<'_>) {
    let hypothesis = suspect.hypothesis;
    let (supports, against) = suspect.evidence();
    let seen = |checks: &[Check]| {
        let all: Vec<&str> = checks.iter().map(|check| check.see.as_str()).collect();
        text(&all.join("; "))
    };
    let _ = writeln!(out, "{number}. **{}**", text(&hypothesis.cause));
    for (name, value) in [
        ("Confidence", format!("{} ({} points)", suspect.confidence.name(), suspect.points)),
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

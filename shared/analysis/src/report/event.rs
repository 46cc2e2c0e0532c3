//! One event: its facts and its timeline.

use std::fmt::Write;

use super::actions::actions;
use super::causes::causes;
use super::markdown::text;
use crate::analysis::Analysis;
use crate::knowledge::ExplainedEvent;
use crate::words::report::timeline as moments;
use crate::words::{self, Clock, lines, sentence};
use oddity_detect::event::EventKind;

/// Level and number for the headings of an event's parts.
#[derive(Clone, Copy)]
pub(super) struct EventHeading {
    /// Level of its headings.
    pub(super) level: usize,
    /// Number of the event, where there are several.
    pub(super) of: Option<usize>,
}

impl EventHeading {
    /// Formats a heading. No two headings of a report are equal, so that links lead to one of them.
    pub(super) fn heading(self, name: &str) -> String {
        let of = self.of.map(|number| format!(" of event {number}")).unwrap_or_default();
        format!("{} {name}{of}", "#".repeat(self.level))
    }

    /// Formats a heading one level below.
    pub(super) fn below(self, name: &str) -> String {
        Self { level: self.level + 1, ..self }.heading(name)
    }
}

pub(super) fn parts(
    analysis: &Analysis,
    one: &ExplainedEvent<'_>,
    heading: EventHeading,
    clock: Clock,
) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(number) = heading.of {
        let kind = words::capitalised(&words::with_article(one.facts.event.kind.name()));
        let series = super::markdown::code(&one.facts.labels.to_string());
        let told = text(&sentence(&one.facts, clock));
        all.push(format!("## Details of event {number}\n\n{kind} in {series}: {told}."));
    }
    all.push(observed(one, heading, clock));
    all.push(timeline(analysis, one, heading, clock));
    if let Some(found) = &one.causes {
        all.push(causes(one, found, heading));
        all.push(actions(found, heading));
    }
    all
}

/// Lists all facts of the event, one a line.
fn observed(one: &ExplainedEvent<'_>, heading: EventHeading, clock: Clock) -> String {
    let mut out = format!("{}\n\n", heading.heading("Observed facts"));
    for line in lines(&one.facts, clock) {
        let _ = writeln!(out, "- **{}:** {}", line.name, text(&line.text));
    }
    out
}

fn timeline(
    analysis: &Analysis,
    one: &ExplainedEvent<'_>,
    heading: EventHeading,
    clock: Clock,
) -> String {
    let (facts, event) = (&one.facts, &one.facts.event);
    let mut told = Vec::new();
    let began = event.display_start;
    if began < event.onset.time {
        told.push((began, moments::ESTIMATED_START.to_owned()));
    }
    told.push((event.onset.time, moments::ONSET.to_owned()));
    if facts.detected > event.onset.time {
        told.push((facts.detected, moments::detected(analysis.rule.min_samples)));
    }
    if event.kind != EventKind::Gap && event.peak.value.is_finite() {
        let peak = facts.unit.format(event.peak.value);
        told.push((event.peak.time, format!("{}: {peak}", words::farthest(event))));
    }
    match facts.recovered {
        Some(back) if facts.inside => {
            told.push((back, moments::ENDED.to_owned()));
        }
        Some(back) => told.push((back, moments::RECOVERED.to_owned())),
        None if event.ongoing => {
            let end = analysis.judged_grid().range().end;
            told.push((end, moments::ONGOING.to_owned()));
        }
        None => told.push((event.end, moments::LAST.to_owned())),
    }
    told.sort_by_key(|(time, _)| *time);
    let mut out = format!("{}\n\n", heading.heading("Timeline"));
    for (time, words) in told {
        let _ = writeln!(out, "- **{}:** {}", clock.full(time), text(&words));
    }
    out
}

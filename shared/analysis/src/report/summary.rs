//! Title of the report, what holds for the analysis as a whole, and the tables of incidents and events.

use std::fmt::Write;

use super::markdown::{cell, code, link, text};
use super::{MAX_EVENTS, ReportContext, page};
use crate::analysis::{Analysis, Unjudged};
use crate::knowledge::ExplainedEvent;
use crate::words::{self, Clock, report};
use oddity_source::note::DataNote;
use oddity_source::promql::one_line;
use oddity_source::unit::Unit;

/// Maximum number of incidents in the summary, the most severe ones; the rest is counted.
const MAX_LISTED: usize = 10;

/// Writes the title and what holds for the analysis as a whole.
pub(super) fn head(
    analysis: &Analysis,
    explained: &[ExplainedEvent<'_>],
    context: &ReportContext,
) -> String {
    let clock = context.clock;
    let loaded = &analysis.detected.loaded;
    let range = analysis.judged_grid().range();
    let mut out = format!("# {}\n\n", text(&words::title(analysis)));
    match explained {
        [only] if analysis.incidents.len() == 1 => {
            out.push_str(&page::facts(analysis, only, clock));
        }
        _ => {
            let _ = writeln!(out, "- **Status:** {}", status(analysis));
        }
    }
    let mut put = |name: &str, value: &str| {
        let _ = writeln!(out, "- **{name}:** {value}");
    };
    put("Query", &format!("{} on {}", code(&one_line(&loaded.query.expr)), text(&context.source)));
    put(
        "Time range",
        &format!(
            "{} to {} ({}), step {}",
            clock.full(range.start),
            clock.full(range.end),
            range.span().words(),
            loaded.query.step
        ),
    );
    if let Some(sentence) = words::condition::holding(analysis, clock) {
        put("Condition", &text(&sentence));
    }
    for one in analysis.notes() {
        put("Note", &note(&one));
    }
    for (name, notes) in [("Warning", &loaded.warnings), ("Info", &loaded.infos)] {
        for note in notes {
            put(name, &text(note));
        }
    }
    let view =
        if context.link.starts_with('?') { code(&context.link) } else { link(&context.link) };
    put("Link", &view);
    put("Generated", &format!("{}, {}", clock.full(context.generated_at), text(&context.version)));
    if explained.is_empty() {
        let _ = write!(out, "\n{}", nothing(analysis));
    }
    out
}

/// Formats a remark about the data with its fix: "The step of ... . Select a step of 1m."
fn note(note: &DataNote) -> String {
    let query = note.fix.as_ref().and_then(|fix| fix.query.as_deref());
    match (&note.fix, query) {
        (None, _) => format!("{}.", text(&note.text)),
        (Some(fix), None) => format!("{}. {}.", text(&note.text), text(&fix.label)),
        (Some(fix), Some(query)) => {
            format!("{}. {}: {}", text(&note.text), text(&fix.label), code(&one_line(query)))
        }
    }
}

fn status(analysis: &Analysis) -> String {
    let worst = analysis.worst_events();
    let ongoing = worst.iter().filter(|(_, event)| event.ongoing).count();
    if let Some(reason) = analysis.unjudged() {
        return words::unjudged(reason).to_owned();
    }
    match (worst.len(), ongoing) {
        (0, _) if analysis.silence().is_some() => "source silent".to_owned(),
        (0, _) => "no anomalies".to_owned(),
        (all, ongoing) => report::status(all, ongoing),
    }
}

fn nothing(analysis: &Analysis) -> String {
    let detector = text(analysis.detected.detector.about().name);
    let scope = text(&words::scope(analysis));
    if analysis.detected.series.is_empty() {
        return match analysis.reason_for_nothing() {
            Some(reason) => format!("{} {}", report::EMPTY, note(reason)),
            None => report::NO_SERIES.to_owned(),
        };
    }
    match analysis.unjudged() {
        Some(Unjudged::Nan | Unjudged::Infinite) => format!("{}.", words::headline(analysis)),
        Some(Unjudged::Young) => {
            let past = analysis.detected.detector.min_past();
            report::young(&detector, &words::samples_of_each(analysis), past)
        }
        Some(Unjudged::TooFew) => report::unjudged(&detector, &scope),
        None => report::nothing_odd(&detector, &words::threshold(analysis), &scope),
    }
}

/// Writes the table of incidents, with links to those that are explained.
pub(super) fn table(analysis: &Analysis, explained: usize, clock: Clock) -> String {
    let mut out = format!("## Summary\n\n{}", report::SUMMARY_HEAD);
    for (at, incident) in analysis.incidents.iter().enumerate().take(MAX_LISTED) {
        let Some((ranked, event)) = analysis.incident_events(incident).next() else { continue };
        let name = &analysis.series(ranked).1.prepared.name;
        let place = match incident.is_shared() {
            true => report::worst_of(incident, name),
            false => name.clone(),
        };
        let row = [
            words::severity(event),
            words::what(event, analysis.judged_unit(event.quantity)),
            place,
            clock.full(incident.start),
            if incident.ongoing { "ongoing".to_owned() } else { clock.full(incident.end) },
        ];
        let number = match at < explained {
            true => format!("[{0}](#event-{0})", at + 1),
            false => (at + 1).to_string(),
        };
        let _ = writeln!(out, "| {number} | {} |", row.map(|value| cell(&value)).join(" | "));
    }
    let rest = analysis.incidents.len().saturating_sub(MAX_LISTED);
    if rest > 0 {
        let _ = writeln!(out, "\n{}", report::unlisted(rest));
    }
    out
}

/// Writes the table of all events in numbers.
pub(super) fn events(analysis: &Analysis, clock: Clock) -> String {
    let worst = analysis.worst_events();
    let mut out = format!("## Events\n\n{}", report::EVENTS_HEAD);
    for (at, (ranked, event)) in worst.iter().enumerate().take(MAX_EVENTS) {
        let unit = analysis.judged_unit(event.quantity);
        let away = event.peak.value - event.reference.expected;
        let row = [
            words::severity(event),
            event.kind.name().to_owned(),
            analysis.series(ranked).1.prepared.name.clone(),
            clock.full(event.display_start),
            if event.ongoing { "ongoing".to_owned() } else { clock.full(event.end) },
            words::course(event),
            unit.format(event.peak.value),
            unit.format(event.reference.expected),
            words::bounds(event.reference.lower, event.reference.upper, unit),
            if away.is_finite() { unit.format(away) } else { String::new() },
            Unit::Plain.format(event.score),
        ];
        let _ = writeln!(out, "| {} | {} |", at + 1, row.map(|value| cell(&value)).join(" | "));
    }
    if worst.len() > MAX_EVENTS {
        let rest = worst.len() - MAX_EVENTS;
        let _ = writeln!(out, "\n{}", report::unlisted(rest));
    }
    out
}

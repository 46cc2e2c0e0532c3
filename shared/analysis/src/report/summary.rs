//! Summary of the report: title, the facts at a glance, a paragraph, and the events.

use std::fmt::Write;

use super::markdown::{cell, code, text};
use super::{MAX_EVENTS, ReportContext};
use crate::analysis::{Analysis, Unjudged};
use crate::knowledge::ExplainedEvent;
use crate::words::{self, Clock, report, sentence};
use oddity_source::note::DataNote;
use oddity_source::promql::one_line;
use oddity_source::unit::Unit;

pub(super) fn head(
    analysis: &Analysis,
    explained: &[ExplainedEvent<'_>],
    context: &ReportContext,
) -> String {
    let clock = context.clock;
    let loaded = &analysis.detected.loaded;
    let range = analysis.judged_grid().range();
    let mut out = format!("# {}\n\n", text(&words::title(analysis)));
    let mut put = |name: &str, value: &str| {
        let _ = writeln!(out, "- **{name}:** {value}");
    };
    put("Status", &status(analysis));
    if let Some(worst) = explained.first() {
        put("Severity", &severity(worst));
    }
    put("Metric", &code(&one_line(&loaded.query.expr)));
    if let Some(worst) = explained.first().filter(|worst| !worst.facts.labels.is_empty()) {
        put("Series", &code(&worst.facts.labels.to_string()));
    }
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
    if let Some(worst) = explained.first() {
        put("Baseline", &text(&baseline(worst)));
        put(&words::capitalised(worst.facts.event.kind.name()), &text(&peak(worst, clock)));
    }
    put("Generated", &clock.full(context.generated_at));
    put("Tool", &text(&context.version));
    for one in analysis.notes() {
        put("Note", &note(&one));
    }
    let _ = write!(out, "\n{}", paragraph(analysis, explained, clock));
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
        (1, 1) => "ongoing".to_owned(),
        (1, _) if worst[0].1.recovered.is_some() => "recovered".to_owned(),
        (1, _) => "ended".to_owned(),
        (all, ongoing) => report::status(all, ongoing),
    }
}

fn severity(worst: &ExplainedEvent<'_>) -> String {
    let event = &worst.facts.event;
    format!("{} ({:.0} of 100)", event.level().name(), event.severity)
}

/// Formats the baseline: "7.75/min, standard deviation 0.93/min, from the 60 samples (1 h) before".
fn baseline(worst: &ExplainedEvent<'_>) -> String {
    let (event, unit) = (&worst.facts.event, worst.facts.unit);
    let from = &event.baseline;
    if event.ranged {
        let range = words::bounds(event.reference.lower, event.reference.upper, unit);
        return format!("normal is {range}, from {from}");
    }
    let centre = unit.format(event.reference.expected);
    match event.steady {
        true => format!("constant {centre}, from {from}"),
        false => {
            format!("{centre}, standard deviation {}, from {from}", unit.format(worst.facts.spread))
        }
    }
}

/// Formats the peak with its time: "37/min at 2026-01-31 13:45:00 UTC".
fn peak(worst: &ExplainedEvent<'_>, clock: Clock) -> String {
    let (facts, event) = (&worst.facts, &worst.facts.event);
    let what = match event.kind {
        oddity_detect::event::EventKind::Gap => format!("no samples for {}", facts.lasted.words()),
        oddity_detect::event::EventKind::FlatLine => {
            format!("flat at {} for {}", facts.unit.format(event.peak.value), facts.lasted.words())
        }
        _ => facts.unit.format(event.peak.value),
    };
    format!("{what}, {} at {}", words::farthest(event), clock.full(event.peak.time))
}

fn paragraph(analysis: &Analysis, explained: &[ExplainedEvent<'_>], clock: Clock) -> String {
    let Some(worst) = explained.first() else { return nothing(analysis) };
    let count = analysis.event_count();
    let event = &worst.facts.event;
    let mut out = format!(
        "{}: {}.",
        words::capitalised(&if count == 1 {
            words::with_article(event.kind.name())
        } else {
            format!("the worst of {count} events is {}", words::with_article(event.kind.name()))
        }),
        text(&sentence(&worst.facts, clock)),
    );
    let incident = analysis.incidents.first().filter(|incident| incident.is_shared());
    if let Some(incident) = incident {
        let _ = write!(out, " {}.", text(&report::part_of_incident(incident, clock)));
    }
    if count > 1 {
        let odd = analysis.ranking.iter().filter(|ranked| !ranked.events.is_empty()).count();
        let of = analysis.ranking.len();
        if of > 1 {
            let _ = write!(out, " {odd} of {of} series have events.");
        }
    }
    out
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

/// Writes the table of incidents of several series; empty without one.
pub(super) fn incidents(analysis: &Analysis, clock: Clock) -> String {
    let all = analysis.incidents.iter().enumerate().filter(|(_, incident)| incident.is_shared());
    let mut out = String::new();
    for (at, incident) in all.take(MAX_EVENTS) {
        let Some((ranked, event)) = analysis.incident_events(incident).next() else { continue };
        let row = [
            words::severity(event),
            format!("{} of {}", incident.series, incident.shared.of),
            words::incident_place(incident).unwrap_or_default(),
            clock.full(incident.start),
            if incident.ongoing { "ongoing".to_owned() } else { clock.full(incident.end) },
            words::what(event, analysis.judged_unit(event.quantity)),
            analysis.series(ranked).1.prepared.name.clone(),
        ];
        if out.is_empty() {
            let _ = write!(out, "## Incidents\n\n{}", report::INCIDENTS_HEAD);
        }
        let _ = writeln!(out, "| {} | {} |", at + 1, row.map(|value| cell(&value)).join(" | "));
    }
    out
}

/// Writes the table of events, with links to those that are explained.
pub(super) fn events(analysis: &Analysis, explained: usize, clock: Clock) -> String {
    let worst = analysis.worst_events();
    let mut out = format!("## Events\n\n{}", report::EVENTS_HEAD);
    for (at, (ranked, event)) in worst.iter().enumerate().take(MAX_EVENTS) {
        let unit = analysis.judged_unit(event.quantity);
        let number = match explained {
            2.. if at < explained => format!("[{0}](#event-{0})", at + 1),
            _ => (at + 1).to_string(),
        };
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
        let _ = writeln!(out, "| {number} | {} |", row.map(|value| cell(&value)).join(" | "));
    }
    if worst.len() > MAX_EVENTS {
        let rest = worst.len() - MAX_EVENTS;
        let _ = writeln!(out, "\n{}", report::unlisted(rest));
    }
    out
}

//! Messages for targets, formatted from facts.

mod alertmanager;
mod slack;
mod webhook;

use oddity_analysis::api::{Notification, NotifiedEvent, TargetKind};
use oddity_analysis::report::markdown::is_bidi;
use oddity_analysis::words;
use oddity_detect::event::SeverityLevel;
use oddity_detect::series::{Labels, METRIC_NAME};
use oddity_detect::time::{Span, Timestamp};
use serde_json::Value;

/// Message before it is formatted for a kind of target.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Content of the message.
    pub content: MessageContent<'a>,
    /// Current time.
    pub now: Timestamp,
}

/// Content of a message.
#[derive(Clone, Copy, Debug)]
pub enum MessageContent<'a> {
    /// Anomalies, or a report about them.
    Notification {
        /// Facts from the client.
        notice: &'a Notification,
        /// Name of the source.
        source: &'a str,
    },
    /// Test of the target.
    Test,
}

const TEST_TITLE: &str = "Test from Oddity";
const TEST_TEXT: &str =
    "This is a test notification. Notifications from Oddity arrive here. No anomaly was detected.";

impl Message<'_> {
    /// Formats the body for a kind of target.
    pub fn body(&self, kind: TargetKind) -> Value {
        match kind {
            TargetKind::Webhook => webhook::body(self),
            TargetKind::Slack => slack::body(self),
            TargetKind::Alertmanager => alertmanager::body(self),
        }
    }

    /// Formats the message as plain text, as a person would read it at the target.
    pub fn text(&self, kind: TargetKind) -> String {
        let MessageContent::Notification { notice, source } = self.content else {
            return format!("{TEST_TITLE}\n{TEST_TEXT}");
        };
        let mut lines = vec![title(notice)];
        let shown = match kind {
            TargetKind::Slack => slack::MAX_EVENTS,
            TargetKind::Webhook | TargetKind::Alertmanager => notice.events.len(),
        };
        for event in notice.events.iter().take(shown) {
            lines.push(String::new());
            lines.push(heading(event));
            lines.push(inert(&event.summary));
            lines.extend(incident(event));
            lines.extend(cause(event));
        }
        lines.push(String::new());
        lines.extend(rest(notice, shown));
        lines.push(format!("{}: {}", inert(source), inert(&notice.expr)));
        lines.push(notice.link.clone());
        if kind == TargetKind::Webhook && notice.report.is_some() {
            lines.push("Includes the full report.".to_owned());
        }
        if kind == TargetKind::Alertmanager {
            let held = Span::from_millis(alertmanager::ACTIVE_FOR.millis()).words();
            lines.push(format!("The alert in Alertmanager stays active for {held}."));
        }
        lines.join("\n")
    }
}

/// Formats the title: "Spike in DHCP lease rate", "3 events in DHCP lease rate".
fn title(notice: &Notification) -> String {
    let subject = words::subject(&notice.expr);
    let subject = inert(&subject);
    match notice.events.as_slice() {
        [only] if notice.report.is_none() => {
            format!("{} in {subject}", words::capitalised(only.kind.name()))
        }
        _ => match (notice.incidents, notice.found) {
            (Some(1), events) => format!("1 incident ({events} events) in {subject}"),
            (Some(incidents), events) => {
                format!("{incidents} incidents ({events} events) in {subject}")
            }
            (None, 1) => format!("1 event in {subject}"),
            (None, events) => format!("{events} events in {subject}"),
        },
    }
}

/// Formats the heading of an event: "Critical (87): spike of dhcp_leases{pool="office"}, Jan 31 13:42 to 13:50 UTC".
fn heading(event: &NotifiedEvent) -> String {
    let severity = format!("{} ({:.0})", words::capitalised(level(event).name()), event.severity);
    let labels = labels(event);
    let of = if labels.is_empty() { String::new() } else { format!(" of {}", inert(&labels)) };
    format!("{severity}: {}{of}, {}", event.kind.name(), times(event))
}

fn times(event: &NotifiedEvent) -> String {
    let clock = words::Clock::UTC;
    match event.end {
        Some(end) => format!("{} UTC", clock.from_to(event.start, end)),
        None => format!("since {} UTC", clock.short(event.start)),
    }
}

fn incident(event: &NotifiedEvent) -> Option<String> {
    let incident = event.incident.as_ref();
    incident.map(|incident| format!("Part of an incident: {}", inert(incident)))
}

fn cause(event: &NotifiedEvent) -> Option<String> {
    event.cause.as_ref().map(|cause| format!("Possible cause: {}", inert(cause)))
}

/// Formats the number of events left out: "17 more events are not listed."
fn rest(notice: &Notification, shown: usize) -> Option<String> {
    match notice.found.saturating_sub(shown.min(notice.events.len())) {
        0 => None,
        1 => Some("1 more event is not listed.".to_owned()),
        more => Some(format!("{more} more events are not listed.")),
    }
}

fn level(event: &NotifiedEvent) -> SeverityLevel {
    SeverityLevel::of(event.severity)
}

/// Formats the labels as Prometheus writes a series.
fn labels(event: &NotifiedEvent) -> String {
    let labels = Labels::new(event.labels.clone());
    if labels.is_empty() { String::new() } else { labels.to_string() }
}

fn metric(event: &NotifiedEvent) -> Option<&str> {
    event.labels.get(METRIC_NAME).map(String::as_str)
}

/// Turns text into one line without control characters, and without those that change the direction of reading.
fn inert(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    spaced.filter(|c| !c.is_control() && !is_bidi(*c)).collect()
}

/// Truncates text to `max_chars` characters, the last one an ellipsis if there were more.
fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
pub(super) mod tests;

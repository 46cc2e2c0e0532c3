//! What a target is sent, made from facts.

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

/// One message, before it is put into the form of a target.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// What is said.
    pub content: MessageContent<'a>,
    /// Now.
    pub now: Timestamp,
}

/// What is said.
#[derive(Clone, Copy, Debug)]
pub enum MessageContent<'a> {
    /// Something is odd.
    Notification {
        /// The facts.
        notice: &'a Notification,
        /// Name of the source.
        source: &'a str,
    },
    /// Somebody tries whether messages arrive.
    Test,
}

const TEST_TITLE: &str = "Test from Oddity";
const TEST_TEXT: &str =
    "Somebody tried whether notifications of Oddity arrive here: they do. Nothing is odd.";

impl Message<'_> {
    /// The body for a kind of target.
    pub fn body(&self, kind: TargetKind) -> Value {
        match kind {
            TargetKind::Webhook => webhook::body(self),
            TargetKind::Slack => slack::body(self),
            TargetKind::Alertmanager => alertmanager::body(self),
        }
    }

    /// The message as plain text, as a person would read it at a target.
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
            lines.extend(cause(event));
        }
        lines.push(String::new());
        lines.extend(rest(notice, shown));
        lines.push(format!("{}: {}", inert(source), inert(&notice.expr)));
        lines.push(notice.link.clone());
        if kind == TargetKind::Webhook && notice.report.is_some() {
            lines.push("With the whole report.".to_owned());
        }
        if kind == TargetKind::Alertmanager {
            let held = Span::from_millis(alertmanager::ACTIVE_FOR.millis()).words();
            lines.push(format!("Alertmanager holds what is over for active for {held}."));
        }
        lines.join("\n")
    }
}

/// "Spike in DHCP lease rate", "3 events in DHCP lease rate".
fn title(notice: &Notification) -> String {
    let subject = words::subject(&notice.expr);
    let subject = inert(&subject);
    match notice.events.as_slice() {
        [only] if notice.report.is_none() => {
            format!("{} in {subject}", words::capitalised(only.kind.name()))
        }
        _ if notice.found == 1 => format!("1 event in {subject}"),
        _ => format!("{} events in {subject}", notice.found),
    }
}

/// "Critical (87): spike of dhcp_leases{pool="office"}, Jan 31 13:42 to 13:50 UTC".
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

fn cause(event: &NotifiedEvent) -> Option<String> {
    event.cause.as_ref().map(|cause| format!("Perhaps: {}", inert(cause)))
}

/// "17 more events are not listed."
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

/// As Prometheus writes a series.
fn labels(event: &NotifiedEvent) -> String {
    let labels = Labels::new(event.labels.clone());
    if labels.is_empty() { String::new() } else { labels.to_string() }
}

fn metric(event: &NotifiedEvent) -> Option<&str> {
    event.labels.get(METRIC_NAME).map(String::as_str)
}

/// One line that reads as it is written: no control characters, and none that turn the direction of reading.
fn inert(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    spaced.filter(|c| !c.is_control() && !is_bidi(*c)).collect()
}

/// At most so many characters, the last one an ellipsis if there were more.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
pub(super) mod tests;

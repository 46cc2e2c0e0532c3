//! Alerts for version 2 of the API of Alertmanager, one for each event.
//!
//! Alertmanager does not notify about alerts that have ended, so every alert is active for some time from now; annotations say
//! when the event began and ended. Source: Alertmanager's OpenAPI description, `api/v2/openapi.yaml`.

use std::collections::BTreeMap;

use oddity_analysis::api::{Notification, NotifiedEvent};
use oddity_detect::event::SeverityLevel;
use oddity_detect::series::METRIC_NAME;
use oddity_detect::time::{Span, Timestamp};
use serde_json::{Value, json};

use super::{Message, MessageContent, TEST_TEXT, TEST_TITLE, cut, inert, level, metric, title};

/// Time from now for which an alert is active.
pub(super) const ACTIVE_FOR: Span = Span::from_seconds(15 * 60);

/// Time from now for which a test alert is active.
const TEST_ACTIVE_FOR: Span = Span::from_seconds(60);

/// Maximum characters of a value, since alerts are shown in lists.
const MAX_VALUE_CHARS: usize = 1_000;

pub(super) fn body(message: &Message<'_>) -> Value {
    let now = message.now;
    let MessageContent::Notification { notice, source } = message.content else {
        return json!([{
            "labels": { "alertname": "OddityTest", "severity": "info" },
            "annotations": { "summary": TEST_TITLE, "description": TEST_TEXT },
            "startsAt": now.to_string(),
            "endsAt": (now + TEST_ACTIVE_FOR).to_string(),
        }]);
    };
    notice.events.iter().map(|event| alert(notice, event, source, now)).collect()
}

fn alert(notice: &Notification, event: &NotifiedEvent, source: &str, now: Timestamp) -> Value {
    let severity = match level(event) {
        SeverityLevel::Critical | SeverityLevel::Major => "critical",
        SeverityLevel::Minor | SeverityLevel::Warning => "warning",
        SeverityLevel::Low => "info",
    };
    let kind = serde_json::to_value(event.kind).unwrap_or_default();
    let own = [
        ("alertname", "OddityAnomaly"),
        ("severity", severity),
        ("kind", kind.as_str().unwrap_or_default()),
        ("metric", metric(event).unwrap_or_default()),
        ("oddity_source", &notice.source),
    ];
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in event.labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
        let mut name = label_name(name);
        // Prometheus renames conflicting labels of a target in the same way.
        while own.iter().any(|(own, _)| *own == name) {
            name.insert_str(0, "exported_");
        }
        labels.insert(name, cut(value, MAX_VALUE_CHARS));
    }
    labels.extend(own.map(|(name, value)| (name.to_owned(), cut(value, MAX_VALUE_CHARS))));
    // Alertmanager treats an empty label as missing.
    labels.retain(|_, value| !value.is_empty());
    let mut annotations = BTreeMap::from([
        ("summary", cut(&title(notice), MAX_VALUE_CHARS)),
        ("description", cut(&inert(&event.summary), MAX_VALUE_CHARS)),
        ("level", level(event).name().to_owned()),
        ("score", format!("{:.0}", event.severity)),
        ("peak", cut(&inert(&event.peak.text), MAX_VALUE_CHARS)),
        ("expected", cut(&inert(&event.expected.text), MAX_VALUE_CHARS)),
        ("began", event.start.to_string()),
        ("source", cut(&inert(source), MAX_VALUE_CHARS)),
        ("query", cut(&notice.expr, MAX_VALUE_CHARS)),
    ]);
    annotations.extend(event.end.map(|end| ("ended", end.to_string())));
    annotations
        .extend(event.cause.as_ref().map(|cause| ("cause", cut(&inert(cause), MAX_VALUE_CHARS))));
    annotations.extend(
        event.incident.as_ref().map(|text| ("incident", cut(&inert(text), MAX_VALUE_CHARS))),
    );
    json!({
        "labels": labels,
        "annotations": annotations,
        "startsAt": event.start.min(now).to_string(),
        "endsAt": (now + ACTIVE_FOR).to_string(),
        "generatorURL": notice.link,
    })
}

/// Replaces all characters but letters, digits and `_`, as versions before 0.28 require.
fn label_name(name: &str) -> String {
    let mut out: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if out.starts_with(|c: char| c.is_ascii_digit()) || out.is_empty() {
        out.insert(0, '_');
    }
    out
}

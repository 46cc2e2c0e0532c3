//! JSON for generic webhooks, described in `docs/notifications.md`.

use serde_json::{Value, json};

use super::{Message, MessageContent, TEST_TEXT, TEST_TITLE, level, title};

/// Version of the format, raised when a field changes its meaning or is removed.
const VERSION: u32 = 1;

pub(super) fn body(message: &Message<'_>) -> Value {
    let sent_at = message.now.to_string();
    let MessageContent::Notification { notice, source } = message.content else {
        return json!({
            "version": VERSION, "type": "test", "sent_at": sent_at, "title": TEST_TITLE, "text": TEST_TEXT,
        });
    };
    let events: Vec<Value> = notice
        .events
        .iter()
        .map(|event| {
            json!({
                "labels": event.labels,
                "kind": event.kind,
                "direction": event.direction,
                "severity": event.severity,
                "level": level(event).name(),
                "start": event.start.to_string(),
                "end": event.end.map(|end| end.to_string()),
                "peak": event.peak,
                "expected": event.expected,
                "summary": event.summary,
                "cause": event.cause,
                "incident": event.incident,
            })
        })
        .collect();
    json!({
        "version": VERSION,
        "type": if notice.report.is_some() { "report" } else { "event" },
        "sent_at": sent_at,
        "title": title(notice),
        "source": { "id": notice.source, "name": source },
        "expr": notice.expr,
        "link": notice.link,
        "events": events,
        "found": notice.found,
        "incidents": notice.incidents,
        "report": notice.report,
    })
}

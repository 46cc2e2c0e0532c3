use std::collections::BTreeMap;

use oddity_analysis::api::FormattedValue;
use oddity_detect::event::{Direction, EventKind};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp(1_768_469_820_000);

/// An event that began ten minutes ago, with these labels.
pub(crate) fn event(labels: &[(&str, &str)], severity: f64) -> NotifiedEvent {
    let amount = |value: f64| FormattedValue { value: Some(value), text: format!("{value}/min") };
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    NotifiedEvent {
        labels: labels.collect(),
        kind: EventKind::Spike,
        direction: Direction::Up,
        severity,
        start: NOW - Span::from_seconds(600),
        end: Some(NOW - Span::from_seconds(300)),
        peak: amount(37.0),
        expected: amount(8.1),
        summary: "37/min against 8.1/min expected.".to_owned(),
        cause: Some("A storm of clients".to_owned()),
        incident: None,
    }
}

pub(crate) fn notice(events: Vec<NotifiedEvent>) -> Notification {
    Notification {
        source: "demo".to_owned(),
        expr: "rate(dhcp_lease_total[5m]) > 0".to_owned(),
        link: "http://localhost:8080/?expr=a&b=c".to_owned(),
        found: events.len(),
        incidents: None,
        events,
        report: None,
        again: false,
    }
}

fn body(notice: &Notification, kind: TargetKind) -> Value {
    Message { content: MessageContent::Notification { notice, source: "Demo <1>" }, now: NOW }
        .body(kind)
}

#[test]
fn an_event_for_a_webhook() {
    let event = event(&[("__name__", "x"), ("pool", "office")], 87.4);
    let body = body(&notice(vec![event]), TargetKind::Webhook);
    let expected = json!({
        "version": 1, "type": "event", "sent_at": "2026-01-15T09:37:00Z",
        "title": "Spike in DHCP lease rate",
        "source": { "id": "demo", "name": "Demo <1>" },
        "expr": "rate(dhcp_lease_total[5m]) > 0",
        "link": "http://localhost:8080/?expr=a&b=c",
        "found": 1, "incidents": null, "report": null,
        "events": [{
            "labels": { "__name__": "x", "pool": "office" }, "incident": null,
            "kind": "spike", "direction": "up", "severity": 87.4, "level": "critical",
            "start": "2026-01-15T09:27:00Z", "end": "2026-01-15T09:32:00Z",
            "peak": { "value": 37.0, "text": "37/min" }, "expected": { "value": 8.1, "text": "8.1/min" },
            "summary": "37/min against 8.1/min expected.", "cause": "A storm of clients",
        }],
    });
    assert_eq!(body, expected);
}

#[test]
fn an_event_for_slack() {
    let event = event(&[("__name__", "x"), ("pool", "<!channel> & `b`")], 87.4);
    let body = body(&notice(vec![event]), TargetKind::Slack);
    let text = |at: usize| body["blocks"][at]["text"]["text"].as_str().unwrap();
    assert_eq!(text(0), "Spike in DHCP lease rate");
    assert_eq!(
        text(1),
        "*Critical* (87): spike of `x{pool=\"&lt;!channel&gt; &amp; 'b'\"}`, Jan 15 09:27 to 09:32 UTC\n\
         37/min against 8.1/min expected.\nPossible cause: A storm of clients"
    );
    assert_eq!(
        text(2),
        "Demo &lt;1&gt;: `rate(dhcp_lease_total[5m]) &gt; 0`\n\
         <http://localhost:8080/?expr=a&amp;b=c|Open in Oddity>"
    );
    assert_eq!(body["blocks"][1]["text"]["verbatim"], true);
    assert!(body["text"].as_str().unwrap().starts_with("Spike in DHCP lease rate. Critical (87)"));
}

#[test]
fn a_report_for_slack_lists_the_worst_and_counts_the_rest() {
    let mut many = notice(vec![event(&[("a", "b")], 10.0); 9]);
    many.found = 30;
    many.report = Some("# Report".to_owned());
    let body = body(&many, TargetKind::Slack);
    assert_eq!(body["blocks"].as_array().unwrap().len(), 7);
    assert_eq!(body["blocks"][0]["text"]["text"], "30 events in DHCP lease rate");
    let last = body["blocks"][6]["text"]["text"].as_str().unwrap();
    assert!(last.starts_with("25 more events are not listed.\n"), "{last}");
}

#[test]
fn an_event_for_alertmanager() {
    let labels = [
        ("__name__", "x"),
        ("severity", "own"),
        ("exported_severity", "too"),
        ("http.route", "/a"),
        ("1", "b"),
        ("empty", ""),
    ];
    let mut ongoing = event(&labels, 30.0);
    ongoing.end = None;
    let body = body(&notice(vec![ongoing]), TargetKind::Alertmanager);
    let labels = json!({
        "alertname": "OddityAnomaly", "severity": "warning", "kind": "spike", "metric": "x",
        "oddity_source": "demo", "exported_severity": "own", "http_route": "/a", "_1": "b",
    });
    assert_eq!(body[0]["labels"], labels);
    assert_eq!(body[0]["startsAt"], "2026-01-15T09:27:00Z");
    assert_eq!(body[0]["endsAt"], "2026-01-15T09:52:00Z");
    assert_eq!(body[0]["generatorURL"], "http://localhost:8080/?expr=a&b=c");
    assert_eq!(body[0]["annotations"]["began"], "2026-01-15T09:27:00Z");
    assert_eq!(body[0]["annotations"].get("ended"), None);
}

#[test]
fn a_test_says_that_it_is_one() {
    let test = Message { content: MessageContent::Test, now: NOW };
    for kind in [TargetKind::Webhook, TargetKind::Slack, TargetKind::Alertmanager] {
        assert!(test.body(kind).to_string().contains(TEST_TITLE), "{kind:?}");
        assert!(test.text(kind).contains(TEST_TITLE));
    }
}

#[test]
fn what_one_reads_before_it_is_sent() {
    let mut report = notice(vec![event(&[("pool", "a\u{202e}b\nc")], 60.0); 2]);
    report.found = 3;
    report.report = Some("# Report".to_owned());
    let text = |kind| {
        Message {
            content: MessageContent::Notification { notice: &report, source: "Demo" },
            now: NOW,
        }
        .text(kind)
    };
    let shown = text(TargetKind::Webhook);
    assert_eq!(
        shown,
        "3 events in DHCP lease rate\n\n\
         Major (60): spike of {pool=\"ab\\nc\"}, Jan 15 09:27 to 09:32 UTC\n\
         37/min against 8.1/min expected.\nPossible cause: A storm of clients\n\n\
         Major (60): spike of {pool=\"ab\\nc\"}, Jan 15 09:27 to 09:32 UTC\n\
         37/min against 8.1/min expected.\nPossible cause: A storm of clients\n\n\
         1 more event is not listed.\n\
         Demo: rate(dhcp_lease_total[5m]) > 0\nhttp://localhost:8080/?expr=a&b=c\nIncludes the full report."
    );
    assert!(text(TargetKind::Alertmanager).ends_with("active for 15 min."));
    report.incidents = Some(1);
    report.events[0].incident = Some("3 of 4 series from Jan 15 09:27 UTC".to_owned());
    let content = MessageContent::Notification { notice: &report, source: "Demo" };
    let message = Message { content, now: NOW };
    for kind in [TargetKind::Webhook, TargetKind::Slack, TargetKind::Alertmanager] {
        let shown = message.text(kind);
        let title = "1 incident (3 events) in DHCP lease rate\n";
        assert!(shown.starts_with(title), "{shown}");
        assert!(
            shown.contains("\nPart of an incident: 3 of 4 series from Jan 15 09:27 UTC\n"),
            "{shown}"
        );
        assert!(message.body(kind).to_string().contains("3 of 4 series from Jan 15"), "{kind:?}");
    }
}

/// Text that is meant to break a message.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("<!channel>".to_owned()),
        Just("<https://evil.example|ok>".to_owned()),
        Just("```\n*".to_owned()),
        "\\PC{0,40}",
        ".{0,200}",
        Just("&<>|".repeat(900)),
    ]
}

proptest! {
    #[test]
    fn no_text_breaks_a_message_or_its_limits(
        texts in prop::collection::vec(hostile(), 6),
        labels in prop::collection::btree_map(hostile(), hostile(), 0..8),
        severity in 0.0..=100_f64,
        count in 1..20_usize,
    ) {
        let mut one = event(&[], severity);
        one.labels = labels.into_iter().collect::<BTreeMap<_, _>>();
        one.summary = texts[0].clone();
        one.cause = Some(texts[1].clone());
        one.peak.text = texts[2].clone();
        let mut notice = notice(vec![one; count]);
        notice.expr = texts[3].clone();
        notice.link = format!("http://localhost/?{}", texts[4]);
        let message = Message { content: MessageContent::Notification { notice: &notice, source: &texts[5] }, now: NOW };
        let slack = message.body(TargetKind::Slack);
        let blocks = slack["blocks"].as_array().unwrap();
        prop_assert!(blocks.len() <= 50);
        for block in blocks {
            let text = block["text"]["text"].as_str().unwrap();
            let most = if block["type"] == "header" { 150 } else { 3_000 };
            let count = text.chars().count();
            prop_assert!((1..=most).contains(&count), "{}: {}", count, text);
            if block["type"] == "section" {
                // The link is ours, and there is no other one.
                let ours = usize::from(text.contains("|Open in Oddity>"));
                prop_assert_eq!(text.matches('<').count(), ours, "{}", text);
                prop_assert!(!text.contains("<!") && !text.contains("<@") && !text.contains("<#"));
            }
        }
        let alerts = message.body(TargetKind::Alertmanager);
        for alert in alerts.as_array().unwrap() {
            for (name, value) in alert["labels"].as_object().unwrap() {
                let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
                prop_assert!(!name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(letters));
                prop_assert!(!value.as_str().unwrap().is_empty());
            }
            prop_assert_eq!(&alert["labels"]["alertname"], "OddityAnomaly");
        }
        let text = message.text(TargetKind::Slack);
        prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control() && !is_bidi(c)) || notice.link.chars().any(|c| c.is_control() || is_bidi(c)));
    }
}

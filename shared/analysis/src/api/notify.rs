//! What page and server exchange about notifications.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::knowledge::ExplainedEvent;
use crate::words::{Clock, capitalised, sentence};
use oddity_detect::event::{Direction, EventKind};
use oddity_detect::time::Timestamp;

/// So many events are sent in one notification at most.
pub const MAX_NOTIFIED_EVENTS: usize = 20;

/// What kind of server a target is; it decides what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// Anything that takes JSON by POST.
    Webhook,
    /// An incoming webhook of Slack, or of a server that speaks its form.
    Slack,
    /// Prometheus' Alertmanager, by version 2 of its API.
    Alertmanager,
}

/// One target as the browser may know it: never its address or its credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationTarget {
    /// Stands in paths: `/api/notify/{id}`; ASCII letters, digits, `-` and `_`.
    pub id: String,
    /// What a person reads in the list.
    pub name: String,
    /// See [`TargetKind`].
    pub kind: TargetKind,
}

/// Answer to `GET /api/notify`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetList {
    /// None if the operator has configured none.
    pub targets: Vec<NotificationTarget>,
}

/// Body of `POST /api/notify/{id}` and of `POST /api/notify/{id}/preview`: facts, from which the server makes the
/// message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// Id of the source.
    pub source: String,
    /// PromQL.
    pub expr: String,
    /// Absolute link that shows this view again, at this server or one of the allowed origins.
    pub link: String,
    /// The events, worst first: one, or the worst ones of a report.
    pub events: Vec<NotifiedEvent>,
    /// How many events there are in all.
    pub found: usize,
    /// The whole report in CommonMark, for the targets that take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// Whether to send what was sent before.
    #[serde(default)]
    pub again: bool,
}

/// One event as it is told to others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifiedEvent {
    /// What names the series, its metric as `__name__`.
    pub labels: BTreeMap<String, String>,
    /// What happened.
    pub kind: EventKind,
    /// Up or down.
    pub direction: Direction,
    /// 0 to 100.
    pub severity: f64,
    /// When it began.
    pub start: Timestamp,
    /// The last odd time; `None` as it goes on.
    pub end: Option<Timestamp>,
    /// The sample that is farthest from what was expected.
    pub peak: FormattedValue,
    /// What was expected.
    pub expected: FormattedValue,
    /// The arithmetic in a sentence.
    pub summary: String,
    /// What fits best as its cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// A number, and how a person reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormattedValue {
    /// `None` where there is no finite number.
    pub value: Option<f64>,
    /// With its unit.
    pub text: String,
}

/// Answer to `POST /api/notify/{id}` and to `POST /api/notify/{id}/test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// What came of it; a failure is an error in Prometheus' envelope.
    pub outcome: DeliveryOutcome,
    /// How often it was tried.
    pub attempts: u32,
}

/// What came of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryOutcome {
    /// The target has taken it.
    Sent,
    /// The target has it already, so nothing was sent.
    Duplicate,
}

/// Answer to `POST /api/notify/{id}/preview`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationPreview {
    /// The message as people would read it.
    pub text: String,
    /// The body that would be sent, JSON.
    pub body: String,
    /// Whether the target has it already.
    pub duplicate: bool,
}

impl NotifiedEvent {
    /// An explained event; times in the sentence are written by `clock`.
    pub fn new(one: &ExplainedEvent<'_>, clock: Clock) -> Self {
        let (facts, event) = (&one.facts, &one.facts.event);
        let amount = |value: f64| FormattedValue {
            value: Some(value).filter(|value| value.is_finite()),
            text: facts.unit.format(value),
        };
        let best = one.causes.as_ref().filter(|causes| !causes.inconclusive());
        let cause =
            best.and_then(|suspects| Some(suspects.ranked.first()?.hypothesis.cause.clone()));
        let labels = facts.labels.iter();
        Self {
            labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            kind: event.kind,
            direction: event.direction,
            severity: event.severity,
            start: event.display_start,
            end: (!event.ongoing).then_some(event.end),
            peak: amount(event.peak.value),
            expected: amount(event.onset.expected),
            summary: format!("{}.", capitalised(&sentence(facts, clock))),
            cause,
        }
    }
}

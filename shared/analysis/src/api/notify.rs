//! Notifications: facts that the page sends, and what becomes of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analysis::Analysis;
use crate::knowledge::{CandidateCauses, ExplainedEvent};
use crate::words::{self, Clock, capitalised, sentence};
use oddity_detect::event::{Direction, EventKind};
use oddity_detect::time::Timestamp;

/// Maximum number of events in one [`Notification`].
pub const MAX_NOTIFIED_EVENTS: usize = 20;

/// Kind of server that a target is; it decides what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TargetKind {
    /// Any server that accepts JSON by POST.
    Webhook,
    /// An incoming webhook of Slack, or of a server that accepts the same messages.
    Slack,
    /// Prometheus' Alertmanager, by version 2 of its API.
    Alertmanager,
}

/// One target as the browser may know it: never its address or its credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct NotificationTarget {
    /// Identifier in paths, `/api/notify/{id}`: ASCII letters, digits, `-` and `_`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-zA-Z0-9_-]{1,64}$")))]
    pub id: String,
    /// Name that people read in the list.
    pub name: String,
    /// Kind of server.
    pub kind: TargetKind,
}

/// Answer to `GET /api/notify`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct TargetList {
    /// The targets; empty if the operator has configured none.
    pub targets: Vec<NotificationTarget>,
}

/// Body of `POST /api/notify/{id}` and of `POST /api/notify/{id}/preview`: facts, from which the server makes the
/// message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notification {
    /// Id of the source.
    pub source: String,
    /// The query in PromQL.
    pub expr: String,
    /// Absolute link that shows this view again, at this server or one of the allowed origins.
    pub link: String,
    /// One event, or the worst ones of a report; worst first.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_NOTIFIED_EVENTS)))]
    pub events: Vec<NotifiedEvent>,
    /// Number of all events that were found, those that are not sent among them.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub found: usize,
    /// Number of incidents that all events form; absent if each event is one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub incidents: Option<usize>,
    /// The whole report in CommonMark, for the targets that accept it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// Whether to send what was sent before.
    #[serde(default)]
    pub again: bool,
}

/// One event of a [`Notification`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotifiedEvent {
    /// Labels of the series, its metric as `__name__`.
    pub labels: BTreeMap<String, String>,
    /// Kind of the event.
    pub kind: EventKind,
    /// Direction of the event.
    pub direction: Direction,
    /// Severity, 0 to 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100)))]
    pub severity: f64,
    /// Start of the event.
    pub start: Timestamp,
    /// Time of the last anomalous sample; null while the event goes on.
    #[cfg_attr(feature = "schema", schemars(schema_with = "nullable::<Timestamp>"))]
    pub end: Option<Timestamp>,
    /// The sample that is farthest from the expected value.
    pub peak: FormattedValue,
    /// The expected value at the onset.
    pub expected: FormattedValue,
    /// One sentence with the figures.
    pub summary: String,
    /// The cause that checks support best, with the number of checks; absent if none is supported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Incident of several series that the event belongs to: how many, which and since when; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// A number, and its text for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FormattedValue {
    /// The number; null if there is no finite one.
    #[cfg_attr(feature = "schema", schemars(schema_with = "nullable::<f64>"))]
    pub value: Option<f64>,
    /// The number with its unit.
    pub text: String,
}

/// Returns the schema of a field that must be there and may be null.
#[cfg(feature = "schema")]
fn nullable<T: schemars::JsonSchema>(
    generator: &mut schemars::SchemaGenerator,
) -> schemars::Schema {
    <Option<T> as schemars::JsonSchema>::json_schema(generator)
}

/// Answer to `POST /api/notify/{id}` and to `POST /api/notify/{id}/test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Delivery {
    /// Outcome; a failure is an error in Prometheus' envelope instead.
    pub outcome: DeliveryOutcome,
    /// Number of attempts.
    pub attempts: u32,
}

/// Outcome of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DeliveryOutcome {
    /// The target has accepted it.
    Sent,
    /// The target had accepted it before, so nothing was sent.
    Duplicate,
}

/// Answer to `POST /api/notify/{id}/preview`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct NotificationPreview {
    /// The message as people will read it.
    pub text: String,
    /// The body that would be sent, JSON.
    pub body: String,
    /// Whether the target has accepted the same notification before.
    pub duplicate: bool,
}

impl Notification {
    /// Returns the number of incidents for [`Self::incidents`].
    pub fn count_incidents(analysis: &Analysis) -> Option<usize> {
        let incidents = analysis.incidents.len();
        (incidents < analysis.event_count()).then_some(incidents)
    }
}

impl NotifiedEvent {
    /// Creates the facts of an explained event of an analysis; `clock` writes the times in its sentence.
    pub fn new(analysis: &Analysis, one: &ExplainedEvent<'_>, clock: Clock) -> Self {
        let (facts, event) = (&one.facts, &one.facts.event);
        let amount = |value: f64| FormattedValue {
            value: Some(value).filter(|value| value.is_finite()),
            text: facts.unit.format(value),
        };
        let cause = one.causes.as_ref().and_then(CandidateCauses::supported);
        let labels = facts.labels.iter();
        let incident = analysis.incident_of(one.id()).map(|(_, incident)| incident);
        let incident = incident.filter(|incident| incident.is_shared());
        Self {
            labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            kind: event.kind,
            direction: event.direction,
            severity: event.severity,
            start: event.display_start,
            end: (!event.ongoing).then_some(event.end),
            peak: amount(event.peak.value),
            expected: amount(event.reference.expected),
            summary: format!("{}.", capitalised(&sentence(facts, clock))),
            cause,
            incident: incident.map(|incident| words::incident(incident, clock)),
        }
    }
}

//! What the page and the proxy exchange beside Prometheus' own API: one definition, used by both.

mod assistant;
mod notify;

use serde::{Deserialize, Serialize};

pub use assistant::{
    AssistantInfo, ChatEvent, ChatEventError, ChatEventReader, ChatMessage, ChatRequest, ChatRole,
    EndReason, LanguageModel, TokenUsage,
};
pub use notify::{
    Delivery, DeliveryOutcome, FormattedValue, MAX_NOTIFIED_EVENTS, Notification,
    NotificationPreview, NotificationTarget, NotifiedEvent, TargetKind, TargetList,
};

/// What kind of server a source is; it decides which options fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// The built-in demo source.
    Demo,
    /// Prometheus or a server that speaks its API.
    Prometheus,
    /// VictoriaMetrics, which caches and moves range borders unless told not to.
    #[serde(rename = "victoriametrics")]
    VictoriaMetrics,
}

/// One source as the browser may know it: never its address or its credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// Stands in paths: `/api/sources/{id}/api/v1/...`; ASCII letters, digits, `-` and `_`.
    pub id: String,
    /// What a person reads in the list.
    pub name: String,
    /// See [`SourceKind`].
    pub kind: SourceKind,
    /// Queries worth showing to a newcomer; the demo source has some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<ExampleQuery>,
}

/// A query to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExampleQuery {
    /// PromQL.
    pub expr: String,
    /// What it shows, in a few words.
    pub about: String,
}

/// Answer to `GET /api/sources`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceList {
    /// At least one; the first is the default.
    pub sources: Vec<SourceInfo>,
    /// Version of the server.
    pub version: String,
}

/// Path below which a source answers Prometheus' API, without a final slash.
pub fn source_path(id: &str) -> String {
    format!("/api/sources/{id}")
}

/// Parameters as `application/x-www-form-urlencoded`.
pub fn form(parameters: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

//! Messages that the page and the server exchange beside Prometheus' own API, defined once for both.
//!
//! With the feature `schema` the types describe themselves as JSON schemas, from which the server makes its OpenAPI
//! description; the page is built without it.

mod assistant;
mod notify;

use serde::{Deserialize, Serialize};

pub use assistant::{
    AssistantInfo, ChatEvent, ChatEventError, ChatEventReader, ChatMessage, ChatRequest, ChatRole,
    EndReason, LanguageModel, MAX_CHAT_MESSAGES, TokenUsage,
};
pub use notify::{
    Delivery, DeliveryOutcome, FormattedValue, MAX_NOTIFIED_EVENTS, Notification,
    NotificationPreview, NotificationTarget, NotifiedEvent, TargetKind, TargetList,
};

/// Kind of server that a source is; it decides which options fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SourceKind {
    /// The built-in demo source.
    Demo,
    /// Prometheus, or a server that speaks its API.
    Prometheus,
    /// VictoriaMetrics, which caches and moves range borders unless told not to.
    #[serde(rename = "victoriametrics")]
    VictoriaMetrics,
}

/// One source as the browser may know it: never its address or its credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct SourceInfo {
    /// Identifier in paths, `/api/sources/{id}/api/v1/...`: ASCII letters, digits, `-` and `_`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-zA-Z0-9_-]{1,64}$")))]
    pub id: String,
    /// Name that people read in the list.
    pub name: String,
    /// Kind of server.
    pub kind: SourceKind,
    /// Queries for newcomers to try; the demo source has some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<ExampleQuery>,
    /// Address at which people open the source itself, without a final slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_url: Option<String>,
    /// Address of a Grafana that has the source, without a final slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grafana_url: Option<String>,
    /// Identifier (UID) of the source in that Grafana.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grafana_datasource: Option<String>,
}

/// A query to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExampleQuery {
    /// The query in PromQL.
    pub expr: String,
    /// Description of what the query shows, in a few words.
    pub about: String,
}

/// Answer to `GET /api/sources`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct SourceList {
    /// The sources, at least one; the first is the default.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub sources: Vec<SourceInfo>,
    /// Version of the server.
    pub version: String,
}

/// Returns the path below which a source answers Prometheus' API, without a final slash.
pub fn source_path(id: &str) -> String {
    format!("/api/sources/{id}")
}

/// Encodes parameters as `application/x-www-form-urlencoded`.
pub fn form(parameters: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

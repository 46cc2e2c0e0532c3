//! Description of the routes as OpenAPI 3.1.
//!
//! Routes of sources come from the table of endpoints, bodies and answers from the types of
//! [`api`](oddity_analysis::api), so that the description cannot differ from what the server does.

mod endpoint;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use oddity_analysis::api::{
    AssistantInfo, ChatRequest, Delivery, Notification, NotificationPreview, SourceList, TargetList,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::config::Limits;
use crate::notify::Notifier;
use crate::source::Source;
use crate::source::allowlist::Endpoint;

/// Handles `GET /api/openapi.json`.
pub async fn show(
    State(sources): State<Arc<[Source]>>,
    State(notifier): State<Arc<Notifier>>,
    State(limits): State<Arc<Limits>>,
) -> Json<Value> {
    let source_ids: Vec<_> = sources.iter().map(|source| source.about.id.as_str()).collect();
    let target_ids: Vec<_> = notifier.ids().collect();
    Json(describe(&source_ids, &target_ids, &limits))
}

/// Returns the description for a server with these sources and targets of notifications.
fn describe(source_ids: &[&str], target_ids: &[&str], limits: &Limits) -> Value {
    let settings = SchemaSettings::draft2020_12();
    let mut schemas = settings
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let object = json!({ "type": "object" });
    let text = answer("text/plain", "The text", &json!({ "type": "string" }));
    let mut paths = Map::from_iter([
        ("/healthz".to_owned(), get("Whether the server lives; needs no credentials", &text)),
        ("/metrics".to_owned(), get("Metrics of the server itself", &text)),
        ("/api/openapi.json".to_owned(), get("This description", &json_answer(&object))),
        (
            "/api/knowledge".to_owned(),
            get("Possible causes of events, by families of metrics", &json_answer(&object)),
        ),
        (
            "/api/sources".to_owned(),
            get("The sources that can be queried", &answer_of::<SourceList>(&mut schemas)),
        ),
    ]);
    for endpoint in Endpoint::all() {
        let path = format!("/api/sources/{{id}}/{}", endpoint.segments().join("/"));
        paths.insert(path, endpoint::describe(&endpoint, source_ids, limits));
    }
    add_assistant(&mut paths, &mut schemas);
    add_notifications(&mut paths, &mut schemas, target_ids);
    let mut components = schemas.take_definitions(true);
    components.extend(endpoint::envelopes());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Oddity",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Prometheus' read API for each source, within limits. Unknown parameters are ignored; \
                known ones may be given once, except match[]. A request body needs a Content-Length.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": components, "responses": { "Refused": refused() } },
    })
}

fn add_assistant(paths: &mut Map<String, Value>, schemas: &mut SchemaGenerator) {
    let info = answer_of::<AssistantInfo>(schemas);
    paths.insert("/api/llm".to_owned(), get("The language model, if one is configured", &info));
    let events =
        "Lines of JSON, each an event; exactly one of them, the last, is `end` or `failed`";
    let chat = post(
        "Streams the language model's answer to a conversation",
        &content("application/json", &schema_of::<ChatRequest>(schemas)),
        &answer("application/x-ndjson", events, &json!({ "type": "string" })),
    );
    paths.insert("/api/llm/chat".to_owned(), json!({ "post": chat }));
}

/// Adds the routes of notifications; without targets, the list of targets is the only one.
fn add_notifications(
    paths: &mut Map<String, Value>,
    schemas: &mut SchemaGenerator,
    target_ids: &[&str],
) {
    let list = answer_of::<TargetList>(schemas);
    paths.insert("/api/notify".to_owned(), get("The targets of notifications", &list));
    if target_ids.is_empty() {
        return;
    }
    let notification = content("application/json", &schema_of::<Notification>(schemas));
    let empty = json!({ "type": "object", "additionalProperties": false });
    let empty = content("application/json", &empty);
    let delivery = answer_of::<Delivery>(schemas);
    let preview = answer_of::<NotificationPreview>(schemas);
    let id = json!({
        "name": "id", "in": "path", "required": true,
        "description": "Id of a target, as GET /api/notify lists them",
        "schema": { "type": "string", "enum": target_ids },
    });
    for (path, summary, body, answer) in [
        ("", "Sends an event or the report", &notification, &delivery),
        ("/preview", "Shows what would be sent, without sending it", &notification, &preview),
        ("/test", "Sends a test message", &empty, &delivery),
    ] {
        let item = json!({ "parameters": [id], "post": post(summary, body, answer) });
        paths.insert(format!("/api/notify/{{id}}{path}"), item);
    }
}

/// Returns a reference to the schema of `T`, which becomes one of the components.
fn schema_of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Value {
    schemas.subschema_for::<T>().to_value()
}

fn answer_of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Value {
    json_answer(&schema_of::<T>(schemas))
}

fn json_answer(schema: &Value) -> Value {
    answer("application/json", "The answer", schema)
}

fn answer(media_type: &str, description: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": content(media_type, schema) })
}

fn content(media_type: &str, schema: &Value) -> Value {
    json!({ media_type: { "schema": schema } })
}

fn get(summary: &str, answer: &Value) -> Value {
    let refused = json!({ "$ref": "#/components/responses/Refused" });
    json!({ "get": { "summary": summary, "responses": { "200": answer, "default": refused } } })
}

/// Returns an operation that takes a body.
fn post(summary: &str, body: &Value, answer: &Value) -> Value {
    json!({
        "summary": summary,
        "requestBody": { "required": true, "content": body },
        "responses": responses(answer),
    })
}

/// Returns the responses of a request whose parameters or body may be too large.
fn responses(answer: &Value) -> Value {
    json!({
        "200": answer,
        "431": { "description": "The head of the request is too large; there is no body" },
        "default": { "$ref": "#/components/responses/Refused" },
    })
}

fn refused() -> Value {
    let error = json!({ "$ref": "#/components/schemas/Error" });
    let description =
        "Refused, or not answered by the source: the status says which, the message what to change";
    answer("application/json", description, &error)
}

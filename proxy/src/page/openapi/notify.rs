//! The routes of notifications.

use oddity_analysis::api::MAX_NOTIFIED_EVENTS;
use serde_json::{Map, Value, json};

use super::get;

/// With no target the list alone is there.
pub(super) fn add(paths: &mut Map<String, Value>, targets: &[&str]) {
    paths.insert(
        "/api/notify".to_owned(),
        get(
            "The targets to which events can be sent",
            &json!({ "$ref": "#/components/schemas/Targets" }),
        ),
    );
    if targets.is_empty() {
        return;
    }
    let notice = json!({ "$ref": "#/components/schemas/Notice" });
    let nothing = json!({ "type": "object", "additionalProperties": false });
    let routes = [
        ("", "Sends an event or the report", &notice, "Delivery"),
        ("/preview", "What would be sent; nothing is", &notice, "Preview"),
        ("/test", "Sends a message that says that it is a test", &nothing, "Delivery"),
    ];
    for (path, summary, body, answer) in routes {
        let operation = json!({
            "parameters": [{
                "name": "id", "in": "path", "required": true,
                "description": "Id of a target, as GET /api/notify lists them",
                "schema": { "type": "string", "enum": targets },
            }],
            "post": {
                "summary": summary,
                "requestBody": {
                    "required": true,
                    "content": { "application/json": { "schema": body } },
                },
                "responses": {
                    "200": {
                        "description": "As said",
                        "content": { "application/json": {
                            "schema": { "$ref": format!("#/components/schemas/{answer}") },
                        } },
                    },
                    "431": { "description": "The head of the request is too large; there is no body" },
                    "default": { "$ref": "#/components/responses/Refused" },
                },
            },
        });
        paths.insert(format!("/api/notify/{{id}}{path}"), operation);
    }
}

pub(super) fn schemas() -> Map<String, Value> {
    let amount = json!({
        "type": "object", "required": ["value", "text"], "additionalProperties": false,
        "properties": { "value": { "type": ["number", "null"] }, "text": { "type": "string" } },
    });
    let event = json!({
        "type": "object", "additionalProperties": false,
        "required": ["labels", "kind", "direction", "severity", "start", "end", "peak", "expected", "summary"],
        "properties": {
            "labels": { "type": "object", "additionalProperties": { "type": "string" } },
            "kind": { "enum": [
                "spike", "dip", "level-shift-up", "level-shift-down", "slope-change", "drift", "variance-change",
                "season-broken", "flat-line", "gap", "record", "odd-one-out", "infinite",
            ] },
            "direction": { "enum": ["up", "down"] },
            "severity": { "type": "number", "minimum": 0, "maximum": 100 },
            "start": { "type": "integer", "description": "Milliseconds since 1970" },
            "end": { "type": ["integer", "null"], "description": "Null as it goes on" },
            "peak": amount,
            "expected": amount,
            "summary": { "type": "string" },
            "cause": { "type": ["string", "null"] },
        },
    });
    let schemas = json!({
        "Targets": {
            "type": "object", "required": ["targets"], "additionalProperties": false,
            "properties": { "targets": { "type": "array", "items": {
                "type": "object", "required": ["id", "name", "kind"], "additionalProperties": false,
                "properties": {
                    "id": { "type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$" },
                    "name": { "type": "string" },
                    "kind": { "enum": ["webhook", "slack", "alertmanager"] },
                },
            } } },
        },
        "Notice": {
            "type": "object", "additionalProperties": false,
            "required": ["source", "expr", "link", "events", "found"],
            "properties": {
                "source": { "type": "string", "description": "Id of a source" },
                "expr": { "type": "string", "description": "PromQL" },
                "link": { "type": "string", "description": "Address of this server that shows the view again" },
                "events": { "type": "array", "minItems": 1, "maxItems": MAX_NOTIFIED_EVENTS, "items": event },
                "found": { "type": "integer", "minimum": 1 },
                "report": { "type": ["string", "null"], "description": "The whole report in CommonMark" },
                "again": { "type": "boolean", "description": "Whether to send what was sent before" },
            },
        },
        "Delivery": {
            "type": "object", "required": ["outcome", "attempts"], "additionalProperties": false,
            "properties": {
                "outcome": { "enum": ["sent", "duplicate"] },
                "attempts": { "type": "integer", "minimum": 0 },
            },
        },
        "Preview": {
            "type": "object", "required": ["text", "body", "duplicate"], "additionalProperties": false,
            "properties": {
                "text": { "type": "string" },
                "body": { "type": "string" },
                "duplicate": { "type": "boolean" },
            },
        },
    });
    schemas.as_object().cloned().unwrap_or_default()
}

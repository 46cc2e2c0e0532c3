//! What the routes are, in the form of OpenAPI 3.1: made from the table of endpoints, so that the two cannot differ.

mod assistant;
mod notify;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use crate::AppState;
use crate::config::Limits;
use crate::source::allowlist::Endpoint;

/// `GET /api/openapi.json`.
pub async fn show(State(state): State<Arc<AppState>>) -> Json<Value> {
    let ids: Vec<_> = state.sources.iter().map(|source| source.about.id.as_str()).collect();
    let targets: Vec<_> = state.notify.ids().collect();
    Json(describe(&ids, &targets, &state.limits))
}

fn describe(ids: &[&str], targets: &[&str], limits: &Limits) -> Value {
    let mut paths = Map::new();
    paths.insert("/healthz".to_owned(), text("Whether the server lives; needs no credentials"));
    paths.insert("/metrics".to_owned(), text("Metrics of the server itself"));
    paths.insert(
        "/api/openapi.json".to_owned(),
        get("This description", &json!({ "type": "object" })),
    );
    paths.insert(
        "/api/knowledge".to_owned(),
        get("What may be behind events, by families of metrics", &json!({ "type": "object" })),
    );
    let sources = json!({ "$ref": "#/components/schemas/Sources" });
    paths.insert("/api/sources".to_owned(), get("The sources that can be asked", &sources));
    for endpoint in Endpoint::all() {
        let path = format!("/api/sources/{{id}}/{}", endpoint.segments().join("/"));
        paths.insert(path, of_endpoint(&endpoint, ids, limits));
    }
    assistant::add(&mut paths);
    notify::add(&mut paths, targets);
    let mut schemas = schemas();
    schemas.append(&mut notify::schemas());
    schemas.append(&mut assistant::schemas());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Oddity",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Prometheus' read API for each source, within limits. Unknown parameters are dropped, \
                known ones are given once, except match[]. A body has a Content-Length.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas, "responses": { "Refused": refused() } },
    })
}

fn of_endpoint(endpoint: &Endpoint, ids: &[&str], limits: &Limits) -> Value {
    let mut in_path = vec![json!({
        "name": "id", "in": "path", "required": true,
        "description": "Id of a source, as GET /api/sources lists them",
        "schema": { "type": "string", "enum": ids },
    })];
    if matches!(endpoint, Endpoint::LabelValues(_)) {
        in_path.push(json!({
            "name": "name", "in": "path", "required": true,
            "description": "Name of a label",
            "schema": { "type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$" },
        }));
    }
    let known = endpoint.parameters();
    let required = |name: &str| match endpoint {
        Endpoint::Query => name == "query",
        Endpoint::QueryRange => matches!(name, "query" | "start" | "end" | "step"),
        Endpoint::Series => name == "match[]",
        _ => false,
    };
    let in_query: Vec<_> = known
        .iter()
        .map(|name| {
            json!({
                "name": name, "in": "query", "required": required(name),
                "description": meaning(name),
                "schema": schema(name, limits),
            })
        })
        .collect();
    let answers = json!({
        "200": {
            "description": "Prometheus' envelope with the data",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Success" } } },
        },
        "431": { "description": "The head of the request is too large; there is no body" },
        "default": { "$ref": "#/components/responses/Refused" },
    });
    let mut item = json!({
        "parameters": in_path,
        "get": { "summary": summary(endpoint), "parameters": in_query, "responses": answers },
    });
    if endpoint.accepts_post() {
        let properties: Map<_, _> =
            known.iter().map(|name| ((*name).to_owned(), schema(name, limits))).collect();
        let required: Vec<_> = known.iter().filter(|name| required(name)).collect();
        let form = json!({ "type": "object", "properties": properties, "required": required });
        item["post"] = json!({
            "summary": summary(endpoint),
            "requestBody": {
                "required": true,
                "content": { "application/x-www-form-urlencoded": { "schema": form } },
            },
            "responses": answers,
        });
    }
    item
}

fn summary(endpoint: &Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Query => "An expression at one instant",
        Endpoint::QueryRange => "An expression over a range of time",
        Endpoint::Series => "Label sets that match",
        Endpoint::Labels => "Label names",
        Endpoint::LabelValues(_) => "Values of one label",
        Endpoint::Metadata => "Type, help and unit of metrics",
        Endpoint::BuildInfo => "Kind and version of the server",
    }
}

fn meaning(name: &str) -> &'static str {
    match name {
        "query" => "PromQL",
        "time" => "The instant, as seconds since 1970 or RFC 3339; now if absent",
        "start" => "Begin of the range, as seconds since 1970 or RFC 3339",
        "end" => "End of the range, as seconds since 1970 or RFC 3339",
        "step" => "Between two points, as a duration or in seconds",
        "timeout" => "Time for the evaluation, at most that of the server",
        "limit" => "The most elements to answer with; 0 means all",
        "match[]" => "A selector; may be given several times",
        "metric" => "Name of one metric",
        _ => "",
    }
}

fn schema(name: &str, limits: &Limits) -> Value {
    match name {
        "time" | "start" | "end" => json!({
            "type": "string",
            "anyOf": [
                { "pattern": "^[0-9]{1,10}(\\.[0-9]{1,3})?$" },
                { "format": "date-time" },
                { "maxLength": 0 },
            ],
        }),
        "step" | "timeout" => {
            json!({ "type": "string", "pattern": "^[1-9][0-9]{0,5}(ms|s|m|h|d|w|y)?$" })
        }
        "limit" => json!({ "type": "integer", "minimum": 0 }),
        "match[]" => json!({
            "anyOf": [
                { "type": "string", "maxLength": limits.query_bytes },
                { "type": "array", "items": { "type": "string", "maxLength": limits.query_bytes } },
            ],
        }),
        _ => json!({ "type": "string", "maxLength": limits.query_bytes }),
    }
}

fn text(summary: &str) -> Value {
    let answer = json!({
        "description": "As said",
        "content": { "text/plain": { "schema": { "type": "string" } } },
    });
    operation(summary, &answer)
}

fn get(summary: &str, schema: &Value) -> Value {
    let answer = json!({
        "description": "As said",
        "content": { "application/json": { "schema": schema } },
    });
    operation(summary, &answer)
}

fn operation(summary: &str, answer: &Value) -> Value {
    json!({
        "get": {
            "summary": summary,
            "responses": {
                "200": answer,
                "default": { "$ref": "#/components/responses/Refused" },
            },
        },
    })
}

fn refused() -> Value {
    json!({
        "description": "Refused, or not answered by the source: the status says which, the message what to change",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    })
}

fn schemas() -> Map<String, Value> {
    let schemas = json!({
        "Success": {
            "type": "object",
            "required": ["status", "data"],
            "properties": {
                "status": { "const": "success" },
                "data": {},
                "warnings": { "type": "array", "items": { "type": "string" } },
                "infos": { "type": "array", "items": { "type": "string" } },
            },
        },
        "Error": {
            "type": "object",
            "required": ["status", "errorType", "error"],
            "properties": {
                "status": { "const": "error" },
                "errorType": { "type": "string" },
                "error": { "type": "string", "minLength": 1 },
            },
        },
        "Sources": {
            "type": "object",
            "required": ["sources", "version"],
            "additionalProperties": false,
            "properties": {
                "version": { "type": "string" },
                "sources": {
                    "type": "array", "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["id", "name", "kind"],
                        "additionalProperties": false,
                        "properties": {
                            "id": { "type": "string", "pattern": "^[a-zA-Z0-9_-]{1,64}$" },
                            "name": { "type": "string" },
                            "kind": { "enum": ["demo", "prometheus", "victoriametrics"] },
                            "examples": {
                                "type": "array",
                                "items": {
                                    "type": "object",
                                    "required": ["expr", "about"],
                                    "properties": {
                                        "expr": { "type": "string" },
                                        "about": { "type": "string" },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    });
    schemas.as_object().cloned().unwrap_or_default()
}

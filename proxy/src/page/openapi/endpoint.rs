//! Description of the routes that forward to a source's Prometheus API.

use serde_json::{Map, Value, json};

use super::{answer, content, post, responses};
use crate::config::Limits;
use crate::source::allowlist::Endpoint;
use crate::source::upstream::FORM;

/// Returns the path item of an endpoint.
pub(super) fn describe(endpoint: &Endpoint, source_ids: &[&str], limits: &Limits) -> Value {
    let mut in_path = vec![json!({
        "name": "id", "in": "path", "required": true,
        "description": "Id of a source, as GET /api/sources lists them",
        "schema": { "type": "string", "enum": source_ids },
    })];
    if matches!(endpoint, Endpoint::LabelValues(_)) {
        in_path.push(json!({
            "name": "name", "in": "path", "required": true,
            "description": "Name of a label",
            "schema": { "type": "string", "pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$" },
        }));
    }
    let known = endpoint.parameters();
    let in_query: Vec<_> = known
        .iter()
        .map(|name| {
            json!({
                "name": name, "in": "query", "required": is_required(endpoint, name),
                "description": meaning(name),
                "schema": schema(name, limits),
            })
        })
        .collect();
    let success = json!({ "$ref": "#/components/schemas/Success" });
    let success = answer("application/json", "Prometheus' envelope with the data", &success);
    let mut item = json!({
        "parameters": in_path,
        "get": {
            "summary": summary(endpoint),
            "parameters": in_query,
            "responses": responses(&success),
        },
    });
    if endpoint.accepts_post() {
        let properties: Map<_, _> =
            known.iter().map(|name| ((*name).to_owned(), schema(name, limits))).collect();
        let required: Vec<_> = known.iter().filter(|name| is_required(endpoint, name)).collect();
        let form = json!({ "type": "object", "properties": properties, "required": required });
        item["post"] = post(summary(endpoint), &content(FORM, &form), &success);
    }
    item
}

/// Returns the schemas of Prometheus' envelopes, which no type here holds: their data pass through.
pub(super) fn envelopes() -> [(String, Value); 2] {
    let success = json!({
        "type": "object",
        "required": ["status", "data"],
        "properties": {
            "status": { "const": "success" },
            "data": {},
            "warnings": { "type": "array", "items": { "type": "string" } },
            "infos": { "type": "array", "items": { "type": "string" } },
        },
    });
    let error = json!({
        "type": "object",
        "required": ["status", "errorType", "error"],
        "properties": {
            "status": { "const": "error" },
            "errorType": { "type": "string" },
            "error": { "type": "string", "minLength": 1 },
        },
    });
    [("Success".to_owned(), success), ("Error".to_owned(), error)]
}

fn is_required(endpoint: &Endpoint, parameter: &str) -> bool {
    match endpoint {
        Endpoint::Query => parameter == "query",
        Endpoint::QueryRange => matches!(parameter, "query" | "start" | "end" | "step"),
        Endpoint::Series => parameter == "match[]",
        _ => false,
    }
}

fn summary(endpoint: &Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Query => "Evaluates an expression at one instant",
        Endpoint::QueryRange => "Evaluates an expression over a range of time",
        Endpoint::Series => "Label sets that match",
        Endpoint::Labels => "Label names",
        Endpoint::LabelValues(_) => "Values of one label",
        Endpoint::Metadata => "Type, help and unit of metrics",
        Endpoint::Rules => "Recording and alerting rules",
        Endpoint::Alerts => "Alerts that are pending or firing",
        Endpoint::BuildInfo => "Kind and version of the server",
    }
}

fn meaning(parameter: &str) -> &'static str {
    match parameter {
        "query" => "PromQL expression",
        "time" => "Evaluation time, in seconds since 1970 or RFC 3339; now if absent",
        "start" => "Start of the range, in seconds since 1970 or RFC 3339",
        "end" => "End of the range, in seconds since 1970 or RFC 3339",
        "step" => "Step between two points, as a duration or in seconds",
        "timeout" => "Evaluation timeout, at most that of the server",
        "limit" => "Maximum number of returned elements; 0 means no limit",
        "match[]" => "Series selector; may be given several times",
        "exclude_alerts" => "Whether rules are returned without their alerts",
        "metric" => "Name of one metric",
        _ => "",
    }
}

fn schema(parameter: &str, limits: &Limits) -> Value {
    match parameter {
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
        "exclude_alerts" => json!({ "type": "boolean" }),
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

//! The routes of the language model.

use serde_json::{Map, Value, json};

use super::get;

pub(super) fn add(paths: &mut Map<String, Value>) {
    paths.insert(
        "/api/llm".to_owned(),
        get(
            "The language model, if one is configured",
            &json!({ "$ref": "#/components/schemas/Llm" }),
        ),
    );
    let chat = json!({
        "post": {
            "summary": "What the language model answers to a conversation, as it is written",
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Chat" } } },
            },
            "responses": {
                "200": {
                    "description": "Lines of JSON, each an event; exactly one of them, the last, is `end` or `failed`",
                    "content": { "application/x-ndjson": { "schema": { "type": "string" } } },
                },
                "431": { "description": "The head of the request is too large; there is no body" },
                "default": { "$ref": "#/components/responses/Refused" },
            },
        },
    });
    paths.insert("/api/llm/chat".to_owned(), chat);
}

pub(super) fn schemas() -> Map<String, Value> {
    let llm = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "model": {
                "type": "object",
                "required": ["provider", "model", "prompt_tokens", "answer_tokens"],
                "additionalProperties": false,
                "properties": {
                    "provider": { "type": "string" },
                    "model": { "type": "string" },
                    "prompt_tokens": { "type": "integer", "minimum": 1 },
                    "answer_tokens": { "type": "integer", "minimum": 1 },
                },
            },
        },
    });
    let chat = json!({
        "type": "object",
        "required": ["messages"],
        "additionalProperties": false,
        "properties": {
            "messages": {
                "type": "array", "minItems": 1, "maxItems": 100,
                "items": {
                    "type": "object",
                    "required": ["role", "content"],
                    "additionalProperties": false,
                    "properties": {
                        "role": { "enum": ["system", "user", "assistant"] },
                        "content": { "type": "string", "minLength": 1 },
                    },
                },
            },
        },
    });
    let schemas = [("Llm", llm), ("Chat", chat)];
    schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

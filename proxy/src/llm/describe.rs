//! What the routes of the language model are, for the description of the API.

use serde_json::{Value, json};

/// Paths with their operations.
pub fn describe() -> [(&'static str, Value); 2] {
    let refused = json!({ "$ref": "#/components/responses/Refused" });
    let show = json!({
        "get": {
            "summary": "The language model, if one is configured",
            "responses": {
                "200": {
                    "description": "As said",
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Llm" } } },
                },
                "default": refused,
            },
        },
    });
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
                "default": refused,
            },
        },
    });
    [("/api/llm", show), ("/api/llm/chat", chat)]
}

/// Their schemas by name.
pub fn schemas() -> [(&'static str, Value); 2] {
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
    [("Llm", llm), ("Chat", chat)]
}

//! Routes, what each answers, and their description.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{check, shape};
use crate::support::process::Oddity;
use crate::support::scripted::{Scripted, Then, ok};
use crate::support::{Reply, get, send};

const ANCHOR: (&str, &str) = ("ODDITY_DEMO_ANCHOR", "2026-01-15T00:00:00Z");
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const JSON: &str = "Content-Type: application/json";
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const RANGE: &str = "query=up&start=1768435200&end=1768438800&step=60";

/// Paths as they are described, with parameters of their query or their form.
const ROUTES: [(&str, &str); 25] = [
    ("/", ""),
    ("/healthz", ""),
    ("/metrics", ""),
    ("/none.js", ""),
    ("/api", ""),
    ("/api/none", ""),
    ("/api/knowledge", ""),
    ("/api/llm", ""),
    ("/api/llm/chat", ""),
    ("/api/notify", ""),
    ("/api/notify/{id}", ""),
    ("/api/notify/{id}/preview", ""),
    ("/api/notify/{id}/test", ""),
    ("/api/openapi.json", ""),
    ("/api/sources", ""),
    ("/api/sources/none/api/v1/query", "query=up"),
    ("/api/sources/{id}/api/v1/alerts", ""),
    ("/api/sources/{id}/api/v1/label/{name}/values", ""),
    ("/api/sources/{id}/api/v1/labels", ""),
    ("/api/sources/{id}/api/v1/metadata", ""),
    ("/api/sources/{id}/api/v1/query", "query=up"),
    ("/api/sources/{id}/api/v1/query_range", RANGE),
    ("/api/sources/{id}/api/v1/rules", ""),
    ("/api/sources/{id}/api/v1/series", "match[]=up"),
    ("/api/sources/{id}/api/v1/status/buildinfo", ""),
];

/// A server with the demo, a source that is down, a webhook, and a language model.
pub(super) struct Fixture {
    oddity: Oddity,
    _folder: TempDir,
}

impl Fixture {
    pub(super) async fn start() -> Self {
        let hook = Scripted::start(ok("{}"), Then::Close).await;
        let words = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
            data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n\
            data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
            data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n\
            data: [DONE]\n\n";
        let model = Scripted::start(words.into(), Then::Close).await;
        let config = format!(
            "demo = true\n\
             [[source]]\nid = 'down'\nurl = 'http://127.0.0.1:1'\n\
             [[notify]]\nid = 'hook'\nkind = 'webhook'\nurl = 'http://{}'\n\
             [llm]\nurl = 'http://{}/v1'\nmodel = 'm'\nprovider = 'p'\n",
            hook.address, model.address
        );
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("oddity.toml"), config).unwrap();
        Self { oddity: Oddity::start(folder.path(), &[], &[ANCHOR]), _folder: folder }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.oddity.address
    }

    /// Sends a request that is right but for its method.
    async fn ask(&self, method: &str, route: &str, params: &str) -> Reply {
        let address = self.address();
        let id = if route.starts_with("/api/notify") { "hook" } else { "demo" };
        let path = route.replace("{id}", id).replace("{name}", "job");
        if method == "POST" && route.starts_with("/api/sources/") {
            return send(address, &format!("POST {path}"), &[FORM], params).await;
        }
        let body = match route {
            _ if method != "POST" => String::new(),
            "/api/llm/chat" => r#"{"messages":[{"role":"user","content":"Why?"}]}"#.to_owned(),
            "/api/notify/{id}" | "/api/notify/{id}/preview" => notice(address).to_string(),
            _ => "{}".to_owned(),
        };
        let fields: &[&str] = if body.is_empty() { &[] } else { &[JSON] };
        let mark = if params.is_empty() { "" } else { "?" };
        send(address, &format!("{method} {path}{mark}{params}"), fields, &body).await
    }

    /// Asks each route once by each method, and the source that is down.
    pub(super) async fn ask_everything(&self) -> Vec<(&'static str, &'static str, Reply)> {
        let mut all = Vec::new();
        for (route, params) in ROUTES {
            for method in METHODS {
                all.push((method, route, self.ask(method, route, params).await));
            }
        }
        let down = get(self.address(), "/api/sources/down/api/v1/query?query=up").await;
        all.push(("GET", "/api/sources/down/api/v1/query", down));
        all
    }
}

/// Returns a notification as the page sends it.
fn notice(address: SocketAddr) -> Value {
    json!({
        "source": "demo",
        "expr": "queue_depth",
        "link": format!("http://{address}/?q=queue_depth"),
        "found": 1,
        "report": "# Report",
        "again": false,
        "events": [{
            "labels": { "queue": "mail" },
            "kind": "spike",
            "direction": "up",
            "severity": 87.0,
            "start": 1_768_435_200_000_i64,
            "end": 1_768_435_500_000_i64,
            "peak": { "value": 37.0, "text": "37" },
            "expected": { "value": 8.0, "text": "8" },
            "summary": "37 against 8 expected.",
            "cause": "a cause",
        }],
    })
}

/// Returns status, type of content and class of error.
fn kind(reply: &Reply) -> String {
    let content = reply.field("content-type").unwrap_or("-");
    let content = content.split(';').next().unwrap();
    let json = serde_json::from_str(&reply.body).unwrap_or(Value::Null);
    let error = json["errorType"].as_str().unwrap_or_default();
    format!("{} {content} {error}", reply.status).trim_end().to_owned()
}

#[tokio::test]
async fn routes_keep_methods_statuses_and_answers() {
    let fixture = Fixture::start().await;
    let mut kinds: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    let mut answers = BTreeSet::new();
    for (method, route, reply) in fixture.ask_everything().await {
        // Whether the page has been built is no matter here.
        let kind = match (route, reply.status) {
            ("/", 200 | 503) => "page".to_owned(),
            _ => kind(&reply),
        };
        kinds.entry((route, kind)).or_default().push(method);
        let maps: &[&str] = match route {
            "/api/sources/{id}/api/v1/metadata" => &[".data"],
            "/api/sources/{id}/api/v1/series" => &[".data[]"],
            _ => &[".metric"],
        };
        // openapi.txt has the description.
        let lines = reply.body.lines().filter(|line| line.starts_with('{'));
        for line in lines.filter(|_| route != "/api/openapi.json") {
            let json = serde_json::from_str(line).unwrap();
            let at = if reply.status < 400 { &format!("{method} {route} $") } else { "error $" };
            shape(&json, at, maps, &mut answers);
        }
    }
    let lines = kinds
        .into_iter()
        .map(|((route, kind), methods)| format!("{route} {} {kind}", methods.join(",")));
    check("routes.txt", lines);
    check("answers.txt", answers);
}

/// Adds the names of the fields that a schema describes, and the words of its choices.
fn fields(schema: &Value, at: &str, all: &Value, out: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let target = all.pointer(name.trim_start_matches('#')).unwrap();
        fields(target, at, all, out);
    }
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        out.insert(format!("{at}.{name}"));
        fields(of, &format!("{at}.{name}"), all, out);
    }
    let words = schema["enum"].as_array().into_iter().flatten().chain([&schema["const"]]);
    for word in words.filter_map(Value::as_str) {
        out.insert(format!("{at}={word}"));
    }
    if !schema["items"].is_null() {
        fields(&schema["items"], &format!("{at}[]"), all, out);
    }
    for together in ["oneOf", "anyOf", "allOf"] {
        for one in schema[together].as_array().into_iter().flatten() {
            fields(one, at, all, out);
        }
    }
}

#[tokio::test]
async fn the_description_keeps_operations_parameters_and_fields() {
    let fixture = Fixture::start().await;
    let all = get(fixture.address(), "/api/openapi.json").await.json();
    let mut found = BTreeSet::new();
    for (path, item) in all["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "delete", "options", "head", "patch"] {
            let operation = &item[method];
            if operation.is_null() {
                continue;
            }
            let of = format!("{} {path}", method.to_uppercase());
            found.insert(of.clone());
            let parameters = [&item["parameters"], &operation["parameters"]];
            for one in parameters.into_iter().filter_map(Value::as_array).flatten() {
                let needed = if one["required"] == true { " required" } else { "" };
                let (place, name) = (one["in"].as_str().unwrap(), one["name"].as_str().unwrap());
                found.insert(format!("{of} {place} {name}{needed}"));
            }
            let mut content = |of: &str, content: &Value| {
                for (kind, body) in content.as_object().into_iter().flatten() {
                    found.insert(format!("{of} {kind}"));
                    fields(&body["schema"], &format!("{of} $"), &all, &mut found);
                }
            };
            content(&format!("{of} body"), &operation["requestBody"]["content"]);
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = match response["$ref"].as_str() {
                    Some(name) => all.pointer(name.trim_start_matches('#')).unwrap(),
                    None => response,
                };
                let of = if status.starts_with('2') { &format!("{of} {status}") } else { "error" };
                content(of, &response["content"]);
            }
        }
    }
    check("openapi.txt", found);
}

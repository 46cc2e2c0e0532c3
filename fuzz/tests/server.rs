//! What the server reads before it trusts anybody: paths, names of hosts, forms, PromQL, and the stream of a language
//! model.
#![allow(
    clippy::unwrap_used,
    reason = "clippy takes the helpers of these tests for production code"
)]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, Uri, header::HOST};
use oddity_analysis::api::{ChatEvent, Notification, TargetKind};
use oddity_detect::time::{Span, Timestamp};
use promql_parser::label::{MatchOp, Matcher, Matchers};
use promql_parser::parser::{Expr, VectorSelector};
use proxy::assistant::completion::{CompletionLimits, CompletionReader};
use proxy::config::{EnforceSettings, EnforcedLabel, Limits, Options, Settings};
use proxy::demo::Demo;
use proxy::http::connection::Connection;
use proxy::metrics::Metrics;
use proxy::notify::{Message, MessageContent};
use proxy::source::allowlist::Endpoint;
use proxy::source::scope::Scope;
use proxy::source::{params, subquery, upstream};
use proxy::{AppState, app};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use tower::ServiceExt;

/// The server with a source `up` to which no connection can be made: 502 means that the request was accepted.
struct Server {
    app: Router,
    runtime: Runtime,
    client: Arc<Connection>,
}

impl Server {
    fn new() -> Self {
        // Nothing listens on port 1.
        let env =
            |name: &str| (name == "PROMETHEUS_URL").then(|| "http://127.0.0.1:1/base".to_owned());
        let settings = Settings::load(Options::default(), env).unwrap();
        let state = AppState::new(&settings, Metrics::new().unwrap().into()).unwrap();
        let address = ([127, 0, 0, 1], 1).into();
        Self {
            app: app(&state),
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            client: Arc::new(Connection::new(address, address, Instant::now())),
        }
    }

    fn status(&self, request: Request<Body>) -> StatusCode {
        let (mut head, body) = request.into_parts();
        head.extensions.insert(self.client.clone());
        let answer = self.app.clone().oneshot(Request::from_parts(head, body));
        self.runtime.block_on(answer).unwrap().status()
    }
}

/// The paths that can be asked for, but for names of labels.
const ACCEPTED: [&str; 8] =
    ["query", "query_range", "series", "labels", "metadata", "rules", "alerts", "status/buildinfo"];

fn label(path: &str) -> Option<&str> {
    path.strip_prefix("label/")?.strip_suffix("/values")
}

fn is_name(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.chars().all(word) && !text.starts_with(|c: char| c.is_ascii_digit())
}

#[test]
fn an_accepted_path_leads_to_one_of_the_constants() {
    let words = [
        "/",
        "//",
        "..",
        "%2e",
        "%2f",
        "%252e",
        "\\",
        ";",
        "?",
        "#",
        "@",
        ":",
        "api",
        "v1",
        "query",
        "label",
        "values",
        "admin/tsdb",
        "%00",
        "http://",
        "prometheus",
    ];
    let server = Server::new();
    let base = url::Url::parse("http://a/base").unwrap();
    fuzz::run("path", &words, |path| {
        let path = String::from_utf8_lossy(path);
        if let Some(endpoint) = Endpoint::parse(&path) {
            let upstream = upstream::path(&base, &endpoint);
            let below = upstream.strip_prefix("/base/api/v1/").unwrap();
            assert!(ACCEPTED.contains(&below) || label(below).is_some_and(is_name), "{upstream}");
        }
        // The same through every layer, where it stands in a target and where it is one.
        for target in [format!("/api/sources/prometheus/api/v1/{path}"), path.into_owned()] {
            let Ok(uri) = target.parse::<Uri>() else { continue };
            let mut query = uri.path().to_owned();
            query += "?query=up&start=0&end=1&step=1";
            let Ok(uri) = query.parse::<Uri>() else { continue };
            let request = Request::get(uri.clone()).header(HOST, "localhost").body(Body::empty());
            let status = server.status(request.unwrap());
            if status == StatusCode::BAD_GATEWAY {
                let below = uri.path().strip_prefix("/api/sources/prometheus/api/v1/").unwrap();
                assert!(ACCEPTED.contains(&below) || label(below).is_some_and(is_name), "{below}");
            } else {
                assert!(
                    !status.is_server_error() || status == StatusCode::SERVICE_UNAVAILABLE,
                    "{uri}: {status}"
                );
            }
        }
    });
}

#[test]
fn an_accepted_host_is_loopback() {
    let words = [
        "localhost",
        "127.0.0.1",
        "[::1]",
        ":",
        "@",
        ".",
        ":80",
        "evil.example",
        "%",
        "[",
        "]",
        "0x7f.1",
    ];
    let server = Server::new();
    fuzz::run("host", &words, |host| {
        let Ok(value) = axum::http::HeaderValue::from_bytes(host) else { return };
        let request = Request::get("/api/sources").header(HOST, &value).body(Body::empty());
        if server.status(request.unwrap()) != StatusCode::OK {
            return;
        }
        let host = value.to_str().unwrap().to_ascii_lowercase();
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port),
            _ => (host.as_str(), ""),
        };
        assert!(port.chars().all(|c| c.is_ascii_digit()), "{host}");
        let address = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        let loopback = address.is_ok_and(|address| address.to_canonical().is_loopback());
        assert!(name == "localhost" || loopback, "{host}");
    });
}

#[test]
fn an_accepted_form_keeps_every_limit() {
    let words = [
        "query=", "start=", "end=", "step=", "timeout=", "match[]=", "&", "=", "%5B", "1h",
        "1e300", "0", "-1",
    ];
    let limits = Limits { timeout: Duration::from_secs(30), ..Limits::default() };
    fuzz::run("form", &words, |form| {
        for endpoint in Endpoint::all() {
            let Ok(params) = params::check(&endpoint, [form, b""], &limits) else { continue };
            let value = |name: &str| {
                let mut all = params.iter().filter(|(known, _)| known == name);
                let first = all.next().map(|(_, value)| value.as_str());
                assert!(name == "match[]" || all.next().is_none(), "{name} is there twice");
                first
            };
            for (name, value) in &params {
                assert!(endpoint.parameters().contains(&name.as_str()), "{name}");
                assert!(value.len() <= limits.query_bytes);
            }
            for name in endpoint.parameters() {
                value(name);
            }
            if endpoint.parameters().contains(&"timeout") {
                let timeout: Span = value("timeout").unwrap().parse().unwrap();
                assert!(timeout <= Span::from_seconds(30), "{timeout}");
            }
        }
    });
}

#[test]
fn brackets_count_what_the_tree_says() {
    let words = [
        "[",
        "]",
        ":",
        "(",
        ")",
        "{",
        "}",
        "\"",
        "'",
        "`",
        "#",
        "\n",
        ",",
        "\\",
        "1h",
        "5m",
        "1s",
        "1y",
        "1i",
        "0",
        "max_over_time(",
        "[1d:1s]",
        "[1h:]",
        "offset",
        "@",
        "sum by (a)",
        "up",
        "-",
        "é",
        "and",
        "==",
        "* on (a) group_left (b)",
        "offset -5m",
        "@ -5",
        "\r",
        "10000000d",
    ];
    fuzz::run("expression", &words, |expr| {
        let expr = String::from_utf8_lossy(expr);
        let found = subquery::count(&expr, Span::ZERO, None);
        if let Ok(tree) = Demo::parse(&expr) {
            assert_eq!(found, steps(&tree), "{expr}");
        }
        let wide = subquery::count(&expr, Span::from_seconds(86_400), None);
        assert!(wide >= found, "{found} {wide}");
    });
}

/// Whatever a limited query says, each selector that reaches the source has the enforced matchers.
#[test]
fn no_selector_without_the_enforced_matcher_reaches_the_source() {
    const WORDS: [&str; 24] = [
        "{",
        "}",
        "\"",
        "'",
        "`",
        "\\",
        "#",
        "\n",
        "\r",
        "(",
        ")",
        "[5m]",
        "[1h:1m]",
        " or ",
        ",",
        "=",
        "=~",
        "!~",
        "@ 1",
        "offset",
        "by",
        "up",
        "team=\"b\"",
        "\u{202e}",
    ];
    let label = |name: &str, values: &[&str]| EnforcedLabel {
        name: name.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let all = vec![label("team", &["a\"}"]), label("zone", &["x", "y{"])];
    let settings = EnforceSettings { all, by_user: None };
    let scope = Scope::of(&settings, None).unwrap().unwrap();
    fuzz::run("scope", &WORDS, |input| {
        let text = String::from_utf8_lossy(input);
        for (endpoint, name) in [(Endpoint::Query, "query"), (Endpoint::Series, "match[]")] {
            let params = vec![(name.to_owned(), text.clone().into_owned())];
            let Ok(limited) = scope.apply(&endpoint, params) else { continue };
            let [(_, limited)] = limited.as_slice() else { panic!("{limited:?}") };
            let plain = without_strings(limited);
            assert!(!plain.contains(['#', '\'', '`', '\\', '\n', '\r']), "{text}\n{limited}");
            let tree = promql_parser::parser::parse(limited).expect(limited);
            let mut selectors = 0;
            for_each_selector(&tree, &mut |selector| {
                selectors += 1;
                assert!(is_limited(selector), "{text}\n{limited}");
            });
            assert_eq!(plain.matches('{').count(), selectors, "{text}\n{limited}");
        }
    });
}

/// Returns whether all alternatives of a selector are limited to team and zones.
fn is_limited(selector: &VectorSelector) -> bool {
    let Matchers { matchers, or_matchers } = &selector.matchers;
    let limited = |group: &Vec<Matcher>| {
        let any = |name, value, is_op: fn(&MatchOp) -> bool| {
            group.iter().any(|one| one.name == name && one.value == value && is_op(&one.op))
        };
        any("team", "a\"}", |op| *op == MatchOp::Equal)
            && any("zone", "x|y\\{", |op| matches!(op, MatchOp::Re(_)))
    };
    selector.name.is_none()
        && if or_matchers.is_empty() { limited(matchers) } else { or_matchers.iter().all(limited) }
}

/// Takes what is between double quotes away.
fn without_strings(text: &str) -> String {
    let (mut plain, mut inside, mut escaped) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            _ if inside => {}
            _ => plain.push(c),
        }
    }
    plain
}

fn for_each_selector(expr: &Expr, look: &mut impl FnMut(&VectorSelector)) {
    match expr {
        Expr::VectorSelector(selector) => look(selector),
        Expr::MatrixSelector(matrix) => look(&matrix.vs),
        Expr::Paren(inner) => for_each_selector(&inner.expr, look),
        Expr::Unary(inner) => for_each_selector(&inner.expr, look),
        Expr::Subquery(inner) => for_each_selector(&inner.expr, look),
        Expr::Binary(both) => {
            for_each_selector(&both.lhs, look);
            for_each_selector(&both.rhs, look);
        }
        Expr::Call(call) => call.args.args.iter().for_each(|arg| for_each_selector(arg, look)),
        Expr::Aggregate(inner) => {
            inner.param.iter().for_each(|param| for_each_selector(param, look));
            for_each_selector(&inner.expr, look);
        }
        _ => {}
    }
}

/// Returns the steps of subqueries that the tree of an expression says.
fn steps(expr: &Expr) -> u64 {
    let sum = |all: &[&Expr]| all.iter().fold(0, |sum: u64, expr| sum.saturating_add(steps(expr)));
    match expr {
        Expr::Subquery(subquery) => {
            let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            let step = subquery.step.map_or(15_000, millis).max(1);
            let own = (millis(subquery.range) / step).max(1);
            own.saturating_mul(steps(&subquery.expr).max(1))
        }
        Expr::Paren(inner) => steps(&inner.expr),
        Expr::Unary(inner) => steps(&inner.expr),
        Expr::Binary(both) => sum(&[&both.lhs, &both.rhs]),
        Expr::Call(call) => sum(&call.args.args.iter().map(AsRef::as_ref).collect::<Vec<_>>()),
        Expr::Aggregate(inner) => {
            let param = inner.param.iter().map(AsRef::as_ref);
            sum(&param.chain([inner.expr.as_ref()]).collect::<Vec<_>>())
        }
        _ => 0,
    }
}

/// A notice is refused, or it becomes a message for each kind of target that is JSON and holds no mention of Slack's.
#[test]
fn a_notice_is_refused_or_a_message() {
    const WORDS: [&str; 12] = [
        "<!channel>",
        "\\u202e",
        "null",
        "1e999",
        "-1",
        "{}",
        "[]",
        "\"kind\"",
        "\"gap\"",
        "\"end\":null",
        "&lt;",
        "|",
    ];
    let kinds = [TargetKind::Webhook, TargetKind::Slack, TargetKind::Alertmanager];
    fuzz::run("notice", &WORDS, |input| {
        let Ok(mut notice) = serde_json::from_slice::<Notification>(input) else { return };
        if !notice.link.starts_with("http") {
            // The server has refused it by now.
            notice.link = "http://localhost/".to_owned();
        }
        let message = Message {
            content: MessageContent::Notification { notice: &notice, source: "Demo" },
            now: Timestamp(0),
        };
        for kind in kinds {
            let body = message.body(kind).to_string();
            assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok());
            assert!(kind != TargetKind::Slack || !body.contains("<!"), "{body}");
            assert!(!message.text(kind).is_empty());
        }
    });
}

#[test]
fn an_answer_of_a_language_model_ends_once() {
    let words = [
        "data: ",
        "error: ",
        ":",
        "\n\n",
        "\r",
        "\r\n",
        "[DONE]",
        "{\"choices\":[",
        "]}",
        "\"delta\":{",
        "}",
        "\"content\":\"a\"",
        "\"finish_reason\":\"stop\"",
        "\"error\":",
        "null",
        "\"usage\":{}",
        "\u{feff}",
    ];
    let limits = CompletionLimits { prompt_tokens: 30, answer_tokens: 8, event_bytes: 400 };
    fuzz::run("chat", &words, |stream| {
        let read = |size: usize| {
            let mut answer = CompletionReader::new(limits, "OPENAI_BASE_URL");
            let mut all: Vec<_> =
                stream.chunks(size).flat_map(|piece| answer.feed(piece)).collect();
            all.extend(answer.end());
            assert!(answer.is_over() && answer.end().is_none());
            all
        };
        let all = read(4_096);
        let last = all.iter().position(ChatEvent::is_last);
        assert_eq!(last, Some(all.len() - 1), "{all:?}");
        for size in [1, 3] {
            assert_eq!(read(size), all);
        }
    });
}

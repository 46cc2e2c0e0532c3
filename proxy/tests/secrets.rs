//! Secrets stay on the server, and the browser's words open no connection but to a configured source.

use std::sync::Arc;

use axum::Router;
use axum::routing::get as route;
use proxy::config::{Options, Settings};
use proxy::metrics::Metrics;
use proxy::{AppState, protect};
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::support::process::Oddity;
use crate::support::scripted::{Scripted, Then, ok, reply};
use crate::support::{get, send, serve_upstream};

const QUERY: &str = "/api/sources/prometheus/api/v1/query?query=up";
const SUCCESS: &str = r#"{"status":"success","data":1}"#;

#[tokio::test]
async fn secrets_stay_inside_at_trace_level() {
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let echo = "Authorization: Basic CANARY";
    let fields = format!("{echo}\r\nlocation: http://x/?CANARY\r\nset-cookie: CANARY\r\n");
    let upstream = Scripted::start(reply("401 No", &fields, echo), Then::Close).await;
    let moved = Scripted::start(reply("302 Found", &fields, echo), Then::Close).await;
    std::fs::write(folder.path().join("secret"), "CANARY\n").unwrap();
    let config = format!(
        "[[source]]\nid = 'refused'\nurl = 'http://{closed}/?token=CANARY'\nheaders = {{ X-Key = 'CANARY' }}\n\
         [[source]]\nid = 'bearer'\nurl = 'http://{}'\nbearer = 'CANARY'\n\
         [[source]]\nid = 'file'\nurl = 'http://{}'\nbearer_file = 'secret'\n\
         [[source]]\nid = 'moved'\nurl = 'http://{}'\nbasic = {{ username = 'me', password_file = 'secret' }}\n",
        upstream.address, upstream.address, moved.address
    );
    std::fs::write(folder.path().join("oddity.toml"), config).unwrap();
    let url = format!("http://me:CANARY@{}", upstream.address);
    let env = [
        ("PROMETHEUS_URL", url.as_str()),
        ("PROMETHEUS_ORG_ID", "CANARY"),
        ("ODDITY_LOG", "trace"),
    ];
    let oddity = Oddity::start(folder.path(), &[], &env);
    let ids = ["prometheus", "refused", "bearer", "file", "moved"];
    let queries = ids.map(|id| QUERY.replace("prometheus", id));
    let pages = ["/api/sources", "/metrics", "/", "/healthz"].map(str::to_owned);
    for path in queries.iter().chain(&pages) {
        let reply = get(oddity.address, path).await;
        assert!(!format!("{reply:?}").to_lowercase().contains("canary"), "{path}: {reply:?}");
    }
    assert!(upstream.requests().iter().any(|request| request.contains("Bearer CANARY")));
    assert!(upstream.requests().iter().any(|request| request.contains("x-scope-orgid: CANARY")));
    let (_, log) = oddity.stop();
    assert!(
        log.contains("TRACE") && log.contains("credentials") && log.contains("unreachable"),
        "{log}"
    );
    assert!(!log.contains("CANARY") && !log.contains("bWU6Q0FOQVJZ"), "{log}");
}

/// The page is built from sources that read nothing of the environment in which they are built but what cargo sets.
#[test]
fn the_page_carries_nothing_of_the_machine_that_built_it() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let crates = ["shared/detect", "shared/source", "shared/analysis", "shared/figure", "frontend"];
    let mut folders: Vec<_> = crates.iter().map(|path| format!("{root}/{path}/src")).collect();
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.display().to_string());
                continue;
            }
            // Tests are not part of the page.
            if path.ends_with("tests.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let reads = text.matches("env!(").count() - text.matches("env!(\"CARGO_PKG_").count();
            assert_eq!(reads, 0, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}

#[tokio::test]
async fn a_panic_is_an_error_like_others_and_tells_nothing() {
    let settings = Settings::load(Options::default(), |_| None).unwrap();
    let state = AppState::new(&settings, Metrics::new().unwrap().into()).unwrap();
    async fn panics() {
        panic!("CANARY");
    }
    let app = protect(Router::new().route("/panic", route(panics)), &state);
    let address = ([127, 0, 0, 1], 1).into();
    let client =
        proxy::http::connection::Connection::new(address, address, tokio::time::Instant::now());
    let request = axum::http::Request::get("/panic")
        .header("host", "localhost")
        .extension(Arc::new(client))
        .body(axum::body::Body::empty())
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 500);
    assert!(response.headers().contains_key("content-security-policy"));
    let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
    let expected = r#"{"status":"error","errorType":"internal","error":"internal server error: see the server log"}"#;
    let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    assert_eq!(json(&body), json(expected.as_bytes()));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Scripted::start(ok(SUCCESS), Then::Close).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let location = format!("location: http://{}/api/v1/query\r\n", target.address);
        let upstream = Scripted::start(reply(status, &location, SUCCESS), Then::Close).await;
        let server = serve_upstream(upstream.address, "").await;
        let error = server.get(&QUERY.replace("prometheus", "up")).await.error();
        assert!(error.starts_with("502") && error.contains("redirect"), "{error}");
        assert!(!error.contains(&target.address.to_string()), "{error}");
        assert_eq!(upstream.connections(), 1);
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn a_client_names_sources_by_id_only_and_no_proxy_is_used() {
    let (foreign, upstream) = (
        Scripted::start(ok(SUCCESS), Then::Close).await,
        Scripted::start(ok(SUCCESS), Then::Close).await,
    );
    let folder = tempfile::tempdir().unwrap();
    let (url, evil) =
        (format!("http://{}", upstream.address), format!("http://{}", foreign.address));
    let env = [
        ("PROMETHEUS_URL", url.as_str()),
        ("HTTP_PROXY", &evil),
        ("http_proxy", &evil),
        ("ALL_PROXY", &evil),
        ("HTTPS_PROXY", &evil),
    ];
    let oddity = Oddity::start(folder.path(), &[], &env);
    let at = foreign.address;
    let cases = [
        (format!("GET {QUERY}&url={evil}&target={evil}&host={at}"), 200),
        (format!("GET {QUERY}&query={evil}"), 400),
        (format!("GET /api/sources/{evil}/api/v1/query?query=up"), 404),
        (format!("GET /api/sources//{at}/api/v1/query?query=up"), 404),
        (format!("GET /api/sources/@{at}/api/v1/query?query=up"), 404),
        (format!("GET /api/sources/prometheus/api/v1/@{at}/query"), 404),
        (format!("GET /api/sources/prometheus@{at}/api/v1/query?query=up"), 404),
        (format!("GET {evil}/api/sources/prometheus/api/v1/query?query=up"), 400),
    ];
    let fields =
        ["Referer: http://x", "X-Forwarded-Host: x", "X-Original-URL: /-/quit", "X-Rewrite-URL: /"];
    for (line, status) in cases {
        let reply = send(oddity.address, &line, &fields, "").await;
        assert_eq!(reply.status, status, "{line}: {reply:?}");
    }
    assert_eq!(foreign.connections(), 0);
    assert_eq!(upstream.connections(), 1);
    assert!(upstream.requests()[0].starts_with("GET /api/v1/query?query=up&timeout=30s HTTP/1.1"));
}

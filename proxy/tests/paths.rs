//! Only the listed endpoints and methods exist; nothing else opens a connection to a source.

use crate::support::scripted::{Scripted, Then, ok};
use crate::support::serve_upstream;

#[tokio::test]
async fn other_paths_and_methods_reach_no_source() {
    let upstream = Scripted::start(ok(r#"{"status":"success"}"#), Then::Close).await;
    let server = serve_upstream(upstream.address, "").await;
    let cases = [
        ("GET /api/sources/up/api/v1/../admin/tsdb/delete_series", 404),
        ("GET /api/sources/up/api/v1/%2e%2e/admin/tsdb/delete_series", 404),
        ("GET /api/sources/up/api/v1/.%2E/query", 404),
        ("GET /api/sources/up/api/v1/%252e%252e/query", 404),
        ("GET /api/sources/up//api/v1/query", 404),
        ("GET //api/v1/query", 404),
        ("GET /api/sources/up/api/v1/\\..\\query", 404),
        ("GET /api/sources/up/api/v1/query%2f..%2f", 404),
        ("GET /api/sources/up/api/v1/label/..%2f..%2fadmin%2ftsdb/values", 404),
        ("GET /api/sources/up/api/v1/label/a%2fb/values", 404),
        ("GET /api/sources/up/api/v1/label/../../query", 404),
        ("GET /api/sources/up/api/v1/query%00", 404),
        ("GET /api/sources/up/api/v1/query%20", 404),
        ("GET /api/sources/up/api/v1/query%3Fx", 404),
        ("GET /api/sources/up/api/v1/status/buildinfo/../config", 404),
        ("GET /api/sources/up%2f..%2fup/api/v1/query", 404),
        ("GET /api/sources/up/../up/api/v1/query", 404),
        ("GET /api/sources/up/api/v1/query/", 404),
        ("GET /api/sources/up/api/v1/query;x", 404),
        ("GET /api/sources/up/api/v1/", 404),
        ("GET /API/sources/up/api/v1/query", 404),
        ("GET /api/sources/up/API/v1/query", 404),
        ("GET /api/sources/UP/api/v1/query", 404),
        ("GET /api/sources/%75p/api/v1/query", 404),
        ("GET /api/sources/other/api/v1/query", 404),
        ("GET /api/sources///evil/api/v1/query", 404),
        ("GET /api", 404),
        ("GET /api/", 404),
        ("GET /api/query", 404),
        ("GET /api/sources/up", 404),
        ("GET /api/sources/up/api/v1/status/config", 404),
        ("GET /api/sources/up/api/v1/admin/tsdb/snapshot", 404),
        ("POST /api/sources/up/api/v1/write", 404),
        ("GET /api/sources/up/-/quit", 404),
        ("GET /api/sources/up/federate", 404),
        ("GET /api/sources/up/debug/pprof/heap", 404),
        ("GET /-/quit", 404),
        ("POST /-/quit", 405),
        ("GET http://evil.example/api/sources/up/api/v1/query", 400),
        ("GET //evil.example/api/sources/up/api/v1/query", 404),
        ("GET ftp://evil.example/api/sources/up/api/v1/query", 400),
        ("PUT /api/sources/up/api/v1/query", 405),
        ("DELETE /api/sources/up/api/v1/series?match[]=up", 405),
        ("TRACE /api/sources/up/api/v1/query", 405),
        ("OPTIONS /api/sources/up/api/v1/query", 405),
        ("CONNECT evil.example:80", 400),
        ("POST /api/sources", 405),
        ("POST /healthz", 405),
    ];
    for (line, status) in cases {
        let reply = server.send(line, &[], "").await;
        assert_eq!(reply.status, status, "{line}: {reply:?}");
        if line.contains(" /api/") {
            assert!(reply.error().starts_with(&status.to_string()), "{line}: {reply:?}");
        }
    }
    for override_method in ["X-HTTP-Method-Override: GET", "X-Method-Override: GET"] {
        let reply = server.send("PUT /api/sources/up/api/v1/query", &[override_method], "").await;
        assert_eq!(reply.status, 405);
    }
    for endpoint in ["label/job/values", "metadata", "rules", "alerts", "status/buildinfo"] {
        let line = format!("POST /api/sources/up/api/v1/{endpoint}");
        let form = ["Content-Type: application/x-www-form-urlencoded"];
        assert_eq!(server.send(&line, &form, "limit=1").await.status, 405, "{line}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn ambiguous_hosts_are_refused() {
    let upstream = Scripted::start(ok(r#"{"status":"success"}"#), Then::Close).await;
    let server = serve_upstream(upstream.address, "").await;
    let path = "/api/sources/up/api/v1/query";
    let two = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(server.send_raw(&two).await.status, 400);
    let none = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(server.send_raw(&none).await.status, 400);
    let huge =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(500_000));
    assert!(matches!(server.send_raw(&huge).await.status, 0 | 431));
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn bodies_must_be_small_forms() {
    let upstream = Scripted::start(ok(r#"{"status":"success"}"#), Then::Close).await;
    let server = serve_upstream(upstream.address, "").await;
    let form = "Content-Type: application/x-www-form-urlencoded; charset=UTF-8";
    let long = format!("x={}", "x".repeat(64 << 10));
    let cases = [
        ("Content-Type: text/plain", "query=up", 415),
        ("Content-Type: application/json", "{}", 415),
        ("X: y", "query=up", 415),
        (form, long.as_str(), 413),
        (form, "query=up&query=down", 400),
        (form, "query=up", 200),
    ];
    for (kind, body, status) in cases {
        let reply = server.send("POST /api/sources/up/api/v1/query", &[kind], body).await;
        assert_eq!(reply.status, status, "{kind}: {reply:?}");
    }
    let both = server.send("POST /api/sources/up/api/v1/query?query=a", &[form], "query=b").await;
    assert_eq!(both.error(), "400 bad_data: `query` is given twice: give it once");
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = crate::support::serve("").await;
    let paths = [
        "/",
        "/x.js",
        "/healthz",
        "/metrics",
        "/api/sources",
        "/api/x",
        "/api/sources/demo/api/v1/labels",
    ];
    for path in paths {
        let reply = server.get(path).await;
        let policy = reply.field("content-security-policy").unwrap_or_default();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"),
            "{path}"
        );
        let fixed = [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ];
        for (name, value) in fixed {
            assert_eq!(reply.field(name), Some(value), "{path}");
        }
        assert_eq!(reply.field("access-control-allow-origin"), None, "{path}");
        if path.starts_with("/api") {
            assert_eq!(reply.field("cache-control"), Some("no-store"), "{path}");
        }
    }
    assert_eq!(server.get("/healthz").await.body, "ok");
}

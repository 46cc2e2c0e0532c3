//! What a source is sent, and what of its answer is passed on.

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::support::scripted::{Scripted, Then, ok, reply};
use crate::support::{self, serve, serve_upstream};

const SUCCESS: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;

/// Request line, header fields in order without those of the connection, and body.
fn parts(request: &str) -> (String, Vec<String>, String) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines().map(str::to_owned);
    let first = lines.next().unwrap();
    let mut fields: Vec<_> = lines.filter(|line| !line.starts_with("host: ")).collect();
    fields.sort();
    (first, fields, body.to_owned())
}

#[tokio::test]
async fn outbound_headers_are_built_from_scratch() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let server = serve(&format!(
        "[[source]]\nid = 'up'\nurl = 'http://me:p%40ss@{}/prefix/'\nheaders = {{ X-Scope-OrgID = 'team' }}\n",
        upstream.address
    ))
    .await;
    let fields = [
        "Authorization: Bearer client",
        "Cookie: session=client",
        "X-Scope-OrgID: client",
        "x-scope-orgid : client",
        "X_Scope_OrgID: client",
        "X-Forwarded-For: 1.2.3.4",
        "Forwarded: for=1.2.3.4",
        "Connection: authorization",
        "TE: trailers",
        "Upgrade: websocket",
        "Accept: text/html",
        "User-Agent: client",
        "Referer: http://client",
    ];
    for name in &fields {
        let reply = server
            .send("GET /api/sources/up/api/v1/query?query=up%2B1&url=http://evil", &[name], "")
            .await;
        if reply.status == 200 {
            assert_eq!(reply.body, SUCCESS);
        } else {
            assert_eq!((reply.status, name.contains(" :")), (400, true), "{name}: {reply:?}");
        }
    }
    let requests = upstream.requests();
    assert_eq!(requests.len(), fields.len() - 1);
    for request in requests {
        let (line, fields, body) = parts(&request);
        assert_eq!(line, "GET /prefix/api/v1/query?query=up%2B1&timeout=30s HTTP/1.1");
        let version = env!("CARGO_PKG_VERSION");
        let expected = [
            "accept-encoding: gzip".to_owned(),
            "accept: application/json".to_owned(),
            "authorization: Basic bWU6cEBzcw==".to_owned(),
            format!("user-agent: oddity/{version}"),
            "x-scope-orgid: team".to_owned(),
        ];
        assert_eq!((fields, body.as_str()), (expected.to_vec(), ""));
    }
}

#[tokio::test]
async fn forms_are_sent_as_forms() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let server = serve_upstream(upstream.address, "").await;
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let path = "POST /api/sources/up/api/v1/series?limit=5";
    server.send(path, &form, "match%5B%5D=up&match[]=a%26b&evil=1").await;
    let (line, fields, body) = parts(&upstream.requests()[0]);
    assert_eq!(line, "POST /api/v1/series HTTP/1.1");
    assert!(fields.contains(&"content-type: application/x-www-form-urlencoded".to_owned()));
    assert_eq!(body, "limit=5&match%5B%5D=up&match%5B%5D=a%26b");
}

#[tokio::test]
async fn victoriametrics_is_told_not_to_use_its_cache() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let config = format!(
        "[[source]]\nid = 'vm'\nkind = 'victoriametrics'\nurl = 'http://{}'\n",
        upstream.address
    );
    serve(&config).await.get("/api/sources/vm/api/v1/query?query=up&nocache=0").await;
    let (line, ..) = parts(&upstream.requests()[0]);
    assert_eq!(line, "GET /api/v1/query?query=up&timeout=30s&nocache=1 HTTP/1.1");
}

#[tokio::test]
async fn of_the_answer_only_status_and_json_pass() {
    let fields = "content-type: text/html\r\nset-cookie: a=b\r\ncontent-security-policy: x\r\n\
                  location: http://evil\r\nrefresh: 0\r\nclear-site-data: *\r\n\
                  access-control-allow-origin: *\r\nx-other: y\r\n";
    let upstream = Scripted::start(reply("200 OK", fields, SUCCESS), Then::Close).await;
    let server = serve_upstream(upstream.address, "").await;
    let reply = server.get("/api/sources/up/api/v1/query?query=up").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, SUCCESS));
    let mut names: Vec<_> =
        reply.head.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
    names.sort_unstable();
    let ours = [
        "cache-control",
        "connection",
        "content-length",
        "content-security-policy",
        "content-type",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "date",
        "permissions-policy",
        "referrer-policy",
        "x-content-type-options",
    ];
    assert_eq!(names, ours);
    assert_eq!(reply.field("content-type"), Some("application/json"));
    assert!(!reply.head.contains("evil"));
}

#[tokio::test]
async fn errors_in_prometheus_envelope_pass_as_they_are() {
    let body = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
    for status in ["400 Bad Request", "422 Unprocessable Entity", "503 Service Unavailable"] {
        let upstream = Scripted::start(reply(status, "", body), Then::Close).await;
        let server = serve_upstream(upstream.address, "").await;
        let reply = server.get("/api/sources/up/api/v1/query?query=(").await;
        assert_eq!((reply.status.to_string().as_str(), reply.body.as_str()), (&status[..3], body));
    }
}

#[tokio::test]
async fn a_large_answer_streams_whole() {
    let row = format!("[{}],", "1".repeat(100));
    let body = format!(r#"{{"status":"success","data":[{}[]]}}"#, row.repeat(30_000));
    let upstream = Scripted::start(ok(&body), Then::Close).await;
    let server = serve_upstream(upstream.address, "").await;
    let reply = server.get("/api/sources/up/api/v1/query?query=up").await;
    assert_eq!((reply.status, reply.whole), (200, true));
    assert_eq!(reply.field("transfer-encoding"), Some("chunked"));
    assert!(reply.body.len() > body.len());
}

#[tokio::test]
async fn metrics_count_by_route_and_fault_by_source() {
    let upstream = Scripted::start(ok("<html>"), Then::Close).await;
    let server = serve_upstream(upstream.address, "").await;
    server.get("/api/sources/up/api/v1/query?query=up").await;
    server.get("/api/sources/up/api/v1/secret").await;
    server.get("/some/page.js").await;
    let text = server.get("/metrics").await.body;
    let route = "route=\"/api/sources/{id}/api/v1/query\",method=\"GET\"";
    let other = "route=\"/api/{*rest}\",method=\"GET\"";
    let expected = [
        format!("oddity_http_requests_total{{{route},status=\"5xx\"}} 1"),
        format!("oddity_http_requests_total{{{other},status=\"4xx\"}} 1"),
        "oddity_http_requests_total{route=\"page\",method=\"GET\",status=\"4xx\"} 1".to_owned(),
        format!("oddity_http_request_duration_seconds_count{{{route},status=\"5xx\"}} 1"),
        "oddity_upstream_errors_total{source=\"up\",class=\"not_prometheus\"} 1".to_owned(),
        "oddity_http_requests_in_flight 1".to_owned(),
    ];
    for line in expected {
        assert!(text.contains(&line), "{line} is not in {text}");
    }
}

/// Answers are compressed for clients on other machines: here one behind a reverse proxy.
#[tokio::test]
async fn answers_over_a_network_are_compressed() {
    let series = r#"{"metric":{"pod":"api-7d9f8b6c4-x2k9p"},"values":[[1767571200,"20"]]}"#;
    let long = SUCCESS.replace(
        "\"vector\",\"result\":[]",
        &format!("\"matrix\",\"result\":[{}]", vec![series; 500].join(",")),
    );
    let upstream = Scripted::start(ok(&long), Then::Close).await;
    let server = serve_upstream(upstream.address, "").await;
    let path = "/api/sources/up/api/v1/query_range?query=up&start=0&end=60&step=15";
    let url = format!("http://{}{path}", server.address);
    let ask = async |forwarded: Option<&str>| {
        let mut request = support::client().get(&url).header("accept-encoding", "gzip");
        if let Some(client) = forwarded {
            request = request.header("x-forwarded-for", client);
        }
        let reply = request.send().await.unwrap();
        let encoding = reply.headers().get("content-encoding").cloned();
        (encoding, reply.bytes().await.unwrap())
    };
    let (encoding, bytes) = ask(Some("192.0.2.7")).await;
    assert_eq!(encoding.unwrap(), "gzip");
    assert!(bytes.len() * 10 < long.len(), "{} of {}", bytes.len(), long.len());
    let mut text = String::new();
    GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, long);
    let (encoding, bytes) = ask(None).await;
    assert_eq!((encoding, &bytes[..]), (None, long.as_bytes()));
}

//! Label scoping: what users read of a real Prometheus that several teams share.

use serde_json::{Value, json};

use crate::support::prometheus::Prometheus;
use crate::support::scripted::{Scripted, Then, ok};
use crate::support::{Reply, Served, serve};

/// 2026-01-05 00:00:00 UTC.
const TIME: u32 = 1_767_571_200;

const TOP: &str = "auth = 'header:X-User'\ntrusted_proxies = ['127.0.0.0/8']\n";

/// Two teams with a metric of the same name, and one that only the second has.
fn samples() -> String {
    format!(
        "# TYPE up gauge\nup{{ns=\"a\",pod=\"a1\"}} 1 {TIME}\nup{{ns=\"b\",pod=\"b1\"}} 2 {TIME}\n\
         # TYPE secret gauge\nsecret{{ns=\"b\",pod=\"b2\"}} 3 {TIME}\n# EOF\n"
    )
}

async fn served(address: std::net::SocketAddr) -> Served {
    serve(&format!(
        "{TOP}[[source]]\nid = 'up'\nurl = 'http://{address}'\n\
         [source.enforce_by_user]\nann = {{ ns = 'a' }}\nbob = {{ ns = ['b', 'c'] }}\nroot = {{}}\n"
    ))
    .await
}

async fn ask(server: &Served, user: &str, path: &str, form: &[(&str, &str)]) -> Reply {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(form).finish();
    let line = format!("GET /api/sources/up/api/v1/{path}?{query}");
    server.send(&line, &[&format!("X-User: {user}")], "").await
}

#[tokio::test]
async fn users_of_a_real_prometheus_read_their_own_series_only() {
    let Some(prometheus) = Prometheus::with_samples(&samples()).await else { return };
    let server = served(prometheus.address()).await;
    let time = TIME.to_string();
    let cases = [
        ("ann", "up", vec!["a1"]),
        ("bob", "up", vec!["b1"]),
        ("root", "up", vec!["a1", "b1"]),
        ("ann", "secret", vec![]),
        ("ann", "up or secret", vec!["a1"]),
        ("ann", "up{ns=~\".*\"} or {__name__=~\".+\"}", vec!["a1"]),
        ("ann", "up{ns=\"b\"}", vec![]),
        ("ann", "up{ns!=\"a\"}", vec![]),
        ("ann", "sum by (pod) (last_over_time({__name__=~\"up|secret\"}[1m]))", vec!["a1"]),
        ("ann", "up{pod=\"\\\"} or secret{pod=\\\"\"}", vec![]),
        ("ann", "up # \r or secret", vec!["a1"]),
        ("bob", "up + on () group_left () secret", vec!["b1"]),
    ];
    for (user, query, expected) in cases {
        let reply = ask(&server, user, "query", &[("query", query), ("time", &time)]).await;
        assert_eq!(reply.status, 200, "{user} {query}: {reply:?}");
        let json = reply.json();
        let found = json["data"]["result"].as_array().unwrap();
        let mut pods: Vec<&str> =
            found.iter().filter_map(|one| one["metric"]["pod"].as_str()).collect();
        pods.sort_unstable();
        assert_eq!(pods, expected, "{user} {query}");
    }
    let range = [("query", "secret"), ("start", &time), ("end", &time), ("step", "1")];
    let data = |reply: Reply| reply.json()["data"].clone();
    assert_eq!(data(ask(&server, "ann", "query_range", &range).await)["result"], json!([]));
    let about: [(&str, &str, Value); 6] = [
        ("ann", "label/__name__/values", json!(["up"])),
        ("bob", "label/__name__/values", json!(["secret", "up"])),
        ("ann", "label/ns/values", json!(["a"])),
        ("root", "label/ns/values", json!(["a", "b"])),
        ("ann", "labels", json!(["__name__", "ns", "pod"])),
        ("ann", "series", json!([{ "__name__": "up", "ns": "a", "pod": "a1" }])),
    ];
    for (user, path, expected) in about {
        assert_eq!(data(ask(&server, user, path, &[]).await), expected, "{user} {path}");
    }
    let named = [("match[]", "secret"), ("match[]", "{pod=~\".+\"}")];
    let expected = json!([{ "__name__": "up", "ns": "a", "pod": "a1" }]);
    assert_eq!(data(ask(&server, "ann", "series", &named).await), expected);
}

#[tokio::test]
async fn what_cannot_be_limited_never_reaches_the_source() {
    let upstream = Scripted::start(ok("{}"), Then::Close).await;
    let server = served(upstream.address).await;
    let cases = [
        (
            "ann",
            "query",
            "query=up%7B",
            "400 bad_data: invalid parameter 'query': 1:4: parse error",
        ),
        ("ann", "query", "query=WITH+(x+%3D+up)+x", "400 bad_data: invalid parameter 'query'"),
        (
            "ann",
            "series",
            "match[]=sum(up)",
            "400 bad_data: invalid parameter 'match[]': expected a selector",
        ),
        ("ann", "metadata", "", "403 bad_data: metadata is of all metrics"),
        ("ann", "rules", "", "403 bad_data: rules and alerts are of all series"),
        ("ann", "alerts", "", "403 bad_data: rules and alerts are of all series"),
        ("eve", "query", "query=up", "403 bad_data: you may not read this source"),
        ("eve", "status/buildinfo", "", "403 bad_data: you may not read this source"),
    ];
    for (user, path, query, expected) in cases {
        let line = format!("GET /api/sources/up/api/v1/{path}?{query}");
        let reply = server.send(&line, &[&format!("X-User: {user}")], "").await;
        assert!(reply.error().starts_with(expected), "{user} {path}: {}", reply.error());
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn matchers_for_everybody_need_no_user() {
    let upstream = Scripted::start(ok("{}"), Then::Close).await;
    let address = upstream.address;
    let source =
        format!("[[source]]\nid = 'up'\nurl = 'http://{address}'\nenforce = {{ ns = 'a' }}\n");
    let server = serve(&source).await;
    server.get("/api/sources/up/api/v1/query?query=sum(up)").await;
    let line = "POST /api/sources/up/api/v1/query_range";
    let form = "query=up&start=1&end=1&step=1";
    server.send(line, &["Content-Type: application/x-www-form-urlencoded"], form).await;
    let requests = upstream.requests();
    let encoded = "%7B__name__%3D%22up%22%2Cns%3D%22a%22%7D";
    assert!(requests[0].starts_with(&format!("GET /api/v1/query?query=sum%28{encoded}%29&")));
    assert!(requests[1].contains(&format!("query={encoded}&")), "{}", requests[1]);
}

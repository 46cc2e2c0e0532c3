//! What the configuration of a source changes: headers of other servers, rotated secrets, limits, and what of all this
//! a browser learns.

use std::sync::Arc;

use oddity_detect::time::Timestamp;
use proxy::demo::Demo;
use proxy::metrics::self_history::MetricsHistory;
use proxy::source::allowlist::Endpoint;

use crate::support::prometheus::Prometheus;
use crate::support::scripted::{Scripted, Then, ok};
use crate::support::serve;
use crate::support::victoria::VictoriaMetrics;
use crate::support::wait::{next_look, until};

const SUCCESS: &str = r#"{"status":"success","data":1}"#;

fn query(id: &str) -> String {
    format!("/api/sources/{id}/api/v1/query?query=up")
}

#[tokio::test]
async fn prefixes_and_headers_fit_other_servers() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let at = upstream.address;
    let server = serve(&format!(
        "[[source]]\nid = 'thanos'\nurl = 'http://{at}/thanos/'\nheaders = {{ THANOS-TENANT = 'team' }}\n\
         [[source]]\nid = 'mimir'\nurl = 'http://{at}/prometheus'\nheaders = {{ X-Scope-OrgID = 'a|b' }}\nbearer = 't'\n\
         [[source]]\nid = 'cluster'\nkind = 'victoriametrics'\nurl = 'http://{at}/select/0/prometheus'\n\
         basic = {{ username = 'me', password = 'p@ss' }}\n\
         [[source]]\nid = 'escaped'\nurl = 'http://{at}/a%20b/c%2Fd'\n"
    ))
    .await;
    let cases = [
        ("thanos", "GET /thanos/api/v1/query?query=up&timeout=30s ", vec!["thanos-tenant: team"]),
        (
            "mimir",
            "GET /prometheus/api/v1/query?query=up&timeout=30s ",
            vec!["x-scope-orgid: a|b", "authorization: Bearer t"],
        ),
        (
            "cluster",
            "GET /select/0/prometheus/api/v1/query?query=up&timeout=30s&nocache=1 ",
            vec!["authorization: Basic bWU6cEBzcw=="],
        ),
        ("escaped", "GET /a%20b/c%2Fd/api/v1/query?query=up&timeout=30s ", vec![]),
    ];
    for (number, (id, line, fields)) in cases.into_iter().enumerate() {
        assert_eq!(server.get(&query(id)).await.status, 200, "{id}");
        let request = &upstream.requests()[number];
        assert!(request.starts_with(line), "{request}");
        for field in fields {
            assert!(request.contains(&format!("\r\n{field}\r\n")), "{request}");
        }
    }
}

#[tokio::test]
async fn a_rotated_secret_is_sent_without_a_restart() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let at = upstream.address;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let path = file.display();
    std::fs::write(&file, "first\n").unwrap();
    let server = serve(&format!(
        "[[source]]\nid = 'bearer'\nurl = 'http://{at}'\nbearer_file = '{path}'\n\
         [[source]]\nid = 'basic'\nurl = 'http://{at}'\nbasic = {{ username = 'me', password_file = '{path}' }}\n"
    ))
    .await;
    let mut sent = Vec::new();
    // Renamed into place, as mounted secrets are; then gone for a while.
    for step in 0..3 {
        if step == 1 {
            let next = folder.path().join("next");
            std::fs::write(&next, "second\n").unwrap();
            std::fs::rename(next, &file).unwrap();
        } else if step == 2 {
            std::fs::remove_file(&file).unwrap();
        }
        if step > 0 {
            next_look().await;
        }
        for id in ["bearer", "basic"] {
            assert_eq!(server.get(&query(id)).await.status, 200);
            let request = upstream.requests().pop().unwrap();
            let field = request.lines().find_map(|line| line.strip_prefix("authorization: "));
            sent.push(field.unwrap().to_owned());
        }
    }
    let second = ["Bearer second", "Basic bWU6c2Vjb25k"];
    assert_eq!(sent[..2], ["Bearer first", "Basic bWU6Zmlyc3Q="]);
    assert_eq!(sent[2..4], second);
    assert_eq!(sent[4..], second);
}

#[tokio::test]
async fn limits_of_a_source_hold_for_it_alone() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let at = upstream.address;
    let server = serve(&format!(
        "[limits]\nsubquery_steps = 100\n\
         [[source]]\nid = 'general'\nurl = 'http://{at}'\n\
         [[source]]\nid = 'own'\nurl = 'http://{at}'\ntimeout = '7s'\n\
         limits = {{ subquery_steps = 1000, points = 30000, answer_bytes = 10 }}\n"
    ))
    .await;
    let range = "query_range?query=up&start=0&end=29999&step=1";
    let subquery = "query?query=max_over_time(up%5B10m:1s%5D)";
    let ask = async |id: &str, rest: &str| {
        server.get(&format!("/api/sources/{id}/api/v1/{rest}")).await.error()
    };
    assert!(ask("general", range).await.contains("30000 points a series, more than 11001"));
    assert!(ask("general", subquery).await.contains("evaluate 600 steps, more than 100"));
    for rest in [range, subquery] {
        assert!(
            ask("own", rest).await.starts_with("502 execution: source 'own' answered with more")
        );
    }
    assert!(upstream.requests().iter().all(|request| request.contains("timeout=7s")));
    assert_eq!(upstream.connections(), 2);
}

#[tokio::test]
async fn a_browser_learns_ids_names_and_kinds_only() {
    let server = serve(
        "demo = true\n[[source]]\nid = 'a'\nname = 'Production'\nurl = 'http://user:CANARY@canary.invalid/canary'\n\
         headers = { X-Canary = 'CANARY' }\ntimeout = '7s'\n",
    )
    .await;
    let reply = server.get("/api/sources").await;
    let mut json = reply.json();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    let sources = json["sources"].as_array_mut().unwrap();
    sources[1].as_object_mut().unwrap().remove("examples");
    let expected = serde_json::json!([
        { "id": "a", "name": "Production", "kind": "prometheus" },
        { "id": "demo", "name": "Demo", "kind": "demo" },
    ]);
    assert_eq!(json["sources"], expected);
    assert!(!reply.body.to_lowercase().contains("canary"), "{}", reply.body);
}

#[tokio::test]
async fn a_real_victoriametrics_answers_through_the_proxy() {
    let start = 1_767_225_600_u64;
    let lines: String = (0..20)
        .map(|index| format!("up{{job=\"api\"}} {index} {}\n", start + index * 15))
        .collect();
    let Some(victoria) = VictoriaMetrics::with_samples(&lines).await else { return };
    let server = serve(&format!(
        "[[source]]\nid = 'vm'\nkind = 'victoriametrics'\nurl = 'http://{}/prometheus'\n",
        victoria.address()
    ))
    .await;
    let ask = async |rest: String| {
        let reply = server.get(&format!("/api/sources/vm/api/v1/{rest}")).await;
        assert_eq!(reply.status, 200, "{rest}: {reply:?}");
        reply.json()
    };
    let end = start + 285;
    let range = ask(format!("query_range?query=up&start={start}&end={end}&step=15")).await;
    let values = range["data"]["result"][0]["values"].as_array().map(Vec::len);
    assert_eq!(values, Some(20), "{range}");
    // Syntax of its own, and a subquery.
    for expr in ["default_rollup(up%5B1i%5D)", "max_over_time(up%5B1m:15s%5D)", "rate(sum(up))"] {
        ask(format!("query?query={expr}&time={end}")).await;
    }
    let names = ask(format!("label/job/values?start={start}&end={end}")).await;
    assert_eq!(names["data"][0], "api");
    let bomb = "/api/sources/vm/api/v1/query?query=any_rollup(up%5B11000d:1s%5D)";
    let error = server.get(bomb).await.error();
    assert!(error.starts_with("400 bad_data: the subqueries evaluate 950400000"), "{error}");
}

#[test]
fn the_demo_shows_the_metrics_of_the_server_as_they_were() {
    let history = Arc::<MetricsHistory>::default();
    let start = 29_453_760;
    for minute in 0..30_i64 {
        let text = format!("oddity_http_requests_total{{route=\"page\"}} {}\n", 60 * minute);
        history.record(start + minute, || text);
    }
    let at = (start + 30) * 60;
    let demo = Demo::with_own(Timestamp(start * 60_000), &history);
    let ask = |endpoint, name: &str, value: &str| {
        let params = vec![(name.to_owned(), value.to_owned()), ("time".to_owned(), at.to_string())];
        demo.answer(&endpoint, &params, Timestamp(at * 1_000)).unwrap().into_data()
    };
    let rate = ask(Endpoint::Query, "query", "rate(oddity_http_requests_total[5m]) * 60");
    assert_eq!(rate["result"][0]["value"][1], "60");
    assert_eq!(rate["result"][0]["metric"]["job"], "oddity");
    let about = ask(Endpoint::Metadata, "metric", "oddity_http_requests_total");
    assert_eq!(about["oddity_http_requests_total"][0]["type"], "counter");
}

#[tokio::test]
async fn a_real_prometheus_scrapes_our_own_metrics() {
    let server = serve("").await;
    for _ in 0..3 {
        server.get("/api/sources").await;
    }
    server.get("/api/sources/demo/api/v1/secret").await;
    let config = format!(
        "global: {{ scrape_interval: 1s }}\nscrape_configs:\n- job_name: oddity\n  static_configs: [{{ targets: ['{}'] }}]\n",
        server.address
    );
    let Some(prometheus) = Prometheus::with_config("# EOF\n", &config).await else { return };
    let through =
        serve(&format!("[[source]]\nid = 'up'\nurl = 'http://{}'\n", prometheus.address())).await;
    let value = async |expr: &str| {
        let reply = through.get(&format!("/api/sources/up/api/v1/query?query={expr}")).await;
        let value = reply.json()["data"]["result"][0]["value"][1].clone();
        value.as_str().map_or(f64::NAN, |value| value.parse().unwrap())
    };
    until("Prometheus has scraped the server", async || value("up").await >= 1.0).await;
    let requests = "sum(oddity_http_requests_total%7Broute=%22/api/sources%22%7D)";
    assert!(value(requests).await >= 3.0);
    assert!(value("oddity_rejected_total%7Breason=%22path%22%7D").await >= 1.0);
    assert!(value("oddity_http_connections").await >= 1.0);
    assert!(value("sum(oddity_http_response_bytes_total)").await > 100.0);
    let quantile = "histogram_quantile(0.9,oddity_http_request_duration_seconds_bucket)";
    assert!((0.0..35.0).contains(&value(quantile).await));
    // Every label is one that is configured or built in.
    let names = "count(count+by+(route)(oddity_http_requests_total))";
    assert!(value(names).await <= 4.0);
}

//! What the demo source takes for a query is bounded, and an answer is complete or refused.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use crate::support::process::Oddity;
use crate::support::wait::NO_HURRY;
use crate::support::{Reply, send};

/// Everything the source has, at as many points as are allowed.
const EVERYTHING: &[(&str, &str)] = &[
    ("query", "{__name__=~\".+\"}"),
    ("start", "1768469820"),
    ("end", "1769129820"),
    ("step", "60"),
];

async fn ask(address: SocketAddr, endpoint: &str, params: &[(&str, &str)]) -> Reply {
    let form: String =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let request = format!("POST /api/sources/demo/api/v1/{endpoint}");
    send(address, &request, &["Content-Type: application/x-www-form-urlencoded"], &form).await
}

/// Joins the chunks of a body.
fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        text += &rest[..size];
        body = &rest[size + 2..];
    }
    text
}

/// `call` around `up` so many times.
fn nested(call: &str, times: usize) -> String {
    (0..times).fold("up".to_owned(), |inner, _| call.replace("INNER", &inner))
}

#[tokio::test]
async fn no_query_takes_more_than_its_share_of_memory() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("oddity.toml"), format!("[limits]\n{NO_HURRY}")).unwrap();
    let anchor = ["--demo-anchor", "2026-01-25T00:00:00Z"];
    let oddity = Oddity::start(folder.path(), &anchor, &[("ODDITY_LOG", "error")]);
    let address = oddity.address;
    let replacement = "$1".repeat(300);
    let cases = [
        (
            r#"count_over_time(count_values("v", vector(time()))[1d:1s])"#.to_owned(),
            "more than 64 MiB",
        ),
        (
            r#"count_over_time(count_values("v", rand)[1d:1s])"#.replace("rand", "time() * up"),
            "64 MiB",
        ),
        (nested(r#"label_join(INNER, "a", "-", "a", "a", "job", "instance")"#, 60), "takes 4096"),
        (
            nested(&format!(r#"label_replace(INNER, "job", "{replacement}", "job", "(.*)")"#), 10),
            "takes 4096",
        ),
        ("sum by (a) (up[5m:1s])".to_owned(), "expected type instant vector"),
        ("count_over_time(up[5000000s:1s])".to_owned(), "the demo source"),
        ("max_over_time({job!=\"\"}[30d:10s])".to_owned(), "the demo source"),
    ];
    let before = oddity.process.peak();
    for (query, expected) in &cases {
        let reply = ask(address, "query", &[("query", query)]).await;
        assert!([400, 422].contains(&reply.status), "{query:.100}: {reply:?}");
        assert!(reply.error().contains(expected), "{query:.100}: {}", reply.error());
    }
    let all = (0..8).map(|_| ask(address, "query_range", EVERYTHING));
    for reply in join_all(all).await {
        match reply.status {
            200 => assert!(reply.whole),
            _ => assert!(reply.error().starts_with("503 unavailable: the demo source is busy")),
        }
    }
    let grown = oddity.process.peak().saturating_sub(before) >> 20;
    assert!(grown < 200, "{grown} MiB more");
    // Nothing is left taken.
    let reply = ask(address, "query_range", EVERYTHING).await;
    assert_eq!((reply.status, reply.whole), (200, true));
    let json: serde_json::Value = serde_json::from_str(&unchunked(&reply.body)).unwrap();
    let result = &json["data"]["result"];
    let lens: Vec<_> =
        result.as_array().unwrap().iter().map(|s| s["values"].as_array().unwrap().len()).collect();
    assert!(lens.len() > 100 && lens.iter().filter(|len| **len > 9_000).count() > 100, "{lens:?}");
    assert!(oddity.stop().0.success());
}

#[tokio::test]
async fn an_answer_over_the_limit_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("oddity.toml"), "[limits]\nanswer_bytes = 2000000\n")
        .unwrap();
    let oddity = Oddity::start(folder.path(), &[], &[]);
    let reply = ask(oddity.address, "query_range", EVERYTHING).await;
    assert_eq!(
        reply.error(),
        "422 execution: the answer has more than 1 MiB, which is the limit answer_bytes: ask for fewer series, a \
         shorter range or a longer step"
    );
    assert!(oddity.stop().0.success());
}

/// Takes seconds, as each sample is looked at once for each of a thousand windows.
const LONG: &[(&str, &str)] = &[
    ("query", "quantile_over_time(0.5, {job!=\"\"}[300m:1m])"),
    ("start", "1769129820"),
    ("end", "1769130820"),
    ("step", "1"),
];

#[tokio::test]
async fn a_client_that_leaves_takes_its_evaluation_along() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("oddity.toml"), format!("[limits]\n{NO_HURRY}")).unwrap();
    let oddity = Oddity::start(folder.path(), &[], &[]);
    let before = oddity.process.processor_time();
    assert_eq!(ask(oddity.address, "query_range", LONG).await.status, 422);
    let whole = oddity.process.processor_time() - before;
    for _ in 0..4 {
        // It has begun, and nobody waits for it.
        let asked = ask(oddity.address, "query_range", LONG);
        assert!(timeout(Duration::from_millis(100), asked).await.is_err());
    }
    let before = oddity.process.processor_time();
    let mut last = before;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = oddity.process.processor_time();
        if now - last < Duration::from_millis(50) {
            break;
        }
        last = now;
    }
    let spent = last - before;
    assert!(spent < whole, "{spent:?} after everybody has left, {whole:?} for one");
    assert!(oddity.stop().0.success());
}

#[tokio::test]
async fn a_long_query_leaves_its_turn_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let limits = format!("[limits]\nconcurrent_queries = 1\n{NO_HURRY}");
    std::fs::write(folder.path().join("oddity.toml"), limits).unwrap();
    let oddity = Oddity::start(folder.path(), &[], &[]);
    let address = oddity.address;
    let idle = oddity.process.processor_time();
    let long = tokio::spawn(async move { ask(address, "query_range", LONG).await.status });
    while oddity.process.processor_time() == idle {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(ask(address, "query", &[("query", "up")]).await.status, 200);
    assert!(!long.is_finished());
    assert_eq!(long.await.unwrap(), 422);
    assert!(oddity.stop().0.success());
}

//! The demo source answers as a real Prometheus does over the same samples, query by query.

use std::collections::BTreeMap;
use std::fmt::Write;

use oddity_detect::time::{Span, Timestamp};
use proxy::demo::Demo;
use proxy::source::allowlist::{Endpoint, Params};
use serde_json::Value as Json;

use crate::support::prometheus::Prometheus;

/// 2026-01-15T09:37:00Z.
const ANCHOR: Timestamp = Timestamp(1_768_469_820_000);

/// Hours of samples that Prometheus is given; they end two hours after the anchor.
const HOURS: u64 = 48;

/// The greatest relative difference of values.
const TOLERANCE: f64 = 1e-9;

fn now() -> Timestamp {
    ANCHOR + Span::from_seconds(2 * 3_600)
}

/// Expressions that both answer, with the same result or with an error of the same kind.
fn expressions() -> Vec<&'static str> {
    let lines = include_str!("demo_parity.promql").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Expressions for instant queries alone: range vectors and strings.
const INSTANT_ONLY: &[&str] = &[
    "queue_depth[10m]",
    "up[3m] offset 10m",
    "up{job=\"app\"}[10m:2m]",
    "\"text\"",
    "queue_depth[1h] @ 1768469000",
];

/// Start and end relative to now and step, all in seconds. Steps on and off the grid.
const RANGES: &[(u64, u64, u64)] =
    &[(4 * 3_600, 0, 60), (3 * 3_600, 0, 137), (8 * 3_600, 3_700, 600)];

/// Milliseconds before now of the instants that are asked for.
const INSTANTS: &[u64] = &[0, 5_400_000, 7_260_000, 7_200_000, 3_333_333];

type Samples = Vec<(f64, f64)>;

/// An answer to compare: series by labels, or why it was refused.
enum Answer {
    Series(BTreeMap<String, Samples>),
    Text(String),
    Refused { kind: String, reason: String },
}

#[tokio::test]
async fn the_demo_source_answers_as_prometheus_does() {
    let demo = Demo::new(ANCHOR);
    let Some(prometheus) = Prometheus::with_samples(&openmetrics(&demo)).await else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = crate::support::client();
    let expressions = expressions();
    assert!(expressions.len() >= 120);
    let mut questions = Vec::new();
    let seconds = |ago: u64| (now() - Span::from_seconds(ago)).as_seconds().to_string();
    for expr in expressions.iter().chain(INSTANT_ONLY) {
        for ago in INSTANTS {
            let params = vec![
                ("query", (*expr).to_owned()),
                ("time", (now() - Span::from_millis(*ago)).as_seconds().to_string()),
            ];
            questions.push((Endpoint::Query, params));
        }
        for (start, end, step) in RANGES {
            let params = vec![
                ("query", (*expr).to_owned()),
                ("start", seconds(*start)),
                ("end", seconds(*end)),
                ("step", step.to_string()),
            ];
            questions.push((Endpoint::QueryRange, params));
        }
    }
    let (mut differences, mut samples) = (String::new(), 0);
    for (endpoint, params) in questions {
        let path = if endpoint == Endpoint::Query { "query" } else { "query_range" };
        let request = client
            .post(format!("http://{}/api/v1/{path}", prometheus.address()))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(oddity_analysis::api::form(&params));
        let reply = request.send().await.expect("a reply");
        let reply: Json =
            serde_json::from_slice(&reply.bytes().await.expect("a body")).expect("JSON");
        let params: Params = params.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let expected = read(&reply);
        let found = match demo.answer(&endpoint, &params, now()) {
            Ok(answer) => read(&serde_json::json!({ "data": answer.into_data() })),
            Err(error) => read(&serde_json::json!({
                "errorType": error.error_type,
                "error": error.message,
            })),
        };
        if let Answer::Series(series) = &expected {
            samples += series.values().map(Vec::len).sum::<usize>();
        }
        if let Some(difference) = difference(&expected, &found) {
            let _ = writeln!(differences, "{path} {params:?}\n  {difference}");
        }
    }
    assert!(samples > 200_000, "only {samples} samples were compared");
    let count = differences.lines().count() / 2;
    assert!(differences.is_empty(), "{count} answers differ:\n{differences}");
}

/// All samples as OpenMetrics text, untyped so that any metric name is accepted.
fn openmetrics(demo: &Demo) -> String {
    let params: Params = [
        ("query", format!("{{__name__=~\".+\"}}[{HOURS}h]")),
        ("time", now().as_seconds().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let answer = demo.answer(&Endpoint::Query, &params, now()).expect("samples");
    let mut text = String::new();
    for series in answer.into_data()["result"].as_array().expect("series") {
        let labels = series["metric"].as_object().expect("labels");
        let name = labels["__name__"].as_str().expect("name");
        let pairs: Vec<String> = labels
            .iter()
            .filter(|(key, _)| *key != "__name__")
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        for point in series["values"].as_array().expect("values") {
            let value = point[1].as_str().expect("value");
            let _ = writeln!(text, "{name}{{{}}} {value} {}", pairs.join(","), point[0]);
        }
    }
    text.push_str("# EOF\n");
    text
}

fn read(reply: &Json) -> Answer {
    let Some(data) = reply.get("data") else {
        let (kind, reason) = (reply["errorType"].to_string(), reply["error"].to_string());
        return Answer::Refused { kind, reason };
    };
    let result = &data["result"];
    let point = |point: &Json| {
        let value = match point[1].as_str().expect("value") {
            "+Inf" => f64::INFINITY,
            "-Inf" => f64::NEG_INFINITY,
            text => text.parse().expect("number"),
        };
        (point[0].as_f64().expect("time"), value)
    };
    match data["resultType"].as_str() {
        Some("string") => Answer::Text(result.to_string()),
        Some("scalar") => Answer::Series([("scalar".to_owned(), vec![point(result)])].into()),
        Some(kind) => {
            let series = result.as_array().expect("result").iter().map(|series| {
                let samples = match kind {
                    "vector" => vec![point(&series["value"])],
                    _ => series["values"].as_array().expect("values").iter().map(point).collect(),
                };
                (series["metric"].to_string(), samples)
            });
            Answer::Series(series.collect())
        }
        None => panic!("no resultType in {reply}"),
    }
}

fn difference(expected: &Answer, found: &Answer) -> Option<String> {
    match (expected, found) {
        (Answer::Refused { kind, .. }, Answer::Refused { kind: found, .. }) if kind == found => {
            None
        }
        (Answer::Text(expected), Answer::Text(found)) if expected == found => None,
        (Answer::Series(expected), Answer::Series(found)) => {
            let names = |series: &BTreeMap<String, Samples>| -> Vec<String> {
                series.keys().cloned().collect()
            };
            if names(expected) != names(found) {
                return Some(format!("{:?} is not {:?}", names(found), names(expected)));
            }
            expected.iter().find_map(|(name, expected)| {
                let found = &found[name];
                if expected.len() != found.len() {
                    return Some(format!(
                        "{name} has {} samples, not {}; {:?} is not {:?}",
                        found.len(),
                        expected.len(),
                        found.iter().find(|sample| !expected.contains(sample)),
                        expected.iter().find(|sample| !found.contains(sample))
                    ));
                }
                let pair = expected.iter().zip(found).find(|(e, f)| e.0 != f.0 || !close(e.1, f.1));
                pair.map(|(expected, found)| format!("{name}: {found:?} is not {expected:?}"))
            })
        }
        _ => Some(format!("{} is not {}", brief(found), brief(expected))),
    }
}

fn close(expected: f64, found: f64) -> bool {
    expected == found
        || (expected.is_nan() && found.is_nan())
        || (expected - found).abs() <= TOLERANCE * expected.abs().max(found.abs())
}

fn brief(answer: &Answer) -> String {
    match answer {
        Answer::Series(series) => format!("{} series", series.len()),
        Answer::Text(text) => text.clone(),
        Answer::Refused { kind, reason } => format!("refused as {kind}: {reason}"),
    }
}

//! The demo source answers as a real Prometheus does over the same samples, query by query.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;

use proxy::demo::Demo;
use proxy::endpoint::{Endpoint, Params};
use serde_json::Value as Json;
use shared::time::{Span, Timestamp};

use support::prometheus::Prometheus;

/// 2026-01-15T09:37:00Z.
const ANCHOR: Timestamp = Timestamp(1_768_469_820_000);

/// Hours of samples that Prometheus is given; they end two hours after the anchor.
const HOURS: u64 = 48;

/// The greatest relative difference of values.
const TOLERANCE: f64 = 1e-9;

fn now() -> Timestamp {
    ANCHOR + Span::from_seconds(2 * 3_600)
}

/// Expressions that both answer, with the same result or with an error.
const EXPRESSIONS: &[&str] = &[
    // Selectors, lookback, offset and @.
    "up",
    "dhcp_lease_count",
    "up{job=\"node\"}",
    "up{job!=\"node\"}",
    "up{job=~\"node|app\"}",
    "up{job!~\"n.*|a.*\"}",
    "up{nothing=\"\"}",
    "up{job=~\".+\", instance=~\"node-[12].*\"}",
    "{__name__=~\"node_.*|queue_depth\"}",
    "{job=\"mail\"}",
    "no_such_metric",
    "queue_depth",
    "queue_depth offset 40m",
    "dhcp_lease_count offset -10m",
    "dhcp_lease_count @ 1768469000",
    "dhcp_lease_count @ 1768469000.123 offset 7m",
    "dhcp_lease_count @ start()",
    "dhcp_lease_count @ end() offset 1h",
    // Rates and slopes.
    "rate(dhcp_lease_count[5m]) * 60",
    "rate(http_requests_total[5m])",
    "rate(http_requests_total[1m30s])",
    "rate(http_requests_total[1m])",
    "rate(http_requests_total[26h])",
    "rate(dhcp_lease_count[5m] offset 20m)",
    "rate(dhcp_lease_count[10m] @ 1768469000)",
    "rate(queue_depth[10m])",
    "increase(http_requests_total[1h])",
    "increase(node_network_receive_errs_total[30m])",
    "increase(dns_validator_mismatch_total[5m])",
    "irate(dhcp_lease_count[5m])",
    "irate(http_requests_total{code=\"500\"}[10m])",
    "delta(room_temperature_celsius[1h])",
    "delta(process_resident_memory_bytes[10h])",
    "idelta(node_cpu_utilisation_ratio[5m])",
    "deriv(process_resident_memory_bytes[30m])",
    "deriv(room_temperature_celsius[20m])",
    "deriv(queue_depth[45m] offset 10m)",
    "predict_linear(process_resident_memory_bytes[1h], 4 * 3600)",
    "predict_linear(process_resident_memory_bytes[1h] offset 30m, 600)",
    "resets(http_requests_total[40h])",
    "resets(process_resident_memory_bytes[20h])",
    "changes(room_temperature_celsius[1h])",
    "changes(up[30m])",
    // Over time.
    "avg_over_time(node_cpu_utilisation_ratio[15m])",
    "min_over_time(queue_depth[20m])",
    "max_over_time(queue_depth[20m])",
    "sum_over_time(queue_depth[20m])",
    "count_over_time(queue_depth[20m])",
    "count_over_time({__name__=\"up\"}[3m])",
    "last_over_time(queue_depth[1h])",
    "present_over_time(queue_depth[10m])",
    "stddev_over_time(ntp_offset_seconds[1h])",
    "stdvar_over_time(process_resident_memory_bytes[1h])",
    "quantile_over_time(0.9, cache_hit_ratio[30m])",
    "quantile_over_time(scalar(up{job=\"dns\"}) / 2, queue_depth[30m])",
    "quantile_over_time(-1, queue_depth[30m])",
    "quantile_over_time(2, queue_depth[30m])",
    "quantile_over_time(NaN, queue_depth[30m])",
    "absent_over_time(queue_depth[10m])",
    "absent_over_time(no_such_metric{job=\"x\", a!=\"b\"}[10m])",
    "avg_over_time(queue_depth[1d] @ end())",
    // Aggregations.
    "sum(up)",
    "sum by (job) (up)",
    "sum without (instance) (up)",
    "sum by (nothing) (up)",
    "sum by (__name__) ({job=\"node\"})",
    "avg(cache_hit_ratio)",
    "avg by (job) (node_cpu_utilisation_ratio)",
    "min(node_cpu_utilisation_ratio)",
    "max without () (node_cpu_utilisation_ratio)",
    "count(cache_hit_ratio)",
    "count by (job) (up)",
    "group by (job) (up)",
    "stddev(cache_hit_ratio)",
    "stdvar by (job) (node_cpu_utilisation_ratio)",
    "quantile(0.5, cache_hit_ratio)",
    "quantile by (job) (0.25, node_cpu_utilisation_ratio)",
    "quantile(1.5, cache_hit_ratio)",
    "topk(3, node_cpu_utilisation_ratio)",
    "topk by (job) (1, node_cpu_utilisation_ratio)",
    "bottomk(2, process_resident_memory_bytes)",
    "topk(0, up)",
    "topk(NaN, up)",
    "count_values(\"value\", up)",
    "count_values by (job) (\"value\", round(node_cpu_utilisation_ratio, 0.1))",
    "count_values(\"not a label\", up)",
    "sum(rate(http_requests_total[5m])) by (code)",
    "sum(no_such_metric)",
    // Arithmetic, comparison, literals.
    "1",
    "1 + 2 * 3 ^ 2 % 4",
    "2 ^ 3 ^ 2",
    "-1 ^ 2",
    "1 / 0",
    "0 / 0",
    "-queue_depth",
    "+queue_depth",
    "1 > bool 2",
    "1 == 1",
    "NaN",
    "1.5e-9",
    "1e22",
    "0x1F",
    "time()",
    "pi()",
    "vector(time())",
    "scalar(queue_depth)",
    "scalar(up)",
    "queue_depth * 2 - 1",
    "100 - node_cpu_utilisation_ratio * 100",
    "queue_depth % 7",
    "node_cpu_utilisation_ratio > 0.5",
    "0.5 < node_cpu_utilisation_ratio",
    "node_cpu_utilisation_ratio > bool 0.5",
    "up == 0",
    "up != 0",
    "queue_depth >= 50 <= 60",
    "queue_depth > -Inf < +Inf",
    "queue_depth / 0",
    "ntp_offset_seconds ^ 0.5",
    "atan2(up, up)",
    // Matching.
    "up + up",
    "up * on (instance, job) up",
    "up * ignoring (job) up",
    "node_cpu_utilisation_ratio * on (instance) up",
    "node_cpu_utilisation_ratio * on (instance) group_left () up",
    "cache_hit_ratio * on (instance) group_left (job) up",
    "up * on (instance) group_right (shard) cache_hit_ratio",
    "cache_hit_ratio * on (instance) up",
    "up * on (job) up",
    "up * on (job) group_left () up",
    "node_cpu_utilisation_ratio / ignoring (instance) group_left () sum without (instance) (node_cpu_utilisation_ratio)",
    "node_cpu_utilisation_ratio > on (instance) ntp_offset_seconds",
    "node_cpu_utilisation_ratio > bool on (instance) ntp_offset_seconds",
    "cache_hit_ratio < on (job) group_left () avg by (job) (cache_hit_ratio)",
    "process_resident_memory_bytes{instance=\"app-2:8080\"} > ignoring (instance) process_resident_memory_bytes{instance=\"app-1:8080\"}",
    "http_requests_total{code=\"500\"} / ignoring (code) http_requests_total{code=\"200\"}",
    "http_request_duration_seconds_sum / http_request_duration_seconds_count",
    "{job=\"node\"} + 1",
    // Set operators.
    "up and queue_depth",
    "up and on (instance) queue_depth",
    "up unless on (job) queue_depth",
    "queue_depth or up",
    "queue_depth or on (job) up{job=\"mail\"}",
    "up == 1 and on (instance) node_cpu_utilisation_ratio > 0.5",
    "up or up",
    "queue_depth or vector(0)",
    // Functions.
    "abs(ntp_offset_seconds)",
    "ceil(queue_depth / 7)",
    "floor(-queue_depth / 7)",
    "round(queue_depth / 7)",
    "round(node_cpu_utilisation_ratio, 0.05)",
    "sqrt(queue_depth)",
    "exp(ntp_offset_seconds)",
    "ln(process_resident_memory_bytes)",
    "log2(queue_depth)",
    "log10(queue_depth)",
    "sgn(ntp_offset_seconds)",
    "clamp(queue_depth, 45, 50)",
    "clamp(queue_depth, 50, 45)",
    "clamp_min(queue_depth, 50)",
    "clamp_max(queue_depth, NaN)",
    "absent(queue_depth)",
    "absent(no_such_metric{job=\"x\", instance=~\"y\"})",
    "absent(sum(no_such_metric))",
    "timestamp(up)",
    "timestamp(queue_depth offset 3m)",
    "timestamp(up + 1)",
    "label_replace(up, \"host\", \"$1\", \"instance\", \"(.*):.*\")",
    "label_replace(up, \"job\", \"\", \"job\", \"node\")",
    "label_replace(up, \"instance\", \"same\", \"job\", \".*\")",
    "label_replace(up, \"a b\", \"x\", \"job\", \".*\")",
    "label_replace(up, \"x\", \"$1\", \"job\", \"(\")",
    "label_join(up, \"both\", \"/\", \"job\", \"instance\")",
    "sort(node_cpu_utilisation_ratio)",
    "sort_desc(node_cpu_utilisation_ratio)",
    "hour()",
    "minute(vector(1768469820))",
    "day_of_week(timestamp(up))",
    "day_of_month()",
    "day_of_year()",
    "days_in_month()",
    "month()",
    "year()",
    "sin(queue_depth)",
    "deg(vector(pi()))",
    // Histograms.
    "histogram_quantile(0.9, rate(http_request_duration_seconds_bucket[5m]))",
    "histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket[10m])))",
    "histogram_quantile(0.9999, http_request_duration_seconds_bucket)",
    "histogram_quantile(0.01, http_request_duration_seconds_bucket)",
    "histogram_quantile(2, http_request_duration_seconds_bucket)",
    "histogram_quantile(0.9, http_request_duration_seconds_bucket{le!=\"+Inf\"})",
    "histogram_quantile(0.9, up)",
    // Subqueries.
    "avg_over_time(rate(dhcp_lease_count[5m])[30m:1m])",
    "max_over_time(rate(dhcp_lease_count[5m])[30m:])",
    "quantile_over_time(0.75, (queue_depth > -Inf < +Inf)[59m30s:1m] offset 1m)",
    "avg_over_time((rate(dhcp_lease_count[5m]) > -Inf < +Inf)[59m30s:1m] offset 1m)",
    "(rate(dhcp_lease_count[5m]) - avg_over_time(rate(dhcp_lease_count[5m])[59m30s:1m] offset 1m)) / stddev_over_time(rate(dhcp_lease_count[5m])[59m30s:1m] offset 1m)",
    "deriv(rate(dhcp_lease_count[5m])[10m:1m])",
    "stddev_over_time(deriv(rate(dhcp_lease_count[5m])[10m:1m])[1h:1m])",
    "rate(dhcp_lease_count[20m:1m])",
    "sum_over_time(time()[10m:1m])",
    "avg_over_time(queue_depth[1h:7m] @ 1768469000)",
    "max_over_time(queue_depth[1h:1m] @ end() offset 30m)",
    "count_over_time(queue_depth[1h:30s] offset -5m)",
    "count_over_time((queue_depth > 50)[1h:1m])",
    "min_over_time((up @ start())[10m:1m])",
    "last_over_time(up[10m:3m])",
    "{__name__=~\"queue_depth|up\", job=\"mail\"} and on () rate({job=\"node\"}[5m])",
    "rate({job=\"node\"}[5m])",
    // Refused by both.
    "up[5m] + 1",
    "rate(up)",
    "sum(up[5m])",
    "up up",
    "up +",
    "sum(up",
    "foo(up)",
    "{}",
    "{job=~\".*\"}",
    "up and 1",
    "1 and 1",
    "up{job=~\"(\"}",
    "topk(up, up)",
    "label_replace(up, \"a\")",
    "up offset 5m offset 5m",
    "\"text\" + 1",
    "sum by (job (up)",
    "up[0s]",
];

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

/// Seconds before now of the instants that are asked for.
const INSTANTS: &[u64] = &[0, 5_400, 7_260, 7_200];

type Samples = Vec<(f64, f64)>;

/// An answer to compare: series by labels, or why it was refused.
enum Answer {
    Series(BTreeMap<String, Samples>),
    Text(String),
    Refused(String),
}

#[tokio::test]
async fn the_demo_source_answers_as_prometheus_does() {
    let demo = Demo::new(ANCHOR);
    let Some(prometheus) = Prometheus::with_samples(&openmetrics(&demo)).await else { return };
    let client = reqwest::Client::builder().no_proxy().build().expect("client");
    assert!(EXPRESSIONS.len() >= 120);
    let mut questions = Vec::new();
    let seconds = |ago: u64| (now() - Span::from_seconds(ago)).as_seconds().to_string();
    for expr in EXPRESSIONS.iter().chain(INSTANT_ONLY) {
        for ago in INSTANTS {
            let params = vec![("query", (*expr).to_owned()), ("time", seconds(*ago))];
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
    let mut differences = String::new();
    for (endpoint, params) in questions {
        let path = if endpoint == Endpoint::Query { "query" } else { "query_range" };
        let request = client.post(format!("{}/api/v1/{path}", prometheus.base_url()));
        let reply = request.form(&params).send().await.expect("a reply");
        let reply: Json =
            serde_json::from_slice(&reply.bytes().await.expect("a body")).expect("JSON");
        let params: Params = params.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let expected = read(&reply);
        let found = match demo.answer(&endpoint, &params, now()) {
            Ok(answer) => read(&serde_json::json!({ "data": answer.data })),
            Err(error) => Answer::Refused(error.message),
        };
        if let Some(difference) = difference(&expected, &found) {
            let _ = writeln!(differences, "{path} {params:?}\n  {difference}");
        }
    }
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
    for series in answer.data["result"].as_array().expect("series") {
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
    let Some(data) = reply.get("data") else { return Answer::Refused(reply["error"].to_string()) };
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
        (Answer::Refused(_), Answer::Refused(_)) => None,
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
        Answer::Refused(reason) => format!("refused: {reason}"),
    }
}

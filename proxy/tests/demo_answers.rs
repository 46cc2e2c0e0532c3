//! What the demo source promises: the planted events, every endpoint, and clear errors.

use oddity_detect::time::{Span, Timestamp};
use proxy::demo::{Answer, Demo};
use proxy::error::ApiError;
use proxy::source::allowlist::{Endpoint, Params};
use serde_json::{Value as Json, json};

/// 2026-01-15T09:37:00Z.
const ANCHOR: Timestamp = Timestamp(1_768_469_820_000);

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

fn after(seconds: u64) -> Timestamp {
    ANCHOR + Span::from_seconds(seconds)
}

fn ask(
    demo: &Demo,
    endpoint: &Endpoint,
    params: &[(&str, &str)],
    now: Timestamp,
) -> Result<Json, ApiError> {
    let params: Params = params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    demo.answer(endpoint, &params, now).map(Answer::into_data)
}

/// The values of a range query's series at a step of a minute, each with its time.
fn range(demo: &Demo, expr: &str, start: Timestamp, end: Timestamp) -> Vec<Vec<(f64, f64)>> {
    let (start, now) = (start.as_seconds().to_string(), end);
    let end = end.as_seconds().to_string();
    let params = [("query", expr), ("start", &start), ("end", &end), ("step", "60")];
    let data = ask(demo, &Endpoint::QueryRange, &params, now).expect(expr);
    let point = |point: &Json| {
        (
            point[0].as_f64().expect("time"),
            point[1].as_str().expect("value").parse().expect("number"),
        )
    };
    let values =
        |series: &Json| series["values"].as_array().expect("values").iter().map(point).collect();
    data["result"].as_array().expect("result").iter().map(values).collect()
}

/// The distance of each value from the mean of the 60 before it, in their standard deviations.
fn rolling_scores(values: &[f64]) -> Vec<f64> {
    let score = |window: &[f64]| {
        let (before, x) = (&window[..60], window[60]);
        let mean = before.iter().sum::<f64>() / 60.0;
        let variance = before.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 60.0;
        (x - mean) / variance.sqrt()
    };
    values.windows(61).map(score).collect()
}

#[test]
fn the_dhcp_spike_is_the_only_outlier_at_any_time_of_day() {
    let mut largest_elsewhere = 0.0_f64;
    for case in 0..144_i64 {
        // Ten minutes and a day apart, with odd seconds: every time of day, on different days.
        let anchor = Timestamp(ANCHOR.0 + case * (86_400_000 + 600_000) + 7_919 * case);
        let end = anchor + Span::from_seconds(2 * HOUR);
        let start = end - Span::from_seconds(25 * HOUR);
        let demo = Demo::new(anchor);
        // The page floors its range to the step.
        let floor = |t: Timestamp| Timestamp(t.0.div_euclid(60_000) * 60_000);
        let series = range(&demo, "rate(dhcp_lease_count[5m]) * 60", floor(start), floor(end));
        let [series] = series.as_slice() else { panic!("one series, not {}", series.len()) };
        assert_eq!(series.len(), 1_501);
        let values: Vec<f64> = series.iter().map(|(_, value)| *value).collect();
        let scores = rolling_scores(&values);
        let seconds = floor(anchor).as_seconds();
        let mut flagged = Vec::new();
        for ((time, _), score) in series[60..].iter().zip(&scores) {
            let minutes = (time - seconds) / 60.0;
            if score.abs() >= 4.0 {
                assert!((1.0..15.0).contains(&minutes), "{anchor}: {score} at minute {minutes}");
                flagged.push(minutes);
            } else if !(0.0..16.0).contains(&minutes) {
                largest_elsewhere = largest_elsewhere.max(score.abs());
            }
        }
        assert!(flagged.len() >= 3, "{anchor}: {flagged:?}");
        assert!(flagged.windows(2).all(|pair| pair[1] - pair[0] == 1.0), "{anchor}: {flagged:?}");
        let peak = values.iter().copied().fold(0.0, f64::max);
        assert!((peak / 37.0 - 1.0).abs() < 0.02, "{anchor}: {peak}");
        let near: f64 = values[1_260..1_380].iter().sum::<f64>() / 120.0;
        assert!((6.8..9.2).contains(&near), "{anchor}: {near}");
    }
    println!("largest |z| elsewhere: {largest_elsewhere:.2}");
    assert!(largest_elsewhere < 3.8, "{largest_elsewhere}");
}

#[test]
fn every_planted_event_shows() {
    let demo = Demo::new(ANCHOR);
    let mean = |expr: &str, from: Timestamp, minutes: u64| {
        let to = from + Span::from_seconds(minutes * MINUTE);
        let series = range(&demo, expr, from, to);
        let [series] = series.as_slice() else { panic!("{expr}: {} series", series.len()) };
        series.iter().map(|(_, value)| value).sum::<f64>() / series.len() as f64
    };
    // Expression, and by what factor its mean of the hour after the anchor exceeds that of the hour before.
    let cases = [
        ("rate(dns_validator_mismatch_total[10m])", 1.3, 3.0),
        ("node_cpu_utilisation_ratio{instance=\"node-3:9100\"}", 1.8, 3.0),
        ("node_cpu_utilisation_ratio{instance=\"node-1:9100\"}", 0.8, 1.25),
        (
            "histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
            3.0,
            10.0,
        ),
        ("process_resident_memory_bytes{instance=\"app-2:8080\"}", 1.05, 1.5),
        ("rate(node_network_receive_errs_total{instance=\"node-1:9100\"}[5m])", 5.0, f64::INFINITY),
        ("cache_hit_ratio{shard=\"42\"}", 0.7, 0.85),
        ("cache_hit_ratio{shard=\"41\"}", 0.98, 1.02),
        ("stddev_over_time(ntp_offset_seconds[30m])", 0.7, 1.4),
    ];
    for (expr, least, most) in cases {
        let (before, later) =
            (mean(expr, ANCHOR - Span::from_seconds(HOUR), 60), mean(expr, after(0), 60));
        let factor = later / before;
        assert!((least..=most).contains(&factor), "{expr}: {before} becomes {later}");
    }
    let still = "changes(room_temperature_celsius{sensor=\"rack-b\"}[1h])";
    assert_eq!(mean(still, after(61 * MINUTE + 59), 30), 0.0);
    assert!(mean(still, ANCHOR - Span::from_seconds(HOUR), 30) > 30.0);
    assert_eq!(mean("count_over_time(queue_depth[20m]) or vector(0)", after(14 * MINUTE), 0), 0.0);
    assert_eq!(mean("min_over_time(up{job=\"mail\"}[10m])", after(0), 0), 0.0);
}

#[test]
fn every_example_has_an_answer() {
    let demo = Demo::new(ANCHOR);
    let examples = Demo::examples();
    assert_eq!(examples[0].expr, "rate(dhcp_lease_count[5m]) * 60");
    assert!(examples.iter().any(|example| example.expr == "dns_validator_mismatch_total"));
    for example in examples {
        assert!(!range(&demo, &example.expr, after(0), after(2 * HOUR)).is_empty(), "{example:?}");
    }
}

#[test]
fn nothing_exists_after_now_or_before_the_beginning() {
    let demo = Demo::new(ANCHOR);
    let count = |time: Timestamp, now: Timestamp| {
        let time = time.as_seconds().to_string();
        let params = [("query", "count(up)"), ("time", &time)];
        let data = ask(&demo, &Endpoint::Query, &params, now).expect("answer");
        data["result"].as_array().expect("result").len()
    };
    let now = after(2 * HOUR);
    assert_eq!((count(now, now), count(after(3 * HOUR), now)), (1, 0));
    let days = |count: u64| Span::from_seconds(24 * HOUR * count);
    assert_eq!((count(ANCHOR - days(399), now), count(ANCHOR - days(401), now)), (1, 0));
    let years = ANCHOR + Span::from_seconds(10 * 365 * 24 * HOUR);
    assert_eq!(count(years, years), 1);
}

#[test]
fn the_other_endpoints_answer() {
    let demo = Demo::new(ANCHOR);
    let now = after(2 * HOUR);
    let ask =
        |endpoint, params: &[(&str, &str)]| ask(&demo, &endpoint, params, now).expect("answer");
    assert_eq!(
        ask(Endpoint::Series, &[("match[]", "room_temperature_celsius{sensor=\"rack-a\"}")]),
        json!([{
            "__name__": "room_temperature_celsius",
            "instance": "sensors-1:9200",
            "job": "sensors",
            "sensor": "rack-a",
        }])
    );
    assert_eq!(
        ask(Endpoint::Labels, &[("match[]", "up"), ("match[]", "queue_depth")]),
        json!(["__name__", "instance", "job", "queue"])
    );
    let sensors = Endpoint::LabelValues("sensor".to_owned());
    assert_eq!(ask(sensors.clone(), &[]), json!(["rack-a", "rack-b"]));
    assert_eq!(ask(sensors.clone(), &[("limit", "1")]), json!(["rack-a"]));
    assert_eq!(ask(sensors, &[("end", "0")]), json!([]));
    let names = ask(Endpoint::LabelValues("__name__".to_owned()), &[]);
    assert_eq!(names.as_array().map(Vec::len), Some(17));
    let metadata = ask(Endpoint::Metadata, &[]);
    for name in names.as_array().expect("names") {
        let name = name.as_str().expect("text");
        let family =
            ["_bucket", "_sum"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        let family = if name.starts_with("http_request_duration") {
            "http_request_duration_seconds"
        } else {
            family
        };
        assert!(metadata.get(family).is_some(), "{name}");
    }
    assert_eq!(
        ask(Endpoint::Metadata, &[("metric", "up")]),
        json!({ "up": [{ "type": "gauge", "help": "1 if the last scrape succeeded.", "unit": "" }] })
    );
    let version = ask(Endpoint::BuildInfo, &[])["version"].clone();
    assert!(version.as_str().is_some_and(|version| version.starts_with("demo-")), "{version}");
}

#[test]
fn wrong_requests_say_what_to_change() {
    let demo = Demo::new(ANCHOR);
    let cases = [
        (
            Endpoint::Query,
            vec![("query", "up up")],
            "invalid parameter \"query\": 1:4: parse error: unexpected identifier \"up\"",
        ),
        (
            Endpoint::Query,
            vec![("query", "")],
            "invalid parameter \"query\": 1:1: parse error: no expression found in input",
        ),
        (
            Endpoint::Query,
            vec![("query", "up"), ("time", "noon")],
            "invalid parameter \"time\": cannot parse \"noon\" to a valid timestamp",
        ),
        (
            Endpoint::Query,
            vec![("query", "histogram_count(up)")],
            "the demo source does not support the function histogram_count(): point PROMETHEUS_URL at a Prometheus to run it",
        ),
        (
            Endpoint::Query,
            vec![("query", "limitk(1, up)")],
            "the demo source does not support the aggregation limitk: point",
        ),
        (
            Endpoint::Query,
            vec![("query", "max_over_time(vector(1)[11000d:1s])")],
            "the query touches more samples than the demo source evaluates: shorten the range",
        ),
        (
            Endpoint::Query,
            vec![("query", "{__name__=~\".+\"}[400d]")],
            "the query needs more than 64 MiB of memory, which is what the demo source gives to one: ask for fewer",
        ),
        (
            Endpoint::Query,
            vec![("query", "max_over_time(max_over_time(max_over_time(up[1d:1s])[1d:1s])[1d:1s])")],
            "the query needs more than 64 MiB of memory",
        ),
        (
            Endpoint::QueryRange,
            vec![("query", "up")],
            "invalid parameter \"start\": cannot parse \"\" to a valid timestamp",
        ),
        (
            Endpoint::QueryRange,
            vec![("query", "up"), ("start", "2"), ("end", "1"), ("step", "1")],
            "invalid parameter \"end\": end timestamp must not be before start time",
        ),
        (
            Endpoint::QueryRange,
            vec![("query", "up"), ("start", "0"), ("end", "1"), ("step", "0")],
            "invalid parameter \"step\": zero or negative query resolution",
        ),
        (
            Endpoint::QueryRange,
            vec![("query", "up"), ("start", "0"), ("end", "1"), ("step", "-5")],
            "invalid parameter \"step\": zero or negative query resolution",
        ),
        (
            Endpoint::QueryRange,
            vec![("query", "up"), ("start", "0"), ("end", "1"), ("step", "x")],
            "invalid parameter \"step\": cannot parse \"x\" to a valid duration",
        ),
        (
            Endpoint::QueryRange,
            vec![("query", "up"), ("start", "0"), ("end", "11001"), ("step", "1")],
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ),
        (
            Endpoint::QueryRange,
            vec![("query", "up[5m]"), ("start", "0"), ("end", "1"), ("step", "1")],
            "invalid parameter \"query\": invalid expression type \"range vector\" for range query",
        ),
        (Endpoint::Series, vec![], "no match[] parameter provided"),
        (
            Endpoint::Series,
            vec![("match[]", "rate(up[5m])")],
            "invalid parameter \"match[]\": 1:1: parse error: expected a selector",
        ),
        (Endpoint::LabelValues("a-b".to_owned()), vec![], "invalid label name: \"a-b\""),
        (
            Endpoint::Labels,
            vec![("limit", "x")],
            "invalid parameter \"limit\": limit must be a number",
        ),
    ];
    for (endpoint, params, expected) in cases {
        let error = ask(&demo, &endpoint, &params, after(2 * HOUR)).expect_err(expected);
        assert!(
            error.message.starts_with(expected),
            "{params:?}\n is {}\nnot {expected}",
            error.message
        );
    }
    let most = [("query", "vector(1)"), ("start", "0"), ("end", "11000"), ("step", "1")];
    let data = ask(&demo, &Endpoint::QueryRange, &most, after(0)).expect("11,001 points pass");
    assert_eq!(data["result"][0]["values"].as_array().map(Vec::len), Some(11_001));
}

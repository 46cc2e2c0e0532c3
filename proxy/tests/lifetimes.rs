//! Series that are young, that end, and that replace others, in real servers.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::Value;

use crate::support::every_server::EveryServer;
use crate::support::process::command;

/// 2026-01-05 00:00:00 UTC.
const START: i64 = 1_767_571_200;
const MINUTE: i64 = 60;
const DAY: i64 = 1_440;

/// Time until which samples are written and asked for, in minutes after [`START`].
const END: i64 = 2 * DAY;

/// A series of a gauge or a counter with samples from one minute to another, both included.
struct Lived<'a> {
    labels: &'a str,
    minutes: std::ops::RangeInclusive<i64>,
}

/// A number from 0 to 1 that looks random.
fn noise(a: i64, b: i64) -> f64 {
    let mixed =
        (a.wrapping_mul(2_654_435_761) ^ b.wrapping_mul(40_503)).wrapping_mul(2_246_822_519);
    ((mixed >> 13) & 0xffff) as f64 / 65_535.0
}

fn lived(labels: &str, minutes: std::ops::RangeInclusive<i64>) -> Lived<'_> {
    Lived { labels, minutes }
}

/// Writes a gauge around 200, or a counter that grows by about 200 a minute.
fn openmetrics(name: &str, counter: bool, all: &[Lived<'_>]) -> String {
    let (kind, suffix) = if counter { ("counter", "_total") } else { ("gauge", "") };
    let mut text = format!("# TYPE {name} {kind}\n");
    for (at, series) in all.iter().enumerate() {
        let mut sum = 0.0;
        for minute in series.minutes.clone() {
            let value = 200.0 + 10.0 * noise(at as i64 + 1, minute);
            sum += value;
            let (labels, time) = (series.labels, START + minute * MINUTE);
            let value = if counter { sum } else { value };
            let _ = writeln!(text, "{name}{suffix}{{{labels}}} {value} {time}");
        }
    }
    text + "# EOF\n"
}

/// Runs `oddity detect` on the second day, and returns its exit status, what it printed as JSON, and its errors.
async fn detect(source: SocketAddr, args: &[&str]) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{source}");
    let to = (START + END * MINUTE).to_string();
    let fixed = ["detect", "--format", "json", "--to", &to, "--step", "1m"];
    let mut command =
        command(folder.path(), &[&fixed[..], args].concat(), &[("PROMETHEUS_URL", url.as_str())]);
    let run = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let json = serde_json::from_slice(&run.stdout).unwrap_or_default();
    (run.status.code(), json, String::from_utf8(run.stderr).unwrap())
}

fn notes(json: &Value) -> Vec<(&str, &str)> {
    let notes = json["notes"].as_array().unwrap();
    notes
        .iter()
        .map(|note| (note["kind"].as_str().unwrap(), note["text"].as_str().unwrap()))
        .collect()
}

/// Two sets of three pods; the second replaces the first on the second day at 13:20.
fn rollout() -> Vec<Lived<'static>> {
    let at = DAY + 800;
    vec![
        lived("job=\"api\",pod=\"api-7d9f8b6c4-x2k9p\"", 0..=at),
        lived("job=\"api\",pod=\"api-7d9f8b6c4-bqzvk\"", 0..=at + 2),
        lived("job=\"api\",pod=\"api-7d9f8b6c4-mnprt\"", 0..=at + 4),
        lived("job=\"api\",pod=\"api-5c4d7f9b8-9xk2d\"", at..=END),
        lived("job=\"api\",pod=\"api-5c4d7f9b8-c3m8t\"", at + 2..=END),
        lived("job=\"api\",pod=\"api-5c4d7f9b8-fghjk\"", at + 4..=END),
        lived("job=\"web\",pod=\"web-6c5d4f9b8-b2k9q\"", 0..=END),
    ]
}

#[tokio::test]
async fn a_rollout_is_one_quiet_line() {
    let text = openmetrics("pod_memory_bytes", false, &rollout());
    for (name, source) in EveryServer::with_samples(&text).await.addresses() {
        for detector in ["gap", "rolling", "flatline"] {
            let args = ["--query", "pod_memory_bytes", "--range", "1d", "--detector", detector];
            let (status, json, stderr) = detect(source, &args).await;
            assert_eq!(status, Some(0), "{name}, {detector}: {} {stderr}", json["headline"]);
            let expected = ("replaced", "3 values of pod replaced at Jan 6 13:20 UTC");
            assert!(notes(&json).contains(&expected), "{name}: {:?}", notes(&json));
        }
    }
}

#[tokio::test]
async fn a_rate_does_not_dip_where_its_counter_ends() {
    let text = openmetrics("requests", true, &rollout());
    let args = ["--query", "rate(requests_total[5m])", "--range", "1d", "--detector", "rolling"];
    for (name, source) in EveryServer::with_samples(&text).await.addresses() {
        let (status, json, stderr) = detect(source, &args).await;
        assert_eq!(status, Some(0), "{name}: {} {stderr}", json["headline"]);
    }
}

#[tokio::test]
async fn an_outage_is_one_incident() {
    let (down, up) = (DAY + 800, DAY + 860);
    let pods = ["a", "b", "c", "d"].map(|pod| format!("job=\"api\",instance=\"{pod}:80\""));
    let mut all: Vec<Lived<'_>> = vec![lived("job=\"web\",instance=\"w:80\"", 0..=END)];
    let mut text = String::new();
    // A series has its samples in one piece of the text, with the hour left out.
    all.extend(pods.iter().map(|pod| lived(pod, 0..=END)));
    let gap = (START + down * MINUTE)..(START + up * MINUTE);
    for line in openmetrics("load", false, &all).lines() {
        let time = line.rsplit(' ').next().and_then(|time| time.parse::<i64>().ok());
        if !(line.contains("job=\"api\"") && time.is_some_and(|time| gap.contains(&time))) {
            let _ = writeln!(text, "{line}");
        }
    }
    let args = ["--query", "load", "--range", "1d", "--detector", "gap"];
    for (name, source) in EveryServer::with_samples(&text).await.addresses() {
        let (status, json, stderr) = detect(source, &args).await;
        assert_eq!(status, Some(3), "{name}: {stderr}");
        assert_eq!(json["event_count"], 4, "{name}");
        let headline = json["headline"].as_str().unwrap();
        let expected = "1 incident in 24 h: 4 of 4 series of job=\"api\" from Jan 6 13:2";
        assert!(headline.starts_with(expected), "{name}: {headline}");
        let incidents = json["incidents"].as_array().unwrap();
        assert_eq!(incidents.len(), 1, "{name}: {incidents:?}");
        assert_eq!(incidents[0]["series_count"], 4);
        assert_eq!(incidents[0]["labels"]["job"], "api");
        for event in json["events"].as_array().unwrap() {
            assert_eq!((&event["kind"], &event["group"]), (&Value::from("gap"), &Value::from(1)));
        }
    }
}

#[tokio::test]
async fn young_series_are_told() {
    let young = || lived("svc=\"new\"", END - 11..=END);
    let alone = EveryServer::with_samples(&openmetrics("queue", false, &[young()])).await;
    for (name, source) in alone.addresses() {
        for detector in ["auto", "rolling", "ewma", "robust", "gap"] {
            let which = format!("{name}, {detector}");
            let args = ["--query", "queue", "--range", "6h", "--detector", detector];
            let (status, _, stderr) = detect(source, &args).await;
            assert_eq!(status, Some(1), "{which}");
            assert!(stderr.contains("too young to judge: 12 samples in 6 h"), "{which}: {stderr}");
            let (status, json, _) = detect(source, &[&args[..], &["--allow-empty"]].concat()).await;
            assert_eq!((status, &json["status"]), (Some(0), &Value::from("unjudged")), "{which}");
            assert_eq!(json["headline"], "Too young to judge: 12 samples in 6 h", "{which}");
            assert_eq!(json["series"][0]["unjudged"], "too young to judge: 12 samples", "{which}");
        }
    }
    let all = [lived("svc=\"cart\"", 0..=END), lived("svc=\"search\"", 0..=END), young()];
    let among = EveryServer::with_samples(&openmetrics("queue", false, &all)).await;
    let args = ["--query", "queue", "--range", "6h", "--detector", "rolling"];
    for (name, source) in among.addresses() {
        let (status, json, stderr) = detect(source, &args).await;
        assert_eq!(status, Some(0), "{name}: {stderr}");
        let expected = ("too-young", "1 of 3 series is too young to judge");
        assert!(notes(&json).contains(&expected), "{name}: {:?}", notes(&json));
    }
}

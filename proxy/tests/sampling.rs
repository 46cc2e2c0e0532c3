//! Sample intervals, ends of ranges and silence, as real servers answer them.

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::every_server::EveryServer;
use crate::support::process::command;
use crate::support::prometheus::Prometheus;
use crate::support::say;

/// 2026-01-15T06:00:00Z, in milliseconds: when every series ends but one.
const END: u64 = 1_768_456_800_000;

/// Seconds without a sample of the series that ends early.
const OUTAGE: u64 = 10_200;

/// Returns a value around 50 that looks random.
fn value(at: u64) -> f64 {
    let mixed =
        at.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (at >> 7).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    50.0 + (mixed >> 40) as f64 / (1 << 24) as f64
}

/// Returns name and labels, milliseconds between samples, hours of them, and seconds from the last to [`END`].
fn series() -> Vec<(&'static str, u64, u64, u64)> {
    vec![
        ("fast", 500, 2, 0),
        ("every{seconds=\"5\"}", 5_000, 30, 0),
        ("every{seconds=\"15\"}", 15_000, 80, 0),
        ("minute", 60_000, 80, 0),
        ("slow", 600_000, 300, 400),
        ("hourly", 3_600_000, 600, 2_557),
        ("lan_rx", 60_000, 80, 0),
        ("lan_tx", 60_000, 80, 0),
        ("ended", 15_000, 80, OUTAGE),
        ("up{job=\"a\"}", 15_000, 80, 0),
    ]
}

/// Returns the samples of some series as an OpenMetrics text.
fn samples(wanted: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    let mut metric = "";
    for (name, interval, hours, last) in series().into_iter().filter(|one| wanted(one.0)) {
        let bare = name.split('{').next().unwrap_or(name);
        if bare != metric {
            text += &format!("# TYPE {bare} gauge\n");
        }
        metric = bare;
        let end = END - last * 1_000;
        let count = hours * 3_600_000 / interval;
        for at in (0..=count).rev().map(|n| end - n * interval) {
            let value = if bare == "up" { 1.0 } else { value(at) };
            text += &format!("{name} {value} {}.{:03}\n", at / 1_000, at % 1_000);
        }
    }
    text + "# EOF\n"
}

/// Result of `oddity detect`: exit status, stdout as JSON, and stderr.
struct Said {
    status: i32,
    json: Value,
    stderr: String,
}

impl Said {
    fn step(&self) -> f64 {
        self.json["query"]["step_seconds"].as_f64().unwrap()
    }

    fn notes(&self) -> Vec<&str> {
        let notes = self.json["notes"].as_array().unwrap().iter();
        notes.map(|note| note["kind"].as_str().unwrap()).collect()
    }

    fn kinds(&self) -> Vec<&str> {
        let events = self.json["events"].as_array().unwrap().iter();
        events.map(|event| event["kind"].as_str().unwrap()).collect()
    }
}

async fn ask(source: SocketAddr, query: &str, more: &str) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{source}");
    let mut args = vec!["detect", "--format", "json", "--query", query];
    if !more.contains("--to") {
        args.extend(["--to", "2026-01-15T06:00:00Z"]);
    }
    args.extend(more.split_whitespace());
    let mut command = command(folder.path(), &args, &[("PROMETHEUS_URL", &url)]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    Said {
        status: output.status.code().unwrap(),
        json: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Checks what is the same at all sources. `looks_back` is whether the source sees samples of the last five minutes only.
async fn check(source: SocketAddr, looks_back: bool) {
    let steps = [
        ("fast", "--range 1h", 15.0, &["step-hides"][..]),
        ("every", "--range 6h", 15.0, &["mixed-intervals"]),
        ("every{seconds=\"5\"}", "--range 6h", 15.0, &["step-hides"]),
        ("every{seconds=\"15\"}", "--range 6h", 15.0, &[]),
        ("minute", "--range 6h", 60.0, &[]),
        ("minute", "--range 6h --step 15s", 15.0, &["step-below-interval"]),
        ("{__name__=~\"lan_.x\"}", "--range 6h", 60.0, &[]),
        ("ended", "--range 6h", 15.0, &[]),
        ("last_over_time(slow[15m])", "--range 1d", 600.0, &[]),
        ("last_over_time(hourly[1h30m])", "--range 2d", 3_600.0, &[]),
    ];
    for (query, more, step, notes) in steps {
        let said = ask(source, query, more).await;
        assert!(!said.json.is_null(), "{query} {more}: {}", said.stderr);
        assert_eq!((said.step(), said.notes()), (step, notes.to_vec()), "{query} {more}");
    }
    let ended = ask(source, "ended", "--range 6h").await;
    assert_eq!((ended.status, ended.kinds()), (3, vec!["gap"]), "{}", ended.json);
    assert!(ended.json["events"][0]["recovered"].is_null());

    let blind = ask(source, "hourly", "--range 2d").await;
    assert_eq!(
        blind.stderr.contains("last_over_time(hourly[1h30m])"),
        looks_back,
        "{}",
        blind.stderr
    );
    for (query, to) in [("up", "06:12"), ("minute", "06:12"), ("minute", "23:59")] {
        let range = format!("--from 2026-01-15T00:00:00Z --to 2026-01-15T{to}:00Z");
        let said = ask(source, query, &range).await;
        let found = (said.status, said.notes(), said.kinds());
        assert_eq!(found, (0, vec!["range-end-cut"], vec![]), "{query} {to}: {}", said.json);
    }
}

#[tokio::test]
async fn intervals_ends_and_silence_are_those_of_the_samples() {
    for (name, address) in EveryServer::with_samples(&samples(|_| true)).await.addresses() {
        say(&format!("sampling: {name}"));
        check(address, name != "VictoriaMetrics").await;
    }
}

#[tokio::test]
async fn a_source_of_one_series_that_fell_silent() {
    let samples = samples(|name| name == "ended");
    let Some(source) = Prometheus::with_samples(&samples).await else { return };
    let said = ask(source.address(), "ended", "--range 6h").await;
    let found = (said.status, said.notes(), said.kinds());
    assert_eq!(found, (3, vec!["source-silent"], vec!["gap"]), "{}", said.json);
    let text = said.json["notes"][0]["text"].as_str().unwrap();
    assert_eq!(text, "Source silent since Jan 15 03:10 UTC (2 h 50 min)");
}

//! Healthy series of any interval, offset, jitter and age, in a real Prometheus: nothing is odd in them but a spike.

use std::fmt::Write as _;

use serde_json::Value;

use crate::rules::samples::Random;
use crate::support::process::command;
use crate::support::prometheus::Prometheus;

/// 2026-01-15T06:00:00Z, in milliseconds: where the ranges end.
const END: u64 = 1_768_456_800_000;

/// Seconds between samples.
const INTERVALS: [u64; 10] = [1, 5, 10, 15, 30, 60, 120, 240, 600, 3_600];

/// Longest interval in seconds at which Prometheus sees each sample, which it looks for in the last five minutes.
const SEEN: u64 = 240;

/// Number of series of each interval.
const EACH: usize = 2;

/// Number of samples of the judged range.
const JUDGED: u64 = 150;

/// Samples before the end that are a spike in every second series: the 10th to the 12th.
const SPIKE: std::ops::RangeInclusive<u64> = 10..=12;

struct Case {
    interval: u64,
    number: usize,
    spiked: bool,
}

impl Case {
    fn query(&self) -> String {
        let series = format!("load{{case=\"{}\",spiked=\"{}\"}}", self.number, self.spiked);
        match self.interval {
            0..=SEEN => series,
            interval => format!("last_over_time({series}[{}s])", interval * 5 / 2),
        }
    }
}

fn cases() -> impl Iterator<Item = Case> {
    INTERVALS.into_iter().enumerate().flat_map(|(at, interval)| {
        let numbers = at * EACH..(at + 1) * EACH;
        numbers
            .flat_map(move |number| [false, true].map(|spiked| Case { interval, number, spiked }))
    })
}

fn openmetrics() -> String {
    let random = &mut Random(5);
    let mut text = "# TYPE load gauge\n".to_owned();
    for Case { interval, number, spiked } in cases() {
        let millis = interval * 1_000;
        let (offset, age) =
            (random.below(millis as usize) as u64, 250 + random.below(1_500) as u64);
        let jitter = (millis / 20) as usize;
        for back in (0..age).rev() {
            let at = END - offset - back * millis - random.below(jitter) as u64;
            let size = if spiked && SPIKE.contains(&back) { 20.0 } else { 1.0 };
            let value = size * (50.0 + 10.0 * random.unit());
            let (seconds, millis) = (at / 1_000, at % 1_000);
            let _ = writeln!(
                text,
                "load{{case=\"{number}\",spiked=\"{spiked}\"}} {value} {seconds}.{millis:03}"
            );
        }
    }
    text + "# EOF\n"
}

/// Runs `oddity detect` on the last samples, and returns its exit status and what it printed as JSON.
async fn detect(source: &Prometheus, case: &Case, detector: &str) -> (Option<i32>, Value) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}", source.address());
    let range = format!("{}s", case.interval * JUDGED);
    let query = case.query();
    let fixed = ["detect", "--format", "json", "--to", "2026-01-15T06:00:00Z", "--range", &range];
    let args = [&fixed[..], &["--query", &query, "--detector", detector]].concat();
    let mut command = command(folder.path(), &args, &[("PROMETHEUS_URL", url.as_str())]);
    let run = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (run.status.code(), serde_json::from_slice(&run.stdout).unwrap_or_default())
}

#[tokio::test]
async fn nothing_is_odd_in_a_healthy_series_but_a_spike() {
    let Some(source) = Prometheus::with_samples(&openmetrics()).await else { return };
    let mut failed = String::new();
    for case in cases() {
        for detector in ["auto", "rolling", "gap"] {
            let (status, json) = detect(&source, &case, detector).await;
            let kinds = |list: &str| -> Vec<&str> {
                let all = json[list].as_array().into_iter().flatten();
                all.filter_map(|one| one["kind"].as_str()).collect()
            };
            let (events, notes) = (kinds("events"), kinds("notes"));
            let step = json["query"]["step_seconds"].as_f64().unwrap_or_default();
            let is_hidden = step > case.interval as f64;
            // A step below two intervals hides so little that it need not be told.
            let is_told = match is_hidden {
                true => {
                    notes == ["step-hides"] || notes.is_empty() && step < 2.0 * case.interval as f64
                }
                false => notes.is_empty() && step == case.interval as f64,
            };
            let is_right = match case.spiked && detector != "gap" && !is_hidden {
                true => status == Some(3) && events.len() == 1,
                false => case.spiked && is_hidden || status == Some(0) && events.is_empty(),
            };
            if !is_told || !is_right {
                let Case { interval, .. } = case;
                let query = case.query();
                let _ = writeln!(
                    failed,
                    "{query} every {interval} s, {detector}: {status:?}, step {step}, {notes:?}, {}",
                    json["headline"]
                );
            }
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

//! Possible causes that are checked against a real Prometheus: `oddity detect --explain`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::process::command;
use crate::support::prometheus::Prometheus;

/// 2026-01-05 00:00:00 UTC.
const START: i64 = 1_767_571_200;
const MINUTE: i64 = 60;
const DAY: i64 = 1_440;

/// Time until which samples are written and asked for, in minutes after [`START`].
const END: i64 = 2 * DAY;

/// Minutes after [`START`] between which 3 % of the requests of one service fail.
const FAILING: std::ops::Range<i64> = DAY + 800..DAY + 860;

const ERROR_RATIO: &str = "sum by (service) (rate(http_requests_total{code=\"500\"}[5m])) \
                           / sum by (service) (rate(http_requests_total[5m]))";

/// A number from 0 to 1 that looks random.
fn noise(a: i64, b: i64) -> f64 {
    let mixed =
        (a.wrapping_mul(2_654_435_761) ^ b.wrapping_mul(40_503)).wrapping_mul(2_246_822_519);
    ((mixed >> 13) & 0xffff) as f64 / 65_535.0
}

/// Writes requests of two services, of which one fails for an hour, and its pods, which a rollout at `deploy` replaces.
fn shop(deploy: Option<i64>) -> String {
    let mut text = "# TYPE http_requests counter\n".to_owned();
    for (at, service) in (0..).zip(["checkout", "search"]) {
        for (code, share) in [("200", 0.998), ("500", 0.002)] {
            let mut sum = 0.0;
            for minute in 0..=END {
                let fails = code == "500" && service == "checkout" && FAILING.contains(&minute);
                let rate = 2_400.0 * if fails { 0.03 } else { share };
                sum += rate * (0.95 + 0.1 * noise(at, minute));
                let time = START + minute * MINUTE;
                let _ = writeln!(
                    text,
                    "http_requests_total{{job=\"shop\",service=\"{service}\",code=\"{code}\"}} {sum} {time}"
                );
            }
        }
    }
    text.push_str("# TYPE container_memory_working_set_bytes gauge\n");
    let deploy = deploy.unwrap_or(END + 1);
    for (hash, minutes) in [("7d9f8b6c4", 0..=deploy.min(END)), ("5c4d7f9b8", deploy..=END)] {
        for pod in ["x2k9p", "bqzvk", "mnprt"] {
            for minute in minutes.clone() {
                let value = 2e8 + 1e6 * noise(7, minute);
                let time = START + minute * MINUTE;
                let _ = writeln!(
                    text,
                    "container_memory_working_set_bytes{{namespace=\"shop\",pod=\"checkout-{hash}-{pod}\"}} {value} {time}"
                );
            }
        }
    }
    text + "# EOF\n"
}

/// Runs `oddity detect --explain` on the second day, and returns what it printed.
async fn explain(prometheus: &Prometheus, format: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}", prometheus.address());
    let to = (START + END * MINUTE).to_string();
    let args = [
        "detect",
        "--explain",
        "--query",
        ERROR_RATIO,
        "--range",
        "1d",
        "--to",
        &to,
        "--step",
        "1m",
        "--detector",
        "rolling",
        "--set",
        "k=8",
        "--format",
        format,
    ];
    let mut command = command(folder.path(), &args, &[("PROMETHEUS_URL", url.as_str())]);
    let run = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_eq!(run.status.code(), Some(3), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

fn suspects(json: &Value) -> Vec<(String, &str)> {
    let all = json["events"][0]["suspects"].as_array().unwrap();
    all.iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap();
            (format!("{}/{}", text("family"), text("id")), text("confidence"))
        })
        .collect()
}

#[tokio::test]
async fn a_release_is_named_first_with_its_evidence() {
    let Some(prometheus) = Prometheus::with_samples(&shop(Some(FAILING.start))).await else {
        return;
    };
    let json: Value = serde_json::from_str(&explain(&prometheus, "json").await).unwrap();
    let found = suspects(&json);
    assert_eq!(found[0], ("errors/faulty-release".to_owned(), "supported"), "{found:?}");
    let checks = json["events"][0]["suspects"][0]["checks"].as_array().unwrap();
    assert_eq!(checks[0]["verdict"], "supports", "{checks:?}");
    let observed = checks[0]["observed"].as_str().unwrap();
    assert!(observed.starts_with("3 series from Jan 6 13:2"), "{observed}");
    assert!(observed.contains("checkout-5c4d7f9b8-"), "{observed}");
    // A share of failures does not come from a crawler, and what the source lacks is no suggestion.
    let named = |id: &str| found.iter().any(|(name, _)| name == id);
    assert!(!named("http/crawler-or-attack") && !named("any/traffic"), "{found:?}");

    let page = explain(&prometheus, "md").await;
    assert!(page.contains("error ratio"), "{page}");
    assert!(page.contains("supported by 1 check"), "{page}");
    assert!(page.contains("need metrics that this source lacks"), "{page}");
    assert!(page.split_whitespace().count() < 350, "{page}");
    for metric in ["process_start_time_seconds", "kube_deployment"] {
        assert!(!page.contains(metric), "{metric} in {page}");
    }
}

#[tokio::test]
async fn without_a_release_none_is_supported() {
    let Some(prometheus) = Prometheus::with_samples(&shop(None)).await else { return };
    let json: Value = serde_json::from_str(&explain(&prometheus, "json").await).unwrap();
    let found = suspects(&json);
    let release =
        |(id, confidence): &(String, &str)| id.ends_with("release") && *confidence == "supported";
    assert!(!found.iter().any(release), "{found:?}");
}

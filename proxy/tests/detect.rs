//! `oddity detect` as cron, a pipeline and a person in a shell run it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::process::{Process, command};
use crate::support::prometheus::Prometheus;
use crate::support::scripted::{Scripted, Then, ok};

/// When the events of the demo begin; the runs are asked for the day until two hours later.
const ANCHOR: (&str, &str) = ("ODDITY_DEMO_ANCHOR", "2026-01-15T00:00:00Z");
const UNTIL: &str = "2026-01-15T02:00:00Z";
const LEASES: &str = "rate(dhcp_lease_count[5m]) * 60";

/// What a run left.
#[derive(Debug)]
struct Run {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

fn run(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Run {
    command(folder, &[&["detect"], args].concat(), env).output().unwrap().into()
}

/// The same while an upstream of this runtime answers.
async fn run_beside(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Run {
    let mut command = command(folder, &[&["detect"], args].concat(), env);
    tokio::task::spawn_blocking(move || command.output().unwrap().into()).await.unwrap()
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("no JSON: {run:?}"))
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_exit_status_says_whether_something_is_odd() {
    let folder = tempfile::tempdir().unwrap();
    let check = |args: &[&str], status: i32, says: &str| {
        let run = run(folder.path(), args, &[ANCHOR]);
        assert_eq!(run.status, Some(status), "{args:?}: {run:?}");
        let (said, silent) = if matches!(status, 1 | 2) {
            (&run.stderr, &run.stdout)
        } else {
            (&run.stdout, &run.stderr)
        };
        assert!(said.contains(says), "{args:?}: {said}");
        assert_eq!(silent, "", "{args:?}");
    };
    let errors = "rate(node_network_receive_errs_total[5m])";
    let day = |query: &'static str, more: &[&'static str]| {
        [&["--query", query, "--to", UNTIL], more].concat()
    };
    check(&day(LEASES, &[]), 3, "# DHCP lease rate spike: 37/min against 6.77/min expected\n");
    check(&day(LEASES, &["--quiet"]), 3, "");
    check(&day(LEASES, &["--fail-on", "critical"]), 3, "- **Severity:** critical");
    check(&day(LEASES, &["--fail-on", "never"]), 0, "- **Severity:** critical");
    check(&day(LEASES, &["--set", "min=50"]), 0, "no anomalies");
    check(&day(LEASES, &["--detector", "rolling", "--step", "5m"]), 3, ", step 5m\n");
    check(&day("node_network_receive_errs_total", &["--fail-on", "major"]), 3, "major");
    check(&day("node_network_receive_errs_total", &["--fail-on", "critical"]), 0, "major");
    check(&["--query", LEASES, "--to", "2026-01-14T00:00:00Z"], 0, "no anomalies");
    check(&["--link", "http://oddity.example/?q=up&g0.range_input=6h", "--to", UNTIL], 3, "mail-1");
    check(&day("none", &["--allow-empty"]), 0, "no series");
    check(&day("none", &["--allow-empty", "--format", "json"]), 0, "\"status\": \"empty\"");

    check(&day("none", &[]), 1, "the source has no series for this query and range");
    check(
        &day("sum(up", &[]),
        1,
        "parse error: unclosed left parenthesis\n\n  sum(up\n        ^\n",
    );
    check(&day("up[5m]", &[]), 1, "error: ");
    check(&day(errors, &["--source", "prod"]), 1, "unknown source \"prod\": choose one of demo");
    check(&day(errors, &["--step", "1ms"]), 1, "error: ");
    check(&day(errors, &["--chart", "x", "--report", "x"]), 1, "name the same file");
    check(&day(errors, &["--knowledge", "none"]), 1, "cannot read none");
    check(&day(errors, &["--config", "none.toml"]), 1, "cannot read none.toml");

    check(&[], 2, "--query <PROMQL>");
    check(&day("up", &["--detector", "magic"]), 2, "[possible values: auto, zscore,");
    check(
        &day("up", &["--set", "window=9"]),
        2,
        "a whole number from 200 to 10000 [default: 3000]",
    );
    check(&day("up", &["--range", "soon"]), 2, "--range <DURATION>");
    check(&day("up", &["--listen", "127.0.0.1:0"]), 2, "--listen applies to the server only");
    check(&day("up", &["--link-base", "oddity"]), 2, "expected https://host/");
    let unread = command(folder.path(), &["detect", "--query"], &[])
        .arg(OsStr::from_bytes(b"up\xff"))
        .output()
        .unwrap();
    assert_eq!(unread.status.code(), Some(2), "{unread:?}");
    assert_eq!(names(&folder), [""; 0]);
}

#[test]
fn help_and_lists_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let check = |args: &[&str], says: &[&str]| {
        let run = Run::from(command(folder.path(), args, &[]).output().unwrap());
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{args:?}");
        for says in says {
            assert!(run.stdout.contains(says), "{says}: {}", run.stdout);
        }
    };
    let help =
        ["3         anomalies found", "--fail-on <LEVEL>", "oddity detect --link <URL> [OPTIONS]"];
    check(&["detect", "--help"], &help);
    check(
        &["--help"],
        &["Detect anomalies in the results of Prometheus queries", "--listen <HOST:PORT>"],
    );
    check(&["detectors"], &["auto  ", "gap  ", "threshold  "]);
    check(&["detectors", "seasonal"], &["--set KEY=VALUE", "[default: "]);
}

#[test]
fn one_run_writes_all_files_and_says_the_same_in_each() {
    let folder = tempfile::tempdir().unwrap();
    let all = ["--query", LEASES, "--to", UNTIL, "--link-base", "https://oddity.example/x"];
    let printed = run(folder.path(), &[&all[..], &["--format", "json"]].concat(), &[ANCHOR]);
    let quiet = [&all[..], &["--report", "a.json", "--quiet"]].concat();
    assert_eq!(run(folder.path(), &quiet, &[ANCHOR]).stdout, "");
    let both = run(folder.path(), &[&all[..], &["--report", "a.md"]].concat(), &[ANCHOR]);
    assert_eq!(names(&folder), ["a.json", "a.md"]);

    let at = |text: &str| -> Value {
        let mut json: Value = serde_json::from_str(text).unwrap();
        json["generated_at"] = "".into();
        json
    };
    let written = std::fs::read_to_string(folder.path().join("a.json")).unwrap();
    assert_eq!(at(&written), at(&printed.stdout));
    assert_eq!(std::fs::read_to_string(folder.path().join("a.md")).unwrap(), both.stdout);

    let found = at(&written);
    assert_eq!(found["schema"], 1);
    assert_eq!((&found["status"], &found["event_count"]), (&"odd".into(), &1.into()));
    let event = &found["events"][0];
    assert_eq!((&event["kind"], &event["level"]), (&"spike".into(), &"critical".into()));
    assert_eq!(event["peak"]["time"], "2026-01-15T00:10:00Z");
    assert_eq!(event["suspects"][0]["family"], "dhcp");
    let link = found["link"].as_str().unwrap();
    assert!(link.starts_with("https://oddity.example/x?q=rate"), "{link}");
    assert!(both.stdout.contains(link), "{}", both.stdout);

    // The link asks for the same.
    let again = run(folder.path(), &["--link", link, "--format", "json"], &[ANCHOR]);
    assert_eq!(json(&again)["events"], found["events"]);
}

/// Every field of the output, as `events[].peak.value`.
fn fields(value: &Value, path: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(all) => {
            // Labels and parameters have names of their own.
            if !path.is_empty() {
                out.push(path.to_owned());
            }
            if !path.ends_with("labels") && !path.ends_with("parameters") {
                for (name, value) in all {
                    let dot = if path.is_empty() { "" } else { "." };
                    fields(value, &format!("{path}{dot}{name}"), out);
                }
            }
        }
        Value::Array(all) => {
            out.push(path.to_owned());
            all.iter().for_each(|value| fields(value, &format!("{path}[]"), out));
        }
        _ => out.push(path.to_owned()),
    }
}

#[test]
fn the_manual_names_every_field() {
    let manual = include_str!("../../docs/detect.md");
    let folder = tempfile::tempdir().unwrap();
    let mut found = Vec::new();
    for query in [LEASES, "cache_hit_ratio", "queue_depth", "room_temperature_celsius", "up"] {
        let args = ["--query", query, "--to", UNTIL, "--format", "json"];
        fields(&json(&run(folder.path(), &args, &[ANCHOR])), "", &mut found);
    }
    found.sort();
    found.dedup();
    assert!(found.len() > 80, "{found:?}");
    for path in found {
        let name = path.trim_end_matches("[]").rsplit('.').next().unwrap();
        assert!(manual.contains(&format!("`{name}`")), "docs/detect.md does not name {path}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_said_before_anything_is_asked() {
    let upstream = Scripted::start(ok("{}"), Then::Close).await;
    let url = format!("http://{}", upstream.address);
    let folder = tempfile::tempdir().unwrap();
    for option in ["--report", "--chart"] {
        let args = ["--query", "up", option, "none/of/these.html"];
        let run = run_beside(folder.path(), &args, &[("PROMETHEUS_URL", &url)]).await;
        assert_eq!(run.status, Some(1));
        assert!(run.stderr.starts_with("error: cannot write none/of/these.html: "), "{run:?}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn ctrl_c_cancels_and_leaves_nothing_behind() {
    let upstream = Scripted::start(Vec::new(), Then::Hang).await;
    let url = format!("http://{}", upstream.address);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.md"), "before").unwrap();
    for (number, (signal, status)) in [("INT", 130), ("TERM", 143)].into_iter().enumerate() {
        let args = ["detect", "--query", "up", "--report", "a.md"];
        let mut command = command(folder.path(), &args, &[("PROMETHEUS_URL", &url)]);
        let mut process = Process(command.spawn().unwrap());
        upstream.wait_for_requests(number + 1).await;
        process.signal(signal);
        let ended = tokio::task::spawn_blocking(move || process.wait()).await.unwrap();
        assert_eq!(ended.code(), Some(status));
    }
    assert_eq!(names(&folder), ["a.md"]);
    assert_eq!(std::fs::read_to_string(folder.path().join("a.md")).unwrap(), "before");
}

#[tokio::test]
async fn faults_of_the_source_are_those_of_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let start = r#"{"status":"success","data":"#;
    let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{start}");
    let check = async |answer: Vec<u8>, then: Then, says: &str| {
        let upstream = Scripted::start(answer, then).await;
        let quick = if then == Then::Hang { "timeout = '200ms'\ngrace = '100ms'\n" } else { "" };
        let config = format!(
            "[limits]\n{quick}[[source]]\nid = 'up'\nurl = 'http://{}'\n",
            upstream.address
        );
        std::fs::write(folder.path().join("oddity.toml"), config).unwrap();
        let run = run_beside(folder.path(), &["--query", "up"], &[]).await;
        assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run:?}");
        assert!(run.stderr.starts_with("error: ") && run.stderr.contains(says), "{run:?}");
    };
    check(ok("<html>hello</html>"), Then::Close, "it must be the address of Prometheus").await;
    check(cut.clone().into(), Then::Close, "closed the connection").await;
    check(cut.into(), Then::Hang, "within 300ms").await;
    check(Vec::new(), Then::Hang, "within 300ms").await;
    // The limits of the server hold here too.
    let config = "demo = true\n[limits]\npoints = 100\n";
    std::fs::write(folder.path().join("oddity.toml"), config).unwrap();
    let run = run(folder.path(), &["--query", "up"], &[]);
    assert!(run.status == Some(1) && run.stderr.contains("more than 100"), "{run:?}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["detect", "--query", LEASES, "--to", UNTIL, "--format", "json"];
    let mut process = Process(command(folder.path(), &args, &[ANCHOR]).spawn().unwrap());
    // The reader leaves at once: everything is written into a closed pipe.
    drop(process.0.stdout.take());
    let mut stderr = BufReader::new(process.0.stderr.take().unwrap());
    assert_eq!(process.wait().code(), Some(3));
    let mut line = String::new();
    assert_eq!(stderr.read_line(&mut line).unwrap(), 0, "{line}");
}

#[tokio::test]
async fn a_real_prometheus_is_asked_and_missed_when_it_is_gone() {
    let start = 1_767_225_600_u64;
    let line = |minute: u64| {
        let usual = 10.0 + (minute * 37 % 11) as f64 / 10.0;
        let value = if (2_800..2_805).contains(&minute) { 60.0 } else { usual };
        format!("jobs_waiting{{queue=\"mail\"}} {value} {}\n", start + minute * 60)
    };
    let samples: String = (0..2_880).map(line).collect();
    let text = format!("# TYPE jobs_waiting gauge\n{samples}# EOF\n");
    let Some(mut prometheus) = Prometheus::with_samples(&text).await else { return };
    let url = format!("http://{}", prometheus.address());
    let folder = tempfile::tempdir().unwrap();
    let end = (start + 2_879 * 60).to_string();
    let args = [
        "--query",
        "jobs_waiting",
        "--to",
        &end,
        "--range",
        "12h",
        "--detector",
        "rolling",
        "--format",
        "json",
    ];
    let env = [("PROMETHEUS_URL", url.as_str())];

    let first = run_beside(folder.path(), &args, &env).await;
    assert_eq!((first.status, first.stderr.as_str()), (Some(3), ""), "{first:?}");
    let found = json(&first);
    assert_eq!(found["query"]["step_seconds"], 60.0);
    assert_eq!(found["event_count"], 1, "{}", found["headline"]);
    assert_eq!(found["events"][0]["peak"]["value"], 60.0);
    assert_eq!(found["events"][0]["start"], "2026-01-02T22:40:00Z");
    assert_eq!(found["events"][0]["lasted_seconds"], 300.0);
    assert_eq!(found["events"][0]["labels"]["queue"], "mail");

    prometheus.kill();
    let gone = run_beside(folder.path(), &args, &env).await;
    assert_eq!((gone.status, gone.stdout.as_str()), (Some(1), ""), "{gone:?}");
    let says = "cannot be reached: connection refused; check PROMETHEUS_URL and that Prometheus is running\n";
    assert!(gone.stderr.ends_with(says), "{gone:?}");
}

/// A terminal of its own, by util-linux' `script`.
#[tokio::test]
async fn a_terminal_shows_progress_and_a_pipe_does_not() {
    let upstream = Scripted::start(Vec::new(), Then::Close).await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}", upstream.address);
    let oddity = env!("CARGO_BIN_EXE_oddity");
    let shown = |options: &str| {
        let inner = format!("{oddity} detect --query up {options}");
        let mut command = Command::new("script");
        command.args(["-qec", &inner, "/dev/null"]).current_dir(folder.path());
        command.env("PROMETHEUS_URL", &url);
        command
    };
    if Command::new("script").arg("--version").output().is_err() {
        crate::support::say("skipped: progress on a terminal, as `script` is not installed");
        return;
    }
    for (options, asks) in [("", true), ("--quiet", false), ("2>&1 | cat", false)] {
        let mut command = shown(options);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let line = "\r\u{1b}[KLooking up the scrape interval of Prometheus";
        assert_eq!(text.contains(line), asks, "{options}: {text}");
        assert!(text.contains("closed the connection"), "{options}: {text}");
    }
}

//! The log holds up nobody, whatever becomes of it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::Stdio;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::Value;

use crate::support::process::{Oddity, Process, command};
use crate::support::wait::within;
use crate::support::{get, send, send_raw};

/// Bytes that a pipe holds unless it is told otherwise.
const PIPE: usize = 64 << 10;

/// Lines that are logged for each target: more than wait in the queue.
const REQUESTS: usize = 1_200;

/// Starts the binary with this standard error, and waits until it listens.
fn start(stderr: Stdio) -> (Process, SocketAddr) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), &["--listen", "127.0.0.1:0"], &[]);
    let mut process = Process(command.stderr(stderr).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("Oddity listens on http://").unwrap();
    (process, address.parse().unwrap())
}

/// Serves, counts what it drops and stops.
async fn serves_and_stops(stderr: Stdio) {
    let (mut process, address) = start(stderr);
    let all = async {
        for _ in 0..REQUESTS {
            assert_eq!(get(address, "/api/none").await.status, 404);
        }
        let text = get(address, "/metrics").await.body;
        let dropped = text
            .lines()
            .find_map(|line| line.strip_prefix("oddity_log_dropped_lines_total "))
            .map(|number| number.parse::<f64>().unwrap());
        assert!(dropped.is_some_and(|lines| lines > 100.0), "{dropped:?}");
    };
    within("answers", all).await;
    process.terminate();
    let status = process.wait();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_full_pipe_holds_up_nobody() {
    let (unread, mut pipe) = std::io::pipe().unwrap();
    pipe.write_all(&[b'.'; PIPE]).unwrap();
    serves_and_stops(pipe.into()).await;
    drop(unread);
}

#[tokio::test]
async fn a_full_disk_holds_up_nobody() {
    serves_and_stops(File::create("/dev/full").unwrap().into()).await;
}

#[tokio::test]
async fn a_reader_that_has_gone_holds_up_nobody() {
    let (unread, pipe) = std::io::pipe().unwrap();
    drop(unread);
    serves_and_stops(pipe.into()).await;
}

#[test]
fn a_wrong_configuration_ends_though_nobody_reads_why() {
    let folder = tempfile::tempdir().unwrap();
    let (_unread, mut pipe) = std::io::pipe().unwrap();
    pipe.write_all(&[b'.'; PIPE]).unwrap();
    let mut command = command(folder.path(), &["--listen", "nowhere"], &[]);
    let mut process = Process(command.stderr(pipe).spawn().unwrap());
    assert_eq!(process.wait().code(), Some(1));
}

#[tokio::test]
async fn a_long_path_makes_a_short_line() {
    let folder = tempfile::tempdir().unwrap();
    let oddity = Oddity::start(folder.path(), &[], &[]);
    for first in ["", "a", "ab"] {
        let path = format!("/api/{first}{}", "€".repeat(6_000));
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!(send_raw(oddity.address, &request).await.status, 404);
    }
    let (status, log) = oddity.stop();
    assert!(status.success() && log.contains("€"), "{log}");
    let longest = log.lines().map(str::len).max();
    assert!(longest.is_some_and(|bytes| bytes < 600), "{longest:?}");
}

/// Starts with the user ann, sends some requests, and returns what was logged.
async fn logged(env: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("people"), "ann:CANARY\n").unwrap();
    let oddity = Oddity::start(folder.path(), &["--auth", "basic:people"], env);
    let ann = format!("Authorization: Basic {}", BASE64_STANDARD.encode("ann:CANARY"));
    let eve = format!("Authorization: Basic {}", BASE64_STANDARD.encode("eve:CANARY"));
    let api = "/api/sources/demo/api/v1";
    let ask = async |line: String, user: &str, body: &str| {
        let form = "Content-Type: application/x-www-form-urlencoded";
        send(oddity.address, &line, &[user, form], body).await
    };
    let answer = ask(format!("GET {api}/query?query=vector(1)"), &ann, "").await;
    assert_eq!(answer.status, 200);
    ask(format!("POST {api}/series"), &ann, "match[]=up&match[]=%7Ba%3D%22b%22%7D").await;
    ask(format!("GET {api}/query?query=vector(2)"), &eve, "").await;
    ask(format!("GET {api}/query?query=vector({})", "1".repeat(20_000)), &ann, "").await;
    ask("GET /healthz".to_owned(), &ann, "").await;
    ask("GET /none.js".to_owned(), &ann, "").await;
    let (_, log) = oddity.stop();
    assert!(!log.contains("CANARY") && !log.contains(&ann[21..]), "{log}");
    log
}

#[tokio::test]
async fn each_request_to_the_api_is_logged_with_who_asked_for_what() {
    let log = logged(&[("ODDITY_LOG_FORMAT", "json")]).await;
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line["message"] == "request").collect();
    let told = |line: &Value| {
        let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        let query: String = text("query").chars().take(20).collect();
        format!(
            "{} {} {} {} {query} {}",
            text("user"),
            text("peer"),
            text("method"),
            text("source"),
            line["status"]
        )
    };
    let expected = [
        "ann 127.0.0.1 GET demo vector(1) 200",
        "ann 127.0.0.1 POST demo up\n{a=\"b\"} 200",
        "- 127.0.0.1 GET demo vector(2) 401",
        "ann 127.0.0.1 GET demo vector(1111111111111 400",
        "ann 127.0.0.1 GET - - 404",
    ];
    assert_eq!(requests.iter().map(|line| told(line)).collect::<Vec<_>>(), expected);
    assert_eq!(requests[0]["path"], "/api/sources/demo/api/v1/query");
    assert_eq!(requests[0]["complete"], true);
    assert!(requests[0]["bytes"].as_u64().is_some_and(|bytes| bytes > 50), "{}", requests[0]);
    assert!(requests[0]["ms"].is_u64(), "{}", requests[0]);
    assert!(log.lines().all(|line| line.len() < 4 << 10), "{log}");
}

#[tokio::test]
async fn formats_of_the_log() {
    let logfmt = logged(&[("ODDITY_LOG_FORMAT", "logfmt"), ("ODDITY_LOG_QUERIES", "hash")]).await;
    let line = logfmt.lines().find(|line| line.contains("user=ann")).expect(&logfmt);
    for part in ["level=info", "peer=127.0.0.1", "source=demo", "query=sha256:", "status=200"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!logfmt.contains("vector("), "{logfmt}");
    let text = logged(&[("ODDITY_LOG", "info,proxy::http::request_log=warn")]).await;
    assert!(!text.contains("request "), "{text}");
    let text = logged(&[]).await;
    assert!(text.contains(" INFO ") && text.contains("query=\"vector(1)\""), "{text}");
}

#[tokio::test]
async fn the_log_tells_of_the_parameters_that_are_sent_and_of_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let oddity = Oddity::start(folder.path(), &[], &[("ODDITY_LOG_FORMAT", "json")]);
    let long = "x".repeat(5_000);
    let ask = async |path: &str, form: &str| {
        let line = format!("POST /api/sources/demo/api/v1/{path}");
        let media = ["Content-Type: application/x-www-form-urlencoded"];
        send(oddity.address, &line, &media, form).await.status
    };
    assert_eq!(ask("query?query=vector(1)", "match[]=up").await, 200);
    assert_eq!(ask(&format!("query?match[]={long}"), "query=vector(2)").await, 200);
    assert_eq!(ask("series?query=secret", &format!("query={long}&match[]=up")).await, 200);
    assert_eq!(ask("labels?query=vector(3)", "start=1").await, 200);
    assert_eq!(ask("query?query=vector(4)", "query=vector(5)").await, 400);
    let (_, log) = oddity.stop();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    let queries: Vec<_> = lines
        .filter(|line| line["message"] == "request")
        .map(|line| line["query"].as_str().map(str::to_owned))
        .collect();
    let expected =
        [Some("vector(1)"), Some("vector(2)"), Some("up"), None, Some("vector(4)\nvector(5)")];
    assert_eq!(queries.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{log}");
}

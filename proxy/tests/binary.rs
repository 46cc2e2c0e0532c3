//! The binary as an operator runs it.

use std::process::Output;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::process::{Oddity, command};
use crate::support::scripted::{Scripted, Then, reply};
use crate::support::{get, send};

const QUERY: &str = "/api/sources/prometheus/api/v1/query?query=up";

#[tokio::test]
async fn nothing_configured_serves_the_demo() {
    let folder = tempfile::tempdir().unwrap();
    let oddity = Oddity::start(folder.path(), &["serve"], &[]);
    let sources = get(oddity.address, "/api/sources").await.json();
    assert_eq!(sources["sources"].as_array().map(Vec::len), Some(1));
    assert_eq!(sources["sources"][0]["id"], "demo");
    assert_eq!(sources["version"], env!("CARGO_PKG_VERSION"));
    let info = get(oddity.address, "/api/sources/demo/api/v1/status/buildinfo").await.json();
    assert_eq!(info["status"], "success");
    for (ago, spikes) in [("112m", 1), ("130m", 0)] {
        let expr = format!("rate(dhcp_lease_count%5B5m%5D%20offset%20{ago})*60%3E30");
        let path = format!("/api/sources/demo/api/v1/query?query={expr}");
        let found = get(oddity.address, &path).await.json();
        let found = found["data"]["result"].as_array().map(Vec::len);
        assert_eq!(found, Some(spikes), "the spike begins two hours before the start: {ago}");
    }
    let (status, log) = oddity.stop();
    assert!(status.success() && log.contains("stopping"), "{status} {log}");
}

#[tokio::test]
async fn dotenv_and_file_are_read_from_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "PROMETHEUS_URL=http://127.0.0.1:1\n").unwrap();
    std::fs::write(folder.path().join("oddity.toml"), "demo = true\n").unwrap();
    let oddity = Oddity::start(folder.path(), &[], &[]);
    let sources = get(oddity.address, "/api/sources").await.json();
    let ids: Vec<_> =
        sources["sources"].as_array().unwrap().iter().map(|s| s["id"].clone()).collect();
    assert_eq!(ids, ["prometheus", "demo"]);
    let error = get(oddity.address, QUERY).await.error();
    assert_eq!(
        error,
        "502 unavailable: the source 'prometheus' cannot be reached: connection refused; check \
         PROMETHEUS_URL and that Prometheus runs"
    );
}

#[test]
fn a_wrong_configuration_ends_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.toml"), "lisen = '127.0.0.1:0'\n").unwrap();
    std::fs::create_dir(folder.path().join("garbled")).unwrap();
    std::fs::write(folder.path().join("garbled/.env"), "A=1\nPROMETHEUS TOKEN CANARY\n").unwrap();
    let check = |folder: &std::path::Path, args: &[&str], env: &[(&str, &str)], expected: &str| {
        let Output { status, stderr, stdout } = command(folder, args, env).output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(!status.success() && stdout.is_empty(), "{args:?}");
        assert!(stderr.contains(expected) && !stderr.contains("CANARY"), "{expected}: {stderr}");
    };
    let here = folder.path();
    check(here, &["--config", "bad.toml"], &[], "bad.toml, line 1: lisen: unknown field `lisen`");
    check(here, &[], &[("ODDITY_CONFIG", "none.toml")], "cannot read none.toml");
    check(&here.join("garbled"), &[], &[], ".env, line 2");
    check(here, &[], &[("PROMETHEUS_URL", "CANARY")], "PROMETHEUS_URL: is not an address");
    check(here, &["--demo-anchor", "soon"], &[], "--demo-anchor");
    check(here, &["--listen", "nowhere"], &[], "cannot listen on nowhere");
    check(here, &["--lisen", "x"], &[], "--lisen");
    check(here, &["--log", "x=y=z"], &[], "ODDITY_LOG");
}

#[tokio::test]
async fn secrets_stay_inside_at_trace_level() {
    let folder = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let echo = "Authorization: Basic CANARY";
    let fields = format!("{echo}\r\nlocation: http://x/?CANARY\r\nset-cookie: CANARY\r\n");
    let upstream = Scripted::start(reply("401 No", &fields, echo), Then::Close).await;
    let config = format!(
        "[[source]]\nid = 'refused'\nurl = 'http://{closed}/?token=CANARY'\nheaders = {{ X-Key = 'CANARY' }}\n\
         [[source]]\nid = 'bearer'\nurl = 'http://{}'\nbearer = 'CANARY'\n",
        upstream.address
    );
    std::fs::write(folder.path().join("oddity.toml"), config).unwrap();
    let url = format!("http://me:CANARY@{}", upstream.address);
    let env = [
        ("PROMETHEUS_URL", url.as_str()),
        ("PROMETHEUS_ORG_ID", "CANARY"),
        ("ODDITY_LOG", "trace"),
    ];
    let oddity = Oddity::start(folder.path(), &[], &env);
    for path in [
        QUERY,
        "/api/sources/refused/api/v1/query?query=up",
        "/api/sources/bearer/api/v1/query?query=up",
        "/api/sources",
        "/metrics",
        "/",
    ] {
        let reply = get(oddity.address, path).await;
        assert!(!format!("{reply:?}").to_lowercase().contains("canary"), "{path}: {reply:?}");
    }
    assert!(upstream.requests().iter().any(|request| request.contains("Bearer CANARY")));
    assert!(upstream.requests().iter().any(|request| request.contains("x-scope-orgid: CANARY")));
    let (_, log) = oddity.stop();
    assert!(
        log.contains("TRACE") && log.contains("credentials") && log.contains("unreachable"),
        "{log}"
    );
    assert!(!log.contains("CANARY") && !log.contains("bWU6Q0FOQVJZ"), "{log}");
}

#[tokio::test]
async fn a_stop_lets_open_requests_finish() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", upstream.local_addr().unwrap());
    let mut oddity = Oddity::start(folder.path(), &[], &[("PROMETHEUS_URL", &url)]);
    let address = oddity.address;
    let client = tokio::spawn(async move { send(address, &format!("GET {QUERY}"), &[], "").await });
    let (mut question, _) = upstream.accept().await.unwrap();
    assert!(question.read(&mut [0; 4096]).await.unwrap() > 0);
    // Neither a silent nor a half-sent connection holds up the end.
    let _silent = TcpStream::connect(address).await.unwrap();
    oddity.process.terminate();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(TcpStream::connect(address).await.is_err(), "it still accepts connections");
    let answer = reply("200 OK", "", r#"{"status":"success","data":1}"#);
    question.write_all(&answer).await.unwrap();
    let reply = client.await.unwrap();
    assert_eq!((reply.status, reply.whole), (200, true));
    assert!(oddity.process.wait().success());
}

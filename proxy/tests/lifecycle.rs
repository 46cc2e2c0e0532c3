//! A stop lets what is finite finish, and waits for nothing else.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::process::Oddity;
use crate::support::scripted::{Scripted, Then, reply};
use crate::support::send;
use crate::support::wait::until;

const QUERY: &str = "/api/sources/prometheus/api/v1/query?query=up";

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
    until("it accepts no more connections", async || TcpStream::connect(address).await.is_err())
        .await;
    let answer = reply("200 OK", "", r#"{"status":"success","data":1}"#);
    question.write_all(&answer).await.unwrap();
    let reply = client.await.unwrap();
    assert_eq!((reply.status, reply.whole), (200, true));
    assert!(oddity.process.wait().success());
}

#[tokio::test]
async fn a_stream_without_an_end_is_cut_off_after_the_drain() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("oddity.toml"), "[limits]\ndrain = '500ms'\n").unwrap();
    let start = format!(r#"{{"status":"success","data":"{}"#, "x".repeat(2 << 20));
    let endless = format!("HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n{start}");
    for answer in [endless.into_bytes(), Vec::new()] {
        let upstream = Scripted::start(answer, Then::Hang).await;
        let url = format!("http://{}", upstream.address);
        let oddity = Oddity::start(folder.path(), &[], &[("PROMETHEUS_URL", &url)]);
        let address = oddity.address;
        let client =
            tokio::spawn(async move { send(address, &format!("GET {QUERY}"), &[], "").await });
        upstream.wait_for_requests(1).await;
        let began = Instant::now();
        let (status, log) = oddity.stop();
        assert!(status.success(), "{status}");
        assert!(began.elapsed() >= Duration::from_millis(450), "open requests had no time");
        assert!(log.contains("open requests were aborted"), "{log}");
        upstream.wait_for_drops(1).await;
        assert!(!client.await.unwrap().whole);
    }
}

#[tokio::test]
async fn a_hangup_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let oddity = Oddity::start(folder.path(), &[], &[]);
    oddity.process.signal("HUP");
    // The signal is handled before a later one is.
    assert_eq!(send(oddity.address, "GET /healthz", &[], "").await.status, 200);
    let (status, log) = oddity.stop();
    assert!(status.success(), "{status}");
    assert!(log.contains("SIGHUP"), "{log}");
}

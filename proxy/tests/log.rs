//! The log holds up nobody, whatever becomes of it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::Stdio;

use crate::support::process::{Oddity, Process, command};
use crate::support::wait::within;
use crate::support::{get, send_raw};

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

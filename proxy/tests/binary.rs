//! The binary as an operator runs it.

use std::process::Output;

use crate::support::get;
use crate::support::process::{Oddity, command};

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
    assert!(status.success() && log.contains("shutting down"), "{status} {log}");
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
        "502 unavailable: source 'prometheus' cannot be reached: connection refused; check \
         PROMETHEUS_URL and that Prometheus is running"
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
    check(here, &[], &[("PROMETHEUS_URL", "CANARY")], "PROMETHEUS_URL: invalid address");
    check(here, &["--demo-anchor", "soon"], &[], "--demo-anchor");
    check(here, &["--listen", "nowhere"], &[], "cannot listen on nowhere");
    check(here, &["--lisen", "x"], &[], "--lisen");
    check(here, &["--log", "x=y=z"], &[], "ODDITY_LOG");
}

#[test]
fn the_version_is_told_and_in_a_release_its_commit() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path(), &["--version"], &[]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let commit = text.trim_end().strip_prefix(concat!("oddity ", env!("CARGO_PKG_VERSION")));
    let commit = commit.expect(&text);
    let is_commit = commit.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')'));
    assert!(commit.is_empty() || is_commit.is_some_and(|commit| commit.len() >= 7), "{text}");
}

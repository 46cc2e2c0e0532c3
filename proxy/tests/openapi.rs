//! The description of the routes, and whether the routes are like it.

use std::process::Command;

use crate::support::process::Oddity;
use crate::support::scripted::{Scripted, Then, ok};
use crate::support::{get, say};

/// Names the program of Schemathesis.
const PROGRAM: &str = "ODDITY_SCHEMATHESIS";

/// PromQL cannot be described by a schema, so much of what is made by it is refused.
const CHECKS: &str = "\
[checks]
positive_data_acceptance.enabled = false
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 411, 413, 414, 415, 422, 429, 431]
";

#[tokio::test]
async fn the_description_names_every_route() {
    let folder = tempfile::tempdir().unwrap();
    let oddity = Oddity::start(folder.path(), &[], &[]);
    let description = get(oddity.address, "/api/openapi.json").await.json();
    let paths: Vec<_> = description["paths"].as_object().unwrap().keys().collect();
    assert_eq!(
        paths,
        [
            "/api/knowledge",
            "/api/llm",
            "/api/llm/chat",
            "/api/notify",
            "/api/openapi.json",
            "/api/sources",
            "/api/sources/{id}/api/v1/alerts",
            "/api/sources/{id}/api/v1/label/{name}/values",
            "/api/sources/{id}/api/v1/labels",
            "/api/sources/{id}/api/v1/metadata",
            "/api/sources/{id}/api/v1/query",
            "/api/sources/{id}/api/v1/query_range",
            "/api/sources/{id}/api/v1/rules",
            "/api/sources/{id}/api/v1/series",
            "/api/sources/{id}/api/v1/status/buildinfo",
            "/healthz",
            "/metrics",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing_against_the_description() {
    let Some(program) = std::env::var_os(PROGRAM) else {
        say(&format!("skipped: Schemathesis, as {PROGRAM} does not name its program"));
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("schemathesis.toml"), CHECKS).unwrap();
    let target = Scripted::start(ok("{}"), Then::Close).await;
    let hook = format!("http://{}", target.address);
    let oddity = Oddity::start(folder.path(), &[], &[("ODDITY_WEBHOOK_URL", &hook)]);
    let description = format!("http://{}/api/openapi.json", oddity.address);
    let output = Command::new(program)
        .args(["run", &description, "--phases", "coverage,fuzzing", "--max-examples", "10"])
        .args(["--seed", "1", "--no-shrink", "--continue-on-failure"])
        .current_dir(folder.path())
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Tested: 23"), "{said}");
}

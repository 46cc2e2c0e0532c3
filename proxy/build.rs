//! Rebuilds a release when the page that it embeds or its commit has changed; other builds read the page from disk and name no
//! commit, so that a commit rebuilds nothing.
#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

use std::path::Path;
use std::process::Command;

/// The folder that trunk writes.
const DIST: &str = "../dist";

fn main() {
    // While it is missing, cargo would rebuild each time and rust-embed would not know its real path.
    if let Err(error) = std::fs::create_dir_all(DIST) {
        println!("cargo::warning=cannot create {DIST}: {error}");
    }
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    println!("cargo::rerun-if-changed={}", if release { DIST } else { "build.rs" });
    let commit = if release { commit() } else { None };
    let suffix = commit.map_or_else(String::new, |commit| format!(" ({commit})"));
    println!("cargo::rustc-env=ODDITY_COMMIT_SUFFIX={suffix}");
}

/// Returns the commit that is built, or `None` without git or outside of a repository.
fn commit() -> Option<String> {
    // It grows with each commit and checkout.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"])
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned()).filter(|text| !text.is_empty())
}

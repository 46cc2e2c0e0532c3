//! Rebuilds a release when the page that it embeds has changed; other builds read the page from disk.
#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

/// The folder that trunk writes.
const DIST: &str = "../dist";

fn main() {
    // While it is missing, cargo would rebuild each time and rust-embed would not know its real path.
    if let Err(error) = std::fs::create_dir_all(DIST) {
        println!("cargo::warning=cannot create {DIST}: {error}");
    }
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    println!("cargo::rerun-if-changed={}", if release { DIST } else { "build.rs" });
}

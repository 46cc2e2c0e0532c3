//! Rebuilds a release when the page that it embeds has changed; other builds read the page from disk.
#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

fn main() {
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    println!("cargo::rerun-if-changed={}", if release { "../dist" } else { "build.rs" });
}

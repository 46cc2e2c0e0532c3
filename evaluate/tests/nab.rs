//! The scorer against published figures, where the data lies beside the repository.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::io::Write as _;
use std::path::PathBuf;

use evaluate::nab::{Corpus, Curves, PROFILES, best};

/// Where the data is, `None` and a visible line where it is not.
fn data(test: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"));
    let folder = std::env::var_os("ODDITY_DATA").map_or_else(beside, PathBuf::from).join("nab");
    if folder.is_dir() {
        return Some(folder);
    }
    // The harness swallows what a passing test prints through the macros.
    let _ = writeln!(std::io::stderr(), "skipped: {test} (no data at {})", folder.display());
    None
}

#[test]
fn published_detectors_get_their_published_figures() {
    let Some(folder) = data("published_detectors_get_their_published_figures") else { return };
    let corpus = Corpus::read(&folder).unwrap();
    // The standard profile is published with two decimals, the others with one.
    let tolerances = [0.02, 0.06, 0.06];
    for (name, published) in
        [("numenta", [70.10, 63.2, 74.3]), ("windowedGaussian", [39.65, 20.9, 47.4])]
    {
        let scores = corpus.published(&folder.join("reference").join(name)).unwrap();
        for ((profile, published), tolerance) in PROFILES.iter().zip(published).zip(tolerances) {
            let curves = Curves::new(&corpus.files, &scores.strengths, profile);
            let found = best(&corpus.files, &[curves], profile);
            let difference = (found.score - published).abs();
            assert!(difference < tolerance, "{name}, {}: {found:?}", profile.name);
        }
    }
}

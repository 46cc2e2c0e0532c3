//! The knowledge base as it ships: every data file is read, checked and tried on its examples.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken data file fails the test")]
#![allow(clippy::disallowed_methods, reason = "a test reads the data files")]

use std::path::Path;

use oddity_analysis::knowledge::{Family, Knowledge, check};

/// All families, or what is wrong with a file.
fn load() -> Knowledge {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../knowledge");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let families = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let family: Family =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
            Family { id, ..family }
        })
        .collect();
    Knowledge { families }
}

#[test]
fn every_file_holds_what_it_must() {
    let faults = check(&load());
    let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", list.len(), list.join("\n"));
}

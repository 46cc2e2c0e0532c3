//! The page's address.

use std::collections::{BTreeMap, BTreeSet};

use oddity_analysis::view_state::ViewState;

use super::{check, lines};
use crate::support::process::command;

/// Returns the address that the page writes for what it reads, and whether it understood all of it.
fn reread(address: &str) -> (String, bool) {
    let (view, problems) = ViewState::from_query(address);
    (view.to_query(), problems.is_empty())
}

/// Runs `oddity detectors`.
fn detectors(args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path(), &[&["detectors"], args].concat(), &[]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the settings of each detector by their keys, with their defaults.
fn settings() -> BTreeMap<String, Vec<(String, String)>> {
    let all = detectors(&[]);
    let ids = all.lines().map(|line| line.split(' ').next().unwrap());
    let of = |id: &str| {
        let listed = detectors(&[id]);
        // A line with key and meaning, and one with what it accepts.
        let mut found = Vec::new();
        let mut key = "";
        for line in listed.lines().skip(1) {
            let line = line.strip_prefix("  ").unwrap();
            if !line.starts_with(' ') {
                key = line.split(' ').next().unwrap();
            }
            if let Some((_, default)) = line.split_once("[default: ") {
                found.push((key.to_owned(), default.trim_end_matches(']').to_owned()));
            }
        }
        found
    };
    ids.map(|id| (id.to_owned(), of(id))).collect()
}

#[test]
fn addresses_are_written_as_they_are_read() {
    let addresses = lines("addresses.txt");
    assert!(addresses.len() > 30, "{addresses:?}");
    for address in addresses {
        assert_eq!(reread(&address), (address.clone(), true));
    }
}

/// Reads `read -> written`: addresses that the page understands and writes in another way.
#[test]
fn other_addresses_are_read_as_before() {
    let pairs = lines("addresses_read.txt");
    assert!(pairs.len() > 10, "{pairs:?}");
    for pair in pairs {
        let (read, written) = pair.split_once(" -> ").unwrap();
        assert_eq!(reread(read), (written.to_owned(), true), "{read}");
    }
}

#[test]
fn settings_keep_their_keys_and_defaults() {
    let found = settings().into_iter().flat_map(|(id, settings)| {
        settings.into_iter().map(move |(key, default)| format!("{id} {key}={default}"))
    });
    check("settings.txt", found);
}

/// Fails for a new setting that no address in the list has.
#[test]
fn each_setting_stands_in_an_address() {
    let mut written = BTreeSet::new();
    for address in lines("addresses.txt") {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(address.as_bytes()).into_owned().collect();
        let detector = pairs.iter().find(|(key, _)| key == "detector");
        let detector = detector.map_or("auto", |(_, id)| id);
        written.extend(pairs.iter().map(|(key, _)| (detector.to_owned(), key.clone())));
    }
    for (detector, settings) in settings() {
        for (key, _) in settings {
            let pair = (detector.clone(), key);
            assert!(written.contains(&pair), "addresses.txt has no address with {pair:?}");
        }
    }
}

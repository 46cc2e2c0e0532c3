//! The page on security names tests; they exist.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The text of all files below `folder` whose names end in `ending`.
fn read_all(folder: &Path, ending: &str) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &read_all(&path, ending);
        } else if path.to_str().is_some_and(|path| path.ends_with(ending)) {
            text += &fs::read_to_string(&path).unwrap();
        }
    }
    text
}

/// The text of a file of tests, and of those below it.
fn subject(name: &str) -> String {
    let path = Path::new(ROOT).join("proxy/tests").join(name);
    let text = fs::read_to_string(path.with_extension("rs")).unwrap();
    if path.is_dir() { text + &read_all(&path, ".rs") } else { text }
}

#[test]
fn every_test_that_is_named_exists_and_every_promise_has_one_or_is_open() {
    let page = fs::read_to_string(format!("{ROOT}/SECURITY.md")).unwrap();
    let folder = |path: &str, ending| read_all(&Path::new(ROOT).join(path), ending);
    let all = BTreeMap::from([
        ("unit", folder("proxy/src", ".rs")),
        ("fuzz", folder("fuzz/tests", ".rs")),
        ("shared", folder("shared", ".rs")),
        ("e2e", folder("e2e/specs", ".ts")),
    ]);
    let mut promises = Vec::new();
    let mut named = 0;
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let tests: Vec<_> = line.split('`').filter(|word| word.contains("::")).collect();
        for test in &tests {
            let (place, name) = test.split_once("::").unwrap();
            let text = all.get(place).cloned().unwrap_or_else(|| subject(place));
            let exists =
                text.contains(&format!("fn {name}(")) || text.contains(&format!("test(\"{name}\""));
            assert!(exists, "{test} does not exist");
            named += 1;
        }
        if let Ok(number) = cells[0].parse::<u32>() {
            let open = cells.last().is_some_and(|cell| cell.contains("open"));
            assert!(!tests.is_empty() || open, "promise {number} has no test");
            promises.push(number);
        }
    }
    assert_eq!(promises, (1..=15).collect::<Vec<_>>());
    assert!(named > 50, "{named}");
}

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the Rust files below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[test]
fn components_reach_network_clock_and_address_through_the_state_alone() {
    const BARRED: [&str; 9] = [
        "browser::clock",
        "browser::store",
        "browser::url",
        "browser::workers",
        "gloo_net",
        "Date::now",
        ".location()",
        ".history()",
        ".local_storage()",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![root.join("app.rs")];
    files.extend(["components", "chart"].iter().flat_map(|folder| sources(&root.join(folder))));
    assert!(files.len() > 30, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for barred in BARRED {
            assert!(!text.contains(barred), "{} uses {barred}", file.display());
        }
    }
}

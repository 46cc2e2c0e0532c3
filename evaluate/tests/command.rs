//! The command on small folders.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evaluate"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

/// What it prints, and that it succeeds.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A value a minute: 1, 2, 1, 2, ..., and `spike` in row 40.
fn recording(spike: &str, labelled: bool) -> String {
    let mut text =
        String::from(if labelled { "timestamp,value,label\n" } else { "timestamp,value\n" });
    for row in 0..60 {
        let value = if row == 40 { spike.to_owned() } else { (1 + row % 2).to_string() };
        let label = if row == 40 { ",1" } else { ",0" };
        text +=
            &format!("2014-04-01 00:{row:02}:00,{value}{}\n", if labelled { label } else { "" });
    }
    text
}

#[test]
fn scores_of_every_file_as_csv() {
    let files = [("a/one.csv", recording("9", false)), ("two.csv", recording("", true))];
    let data = folder(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    fs::write(data.path().join("other.csv"), "anomaly_score\n1\n").unwrap();
    printed(
        data.path(),
        &["scores", ".", "--detector", "rolling", "--set", "window=10", "--out", "out"],
    );
    let lines = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(data.path().join("out").join(name)).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let one = lines("a/one.csv");
    assert_eq!(one.len(), 61);
    assert_eq!(one[0], "timestamp,value,expected,lower,upper,score,alert,fired");
    assert_eq!(one[1], "2014-04-01 00:00:00,1,,,,,0,0");
    assert_eq!(one[40], "2014-04-01 00:39:00,2,1.5,-0.5,3.5,1,0,0");
    assert_eq!(one[41], "2014-04-01 00:40:00,9,1.5,-0.5,3.5,15,15,1");
    assert_eq!(lines("two.csv")[41], "2014-04-01 00:40:00,,1.5,-0.5,3.5,,0,0");
    assert!(!data.path().join("out/other.csv").exists());
}

#[test]
fn a_found_label_as_a_table() {
    let data = folder(&[("one.csv", &recording("9", true))]);
    let table = printed(data.path(), &["labelled", ".", "--detector", "rolling", "--files"]);
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 4, "{table}");
    // Too short for an area; one event in an hour.
    assert_eq!(rows[2], "| `rolling` one.csv | — | 1.00 | 1.00 | 1.00 | 24.00 | 0.0 | 0.0 |");
    assert_eq!(rows[3], "| `rolling` | — | 1.00 | 1.00 | 1.00 | 24.00 | 0.0 | 0.0 |");
}

#[test]
fn a_corpus_of_two_files_as_a_table() {
    let windows = r#"{"a/one.csv": [["2014-04-01 00:40:00", "2014-04-01 00:49:00.000000"]], "b/two.csv": []}"#;
    let data = folder(&[
        ("windows.json", windows),
        ("a/one.csv", &recording("9", false)),
        ("b/two.csv", &recording("1", false)),
    ]);
    let table = printed(data.path(), &["nab", ".", "--detector", "rolling"]);
    let row = "| `rolling` | 100.0 / 100.0 / 100.0 |";
    assert!(table.lines().any(|line| line.starts_with(row)), "{table}");
    fs::write(data.path().join("candidates"), "rolling window=30\nrolling window=60\n").unwrap();
    let table = printed(data.path(), &["nab", ".", "--candidates", "candidates"]);
    assert!(table.starts_with("standard: 100.00 with rolling window=30 at "), "{table}");
    assert!(table.lines().any(|line| line.starts_with("| 2 candidates | 100.0 ")), "{table}");
}

#[test]
fn errors_say_what_to_change() {
    let data = folder(&[
        ("time/a.csv", "timestamp,value\nyesterday,1\n"),
        ("value/a.csv", "timestamp,value\n2014-04-01,1\n2014-04-02,many\n"),
        ("label/a.csv", "timestamp,value,label\n2014-04-01,1,odd\n"),
        ("ragged/a.csv", "timestamp,value,label\n2014-04-01,1\n"),
        ("unlabelled/a.csv", "timestamp,value\n2014-04-01,1\n"),
        ("windows/windows.json", r#"{"a.csv": [["2014-04-01", "2014-04-02"]]}"#),
        ("windows/a.csv", "timestamp,value\n2014-04-01,1\n"),
        ("reversed/windows.json", r#"{"a.csv": [["2014-04-02", "2014-04-01"]]}"#),
        ("reversed/a.csv", "timestamp,value\n2014-04-01,1\n2014-04-02,1\n"),
        ("none/readme", ""),
    ]);
    for (arguments, expected) in [
        (
            &["scores", "time", "--detector", "rolling", "--out", "out"][..],
            "a.csv, row 1: \"yesterday\" is not a time",
        ),
        (
            &["scores", "value", "--detector", "rolling", "--out", "out"],
            "a.csv, row 2: \"many\" is no number",
        ),
        (
            &["scores", "none", "--detector", "rolling", "--out", "out"],
            "none holds no CSV file with the columns",
        ),
        (&["scores", "absent", "--detector", "rolling", "--out", "out"], "cannot read absent"),
        (
            &["scores", "time", "--detector", "magic", "--out", "out"],
            "there is no detector \"magic\"",
        ),
        (
            &["scores", "time", "--detector", "rolling", "--set", "window=x", "--out", "out"],
            "window cannot be \"x\"",
        ),
        (&["labelled", "label"], "a.csv, row 1: \"odd\" is no label: write 0 or 1"),
        (&["labelled", "ragged"], "a.csv: CSV error: record 1"),
        (&["labelled", "unlabelled"], "no CSV file in unlabelled has a column \"label\""),
        (
            &[
                "labelled",
                "label",
                "--detector",
                "rolling",
                "--detector",
                "slope",
                "--set",
                "window=9",
            ],
            "name it alone with --detector",
        ),
        (&["worlds", "--seeds", "5..1"], "\"5..1\" names no seeds: write a list such as 2,4"),
        (&["worlds", "--detector", "magic"], "there is no detector \"magic\""),
        (&["nab", "none"], "cannot read none/windows.json"),
        (&["nab", "reversed"], "a.csv: 2014-04-01 lies before 2014-04-02"),
        (&["nab", "windows"], "a.csv has no row at 2014-04-02T00:00:00Z"),
    ] {
        let output = run(data.path(), arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(expected), "{arguments:?}: {error}");
    }
}

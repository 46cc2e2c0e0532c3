//! Keys of the configuration file.

use std::collections::BTreeSet;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use regex::{Captures, Regex};
use tempfile::TempDir;
use toml::Value;

use super::{check, lines, path};
use crate::support::process::command;

/// Files that together have every key; secrets are in the one, and in files of their own in the other.
const ACCEPTED: [&str; 2] = ["secrets_here.toml", "secrets_in_files.toml"];

/// Tables whose keys are data.
const MAPS: [&str; 4] =
    ["source.headers", "notify.headers", "source.enforce", "source.enforce_by_user"];

/// Adds the path of each key below `at`, and of each table with a slash.
fn keys(value: &Value, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Table(fields) if !MAPS.contains(&at) => {
            out.insert(format!("{at}/"));
            for (name, value) in fields {
                let dot = if at.is_empty() { "" } else { "." };
                let path = format!("{at}{dot}{name}");
                out.insert(path.clone());
                keys(value, &path, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| {
            if item.is_table() {
                keys(item, at, out);
            }
        }),
        _ => {}
    }
}

fn accepted(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap()
}

/// Returns what the server says of the file before it would listen.
fn refusal(folder: &Path, file: &str) -> Option<String> {
    std::fs::write(folder.join("oddity.toml"), file).unwrap();
    let output = command(folder, &["--listen", "nowhere"], &[]).output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    (!stderr.contains("cannot listen on nowhere")).then_some(stderr)
}

/// Returns a folder with a file of each kind that a configuration names.
fn folder_with_files() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(folder.path().join("own.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.path().join("own.key"), key.serialize_pem()).unwrap();
    std::fs::write(folder.path().join("token"), "secret\n").unwrap();
    std::fs::write(folder.path().join("hook"), "https://hooks.example/x\n").unwrap();
    std::fs::write(folder.path().join("users"), "ann:secret\n").unwrap();
    std::fs::create_dir(folder.path().join("families")).unwrap();
    folder
}

#[test]
fn each_key_is_accepted() {
    let folder = folder_with_files();
    let mut found = BTreeSet::new();
    for name in ACCEPTED {
        let file = accepted(name);
        assert_eq!(refusal(folder.path(), &file), None, "{name}");
        keys(&Value::Table(file.parse().unwrap()), "", &mut found);
    }
    check("config_keys.txt", found.into_iter().filter(|key| !key.ends_with('/')));
}

/// Returns the examples of the documentation and of `packaging/`, each with the name of its file.
fn examples() -> Vec<(&'static str, String)> {
    let read = |name: &str| {
        std::fs::read_to_string(path("../../..").join(name)).unwrap_or_else(|_| panic!("{name}"))
    };
    let pages = ["README.md", "docs/assistant.md", "docs/notifications.md", "docs/operations.md"];
    let blocks = pages.iter().flat_map(|page| {
        let text = read(page);
        let starts = text.split("```toml\n").skip(1);
        let blocks: Vec<_> =
            starts.map(|rest| (*page, rest.split("```").next().unwrap().to_owned())).collect();
        assert!(!blocks.is_empty(), "{page}");
        blocks
    });
    let manifest = "packaging/kubernetes/oddity.yaml";
    let text = read(manifest);
    let (_, rest) = text.split_once("  oddity.toml: |\n").unwrap();
    let of_pod = rest.lines().take_while(|line| line.starts_with("    ") || line.is_empty());
    let of_pod: String = of_pod.map(|line| format!("{}\n", line.trim_start())).collect();
    let unit = "packaging/systemd/oddity.toml";
    blocks.chain([(manifest, of_pod), (unit, read(unit))]).collect()
}

#[test]
fn examples_are_accepted() {
    let folder = folder_with_files();
    let file = Regex::new(r#"(\w+) = "(?:basic:)?/[^"]*""#).unwrap();
    for (name, example) in examples() {
        let here = file.replace_all(&example, |found: &Captures| {
            let file = match &found[1] {
                "auth" => "basic:users",
                "ca_file" | "cert_file" => "own.pem",
                "key_file" => "own.key",
                "url_file" => "hook",
                _ => "token",
            };
            format!("{} = \"{file}\"", &found[1])
        });
        assert_eq!(refusal(folder.path(), &here), None, "{name}\n{example}");
    }
}

#[test]
fn other_keys_are_refused_and_those_that_there_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let quoted = Regex::new("`([a-z_]+)`").unwrap();
    let frozen = lines("config_keys.txt");
    let sources = "id = 'a'\nurl = 'https://a'\n";
    let cases = [
        ("", String::new()),
        ("limits", "[limits]\n".to_owned()),
        ("llm", "[llm]\n".to_owned()),
        ("llm.limits", "[llm.limits]\n".to_owned()),
        ("llm.tls", "[llm.tls]\n".to_owned()),
        ("notify", "[[notify]]\nid = 'a'\n".to_owned()),
        ("notify.tls", "[[notify]]\nid = 'a'\n[notify.tls]\n".to_owned()),
        ("tls", "[tls]\n".to_owned()),
        ("source", format!("[[source]]\n{sources}")),
        ("source.basic", format!("[[source]]\n{sources}[source.basic]\n")),
        ("source.limits", format!("[[source]]\n{sources}[source.limits]\n")),
        ("source.tls", format!("[[source]]\n{sources}[source.tls]\n")),
    ];
    let mut tables = BTreeSet::new();
    for name in ACCEPTED {
        keys(&Value::Table(accepted(name).parse().unwrap()), "", &mut tables);
    }
    let tables: BTreeSet<&str> = tables.iter().filter_map(|key| key.strip_suffix('/')).collect();
    assert_eq!(tables, cases.iter().map(|(table, _)| *table).collect());
    for (table, start) in cases {
        let said = refusal(folder.path(), &format!("{start}nonsense = 1\n")).expect(table);
        let (_, known) = said.split_once("unknown field `nonsense`, expected ").expect(&said);
        let known: BTreeSet<String> =
            quoted.captures_iter(known).map(|name| name[1].to_owned()).collect();
        let expected: BTreeSet<String> = frozen
            .iter()
            .filter_map(|key| match key.rsplit_once('.') {
                Some((of, name)) => (of == table).then(|| name.to_owned()),
                None => table.is_empty().then(|| key.clone()),
            })
            .collect();
        assert_eq!(known, expected, "[{table}]");
    }
}

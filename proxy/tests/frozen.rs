//! The names by which the outside knows Oddity: keys of the page's address, JSON of `oddity detect`, metrics, settings, routes.
//!
//! Links in runbooks, dashboards and configuration files outlast changes of the code. Each list is a file in the folder
//! beside this one, with a name a line. A test that fails prints the lines that are gone and those that are new: a new
//! line is added to the file, and a line that is gone is a breaking change that the changelog must tell.

mod address;
mod command_line;
mod config;
mod metrics;
mod output;
mod routes;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(name)
}

/// Returns the lines of a frozen list.
fn lines(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path(name)).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// Fails unless `found` is the frozen list `name`, in any order.
fn check(name: &str, found: impl IntoIterator<Item = String>) {
    let frozen: BTreeSet<String> = lines(name).into_iter().collect();
    let found: BTreeSet<String> = found.into_iter().collect();
    let gone = frozen.difference(&found).map(|line| format!("-{line}\n"));
    let new = found.difference(&frozen).map(|line| format!("+{line}\n"));
    let differences: String = gone.chain(new).collect();
    assert!(
        differences.is_empty(),
        "{} differs from what the outside sees now: lines with - are gone, those with + are new:\n{differences}",
        path(name).display()
    );
}

/// Adds each path in `value` with its type, such as `prefix.events[].peak.value number`. Objects at paths that end in one
/// of `maps` have keys that are data: these become `*`.
fn shape(value: &Value, path: &str, maps: &[&str], out: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(items) => {
            items.iter().for_each(|item| shape(item, &format!("{path}[]"), maps, out));
            "array"
        }
        Value::Object(fields) => {
            let is_map = maps.iter().any(|map| path.ends_with(map));
            for (name, value) in fields {
                let name = if is_map { "*" } else { name };
                shape(value, &format!("{path}.{name}"), maps, out);
            }
            "object"
        }
    };
    out.insert(format!("{path} {kind}"));
}

//! `oddity detect --format json`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{check, shape};
use crate::support::process::command;

const ANCHOR: (&str, &str) = ("ODDITY_DEMO_ANCHOR", "2026-01-15T00:00:00Z");
const LEASES: &str = "rate(dhcp_lease_count[5m]) * 60";

/// Queries of the demo with further arguments, and the exit status; together they fill nearly every field.
const RUNS: [(&str, &str, i32); 29] = [
    (LEASES, "--explain", 3),
    (LEASES, "", 3),
    (LEASES, "--to 2026-01-14T00:00:00Z", 0),
    (LEASES, "--link-base https://oddity.example/ --fail-on never", 0),
    (LEASES, "--exclude 2026-01-14T06:00:00Z/2026-01-14T07:00:00Z --set clean=yes", 3),
    ("node_network_receive_errs_total", "", 3),
    ("rate(node_network_receive_errs_total[5m])", "", 3),
    ("cache_hit_ratio", "", 3),
    ("dhcp_pool_free_addresses", "", 3),
    ("histogram_quantile(0.9, rate(http_request_duration_seconds_bucket[5m]))", "", 3),
    ("1 / up", "", 3),
    ("process_resident_memory_bytes", "", 3),
    ("process_resident_memory_bytes", "--detector slope", 3),
    ("queue_depth", "", 3),
    ("queue_depth", "--detector gap", 3),
    ("queue_depth > 20", "", 3),
    ("queue_depth", "--detector rolling --set dir=down", 3),
    ("queue_depth", "--detector threshold --set upper=20 --set dir=up", 3),
    ("queue_depth", "--detector peers --allow-empty", 0),
    ("up", "", 3),
    ("none", "--allow-empty", 0),
    ("cache_hit_ratio", "--detector level", 3),
    ("ntp_offset_seconds", "--detector drift", 3),
    ("ntp_offset_seconds", "--detector variance --set k=1", 3),
    ("room_temperature_celsius", "", 3),
    ("room_temperature_celsius", "--detector flatline", 3),
    ("room_temperature_celsius", "--detector seasonal", 3),
    ("room_temperature_celsius", "--range 1w --detector threshold --set upper=23 --set for=3", 3),
    ("node_cpu_utilisation_ratio", "--detector peers --set k=1", 3),
];

/// Fields whose words others compare with.
const WORDS: [&str; 9] =
    ["status", "kind", "direction", "level", "quantity", "unit", "view", "confidence", "cycle"];

/// Adds each word that stands in one of these fields, or is a sign.
fn words(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(word) if WORDS.contains(&name.as_str()) => {
                        out.insert(format!("{name}={word}"));
                    }
                    _ => words(value, out),
                }
            }
            let signs = fields.get("signs").and_then(Value::as_array).into_iter().flatten();
            out.extend(signs.filter_map(Value::as_str).map(|sign| format!("signs={sign}")));
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, out)),
        _ => {}
    }
}

#[test]
fn json_of_detect_keeps_its_paths_types_and_words() {
    let folder = tempfile::tempdir().unwrap();
    let (mut paths, mut said) = (BTreeSet::new(), BTreeSet::new());
    for (query, more, status) in RUNS {
        let mut args = vec!["detect", "--format", "json", "--query", query];
        if !more.contains("--to") {
            args.extend(["--to", "2026-01-15T02:00:00Z"]);
        }
        args.extend(more.split_whitespace());
        let output = command(folder.path(), &args, &[ANCHOR]).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{query} {more}: {output:?}");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        shape(&json, "$", &["labels", "parameters", "not_analysed[]"], &mut paths);
        words(&json, &mut said);
    }
    check("detect_paths.txt", paths);
    check("detect_words.txt", said);
}

#[test]
fn an_error_writes_no_json() {
    let folder = tempfile::tempdir().unwrap();
    for (query, status) in [("none", 1), ("sum(up", 1), ("", 2)] {
        let args = ["detect", "--format", "json", "--query", query];
        let output = command(folder.path(), &args, &[ANCHOR]).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(status), 0), "{query}");
        assert!(output.stderr.starts_with(b"error: "), "{output:?}");
    }
}

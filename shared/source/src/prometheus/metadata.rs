//! Metadata of a source: type, help text and unit of its metrics.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{ReplyError, decode_data};

/// Endings of the metrics that a histogram or a summary consists of.
pub const HISTOGRAM_PARTS: [&str; 3] = ["_bucket", "_count", "_sum"];

/// Returns the names under which metadata may describe a metric: its own, and that of the whole without an ending.
pub fn described_names(metric: &str) -> Vec<&str> {
    [metric].into_iter().chain(without_counter_ending(metric)).collect()
}

/// Returns the name of a metric without the ending by which it is a counter; `None` if it has no such ending.
pub fn without_counter_ending(metric: &str) -> Option<&str> {
    let mut endings = ["_total"].into_iter().chain(HISTOGRAM_PARTS);
    endings.find_map(|ending| metric.strip_suffix(ending))
}

/// Metadata of a metric, as one target describes it; empty where it says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct MetadataEntry {
    /// `counter`, `gauge`, `histogram`, ...
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Help text, in a sentence.
    #[serde(default)]
    pub help: String,
    /// Unit of the metric, mostly empty.
    #[serde(default)]
    pub unit: String,
}

/// Decodes the answer of `/api/v1/metadata`: what targets say of each metric, by its name.
///
/// # Errors
/// [`ReplyError`] for an error of the source and for data of another shape.
pub fn decode_metadata(body: &[u8]) -> Result<BTreeMap<String, Vec<MetadataEntry>>, ReplyError> {
    decode_data(body)
}

/// Returns whether the answer of `/api/v1/metadata` calls a metric a counter; `None` if it does not tell, or if targets
/// disagree.
pub fn decode_is_counter(body: &[u8], metric: &str) -> Option<bool> {
    let known = decode_metadata(body).ok()?;
    let (name, entries) = described_names(metric)
        .into_iter()
        .find_map(|name| Some((name, known.get(name)?)).filter(|(_, all)| !all.is_empty()))?;
    let is_part = HISTOGRAM_PARTS.iter().any(|part| metric.strip_suffix(part) == Some(name));
    let mut kinds = entries.iter().map(|entry| match (entry.kind.as_str(), is_part) {
        ("counter", false) | ("histogram" | "summary", true) => Some(true),
        ("gauge" | "histogram" | "summary" | "info" | "stateset", false) => Some(false),
        _ => None,
    });
    let first = kinds.next()?;
    first.filter(|_| kinds.all(|kind| kind == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_metrics() {
        let check = |metric: &str, data: &str, expected: Option<bool>| {
            let body = format!("{{\"status\":\"success\",\"data\":{data}}}");
            assert_eq!(decode_is_counter(body.as_bytes(), metric), expected, "{metric} {data}");
        };
        check("a", r#"{"a":[{"type":"counter","help":"","unit":""}]}"#, Some(true));
        check("a", r#"{"a":[{"type":"gauge"}]}"#, Some(false));
        check("a_total", r#"{"a":[{"type":"counter"}]}"#, Some(true));
        check("a_total", r#"{"a_total":[{"type":"gauge"}]}"#, Some(false));
        check("a_bucket", r#"{"a":[{"type":"histogram"}]}"#, Some(true));
        check("a_count", r#"{"a":[{"type":"summary"}]}"#, Some(true));
        check("a_count", r#"{"a":[{"type":"gauge"}]}"#, None);
        check("a", r#"{"a":[{"type":"summary"}]}"#, Some(false));
        check("a", r#"{"a":[{"type":"counter"},{"type":"counter"}]}"#, Some(true));
        check("a", r#"{"a":[{"type":"counter"},{"type":"gauge"}]}"#, None);
        check("a", r#"{"a":[{"type":"unknown"}]}"#, None);
        check("a", r#"{"b":[{"type":"gauge"}]}"#, None);
        check("a", r#"{"a":[]}"#, None);
        check("a", "[]", None);
        assert_eq!(decode_is_counter(b"<html>", "a"), None);
    }
}

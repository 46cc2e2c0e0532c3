//! The replies that are small and plain: metadata, label values, the server's version.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ReplyError;
use super::envelope::{ReplyNotices, envelope};

/// Data of `/api/v1/metadata`: by metric name, one entry for each distinct spelling among targets.
pub type Metadata = BTreeMap<String, Vec<MetricMetadata>>;

/// Data of `/api/v1/labels` and `/api/v1/label/<name>/values`.
pub type LabelValues = Vec<String>;

/// What an exporter says about a metric; empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MetricMetadata {
    /// `counter`, `gauge`, `histogram`, `summary`, `unknown` and so on.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it counts or measures, in words.
    pub help: String,
    /// `seconds`, `bytes` and so on.
    pub unit: String,
}

/// Data of `/api/v1/status/buildinfo`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BuildInfo {
    /// For example `2.42.0`.
    pub version: String,
}

/// The data of a reply as one of the types above.
///
/// # Errors
/// [`ReplyError`], also for a reply without an error whose data has another shape.
pub fn decode_data<T: DeserializeOwned>(body: &[u8]) -> Result<T, ReplyError> {
    envelope(body, &mut ReplyNotices::default(), |scanner| {
        let data = scanner.skip()?;
        serde_json::from_slice(data).map_err(|error| scanner.fail(error.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_of_a_real_prometheus() {
        let metadata: Metadata = decode_data(
            br#"{"status":"success","data":{"prometheus_tsdb_storage_blocks_bytes":[{"type":"gauge","help":"The number of bytes that are currently used for local storage by all blocks.","unit":""}]}}"#,
        )
        .unwrap();
        assert_eq!(metadata["prometheus_tsdb_storage_blocks_bytes"][0].kind, "gauge");
        let build: BuildInfo = decode_data(
            br#"{"status":"success","data":{"version":"2.42.0+ds","revision":"2.42.0+ds-5+deb12u1","goVersion":"go1.19.8"}}"#,
        )
        .unwrap();
        assert_eq!(build.version, "2.42.0+ds");
        let labels: LabelValues =
            decode_data(br#"{"status":"success","data":["__name__","job"]}"#).unwrap();
        assert_eq!(labels, ["__name__", "job"]);
    }

    #[test]
    fn other_shapes_are_errors() {
        let error = decode_data::<BuildInfo>(br#"{"status":"success","data":{}}"#).unwrap_err();
        assert!(error.to_string().contains("missing field `version`"), "{error}");
        let error = decode_data::<LabelValues>(br#"{"status":"error","error":"no"}"#).unwrap_err();
        assert_eq!(error.to_string(), "no");
    }
}

//! Replies that are small: label values, series and the like.

use serde::de::DeserializeOwned;

use super::ReplyError;
use super::envelope::{ReplyNotices, envelope};

/// Decodes the data of any reply.
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

    #[derive(Debug, serde::Deserialize)]
    struct BuildInfo {
        version: String,
    }

    #[test]
    fn replies_of_a_real_prometheus() {
        let build: BuildInfo = decode_data(
            br#"{"status":"success","data":{"version":"2.42.0+ds","revision":"2.42.0+ds-5+deb12u1","goVersion":"go1.19.8"}}"#,
        )
        .unwrap();
        assert_eq!(build.version, "2.42.0+ds");
        let labels: Vec<String> =
            decode_data(br#"{"status":"success","data":["__name__","job"]}"#).unwrap();
        assert_eq!(labels, ["__name__", "job"]);
    }

    #[test]
    fn other_shapes_are_errors() {
        let error = decode_data::<BuildInfo>(br#"{"status":"success","data":{}}"#).unwrap_err();
        assert!(error.to_string().contains("missing field `version`"), "{error}");
        let error = decode_data::<Vec<String>>(br#"{"status":"error","error":"no"}"#).unwrap_err();
        assert_eq!(error.to_string(), "no");
    }
}

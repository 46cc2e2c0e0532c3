//! The envelope of every reply: status, error, warnings, infos and the type of the result.

use std::collections::BTreeSet;

use super::ReplyError;
use super::scan::{Result, Scanner, excerpt};

/// Warnings and infos of a reply, each text once.
#[derive(Debug, Default)]
pub(super) struct ReplyNotices {
    pub(super) warnings: BTreeSet<String>,
    pub(super) infos: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Status {
    Success,
    Error,
}

/// Reads a whole reply; `data` is called once, at its data, and only if the status is a success.
pub(super) fn envelope<T>(
    body: &[u8],
    notices: &mut ReplyNotices,
    mut data: impl FnMut(&mut Scanner<'_>) -> Result<T>,
) -> Result<T> {
    let mut scanner = Scanner::new(body);
    if scanner.peek()? != b'{' {
        return Err(ReplyError::NotJson { what: describe(body) });
    }
    let (mut status, mut decoded, mut waiting) = (None, None, None);
    let (mut error_type, mut message) = (String::new(), String::new());
    scanner.object(|scanner, key| {
        match key {
            "status" => status = Some(read_status(scanner)?),
            "data" if decoded.is_some() || waiting.is_some() => {
                return Err(scanner.fail("duplicate \"data\""));
            }
            "data" if status == Some(Status::Success) => decoded = Some(data(scanner)?),
            "data" => waiting = Some(scanner.later()?),
            "errorType" => error_type = text_or_empty(scanner)?,
            "error" => message = text_or_empty(scanner)?,
            "warnings" => texts(scanner, &mut notices.warnings)?,
            "infos" => texts(scanner, &mut notices.infos)?,
            // VictoriaMetrics in a cluster.
            "isPartial" => {
                if scanner.boolean()? {
                    notices.warnings.insert(
                        "partial response from the source: series or samples may be missing"
                            .to_owned(),
                    );
                }
            }
            _ => drop(scanner.skip()?),
        }
        Ok(())
    })?;
    scanner.end()?;
    let shape = |problem: &str| ReplyError::Shape { problem: problem.to_owned(), at: 0 };
    match (status, decoded, waiting) {
        (Some(Status::Error), _, _) => {
            if message.is_empty() {
                message = format!(
                    "the source returned an error of type \"{error_type}\" without a message"
                );
            }
            Err(ReplyError::Prometheus { error_type, message })
        }
        (Some(Status::Success), Some(decoded), _) => Ok(decoded),
        (Some(Status::Success), None, Some(start)) => scanner.again(start, data),
        (Some(Status::Success), None, None) => Err(shape("missing \"data\"")),
        (None, _, _) => Err(shape("missing \"status\": check that Prometheus is at this address")),
    }
}

/// Reads the data of a query; `read` is called once, at the result, with its type.
pub(super) fn query_result<T>(
    scanner: &mut Scanner<'_>,
    mut read: impl FnMut(&mut Scanner<'_>, &str) -> Result<T>,
) -> Result<T> {
    let (mut result_type, mut decoded, mut waiting) = (None, None, None);
    scanner.object(|scanner, key| {
        match (key, &result_type) {
            ("resultType", _) => result_type = Some(scanner.string()?.into_owned()),
            ("result", _) if decoded.is_some() || waiting.is_some() => {
                return Err(scanner.fail("duplicate \"result\""));
            }
            ("result", Some(known)) => decoded = Some(read(scanner, known)?),
            ("result", None) => waiting = Some(scanner.later()?),
            _ => drop(scanner.skip()?),
        }
        Ok(())
    })?;
    match (result_type, decoded, waiting) {
        (_, Some(decoded), _) => Ok(decoded),
        (Some(known), None, Some(start)) => scanner.again(start, |scanner| read(scanner, &known)),
        (None, ..) => Err(scanner.fail("missing \"resultType\"")),
        (Some(_), None, None) => Err(scanner.fail("missing \"result\"")),
    }
}

fn read_status(scanner: &mut Scanner<'_>) -> Result<Status> {
    match &*scanner.string()? {
        "success" => Ok(Status::Success),
        "error" => Ok(Status::Error),
        other => {
            let other = excerpt(other);
            Err(scanner.fail(format!("unknown status \"{other}\"")))
        }
    }
}

fn text_or_empty(scanner: &mut Scanner<'_>) -> Result<String> {
    if scanner.peek()? == b'n' {
        scanner.skip()?;
        return Ok(String::new());
    }
    Ok(scanner.string()?.into_owned())
}

fn texts(scanner: &mut Scanner<'_>, into: &mut BTreeSet<String>) -> Result<()> {
    if scanner.peek()? == b'n' {
        return scanner.skip().map(drop);
    }
    scanner.array(|scanner| {
        into.insert(scanner.string()?.into_owned());
        Ok(())
    })
}

/// Describes bytes that are no JSON object.
fn describe(body: &[u8]) -> String {
    let text = body.trim_ascii_start();
    match text {
        [0x1f, 0x8b, ..] => "compressed data".to_owned(),
        [b'<', ..] => "an HTML page".to_owned(),
        _ => {
            let start = String::from_utf8_lossy(&text[..text.len().min(200)]);
            let line = start.lines().next().unwrap_or_default();
            format!("text that begins with \"{}\"", excerpt(line))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str) -> (Result<String>, ReplyNotices) {
        let mut notices = ReplyNotices::default();
        let data = envelope(body.as_bytes(), &mut notices, |scanner| {
            query_result(scanner, |scanner, kind| {
                Ok(format!("{kind} {}", String::from_utf8_lossy(scanner.skip()?)))
            })
        });
        (data, notices)
    }

    #[test]
    fn keys_in_any_order_and_unknown_ones() {
        let cases = [
            r#"{"status":"success","data":{"resultType":"matrix","result":[1]}}"#,
            r#"{"data":{"result":[1],"resultType":"matrix"},"status":"success"}"#,
            r#"{"status":"success","isPartial":false,"data":{"resultType":"matrix","result":[1]},"stats":{"seriesFetched":"1"}}"#,
            r#" { "status" : "success" , "data" : { "explanation" : null , "resultType" : "matrix" , "result" : [1] } , "warnings" : null } "#,
            r#"{"\u0073tatus":"success","data":{"resultType":"matrix","result":[1],"stats":{"a":[{}]}}}"#,
        ];
        for body in cases {
            let (data, notices) = check(body);
            assert_eq!(data.as_deref(), Ok("matrix [1]"), "{body}");
            assert!(notices.warnings.is_empty() && notices.infos.is_empty(), "{body}");
        }
    }

    #[test]
    fn warnings_and_infos_are_kept_once() {
        let (data, notices) = check(
            r#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]},"warnings":["a","b","a"],"infos":["c"]}"#,
        );
        assert_eq!(data.as_deref(), Ok("matrix []"));
        let warnings: Vec<_> = notices.warnings.iter().map(String::as_str).collect();
        assert_eq!(warnings.len(), 3);
        assert_eq!(warnings[..2], ["a", "b"]);
        assert!(warnings[2].contains("partial response"));
        assert!(notices.infos.iter().eq(["c"]));
    }

    #[test]
    fn what_is_not_a_success_says_why() {
        let deep = format!("{{\"status\":\"success\",\"x\":{}", "[".repeat(200));
        let cases = [
            (
                r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#,
                "query timed out",
            ),
            (r#"{"data":null,"error":"no","status":"error","errorType":"bad_data"}"#, "no"),
            (r#"{"data":{"result":"?"},"error":"no","status":"error"}"#, "no"),
            (
                r#"{"status":"error","errorType":"internal","error":null}"#,
                "an error of type \"internal\"",
            ),
            (r#"{"status":"success","data":null}"#, "expected an object, found null"),
            (r#"{"data":null,"status":"success"}"#, "expected an object, found null"),
            (r#"{"status":"success","data":{"resultType":"matrix"}}"#, "missing \"result\""),
            (r#"{"status":"success","data":{"result":[]}}"#, "missing \"resultType\""),
            (r#"{"status":"success"}"#, "missing \"data\""),
            (r#"{"message":"Not found"}"#, "missing \"status\""),
            (r#"{"status":"ok","data":{}}"#, "unknown status \"ok\""),
            (r#"{"status":"success","data":{},"data":{}}"#, "missing \"resultType\""),
            (r#"{"data":{},"data":{}}"#, "duplicate \"data\""),
            (
                r#"{"status":"success","data":{"resultType":"matrix","result":[]}} x"#,
                "unexpected data after the end",
            ),
            ("<!DOCTYPE html><title>Log in", "received an HTML page"),
            ("404 page not found\n", "received text that begins with \"404 page not found\""),
            ("\u{feff}{}", "text that begins with"),
            ("[]", "text that begins with \"[]\""),
            ("", "cut off after 0 bytes"),
            (
                r#"{"status":"success","data":{"resultType":"matrix","result":[1]}"#,
                "cut off after 63 bytes",
            ),
            (&deep, "nested deeper than 128 levels"),
        ];
        for (body, problem) in cases {
            let error = check(body).0.expect_err(body).to_string();
            assert!(error.contains(problem), "{body}: {error}");
        }
        let error = envelope(b"\x1f\x8b\x08", &mut ReplyNotices::default(), |scanner| {
            scanner.skip().map(drop)
        });
        assert_eq!(error, Err(ReplyError::NotJson { what: "compressed data".to_owned() }));
    }
}

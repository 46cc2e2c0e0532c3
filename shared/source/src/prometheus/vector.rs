//! Replies to instant queries: one value per series.

use super::ReplyError;
use super::envelope::{ReplyNotices, envelope, query_result};
use super::matrix::read_labels;
use super::scan::{Result, Scanner, excerpt};
use oddity_detect::series::Labels;
use oddity_detect::time::Timestamp;

/// Result of an instant query.
#[derive(Clone, Debug)]
pub struct Vector {
    /// Samples in the order of the reply; a scalar is one sample without labels.
    pub samples: Vec<Sample>,
    /// Series whose sample is a native histogram, which is not decoded.
    pub unsupported: Vec<Labels>,
    /// Prometheus' warnings, sorted, each once.
    pub warnings: Vec<String>,
    /// Prometheus' infos, sorted, each once.
    pub infos: Vec<String>,
}

/// The value of a series at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Labels of the series.
    pub labels: Labels,
    /// Time of the sample.
    pub at: Timestamp,
    /// Value in the unit of the query; may be NaN or infinite.
    pub value: f64,
}

/// Decodes the reply to an instant query: a vector or a scalar.
///
/// # Errors
/// [`ReplyError`], also for a reply without an error that has another shape or type.
pub fn decode_vector(body: &[u8]) -> Result<Vector> {
    let (mut samples, mut unsupported) = (Vec::new(), Vec::new());
    let mut notices = ReplyNotices::default();
    envelope(body, &mut notices, |scanner| {
        query_result(scanner, |scanner, result_type| match result_type {
            "vector" => scanner.array(|scanner| {
                let (labels, sample) = read_entry(scanner)?;
                match sample {
                    Some((at, value)) => samples.push(Sample { labels, at, value }),
                    None => unsupported.push(labels),
                }
                Ok(())
            }),
            "scalar" => {
                let (at, value) = scanner.sample()?;
                samples.push(Sample { labels: Labels::default(), at, value });
                Ok(())
            }
            other => Err(ReplyError::UnsupportedResultType(excerpt(other).to_owned())),
        })
    })?;
    Ok(Vector {
        samples,
        unsupported,
        warnings: notices.warnings.into_iter().collect(),
        infos: notices.infos.into_iter().collect(),
    })
}

/// Reads a series and its sample, `None` for a native histogram.
fn read_entry(scanner: &mut Scanner<'_>) -> Result<(Labels, Option<(Timestamp, f64)>)> {
    let (mut labels, mut sample, mut histogram) = (None, None, false);
    scanner.object(|scanner, key| {
        match key {
            "metric" => labels = Some(read_labels(scanner)?),
            "value" => sample = Some(scanner.sample()?),
            "histogram" => {
                scanner.skip()?;
                histogram = true;
            }
            _ => drop(scanner.skip()?),
        }
        Ok(())
    })?;
    let labels = labels.ok_or_else(|| scanner.fail("a series without \"metric\""))?;
    if sample.is_none() && !histogram {
        return Err(scanner.fail(format!("the series {labels} has no \"value\"")));
    }
    Ok((labels, sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: &str) -> std::result::Result<String, String> {
        let body = format!(r#"{{"status":"success","data":{data}}}"#);
        let vector = decode_vector(body.as_bytes()).map_err(|error| error.to_string())?;
        let samples = vector.samples.iter().map(|s| format!("{} {} {}", s.labels, s.at.0, s.value));
        let unsupported = vector.unsupported.iter().map(|labels| format!("{labels} unsupported"));
        Ok(samples.chain(unsupported).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn instant_results() {
        let cases = [
            (r#"{"resultType":"vector","result":[]}"#, Ok("")),
            (
                r#"{"resultType":"vector","result":[{"metric":{"__name__":"up"},"value":[1.5,"1"]},{"value":[2,"NaN"],"metric":{}}]}"#,
                Ok("up 1500 1; {} 2000 NaN"),
            ),
            (
                r#"{"result":[{"metric":{"__name__":"h"},"histogram":[1,{"count":"1"}]}],"resultType":"vector"}"#,
                Ok("h unsupported"),
            ),
            (
                r#"{"resultType":"scalar","result":[1435781451.781,"+Inf"]}"#,
                Ok("{} 1435781451781 inf"),
            ),
            (r#"{"resultType":"string","result":[1,"a"]}"#, Err("the query returns a string")),
            (r#"{"resultType":"matrix","result":[]}"#, Err("remove the range in brackets")),
            (r#"{"resultType":"vector","result":[{"metric":{}}]}"#, Err("has no \"value\"")),
            (r#"{"resultType":"vector","result":[{"value":[1,"1"]}]}"#, Err("without \"metric\"")),
        ];
        for (data, expected) in cases {
            match (check(data), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{data}"),
                (Err(found), Err(part)) => assert!(found.contains(part), "{data}: {found}"),
                (found, _) => panic!("{data}: {found:?}"),
            }
        }
    }
}

//! Values as Prometheus' HTTP API writes them.

use oddity_detect::series::Labels;
use serde_json::{Map, Value as Json, json};

use super::promql::{RawSeries, StepSeries, Steps, Value};

/// The answer of `query`.
pub(super) fn instant(value: Value, at: i64) -> Json {
    match value {
        Value::Scalar(values) => {
            let value = values.first().copied().unwrap_or(f64::NAN);
            json!({ "resultType": "scalar", "result": sample(at, value) })
        }
        Value::Text(text) => json!({ "resultType": "string", "result": [time(at), text] }),
        Value::Vector(vector) => {
            let element = |series: &StepSeries| {
                let value = series.values.first().copied().flatten()?;
                Some(json!({ "metric": metric(&series.labels), "value": sample(at, value) }))
            };
            let result: Vec<Json> = vector.iter().filter_map(element).collect();
            json!({ "resultType": "vector", "result": result })
        }
        Value::Matrix(series) => {
            matrix(series.iter().map(|RawSeries { labels, times, values }| {
                let points = times.iter().zip(values).map(|(at, value)| sample(*at, *value));
                (labels, points.collect())
            }))
        }
    }
}

/// The answer of `query_range`: series in the order of their labels, those without a value left out.
pub(super) fn range(vector: &[StepSeries], steps: Steps) -> Json {
    let mut sorted: Vec<&StepSeries> = vector.iter().collect();
    sorted.sort_by(|a, b| a.labels.cmp(&b.labels));
    matrix(sorted.into_iter().map(|series| {
        let points = steps.iter().zip(&series.values);
        (&series.labels, points.filter_map(|(at, value)| Some(sample(at, (*value)?))).collect())
    }))
}

fn matrix<'a>(series: impl Iterator<Item = (&'a Labels, Vec<Json>)>) -> Json {
    let result: Vec<Json> = series
        .filter(|(_, points)| !points.is_empty())
        .map(|(labels, points)| json!({ "metric": metric(labels), "values": points }))
        .collect();
    json!({ "resultType": "matrix", "result": result })
}

/// A label set as a JSON object.
pub(super) fn metric(labels: &Labels) -> Json {
    let pairs = labels.iter().map(|(name, value)| (name.to_owned(), Json::from(value)));
    Json::Object(pairs.collect::<Map<_, _>>())
}

fn sample(at: i64, value: f64) -> Json {
    Json::Array(vec![time(at), Json::from(number(value))])
}

/// Unix seconds with up to three decimals.
fn time(millis: i64) -> Json {
    if millis % 1_000 == 0 { Json::from(millis / 1_000) } else { Json::from(millis as f64 / 1e3) }
}

/// A sample value: the shortest decimal that reads back, with an exponent only below 1e-6 and from 1e21 on.
/// Source: Prometheus `util/jsonutil`, `MarshalFloat`.
fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !value.is_finite() || (1e-6..1e21).contains(&size) {
        return plain_number(value);
    }
    let text = format!("{value:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// As Go's `strconv.FormatFloat(value, 'f', -1, 64)` writes it.
pub(super) fn plain_number(value: f64) -> String {
    match value {
        v if v.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        v => v.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_as_go_writes_them() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (-3.0, "-3"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e300, "1.25e+300"),
            (0.000001, "0.000001"),
            (1.5e-7, "1.5e-07"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        let times = [
            (0, "0"),
            (1_768_469_820_000, "1768469820"),
            (1_768_469_820_007, "1768469820.007"),
            (-1, "-0.001"),
        ];
        for (millis, text) in times {
            assert_eq!(time(millis).to_string(), text);
        }
    }
}

//! Metrics of a source by name and metadata, and the query that fits the type of each.

use std::collections::{BTreeMap, BTreeSet};

use oddity_detect::series::{Labels, METRIC_NAME};

use super::contains_all;
use crate::prometheus::{MetadataEntry, ReplyError, decode_data, decode_metadata, described_names};

/// Window of the rates of a query that is suggested.
const RATE_WINDOW: &str = "5m";

/// Type of a metric, which decides how it is queried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricType {
    /// Value that only grows.
    Counter,
    /// Value that rises and falls.
    Gauge,
    /// Distribution in buckets.
    Histogram,
    /// Distribution as quantiles of each target.
    Summary,
    /// Type that the source does not tell, or about which targets disagree.
    #[default]
    Unknown,
}

/// Metadata of one metric: type, help text and unit, empty where the source does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricDescription {
    /// Type of the metric.
    pub kind: MetricType,
    /// Help text.
    pub help: String,
    /// Unit, such as `seconds`.
    pub unit: String,
}

/// Metric of a source; the series of a histogram or a summary are one metric.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogMetric {
    /// Name of the metric: without `_bucket`, `_sum` and `_count` for histograms and summaries.
    pub name: String,
    /// Metadata, with a type that is guessed from the name where the source does not tell.
    pub described: MetricDescription,
    /// Whether there are series of the name itself.
    has_own: bool,
    /// Whether there are series with the ending `_bucket`.
    has_buckets: bool,
}

impl MetricType {
    fn parse(text: &str) -> Self {
        match text {
            "counter" => Self::Counter,
            "gauge" | "info" | "stateset" => Self::Gauge,
            "histogram" | "gaugehistogram" => Self::Histogram,
            "summary" => Self::Summary,
            _ => Self::Unknown,
        }
    }

    /// Returns the name for people; empty for an unknown type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Unknown => "",
        }
    }
}

impl CatalogMetric {
    /// Returns the query that fits the type: the rate of a counter, the 99th percentile of a histogram, the values of others.
    /// `job` limits it to the series of a job.
    pub fn query(&self, job: Option<&str>) -> String {
        let series = |ending: &str| {
            let name = (METRIC_NAME.to_owned(), format!("{}{ending}", self.name));
            let job = job.map(|job| ("job".to_owned(), job.to_owned()));
            Labels::new([name].into_iter().chain(job)).to_string()
        };
        let rate = |ending: &str| format!("rate({}[{RATE_WINDOW}])", series(ending));
        match self.described.kind {
            MetricType::Counter => rate(""),
            MetricType::Histogram if self.has_buckets => {
                format!("histogram_quantile(0.99, sum by (le) ({}))", rate("_bucket"))
            }
            MetricType::Histogram if self.has_own => {
                format!("histogram_quantile(0.99, sum({}))", rate(""))
            }
            MetricType::Histogram | MetricType::Summary if !self.has_own => {
                format!("{} / {}", rate("_sum"), rate("_count"))
            }
            _ => series(""),
        }
    }

    /// Returns the first word of the name, by which metrics are grouped: `node` of `node_load1`.
    pub fn prefix(&self) -> &str {
        self.name.split(['_', ':', '.']).find(|word| !word.is_empty()).unwrap_or(&self.name)
    }

    /// Returns whether each of the words, in lower case, is in the name or in the help text.
    pub fn matches(&self, words: &[&str]) -> bool {
        words.is_empty() || contains_all(&format!("{} {}", self.name, self.described.help), words)
    }
}

/// Decodes the answer of `/api/v1/metadata`: descriptions by metric name, of which a type that targets disagree on is unknown.
///
/// # Errors
/// [`ReplyError`] for an error of the source and for data of another shape.
pub fn decode_descriptions(body: &[u8]) -> Result<BTreeMap<String, MetricDescription>, ReplyError> {
    let one = |entries: Vec<MetadataEntry>| {
        let mut kinds = entries.iter().map(|entry| MetricType::parse(&entry.kind));
        let first = kinds.next().unwrap_or_default();
        let kind = if kinds.all(|kind| kind == first) { first } else { MetricType::Unknown };
        let text = |of: fn(&MetadataEntry) -> &String| {
            entries.iter().map(of).find(|text| !text.is_empty()).cloned().unwrap_or_default()
        };
        MetricDescription { kind, help: text(|entry| &entry.help), unit: text(|entry| &entry.unit) }
    };
    let all = decode_metadata(body)?;
    Ok(all.into_iter().map(|(name, entries)| (name, one(entries))).collect())
}

/// Decodes the answer of `/api/v1/label/__name__/values` and adds what metadata tells: metrics in the order of their names.
/// Cost: O(n log n) for n names.
///
/// # Errors
/// [`ReplyError`] for an error of the source and for data of another shape.
pub fn decode_catalog(
    names: &[u8],
    metadata: &BTreeMap<String, MetricDescription>,
) -> Result<Vec<CatalogMetric>, ReplyError> {
    let names: BTreeSet<String> = decode_data(names)?;
    let mut metrics: BTreeMap<String, CatalogMetric> = BTreeMap::new();
    for name in &names {
        let (family, described) = family(name, &names, metadata);
        let metric = metrics.entry(family.to_owned()).or_insert_with(|| CatalogMetric {
            name: family.to_owned(),
            described,
            ..CatalogMetric::default()
        });
        metric.has_own |= family == name;
        metric.has_buckets |= name.strip_suffix("_bucket") == Some(family);
    }
    Ok(metrics.into_values().collect())
}

/// Returns the name of the metric that a series name belongs to, and its description.
fn family<'a>(
    name: &'a str,
    names: &BTreeSet<String>,
    metadata: &BTreeMap<String, MetricDescription>,
) -> (&'a str, MetricDescription) {
    if let Some(described) = metadata.get(name) {
        return (name, described.clone());
    }
    let whole = described_names(name).into_iter().find(|whole| *whole != name).unwrap_or(name);
    let has = |ending: &str| names.contains(&format!("{whole}{ending}"));
    let guess = |kind| MetricDescription { kind, ..MetricDescription::default() };
    match metadata.get(whole) {
        // OpenMetrics describes a counter without its ending.
        Some(described) if described.kind == MetricType::Counter => (name, described.clone()),
        Some(described)
            if matches!(described.kind, MetricType::Histogram | MetricType::Summary) =>
        {
            (whole, described.clone())
        }
        _ if name.ends_with("_total") => (name, guess(MetricType::Counter)),
        _ if whole == name => (name, guess(MetricType::Unknown)),
        _ if has("_bucket") => (whole, guess(MetricType::Histogram)),
        _ if has("_sum") && has("_count") => (whole, guess(MetricType::Summary)),
        _ => (name, guess(MetricType::Unknown)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(names: &[&str], metadata: &str) -> Vec<CatalogMetric> {
        let metadata = format!("{{\"status\":\"success\",\"data\":{metadata}}}");
        let names = format!("{{\"status\":\"success\",\"data\":{names:?}}}");
        let metadata = decode_descriptions(metadata.as_bytes()).unwrap();
        decode_catalog(names.as_bytes(), &metadata).unwrap()
    }

    #[test]
    fn each_type_gets_its_query() {
        let check = |names: &[&str], metadata: &str, expected: &[(&str, &str, &str)]| {
            let found = catalog(names, metadata);
            let found: Vec<_> = found
                .iter()
                .map(|metric| {
                    (metric.name.as_str(), metric.described.kind.name(), metric.query(None))
                })
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(name, kind, query)| (*name, *kind, (*query).to_owned()))
                .collect();
            assert_eq!(found, expected, "{names:?} {metadata}");
        };
        let quantile = "histogram_quantile(0.99, sum by (le) (rate(lat_bucket[5m])))";
        let parts = ["lat_bucket", "lat_count", "lat_sum"];
        check(&["up"], r#"{"up":[{"type":"gauge"}]}"#, &[("up", "gauge", "up")]);
        check(&["up"], "{}", &[("up", "", "up")]);
        check(&["a"], r#"{"a":[{"type":"counter"}]}"#, &[("a", "counter", "rate(a[5m])")]);
        check(&["a_total"], "{}", &[("a_total", "counter", "rate(a_total[5m])")]);
        let open_metrics = r#"{"a":[{"type":"counter"}]}"#;
        check(&["a_total"], open_metrics, &[("a_total", "counter", "rate(a_total[5m])")]);
        check(&parts, r#"{"lat":[{"type":"histogram"}]}"#, &[("lat", "histogram", quantile)]);
        check(&parts, "{}", &[("lat", "histogram", quantile)]);
        let native = "histogram_quantile(0.99, sum(rate(lat[5m])))";
        check(&["lat"], r#"{"lat":[{"type":"histogram"}]}"#, &[("lat", "histogram", native)]);
        let mean = "rate(gc_sum[5m]) / rate(gc_count[5m])";
        let summary = r#"{"gc":[{"type":"summary"}]}"#;
        check(&["gc", "gc_count", "gc_sum"], summary, &[("gc", "summary", "gc")]);
        check(&["gc_count", "gc_sum"], summary, &[("gc", "summary", mean)]);
        check(&["gc_count", "gc_sum"], "{}", &[("gc", "summary", mean)]);
        check(&["gc_count"], "{}", &[("gc_count", "", "gc_count")]);
        let disagree = r#"{"x":[{"type":"gauge"},{"type":"counter"}]}"#;
        check(&["x"], disagree, &[("x", "", "x")]);
        check(&["my.gauge"], "{}", &[("my.gauge", "", "{\"my.gauge\"}")]);
        check(
            &["open_count"],
            r#"{"open_count":[{"type":"gauge"}]}"#,
            &[("open_count", "gauge", "open_count")],
        );
    }

    #[test]
    fn a_job_limits_the_query() {
        let metric = &catalog(&["a_total"], "{}")[0];
        assert_eq!(metric.query(Some("x\"y")), "rate(a_total{job=\"x\\\"y\"}[5m])");
    }

    #[test]
    fn words_are_found_in_name_and_help() {
        let described = r#"{"node_load1":[{"type":"gauge","help":"1m Load average.","unit":""}]}"#;
        let metric = &catalog(&["node_load1"], described)[0];
        assert_eq!(metric.prefix(), "node");
        assert!(metric.matches(&[]));
        assert!(metric.matches(&["load", "average"]));
        assert!(!metric.matches(&["load", "memory"]));
    }

    #[test]
    fn other_answers_are_errors() {
        assert!(decode_descriptions(b"<html>").is_err());
        assert!(
            decode_catalog(b"{\"status\":\"success\",\"data\":[1]}", &BTreeMap::new()).is_err()
        );
    }
}

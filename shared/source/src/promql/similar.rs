//! Metrics that were probably meant by names that a source does not have.

use std::collections::BTreeSet;

use super::{selection, selectors};
use oddity_detect::series::is_plain;

/// Least similarity of names by Jaro and Winkler of which one may be meant by the other.
const SIMILAR: f64 = 0.88;

/// Maximum number of names that are suggested.
const MAX_SUGGESTED: usize = 4;

/// A metric of a query that the source does not have, and similar ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMetric {
    /// Name in the query.
    pub name: String,
    /// Similar names that the source has, the most similar first, each with the query in which it stands instead.
    pub similar: Vec<(String, String)>,
}

/// Returns the first metric of an expression that is not among the names of a source; `None` if all are. Cost: one
/// comparison for each name.
pub fn unknown_metric(expr: &str, names: &BTreeSet<String>) -> Option<UnknownMetric> {
    let is_unknown = |selector: &&str| {
        let metric = selection(selector).metric;
        metric.is_some_and(|metric| selector.starts_with(&metric) && !names.contains(&metric))
    };
    let selector = selectors(expr).into_iter().find(is_unknown)?;
    let name = selection(selector).metric?;
    let mut found: Vec<(f64, &String)> = names
        .iter()
        .filter(|known| is_plain(known, true))
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let at = selector.as_ptr() as usize - expr.as_ptr() as usize;
    let instead = |known: &String| {
        let mut query = expr.to_owned();
        query.replace_range(at..at + name.len(), known);
        (known.clone(), query)
    };
    let similar = found.into_iter().take(MAX_SUGGESTED).map(|(_, known)| instead(known)).collect();
    Some(UnknownMetric { name, similar })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_were_probably_meant() {
        let names = [
            "queue_depth",
            "http_requests_total",
            "http_request_duration_seconds",
            "up",
            "queue.depth",
        ];
        let names: BTreeSet<String> = names.map(str::to_owned).into();
        let check = |expr: &str, expected: Option<(&str, &[&str])>| {
            let found = unknown_metric(expr, &names);
            let found = found.as_ref().map(|unknown| {
                let queries: Vec<&str> =
                    unknown.similar.iter().map(|(_, query)| query.as_str()).collect();
                (unknown.name.as_str(), queries)
            });
            let expected = expected.map(|(name, queries)| (name, queries.to_vec()));
            assert_eq!(found, expected, "{expr}");
        };
        check("queue_depth", None);
        check("queue_depht{a=\"b\"} > 2", Some(("queue_depht", &["queue_depth{a=\"b\"} > 2"])));
        let rate = "rate(http_requests_total[5m])";
        check("rate(http_request_total[5m])", Some(("http_request_total", &[rate])));
        check("up / quue_depth", Some(("quue_depth", &["up / queue_depth"])));
        check("nothing_like_it", Some(("nothing_like_it", &[])));
        check("{__name__=\"x\"}", None);
        check("", None);
    }
}

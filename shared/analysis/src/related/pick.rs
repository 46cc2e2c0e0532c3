//! Which series are asked for, and by how many queries.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::origin::LabelScope;
use crate::knowledge::{QuerySubject, plain};
use oddity_detect::series::{Labels, METRIC_NAME, quote};

/// Maximum number of series that are compared.
pub const MAX_SERIES: usize = 200;

/// Maximum number of series that one query asks for, unless one metric has more.
const SERIES_A_QUERY: usize = 25;

/// A selector does not become longer than this; a server may refuse one of 16 KiB.
const LONGEST: usize = 4_096;

/// Endings of metrics that say nothing by their values, or nothing that others do not say better.
const SILENT: [&str; 3] = ["_bucket", "_created", "_info"];

/// Metric of Prometheus itself that says nothing by its values.
const ALERT_TIMES: &str = "ALERTS_FOR_STATE";

/// Collects what there is, place by place.
#[derive(Clone, Debug)]
pub struct CandidateSeries {
    /// Metrics of the query.
    metrics: Vec<String>,
    /// Labels of the series that are on the chart already.
    shown: Vec<Labels>,
    seen: BTreeSet<Labels>,
    groups: Vec<MetricGroup>,
    scopes: usize,
}

/// The series of one metric at one place.
#[derive(Clone, Debug)]
struct MetricGroup {
    metric: String,
    matchers: String,
    /// 0 for the nearest place.
    scope: usize,
    series: usize,
    /// Number of parts of its name, from the front, that a metric of the query has too.
    kin: usize,
}

/// Selectors to ask for, and how many series they select.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PickedSelectors {
    /// Selectors, each for a range query of its own.
    pub selectors: Vec<String>,
    /// Number of series that the selectors select.
    pub series: usize,
    /// Number of series that are left out, because they are too many.
    pub left_out: usize,
}

impl CandidateSeries {
    /// Creates an empty collection for a query and the label sets that it gave.
    pub fn new(expr: &str, shown: impl IntoIterator<Item = Labels>) -> Self {
        let shown: Vec<Labels> = shown.into_iter().collect();
        let mut metrics = QuerySubject::metric_names(expr);
        // Where the query matches names by a pattern.
        metrics.extend(shown.iter().filter_map(|labels| labels.metric_name().map(str::to_owned)));
        metrics.sort_unstable();
        metrics.dedup();
        Self { metrics, shown, seen: BTreeSet::new(), groups: Vec::new(), scopes: 0 }
    }

    /// Returns whether there is no room for series of another scope.
    pub fn is_full(&self) -> bool {
        self.seen.len() >= MAX_SERIES
    }

    /// Adds the series of a place, without those that nearer places have and those behind the query's own.
    pub fn add(&mut self, scope: &LabelScope, found: Vec<Labels>) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for labels in found {
            let Some(metric) = labels.metric_name().filter(|name| !is_silent(name)) else {
                continue;
            };
            let metric = metric.to_owned();
            if self.is_behind(&metric, &labels) || !self.seen.insert(labels) {
                continue;
            }
            *counts.entry(metric).or_default() += 1;
        }
        for (metric, series) in counts {
            let kin = self.metrics.iter().map(|own| kin(own, &metric)).max().unwrap_or(0);
            let matchers = scope.matchers.clone();
            self.groups.push(MetricGroup { metric, matchers, scope: self.scopes, series, kin });
        }
        self.scopes += 1;
    }

    /// Returns whether a series is one from which the query calculates what it shows.
    fn is_behind(&self, metric: &str, labels: &Labels) -> bool {
        let carries = |shown: &Labels| {
            let mut own = shown.iter().filter(|(name, _)| *name != METRIC_NAME);
            own.all(|(name, value)| labels.get(name) == Some(value))
        };
        self.metrics.iter().any(|own| own == metric) && self.shown.iter().any(carries)
    }

    /// Picks the nearest scope first, there the nearest of kin, and then as many different metrics as there is room
    /// for.
    pub fn pick(mut self) -> PickedSelectors {
        let order = |group: &MetricGroup| (group.scope, Reverse(group.kin.max(1)), group.series);
        self.groups.sort_by_key(order);
        let mut picked = PickedSelectors::default();
        let mut taken: Vec<&MetricGroup> = Vec::new();
        for group in &self.groups {
            if picked.series + group.series > MAX_SERIES {
                picked.left_out += group.series;
            } else {
                picked.series += group.series;
                taken.push(group);
            }
        }
        // Each place has queries of its own.
        taken.sort_by_key(|group| group.scope);
        for of_place in taken.chunk_by(|a, b| a.scope == b.scope) {
            let (plain, quoted): (Vec<&MetricGroup>, Vec<&MetricGroup>) =
                of_place.iter().partition(|group| plain(&group.metric).is_some());
            picked.selectors.extend(together(&plain));
            picked.selectors.extend(quoted.into_iter().map(|group| {
                format!("{{{METRIC_NAME}={}, {}}}", quote(&group.metric), group.matchers)
            }));
        }
        picked
    }
}

/// Joins several metrics into one selector each.
fn together(groups: &[&MetricGroup]) -> Vec<String> {
    let mut all = Vec::new();
    let (mut names, mut series) = (String::new(), 0);
    for (at, group) in groups.iter().enumerate() {
        if !names.is_empty() {
            names.push('|');
        }
        names.push_str(&group.metric);
        series += group.series;
        let more = groups.get(at + 1);
        let fits = |next: &&MetricGroup| {
            series + next.series <= SERIES_A_QUERY && names.len() + next.metric.len() < LONGEST
        };
        if !more.is_some_and(fits) {
            let matcher = if names.contains('|') { "=~" } else { "=" };
            all.push(format!("{{{METRIC_NAME}{matcher}\"{names}\", {}}}", group.matchers));
            (names, series) = (String::new(), 0);
        }
    }
    all
}

fn is_silent(metric: &str) -> bool {
    SILENT.iter().any(|ending| metric.ends_with(ending)) || metric == ALERT_TIMES
}

/// Counts the parts that two names have in common from the front: `node_network_up` and
/// `node_network_receive_errs_total` have two.
fn kin(a: &str, b: &str) -> usize {
    let parts = |name: &'_ str| name.split(['_', ':', '.']).map(str::to_owned).collect::<Vec<_>>();
    parts(a).iter().zip(parts(b)).take_while(|(a, b)| *a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(metric: &str, pairs: &[(&str, &str)]) -> Labels {
        let all = pairs.iter().copied().chain([(METRIC_NAME, metric)]);
        Labels::new(all.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    fn scope(matchers: &str) -> LabelScope {
        LabelScope { name: "target", matchers: matchers.to_owned() }
    }

    #[test]
    fn what_the_query_shows_is_not_asked_for_again() {
        let shown = [labels("", &[("pool", "office")])];
        let mut all =
            CandidateSeries::new("sum by (pool) (rate(dhcp_leases_total[5m])) / scope", shown);
        let found = vec![
            labels("dhcp_leases_total", &[("pool", "office"), ("type", "a")]),
            labels("dhcp_leases_total", &[("pool", "guests")]),
            labels("dhcp_pool_free", &[("pool", "office")]),
            labels("scope", &[("pool", "office")]),
            labels("latency_bucket", &[("le", "1")]),
            labels("build_info", &[]),
            labels("ALERTS_FOR_STATE", &[]),
            labels("", &[]),
            labels("up", &[]),
        ];
        all.add(&scope("job=\"a\""), found.clone());
        all.add(&scope("instance=~\"a\""), found);
        let picked = all.pick();
        let expected = [r#"{__name__=~"dhcp_leases_total|dhcp_pool_free|up", job="a"}"#];
        assert_eq!(
            (picked.selectors.as_slice(), picked.series),
            (&expected.map(String::from)[..], 3)
        );
        assert_eq!(picked.left_out, 0);
    }

    #[test]
    fn many_series_are_cut_to_the_nearest_and_the_most_varied() {
        let mut all = CandidateSeries::new("node_network_errs_total", []);
        let of = |metric: &str, count: usize| {
            (0..count).map(move |at| labels(metric, &[("at", &at.to_string())])).collect::<Vec<_>>()
        };
        let mut found = of("node_cpu_seconds_total", 150);
        found.extend(of("node_network_up", 60));
        found.extend((0..130).map(|at| labels(&format!("go_{at}"), &[])));
        found.push(labels("my.metric", &[]));
        all.add(&scope("instance=\"a\""), found);
        assert!(all.is_full());
        let picked = all.pick();
        assert_eq!((picked.series, picked.left_out), (191, 150));
        assert_eq!(picked.selectors[0], r#"{__name__="node_network_up", instance="a"}"#);
        assert_eq!(picked.selectors.len(), 8);
        assert_eq!(picked.selectors[7], r#"{__name__="my.metric", instance="a"}"#);
    }

    proptest! {
        #[test]
        fn no_more_than_the_limit_and_no_long_selector(
            found in prop::collection::vec(("[a-z_]{1,40}", 0..60_u8), 0..400),
        ) {
            let mut all = CandidateSeries::new("a_b", []);
            let found: Vec<Labels> =
                found.iter().map(|(name, at)| labels(name, &[("at", &at.to_string())])).collect();
            all.add(&scope("job=\"a\""), found.clone());
            let picked = all.pick();
            prop_assert!(picked.series <= MAX_SERIES);
            prop_assert!(picked.selectors.iter().all(|text| text.len() < LONGEST + 100));
            let kept: BTreeSet<&Labels> =
                found.iter().filter(|l| l.metric_name().is_some_and(|name| !is_silent(name))).collect();
            prop_assert_eq!(picked.series + picked.left_out, kept.len());
        }
    }
}

//! Workload of a series: the pods that run the same thing, by the labels that Kubernetes and others use.

use super::TemplateScope;
use oddity_source::promql::LabelMatcher;

/// Labels that name a workload, most specific first.
const WORKLOADS: [&str; 10] = [
    "deployment",
    "statefulset",
    "daemonset",
    "workload",
    "container",
    "app",
    "service",
    "service_name",
    "component",
    "job",
];

/// Labels that name where a series comes from, most specific first.
const PLACES: [&str; 10] = [
    "pod",
    "deployment",
    "statefulset",
    "service",
    "app",
    "container",
    "instance",
    "node",
    "queue",
    "job",
];

impl TemplateScope {
    /// Returns the value of the label that names where the series comes from: a pod, a service, an instance.
    pub fn place(&self) -> Option<&str> {
        let equal = |label: &str| {
            let mut all = self.matchers.iter();
            all.find(|matcher| matcher.label == label && matcher.operator == "=")
        };
        let matcher = PLACES.iter().find_map(|label| equal(label))?;
        Some(matcher.literal.trim_matches(['"', '\'', '`']))
    }

    /// Returns matchers for the pods of the workload of the series.
    pub(super) fn pods(&self) -> Option<String> {
        let value = |label: &str| {
            let equal = |matcher: &&LabelMatcher| matcher.label == label && matcher.operator == "=";
            let literal = &self.matchers.iter().find(equal)?.literal;
            Some(literal.trim_matches(['"', '\'', '`']))
        };
        let named = WORKLOADS.iter().find_map(|label| value(label));
        let workload = value("pod").map(without_generated).or(named)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if workload.is_empty() || !workload.chars().all(plain) {
            return None;
        }
        let place = self.labels(|label| matches!(label, "namespace" | "cluster"));
        let comma = if place.is_empty() { "" } else { ", " };
        Some(format!("{place}{comma}pod=~\"{workload}-.+\""))
    }
}

/// Returns the name of a pod without what Kubernetes adds to that of its workload: an ordinal, or a hash and a suffix.
fn without_generated(pod: &str) -> &str {
    let is_hash = |part: &str| {
        (5..=10).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && (part.bytes().any(|byte| byte.is_ascii_digit())
                || !part.contains(['a', 'e', 'i', 'o', 'u']))
    };
    let Some((rest, suffix)) = pod.rsplit_once('-') else { return pod };
    if suffix.bytes().all(|byte| byte.is_ascii_digit()) {
        return rest;
    }
    if suffix.len() != 5 {
        return pod;
    }
    match rest.rsplit_once('-') {
        Some((workload, hash)) if is_hash(hash) => workload,
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oddity_detect::series::Labels;
    use oddity_detect::time::{Step, Timestamp};

    #[test]
    fn pods_of_a_workload() {
        let check = |pairs: &[(&str, &str)], expected: Option<&str>| {
            let labels = Labels::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
            let at = Timestamp(0);
            let scope = TemplateScope::of("up", &labels, Step::from_seconds(60), at..at);
            assert_eq!(scope.fill("{$pods}"), expected.map(str::to_owned), "{pairs:?}");
        };
        check(&[("pod", "api-7d9f8b6c4-x2k9p")], Some(r#"{pod=~"api-.+"}"#));
        check(
            &[("pod", "shop-api-7d9f8b6c4-bqzvk"), ("namespace", "n")],
            Some(r#"{namespace="n", pod=~"shop-api-.+"}"#),
        );
        check(&[("pod", "db-0")], Some(r#"{pod=~"db-.+"}"#));
        check(&[("pod", "log-agent-x2k9p")], Some(r#"{pod=~"log-agent-.+"}"#));
        check(&[("service", "checkout"), ("job", "shop")], Some(r#"{pod=~"checkout-.+"}"#));
        check(&[("job", "a.b")], None);
        check(&[("country", "DE")], None);
    }
}

//! Where the odd series comes from: the labels that its samples have in common with others of the same target, host or
//! job.

use std::fmt::Write;

use crate::knowledge::host_pattern;
use oddity_detect::series::{Labels, METRIC_NAME, label_name, quote};
use oddity_source::promql;

/// Labels that name one thing that is observed.
const NARROW: [&str; 7] = ["container", "host", "hostname", "instance", "node", "nodename", "pod"];

/// Labels that name a group of such things.
const WIDE: [&str; 6] = ["app", "cluster", "job", "namespace", "service", "service_name"];

/// Maximum number of selectors of the query that are followed.
const SELECTORS: usize = 3;

/// The places that the odd series comes from, nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesOrigin {
    /// None where the series have nothing in common that names a place.
    pub scopes: Vec<LabelScope>,
}

/// A target, a pod, a host or a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelScope {
    /// Name for a person: "target", "pod", "host" or "job".
    pub name: &'static str,
    /// Matchers of its series, without braces.
    pub matchers: String,
}

impl LabelScope {
    /// Returns a selector of the series.
    pub fn selector(&self) -> String {
        format!("{{{}}}", self.matchers)
    }

    /// Returns PromQL that counts the series.
    pub fn count(&self) -> String {
        format!("count({})", self.selector())
    }
}

impl SeriesOrigin {
    /// Returns selectors of the series behind one of the results of a query: first those with its labels too, then, in
    /// case the query has changed labels, without them. Either may select nothing.
    pub fn selectors(expr: &str, labels: &Labels) -> [Vec<String>; 2] {
        let narrow = |with: &Labels| {
            let of = promql::selectors(expr).into_iter().take(SELECTORS);
            of.map(|text| selector(text, with)).collect()
        };
        [narrow(labels), narrow(&Labels::default())]
    }

    /// Finds the scopes that the series behind the odd one have in common.
    pub fn of(found: &[Labels]) -> Self {
        let Some(first) = found.first() else { return Self::default() };
        let common = |name: &&&str| {
            let value = first.get(name);
            value.is_some() && found.iter().all(|labels| labels.get(name) == value)
        };
        let equal = |names: &[&str]| {
            let mut all = String::new();
            for name in names {
                let comma = if all.is_empty() { "" } else { ", " };
                let value = quote(first.get(name).unwrap_or_default());
                let _ = write!(all, "{comma}{}={value}", label_name(name));
            }
            all
        };
        let narrow: Vec<&str> = NARROW.iter().filter(common).copied().collect();
        let wide: Vec<&str> = WIDE.iter().filter(common).copied().collect();
        let mut scopes: Vec<LabelScope> = Vec::new();
        let mut put = |name, matchers: String| {
            if !matchers.is_empty() && scopes.iter().all(|known| known.matchers != matchers) {
                scopes.push(LabelScope { name, matchers });
            }
        };
        if !narrow.is_empty() {
            put("target", equal(&[wide.as_slice(), &narrow].concat()));
        }
        if narrow.contains(&"pod") {
            let of_pod = ["namespace", "pod"];
            put("pod", equal(&of_pod.into_iter().filter(|name| common(&name)).collect::<Vec<_>>()));
        }
        if let Some(pattern) =
            first.get("instance").filter(|_| common(&&"instance")).and_then(host_pattern)
        {
            put("host", format!("instance=~\"{pattern}\""));
        }
        if wide.iter().any(|name| *name != "cluster") {
            put("job", equal(&wide));
        }
        Self { scopes }
    }
}

/// Returns a selector with the labels of its series added.
fn selector(text: &str, labels: &Labels) -> String {
    let selection = promql::selection(text);
    let metric = selection.metric.map(|metric| format!("{METRIC_NAME}={}", quote(&metric)));
    let matchers = selection.matchers.iter().map(|matcher| {
        format!("{}{}{}", label_name(&matcher.label), matcher.operator, matcher.literal)
    });
    let labels = labels
        .iter()
        .filter(|(name, _)| *name != METRIC_NAME)
        .map(|(name, value)| format!("{}={}", label_name(name), quote(value)));
    let all: Vec<String> = metric.into_iter().chain(matchers).chain(labels).collect();
    format!("{{{}}}", all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn selectors_of_what_is_behind_a_result() {
        let odd = labels(&[(METRIC_NAME, "x"), ("pod", "a\"b")]);
        let cases = [
            ("rate(x_total{job=~\"a.*\"}[5m])", r#"{__name__="x_total", job=~"a.*", pod="a\"b"}"#),
            ("{__name__=~\"a|b\"}", r#"{__name__=~"a|b", pod="a\"b"}"#),
            ("a / b", r#"{__name__="a", pod="a\"b"} {__name__="b", pod="a\"b"}"#),
            ("vector(1)", ""),
        ];
        for (expr, expected) in cases {
            let [with, without] = SeriesOrigin::selectors(expr, &odd);
            assert_eq!(with.join(" "), expected);
            assert_eq!(without.join(" "), expected.replace(r#", pod="a\"b""#, ""));
        }
    }

    fn check(found: &[&[(&str, &str)]], expected: &[&str]) {
        let found: Vec<Labels> = found.iter().map(|pairs| labels(pairs)).collect();
        let scopes = SeriesOrigin::of(&found).scopes;
        let scopes: Vec<String> =
            scopes.iter().map(|scope| format!("{} {}", scope.name, scope.selector())).collect();
        assert_eq!(scopes, expected);
    }

    #[test]
    fn places_from_near_to_far() {
        check(&[], &[]);
        check(&[&[(METRIC_NAME, "x"), ("code", "1")]], &[]);
        check(&[&[("cluster", "eu")]], &[]);
        check(
            &[
                &[("instance", "a:1"), ("job", "j"), ("le", "1")],
                &[("instance", "a:1"), ("job", "j")],
            ],
            &[
                r#"target {job="j", instance="a:1"}"#,
                r#"host {instance=~"a(:[0-9]+)?"}"#,
                r#"job {job="j"}"#,
            ],
        );
        check(
            &[&[("instance", "a:1"), ("job", "j")], &[("instance", "b:1"), ("job", "j")]],
            &[r#"job {job="j"}"#],
        );
        check(&[&[("instance", "a:1")], &[("job", "j")]], &[]);
        check(
            &[&[("namespace", "n"), ("pod", "p"), ("instance", "https://x/y"), ("job", "kubelet")]],
            &[
                r#"target {job="kubelet", namespace="n", instance="https://x/y", pod="p"}"#,
                r#"pod {namespace="n", pod="p"}"#,
                r#"job {job="kubelet", namespace="n"}"#,
            ],
        );
    }
}

//! Series: labels, and samples on a regular grid, in which NaN is a gap.

use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::time::{Span, Step, TimeRange, Timestamp};

/// Name of the label that holds the metric name.
pub const METRIC_NAME: &str = "__name__";

/// Label names and values, sorted by name, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Vec<(String, String)>);

/// Sample times `start`, `start + step`, ...: `len` of them. `start` is a multiple of `step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grid {
    /// Time of the first sample.
    pub start: Timestamp,
    /// Time between neighbouring samples.
    pub step: Step,
    /// Number of samples.
    pub len: usize,
}

/// One series on a grid.
#[derive(Clone, Debug)]
pub struct Series {
    /// Labels that identify the series.
    pub labels: Labels,
    /// Times of the samples.
    pub grid: Grid,
    /// Samples, one for each point of the grid, in the unit of the query; NaN where there is no sample.
    pub values: Arc<[f64]>,
}

impl Labels {
    /// Creates labels sorted by name; of equal names the last value stays. Empty values are as good as absent
    /// (Prometheus' data model) and are dropped.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all: Vec<_> = pairs.into_iter().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let mut unique: Vec<(String, String)> = Vec::with_capacity(all.len());
        for pair in all {
            match unique.last_mut() {
                Some(last) if last.0 == pair.0 => *last = pair,
                _ => unique.push(pair),
            }
        }
        unique.retain(|(_, value)| !value.is_empty());
        Self(unique)
    }

    /// Returns the value of a label; `None` if the series does not carry it.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(key, _)| key.as_str().cmp(name)).ok()?;
        Some(&self.0[at].1)
    }

    /// Returns the metric name; `None` after functions and operators that drop it.
    pub fn metric_name(&self) -> Option<&str> {
        self.get(METRIC_NAME)
    }

    /// Iterates over all names and values, in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Labels {
    /// Writes the labels as PromQL writes a series: `up{instance="a", job="b"}`, `{job="b"}` or `{}`. Names with
    /// characters beyond the classic ones are quoted: `{"my.metric", "my.label"="a"}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metric = self.metric_name().unwrap_or_default();
        let (name, quoted) = if is_plain(metric, true) || metric.is_empty() {
            (metric, None)
        } else {
            ("", Some(quote(metric)))
        };
        f.write_str(name)?;
        let pairs = self
            .iter()
            .filter(|(key, _)| *key != METRIC_NAME)
            .map(|(key, value)| format!("{}={}", label_name(key), quote(value)));
        let rest: Vec<String> = quoted.into_iter().chain(pairs).collect();
        if rest.is_empty() && !name.is_empty() {
            Ok(())
        } else {
            write!(f, "{{{}}}", rest.join(", "))
        }
    }
}

/// Returns whether a name needs no quotes in PromQL; only metric names may hold colons.
pub fn is_plain(name: &str, metric: bool) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || (metric && c == ':'))
}

/// Formats a label name for a PromQL matcher, in quotes where it needs them.
pub fn label_name(name: &str) -> String {
    if is_plain(name, false) { name.to_owned() } else { quote(name) }
}

/// Formats a PromQL string literal in double quotes.
pub fn quote(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Returns a short name for each series: only the labels in which they differ, or all labels where nothing differs.
/// Shape: one name for each input, in its order.
pub fn short_names(all: &[&Labels]) -> Vec<String> {
    let Some(first) = all.first() else { return Vec::new() };
    let mut varying: BTreeSet<&str> =
        all.iter().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
    varying.retain(|name| all.iter().any(|labels| labels.get(name) != first.get(name)));
    all.iter()
        .map(|labels| {
            let kept = labels
                .iter()
                .filter(|(name, _)| varying.contains(*name))
                .map(|(n, v)| (n.to_owned(), v.to_owned()));
            let kept = Labels::new(kept);
            if kept.is_empty() { labels.to_string() } else { bare(&kept) }
        })
        .collect()
}

/// Formats labels without the braces, which only take room in a list.
fn bare(labels: &Labels) -> String {
    let text = labels.to_string();
    match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) => inner.to_owned(),
        None => text,
    }
}

impl Grid {
    /// Returns the grid of the answer to a range query: the start floored to a multiple of the step, and the last point
    /// at or before the end.
    pub fn covering(range: TimeRange, step: Step) -> Self {
        let start = range.start.floor_to(step);
        let steps = range.end.since(start).millis() / step.millis();
        let len = usize::try_from(steps).unwrap_or(usize::MAX).saturating_add(1);
        Self { start, step, len }
    }

    /// Returns the time of sample `index`.
    pub fn at(&self, index: usize) -> Timestamp {
        self.start + self.step.times(index)
    }

    /// Returns the time from the first to the last sample; `start` twice for an empty grid.
    pub fn range(&self) -> TimeRange {
        TimeRange { start: self.start, end: self.at(self.len.saturating_sub(1)) }
    }

    /// Returns the index of the sample at or nearest to `t`; `None` more than half a step outside of the grid.
    pub fn nearest(&self, t: Timestamp) -> Option<usize> {
        let step = self.step.millis() as i64;
        let offset = t.0.checked_sub(self.start.0)?.checked_add(step / 2)?;
        let index = usize::try_from(offset.div_euclid(step)).ok()?;
        (index < self.len).then_some(index)
    }

    /// Returns `count` steps as a length of time.
    pub fn duration(&self, count: usize) -> Span {
        self.step.times(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn labels_read_as_promql() {
        let cases = [
            (labels(&[]), "{}"),
            (labels(&[("__name__", "up")]), "up"),
            (
                labels(&[("job", "b"), ("__name__", "up"), ("a", "x\"\\\n")]),
                r#"up{a="x\"\\\n", job="b"}"#,
            ),
            (labels(&[("job", "b"), ("empty", "")]), r#"{job="b"}"#),
            (labels(&[("__name__", "job:up:sum")]), "job:up:sum"),
            (labels(&[("__name__", "my.metric"), ("a:b", "c")]), r#"{"my.metric", "a:b"="c"}"#),
            (labels(&[("a\n\n# b", "c")]), r#"{"a\n\n# b"="c"}"#),
        ];
        for (labels, text) in cases {
            assert_eq!(labels.to_string(), text);
        }
    }

    #[test]
    fn short_names_keep_what_differs() {
        let a = labels(&[("__name__", "up"), ("instance", "a"), ("job", "x")]);
        let b = labels(&[("__name__", "up"), ("instance", "b"), ("job", "x")]);
        let c = labels(&[("__name__", "up"), ("instance", "b"), ("job", "x"), ("zone", "1")]);
        assert_eq!(short_names(&[&a]), ["up{instance=\"a\", job=\"x\"}"]);
        assert_eq!(short_names(&[&a, &b]), ["instance=\"a\"", "instance=\"b\""]);
        assert_eq!(
            short_names(&[&a, &b, &c]),
            ["instance=\"a\"", "instance=\"b\"", "instance=\"b\", zone=\"1\""]
        );
        assert!(short_names(&[]).is_empty());
    }

    #[test]
    fn the_grid_of_a_range() {
        let range = TimeRange { start: Timestamp(61_000), end: Timestamp(300_000) };
        let grid = Grid::covering(range, Step::from_seconds(60));
        assert_eq!((grid.start, grid.len), (Timestamp(60_000), 5));
        assert_eq!(grid.range().end, Timestamp(300_000));
        assert_eq!(grid.nearest(Timestamp(121_000)), Some(1));
        assert_eq!(grid.nearest(Timestamp(29_000)), None);
        assert_eq!(grid.nearest(Timestamp(30_000)), Some(0));
        assert_eq!(grid.nearest(Timestamp(i64::MAX)), None);
    }
}

//! Which families a query belongs to.

use std::collections::BTreeSet;

use super::pattern::{first_match, words};
use super::{Family, Knowledge};
use crate::promql;
use crate::series::Labels;

/// Points for what is recognised. A pattern of the name says most, a word of the help text least.
mod points {
    pub(super) const METRIC: u32 = 6;
    pub(super) const WORD_OF_NAME: u32 = 3;
    pub(super) const FUNCTION: u32 = 3;
    pub(super) const LABEL: u32 = 2;
    pub(super) const WORD_OF_HELP: u32 = 1;
    pub(super) const UNIT: u32 = 1;
    pub(super) const TYPE: u32 = 1;
    /// So many are needed.
    pub(super) const ENOUGH: u32 = 3;
}

/// Words beyond these add no points, so that a long name is not worth more than a pattern.
const MOST_WORDS: usize = 2;

/// So many families are taken, of those with at least half of the points of the best.
const MOST_FAMILIES: usize = 3;

/// Endings of the metrics that a histogram or a summary consists of.
const PARTS: [&str; 3] = ["_bucket", "_count", "_sum"];

/// What Prometheus' metadata say of a metric.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its name; that of the whole for a histogram.
    pub metric: String,
    /// `counter`, `gauge`, `histogram`, ...
    pub kind: String,
    /// What it counts, in a sentence.
    pub help: String,
    /// Its unit, mostly empty.
    pub unit: String,
}

/// What can be seen of a query.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Names of metrics, those of the query first.
    pub metrics: Vec<String>,
    /// `label=value` of the odd series and of the query's equality matchers.
    pub labels: Vec<String>,
    /// Of those metrics.
    pub metadata: Vec<Metadata>,
    expr: String,
}

/// A family to which a query belongs.
#[derive(Clone, Debug)]
pub struct Recognised<'a> {
    /// The family.
    pub family: &'a Family,
    /// By what, in words; empty for the family of every query.
    pub by: Vec<String>,
    /// More is surer; 0 for the family of every query.
    pub points: u32,
}

impl Subject {
    /// Of a query, one of its series, and the metadata of [`Self::metric_names`], of which others are left out.
    pub fn new(expr: &str, labels: &Labels, metadata: &[Metadata]) -> Self {
        let mut metrics = Self::metric_names(expr);
        if let Some(name) = labels.metric_name().filter(|name| !metrics.iter().any(|m| m == name)) {
            metrics.push(name.to_owned());
        }
        let mut pairs: BTreeSet<String> =
            labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        for selector in promql::selectors(expr) {
            for matcher in promql::selection(selector).matchers {
                if matcher.operator == "=" {
                    let value = matcher.literal.trim_matches(['"', '\'', '`']);
                    pairs.insert(format!("{}={value}", matcher.label));
                }
            }
        }
        let known = |entry: &&Metadata| metrics.iter().any(|name| describes(entry, name));
        Self {
            metadata: metadata.iter().filter(known).cloned().collect(),
            labels: pairs.into_iter().collect(),
            metrics,
            expr: expr.to_owned(),
        }
    }

    /// The metrics that a query names, each once.
    pub fn metric_names(expr: &str) -> Vec<String> {
        let mut names = Vec::new();
        for selector in promql::selectors(expr) {
            let name = promql::selection(selector).metric;
            names.extend(name.filter(|name| !names.contains(name)));
        }
        names
    }

    /// Under which name the metadata of a metric are: parts of a histogram have those of the whole.
    pub fn described_as(metric: &str) -> &str {
        PARTS.iter().find_map(|part| metric.strip_suffix(part)).unwrap_or(metric)
    }
}

/// A counter may be described without its ending, a histogram by its whole.
fn describes(entry: &Metadata, metric: &str) -> bool {
    entry.metric == metric
        || metric.strip_suffix("_total") == Some(&entry.metric)
        || Subject::described_as(metric) == entry.metric
}

/// The families of a query, the surest first; the one of every query is last. Cost: O(words of all families).
pub fn recognise<'a>(knowledge: &'a Knowledge, subject: &Subject) -> Vec<Recognised<'a>> {
    let mut found: Vec<Recognised<'a>> = knowledge
        .families
        .iter()
        .filter(|family| !family.recognise.is_empty())
        .filter_map(|family| recognised(family, subject))
        .collect();
    found.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.family.id.cmp(&b.family.id)));
    let best = found.first().map_or(0, |best| best.points);
    found.retain(|family| family.points * 2 >= best);
    found.truncate(MOST_FAMILIES);
    let of_all = knowledge.families.iter().filter(|family| family.recognise.is_empty());
    found.extend(of_all.map(|family| Recognised { family, by: Vec::new(), points: 0 }));
    found
}

fn recognised<'a>(family: &'a Family, subject: &Subject) -> Option<Recognised<'a>> {
    let signature = &family.recognise;
    let known = |word: &str| signature.words.iter().any(|wanted| wanted == word);
    if !subject.metrics.is_empty()
        && subject
            .metrics
            .iter()
            .all(|name| first_match(&signature.not, std::slice::from_ref(name)).is_some())
    {
        return None;
    }
    let (mut points, mut by) = (0, Vec::new());
    if let Some(name) = first_match(&signature.metrics, &subject.metrics) {
        points += points::METRIC;
        by.push(format!("the metric {name}"));
    }
    let distinct = |texts: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        let all: BTreeSet<String> = texts.flat_map(words).filter(|word| known(word)).collect();
        all.into_iter().take(MOST_WORDS).collect()
    };
    let named = distinct(&mut subject.metrics.iter().map(String::as_str));
    for word in &named {
        points += points::WORD_OF_NAME;
        by.push(format!("\"{word}\" in the name"));
    }
    for word in distinct(&mut subject.metadata.iter().map(|entry| entry.help.as_str())) {
        if !named.contains(&word) {
            points += points::WORD_OF_HELP;
            by.push(format!("\"{word}\" in the help text"));
        }
    }
    if let Some(pair) = first_match(&signature.labels, &subject.labels) {
        points += points::LABEL;
        by.push(format!("the label {pair}"));
    }
    if let Some(function) = signature.functions.iter().find(|f| promql::calls(&subject.expr, f)) {
        points += points::FUNCTION;
        by.push(format!("the function {function}"));
    }
    let unit_of_name = |unit: &String| {
        let ends = |name: &String| name.trim_end_matches("_total").ends_with(&format!("_{unit}"));
        subject.metrics.iter().any(|name| ends(&Subject::described_as(name).to_owned()))
    };
    let unit_by_metadata = |unit: &String| subject.metadata.iter().any(|entry| entry.unit == *unit);
    if let Some(unit) =
        signature.units.iter().find(|unit| unit_of_name(unit) || unit_by_metadata(unit))
    {
        points += points::UNIT;
        by.push(format!("the unit {unit}"));
    }
    let of_type = |kind: &&String| subject.metadata.iter().any(|entry| entry.kind == **kind);
    if let Some(kind) = signature.types.iter().find(of_type) {
        points += points::TYPE;
        by.push(format!("the type {kind}"));
    }
    (points >= points::ENOUGH).then_some(Recognised { family, by, points })
}

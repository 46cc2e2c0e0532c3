//! Which families a query belongs to.

use std::collections::BTreeSet;

use super::pattern::{first_match, matches, words};
use super::{Family, Knowledge, Signature};
use oddity_detect::series::Labels;
use oddity_source::prometheus::{
    HISTOGRAM_PARTS, MetadataEntry, ReplyError, decode_metadata, described_names,
};
use oddity_source::promql;

/// Points for what is recognised. A pattern of the name says most, the kind of value least.
mod points {
    pub(super) const METRIC: u32 = 6;
    pub(super) const WORD_OF_NAME: u32 = 4;
    pub(super) const LABEL: u32 = 4;
    pub(super) const FUNCTION: u32 = 3;
    pub(super) const WORD_OF_HELP: u32 = 2;
    /// A label that is there, whatever its value.
    pub(super) const LABEL_NAME: u32 = 1;
    pub(super) const UNIT: u32 = 1;
    pub(super) const TYPE: u32 = 1;
    /// Minimum points of a family that is recognised.
    pub(super) const ENOUGH: u32 = 2;
}

/// Maximum number of words that add points, so that a long name is not worth more than a pattern.
const MAX_WORDS: usize = 2;

/// Maximum number of families of a query, of those with at least a quarter of the points of the best.
const MAX_FAMILIES: usize = 3;

/// Metadata of a metric in Prometheus, with its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedMetadata {
    /// Name of the metric; for the parts of a histogram, the name of the histogram.
    pub metric: String,
    /// `counter`, `gauge`, `histogram`, ...
    pub kind: String,
    /// Help text, in a sentence.
    pub help: String,
    /// Unit of the metric, mostly empty.
    pub unit: String,
}

impl NamedMetadata {
    /// Fetches the metadata of the metrics of a query with `fetch`, which returns the reply of `/api/v1/metadata` for
    /// one metric. Not every source keeps metadata: a reply that is missing or unreadable counts as empty.
    pub async fn fetch_all(
        expr: &str,
        mut fetch: impl AsyncFnMut(String) -> Option<Vec<u8>>,
    ) -> Vec<Self> {
        let mut all = Vec::new();
        for names in QuerySubject::described_names(expr) {
            for name in names {
                let reply = fetch(name).await;
                let found = reply.and_then(|body| Self::decode(&body).ok()).unwrap_or_default();
                if !found.is_empty() {
                    all.extend(found);
                    break;
                }
            }
        }
        all
    }

    /// Decodes an answer of Prometheus' `/api/v1/metadata`.
    ///
    /// # Errors
    /// [`ReplyError`] for an error of the source and for data of another shape.
    pub fn decode(body: &[u8]) -> Result<Vec<Self>, ReplyError> {
        let all = decode_metadata(body)?.into_iter().flat_map(|(metric, entries)| {
            entries.into_iter().map(move |MetadataEntry { kind, help, unit }| Self {
                metric: metric.clone(),
                kind,
                help,
                unit,
            })
        });
        Ok(all.collect())
    }
}

/// Maximum number of metrics of a query whose metadata are asked for.
const MAX_METRICS: usize = 3;

/// Features of a query by which families are recognised.
#[derive(Clone, Debug, Default)]
pub struct QuerySubject {
    /// Names of metrics, those of the query first.
    pub metrics: Vec<String>,
    /// `label=value` of the odd series and of the query's matchers, patterns as they are written.
    pub labels: Vec<String>,
    /// Metadata of the metrics.
    pub metadata: Vec<NamedMetadata>,
    pub(super) expr: String,
}

/// A family to which a query belongs.
#[derive(Clone, Debug)]
pub struct RecognisedFamily<'a> {
    /// Family that was recognised.
    pub family: &'a Family,
    /// Features that the family was recognised by, in words; empty for the family of every query.
    pub by: Vec<String>,
    /// Points; more is more certain, and 0 is for the family of every query.
    pub points: u32,
}

impl QuerySubject {
    /// Collects what can be seen of a query, of one of its series, and of the metadata of [`Self::metric_names`];
    /// other metadata are ignored.
    pub fn new(expr: &str, labels: &Labels, metadata: &[NamedMetadata]) -> Self {
        let mut metrics = Self::metric_names(expr);
        if let Some(name) = labels.metric_name().filter(|name| !metrics.iter().any(|m| m == name)) {
            metrics.push(name.to_owned());
        }
        let mut pairs: BTreeSet<String> =
            labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        for selector in promql::selectors(expr) {
            for matcher in promql::selection(selector).matchers {
                if matches!(matcher.operator.as_str(), "=" | "=~") {
                    let value = matcher.literal.trim_matches(['"', '\'', '`', '^', '(']);
                    pairs.insert(format!("{}={value}", matcher.label));
                }
            }
        }
        let known = |entry: &&NamedMetadata| metrics.iter().any(|name| describes(entry, name));
        Self {
            metadata: metadata.iter().filter(known).cloned().collect(),
            labels: pairs.into_iter().collect(),
            metrics,
            expr: expr.to_owned(),
        }
    }

    /// Returns whether the query tells how much there is to do, rather than a share, a duration or how much failed.
    pub(super) fn is_load(&self) -> bool {
        let first = promql::selectors(&self.expr).first().copied();
        let fails = first.is_some_and(promql::selects_failures);
        !(fails || promql::has_division(&self.expr) || promql::takes_quantile(&self.expr))
    }

    /// Returns the metrics that a query names, each once.
    pub fn metric_names(expr: &str) -> Vec<String> {
        let mut names = Vec::new();
        for selector in promql::selectors(expr) {
            let name = promql::selection(selector).metric;
            names.extend(name.filter(|name| !names.contains(name)));
        }
        names
    }

    /// Returns the names under which a source is asked for the metadata of a query: for each of its first metrics
    /// those to be tried in order until one is known.
    pub fn described_names(expr: &str) -> Vec<Vec<String>> {
        let metrics = Self::metric_names(expr).into_iter().take(MAX_METRICS);
        let names = metrics.map(|metric| {
            let whole = Self::described_as(&metric).to_owned();
            if whole == metric { vec![metric] } else { vec![metric, whole] }
        });
        names.collect()
    }

    /// Returns the name under which the metadata of a metric are: parts of a histogram have those of the whole.
    pub fn described_as(metric: &str) -> &str {
        HISTOGRAM_PARTS.iter().find_map(|part| metric.strip_suffix(part)).unwrap_or(metric)
    }
}

/// Returns whether an entry describes a metric: a counter may be described without `_total`, a part of a histogram
/// under the name of the histogram.
fn describes(entry: &NamedMetadata, metric: &str) -> bool {
    described_names(metric).contains(&entry.metric.as_str())
}

/// Recognises the families of a query, the most certain first; the one of every query is last. Cost: O(words of all
/// families).
pub fn recognise<'a>(
    knowledge: &'a Knowledge,
    subject: &QuerySubject,
) -> Vec<RecognisedFamily<'a>> {
    let mut found: Vec<RecognisedFamily<'a>> = knowledge
        .families
        .iter()
        .filter(|family| !family.recognise.is_empty())
        .filter_map(|family| recognised(family, subject))
        .collect();
    found.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.family.id.cmp(&b.family.id)));
    let best = found.first().map_or(0, |best| best.points);
    found.retain(|family| family.points * 4 >= best);
    found.truncate(MAX_FAMILIES);
    let of_all = knowledge.families.iter().filter(|family| family.recognise.is_empty());
    found.extend(of_all.map(|family| RecognisedFamily { family, by: Vec::new(), points: 0 }));
    found
}

/// Points of a family, with the reasons for them.
#[derive(Default)]
struct RecognitionScore {
    points: u32,
    by: Vec<String>,
}

impl RecognitionScore {
    fn put(&mut self, points: u32, what: String) {
        self.points += points;
        self.by.push(what);
    }
}

fn recognised<'a>(family: &'a Family, subject: &QuerySubject) -> Option<RecognisedFamily<'a>> {
    let signature = &family.recognise;
    let own = |name: &&String| !signature.not.iter().any(|pattern| matches(pattern, name));
    let metrics: Vec<String> = subject.metrics.iter().filter(own).cloned().collect();
    if metrics.is_empty() && !subject.metrics.is_empty() {
        return None;
    }
    let mut found = RecognitionScore::default();
    by_words(&mut found, signature, &metrics, subject);
    by_labels(&mut found, signature, subject);
    if let Some(function) =
        signature.functions.iter().find(|f| promql::calls_function(&subject.expr, f))
    {
        found.put(points::FUNCTION, format!("the function {function}"));
    }
    // Unit and type tell too little to be the only ones.
    if found.points > 0 {
        by_metadata(&mut found, signature, &metrics, subject);
    }
    let RecognitionScore { points, by } = found;
    (points >= points::ENOUGH).then_some(RecognisedFamily { family, by, points })
}

fn by_words(
    found: &mut RecognitionScore,
    signature: &Signature,
    metrics: &[String],
    subject: &QuerySubject,
) {
    let known = |word: &String| signature.words.contains(word);
    let distinct = |texts: &[&str]| -> Vec<String> {
        let all: BTreeSet<String> =
            texts.iter().flat_map(|text| words(text)).filter(known).collect();
        all.into_iter().take(MAX_WORDS).collect()
    };
    let named = distinct(&metrics.iter().map(String::as_str).collect::<Vec<_>>());
    match first_match(&signature.metrics, metrics) {
        Some(name) => found.put(points::METRIC, format!("the metric {name}")),
        None => named
            .iter()
            .for_each(|word| found.put(points::WORD_OF_NAME, format!("\"{word}\" in the name"))),
    }
    let helps: Vec<&str> = subject.metadata.iter().map(|entry| entry.help.as_str()).collect();
    for word in distinct(&helps).into_iter().filter(|word| !named.contains(word)) {
        found.put(points::WORD_OF_HELP, format!("\"{word}\" in the help text"));
    }
}

fn by_labels(found: &mut RecognitionScore, signature: &Signature, subject: &QuerySubject) {
    let any_value = |pattern: &String| pattern.ends_with("=*");
    let (names, values): (Vec<String>, Vec<String>) =
        signature.labels.iter().cloned().partition(any_value);
    if let Some(pair) = first_match(&values, &subject.labels) {
        found.put(points::LABEL, format!("the label {pair}"));
    } else if let Some(pair) = first_match(&names, &subject.labels) {
        let name = pair.split('=').next().unwrap_or(pair);
        found.put(points::LABEL_NAME, format!("the label {name}"));
    }
}

fn by_metadata(
    found: &mut RecognitionScore,
    signature: &Signature,
    metrics: &[String],
    subject: &QuerySubject,
) {
    let ends = |name: &String, unit: &String| {
        let name = QuerySubject::described_as(name).trim_end_matches("_total");
        name.strip_suffix(unit.as_str()).is_some_and(|rest| rest.ends_with('_'))
    };
    let has_unit = |unit: &&String| {
        metrics.iter().any(|name| ends(name, unit))
            || subject.metadata.iter().any(|entry| entry.unit == **unit)
    };
    if let Some(unit) = signature.units.iter().find(has_unit) {
        found.put(points::UNIT, format!("the unit {unit}"));
    }
    let has_type = |kind: &&String| subject.metadata.iter().any(|entry| entry.kind == **kind);
    if let Some(kind) = signature.types.iter().find(has_type) {
        found.put(points::TYPE, format!("the type {kind}"));
    }
}

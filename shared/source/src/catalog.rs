//! Metrics of a source with their types, and its alerting and recording rules: a start before anything is queried.

mod metrics;
mod rules;

pub use metrics::{
    CatalogMetric, MetricDescription, MetricType, decode_catalog, decode_descriptions,
};
pub use rules::{RuleState, SourceRule, decode_rules};

/// Returns whether a text contains each of the words, which are in lower case.
pub fn contains_all(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word))
}

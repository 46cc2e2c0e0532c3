//! Metrics of a source with their types, and its alerting and recording rules: a start before anything is queried.

mod metrics;
mod rules;

pub use metrics::{CatalogMetric, MetricDescription, MetricType, decode_catalog, decode_metadata};
pub use rules::{RuleState, SourceRule, decode_rules};

//! Condition of the query and the times at which it holds.

use serde::Serialize;

use super::{LabelObject, Rfc3339Time};
use crate::analysis::Analysis;
use crate::condition::HoldingPeriod;
use crate::words::condition::holding;
use crate::words::{Clock, capitalised};
use oddity_source::promql::{Comparison, ComparisonOperator};

/// Maximum number of times that are written; all are counted.
const MAX_PERIODS: usize = 1_000;

/// Condition that was taken off the query.
#[derive(Debug, Serialize)]
pub struct ConditionFindings {
    /// The query as it was asked, with its condition.
    pub expr: String,
    /// Comparisons of the judged samples, in the order of the query.
    pub comparisons: Vec<ComparisonFindings>,
    /// When it holds, in a sentence without its full stop; times are UTC.
    pub sentence: String,
    /// Number of times at which it holds; `None` if that is not known.
    pub period_count: Option<usize>,
    /// The times at which it holds, oldest first.
    pub periods: Vec<PeriodFindings>,
}

/// Comparison of the judged samples, which stand on the left.
#[derive(Debug, Serialize)]
pub struct ComparisonFindings {
    /// Operator between them.
    pub operator: ComparisonOperator,
    /// PromQL on the right.
    pub other: String,
    /// Value of the right side if it is a constant.
    pub threshold: Option<f64>,
}

/// A time during which the condition holds without a pause.
#[derive(Debug, Serialize)]
pub struct PeriodFindings {
    /// Labels of the series.
    pub labels: OwnedLabels,
    /// First sample for which it holds.
    pub start: Rfc3339Time,
    /// Last one.
    pub end: Rfc3339Time,
    /// Time from the first of them to the next sample after the last.
    pub lasted_seconds: f64,
    /// Whether it holds at the end of the range.
    pub ongoing: bool,
}

/// Labels as an object.
#[derive(Debug)]
pub struct OwnedLabels(oddity_detect::series::Labels);

impl Serialize for OwnedLabels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        LabelObject(&self.0).serialize(serializer)
    }
}

/// Returns the condition of the query; `None` if it has none, or none that can be taken off.
pub(super) fn condition(analysis: &Analysis) -> Option<ConditionFindings> {
    let of = &analysis.condition()?.condition;
    let periods = analysis.holding();
    let comparison = |Comparison { operator, other, threshold, .. }: &Comparison| {
        ComparisonFindings { operator: *operator, other: other.clone(), threshold: *threshold }
    };
    let one =
        |HoldingPeriod { labels, range, lasted, is_ongoing, .. }: HoldingPeriod| PeriodFindings {
            labels: OwnedLabels(labels),
            start: Rfc3339Time(range.start),
            end: Rfc3339Time(range.end),
            lasted_seconds: lasted.as_seconds(),
            ongoing: is_ongoing,
        };
    Some(ConditionFindings {
        expr: of.expr.clone(),
        comparisons: of.comparisons.iter().map(comparison).collect(),
        sentence: capitalised(&holding(analysis, Clock::UTC)?),
        period_count: periods.as_ref().map(Vec::len),
        periods: periods.unwrap_or_default().into_iter().take(MAX_PERIODS).map(one).collect(),
    })
}

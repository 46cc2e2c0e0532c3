//! Durations, compared with the longest usual duration, which the rule has as a fixed number.
//!
//! Both look for the last sample of a kind: `max_over_time` of the times of such samples. Where none is in the window
//! a flat line is as long as that; a gap ends there, as nothing tells its series any more.

use super::super::ExportError;
use super::super::expr::Expr;
use super::super::input::RuleInput;
use super::super::record::{RecordedPart, RecordingRules};
use super::Formula;

/// Name under which the duration is recorded.
const PART: &str = "duration";

/// Lookback, in multiples of the duration that is flagged.
const MEMORY: f64 = 4.0;

/// Builds the seconds since the value changed. After a pause longer than what is usual it begins anew.
pub(super) fn flat(
    input: &RuleInput,
    records: &mut RecordingRules,
    value: &RecordedPart,
) -> Result<Formula, ExportError> {
    let usual = input.usual.ok_or(ExportError::NothingUsual)?;
    let memory = memory(input, usual);
    let step = input.query.step.span().as_seconds();
    let before = records.before(value, libm::round(usual / step) as usize).over("last_over_time");
    let other = value.past.op("unless", &value.past.op("==", &before));
    let changed = records.keep("changed", at_times(&other));
    let last = records.last(&changed, memory).over("max_over_time");
    let whole = records.seconds(memory);
    let since = records.now().op("-", &last);
    let since = since.op("and", &value.now).op("or", &value.now.with("*", 0.0).with("+", whole));
    Ok(against(usual, records, since))
}

/// Builds the seconds since a sample came; 0 where one does.
pub(super) fn gap(input: &RuleInput, records: &mut RecordingRules) -> Result<Formula, ExportError> {
    let usual = input.usual.ok_or(ExportError::NothingUsual)?;
    let series = input.series();
    let came = records.keep("came", at_times(&series.op("==", &series)));
    let last = records.last(&came, memory(input, usual)).over("max_over_time");
    let since = records.now().op("-", &last);
    Ok(against(usual, records, since))
}

/// Builds the times of samples, which may be infinite.
fn at_times(samples: &Expr) -> Expr {
    let zero = samples.call_with("clamp_min", 0.0).call_with("clamp_max", 0.0);
    zero.op("+", &Expr::time())
}

fn memory(input: &RuleInput, usual: f64) -> usize {
    let step = input.query.step.span().as_seconds();
    let flagged = input.rule.threshold.max(1.0) * usual / step;
    libm::ceil(MEMORY * flagged) as usize
}

fn against(usual: f64, records: &mut RecordingRules, since: Expr) -> Formula {
    let judged = records.keep(PART, since);
    let nothing = judged.now.with("*", 0.0);
    Formula {
        judged,
        part: PART,
        expected: nothing.clone(),
        spread: nothing.with("+", usual),
        normal: None,
        known: None,
        infinite: None,
    }
}

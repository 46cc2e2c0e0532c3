//! Sentences about the condition of a query.

use super::Clock;
use crate::analysis::Analysis;
use crate::condition::HoldingPeriod;
use oddity_detect::time::Span;
use oddity_source::prometheus::LoadedCondition;
use oddity_source::promql::one_line;

/// Maximum number of characters of a query that is named as a condition.
const MAX_CHARS: usize = 60;

/// Returns the condition as a subject: "the condition > 0.85"; the whole query where comparisons alone do not tell.
pub fn condition(of: &LoadedCondition) -> String {
    let text = of.condition.text().unwrap_or_else(|| one_line(&of.condition.expr));
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("the condition {}…", &text[..end]),
        None => format!("the condition {text}"),
    }
}

/// Returns one time at which a condition holds: "Jan 31 05:01 to 05:34, 33 min".
pub fn holding_period(period: &HoldingPeriod, clock: Clock) -> String {
    let ongoing = if period.is_ongoing { ", ongoing" } else { "" };
    let when = clock.from_to(period.range.start, period.range.end);
    format!("{when}, {}{ongoing}", period.lasted.words())
}

/// Returns when the condition holds, in a sentence without its full stop; `None` without a condition.
pub fn holding(analysis: &Analysis, clock: Clock) -> Option<String> {
    let subject = condition(analysis.condition()?);
    let Some(all) = analysis.holding() else {
        return Some(format!("the times at which {subject} holds are not known"));
    };
    let place = |period: &HoldingPeriod| match analysis.detected.series.len() {
        0 | 1 => String::new(),
        _ => format!(" for {}", period.name),
    };
    let longest = all.iter().max_by_key(|period| (period.lasted, period.range.start));
    Some(match (all.as_slice(), longest) {
        ([only], _) => {
            format!("{subject} holds{} {}", place(only), holding_period(only, clock))
        }
        (_, Some(longest)) => format!(
            "{subject} holds {} times, longest{} {}",
            all.len(),
            place(longest),
            holding_period(longest, clock)
        ),
        (_, None) => {
            let range = match analysis.judged_grid().range().span() {
                Span::ZERO => "1 sample".to_owned(),
                span => span.words(),
            };
            format!("{subject} holds at no time in {range}")
        }
    })
}

/// Returns how many times are not in the table.
pub(crate) fn unlisted(rest: usize) -> String {
    match rest {
        1 => "1 later time is not listed.".to_owned(),
        rest => format!("{rest} later times are not listed."),
    }
}

/// Returns the note that a query was taken apart.
pub fn taken_apart(of: &LoadedCondition) -> String {
    format!(
        "{} is evaluated at all times; {} is checked beside it",
        one_line(&of.condition.judged),
        condition(of)
    )
}

/// Note on a query whose samples are missing where a condition inside of it does not hold.
pub const FILTERED: &str = "The query returns samples only while its condition holds, so missing samples are no gaps \
    and only what it returns is evaluated";

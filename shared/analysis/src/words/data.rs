//! Sentences about the samples of a query, each without its full stop.

use super::Clock;
use oddity_detect::series::Labels;
use oddity_detect::time::Timestamp;
use oddity_source::unit::Unit;

/// Returns the note on counters that fell and came back at once; `first` is the time of the first fall.
pub(crate) fn false_resets(count: usize, series: usize, first: Timestamp) -> String {
    let when = Clock::UTC.full(first);
    let counters =
        if series == 1 { "The counter".to_owned() } else { format!("{series} counters") };
    let times = match count {
        1 => format!("once ({when})"),
        count => format!("{count} times (first {when})"),
    };
    format!(
        "{counters} fell {times} and came back at once, which is no reset; such samples come from a stale replica or \
         from two sources of one series, and rate() makes a spike of them"
    )
}

/// Returns the note on counters that passed the end of their range; `first` is the time of the first wrap.
pub(crate) fn wraps(count: usize, widths: &[u32], first: Timestamp) -> String {
    let when = Clock::UTC.full(first);
    let widths: Vec<String> = widths.iter().map(u32::to_string).collect();
    let times = match count {
        1 => format!("once ({when})"),
        count => format!("{count} times (first {when})"),
    };
    format!(
        "A counter of {} bits wrapped {times}; its growth across the wrap is counted, rate() takes it for a reset",
        widths.join(" and ")
    )
}

/// Returns the addition to a headline that all series are constant; `value` is NaN where they differ.
pub(crate) fn constant(value: f64, series: usize, unit: Unit) -> String {
    match (series, value.is_nan()) {
        (1, _) => format!(": the value is constant {}", unit.format(value)),
        (_, false) => format!(": all {series} series are constant {}", unit.format(value)),
        (_, true) => format!(": all {series} series are constant"),
    }
}

/// Returns the note on series of 0 and 1; `share` is that of 1.
pub(crate) fn states(share: f64) -> String {
    // A rounded share must not say that all of them are the same.
    let share = match Unit::Ratio.format(share) {
        text if text == "100 %" => "nearly all".to_owned(),
        text if text == "0 %" => "hardly any".to_owned(),
        text => text,
    };
    format!("The values are 0 and 1 only, 1 in {share} of the samples")
}

/// Returns the note on samples that are all NaN.
pub(crate) fn nan(has_division: bool) -> String {
    let cause = if has_division { ", as 0/0 in the quotient gives" } else { "" };
    format!("Every sample is NaN{cause}, so there is nothing to judge")
}

/// Returns the note on samples that are all infinite.
pub(crate) fn infinite(has_division: bool) -> String {
    let cause = if has_division { ", as a quotient gives whose divisor is 0" } else { "" };
    format!("Every sample is infinite{cause}, so there is nothing to judge")
}

/// Returns the note on native histograms, of which `first` is one.
pub(crate) fn native_histograms(count: usize, first: &Labels) -> String {
    let series = match count {
        1 => "1 series is a native histogram".to_owned(),
        count => format!("{count} series are native histograms"),
    };
    format!("{series}, such as {first}, which has no single value")
}

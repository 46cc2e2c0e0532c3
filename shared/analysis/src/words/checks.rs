//! Sentences about the checks of causes and what they observed.

use super::{Clock, related};
use crate::knowledge::Confidence;
use oddity_detect::series::Labels;
use oddity_detect::time::Timestamp;

/// Observation of a condition that did not come to hold.
pub(crate) const NOT_HELD: &str = "not seen in the window of the event";

/// Observation of series with too few samples.
pub(crate) const TOO_FEW: &str = "too few samples to compare";

/// Observation where the source has nothing to compare.
pub(crate) const NO_SERIES: &str = "the source has no such series";

/// Returns what happened to a check that the source did not answer.
pub(crate) fn failed(reason: &str) -> String {
    format!("not answered: {reason}")
}

/// Returns how a series moved: "12/s before, 96/s during the event (23 times its usual change)".
pub(crate) fn moved(
    labels: &Labels,
    before: &str,
    during: &str,
    unusual: Option<(bool, Option<f64>)>,
) -> String {
    let how = match unusual {
        Some((constant, ratio)) => related::unusual(constant, ratio),
        None => "a usual change".to_owned(),
    };
    format!("{before} before, {during} during the event ({how}){}", of(labels))
}

/// Returns from when on a condition holds: "6 series from 13:20 UTC, none before, such as {pod="a"}".
pub(crate) fn began(
    labels: &Labels,
    series: usize,
    value: &str,
    at: Timestamp,
    clock: Clock,
) -> String {
    let what = match series {
        0 | 1 => value.to_owned(),
        series => format!("{series} series"),
    };
    let such = if series > 1 && !labels.is_empty() { ", such as" } else { "" };
    let (at, zone) = (clock.short(at), clock.zone(at));
    format!("{what} from {at} {zone}, none before{such}{}", of(labels))
}

/// Returns the value for which a condition holds that often held before.
pub(crate) fn as_before(value: &str) -> String {
    format!("{value}, and often before")
}

/// Returns the value for which a condition holds.
pub(crate) fn held(value: &str) -> String {
    format!("{value} at the end of the event")
}

fn of(labels: &Labels) -> String {
    if labels.is_empty() { String::new() } else { format!(" {labels}") }
}

/// Returns the result of the checks of one cause, by the confidence that they lead to: "supported by 2 of 3 checks".
pub(crate) fn tally(confidence: Confidence, supports: i32, contradicts: i32) -> String {
    let decided = supports + contradicts;
    let of = |part: i32| match part {
        1 if decided == 1 => "1 check".to_owned(),
        part if part == decided => format!("{part} checks"),
        part => format!("{part} of {decided} checks"),
    };
    match confidence {
        Confidence::Supported => format!("supported by {}", of(supports)),
        Confidence::Contradicted => format!("contradicted by {}", of(contradicts)),
        _ if decided == 0 => "not decided by any check".to_owned(),
        _ => format!("not decided: {} for it, as many against it", of(supports)),
    }
}

/// Returns how many causes need metrics that the source lacks; `None` for none.
pub fn lacking(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 more possible cause needs metrics that this source lacks.".to_owned()),
        count => Some(format!("{count} more possible causes need metrics that this source lacks.")),
    }
}

/// Returns why the checks ended early.
pub fn stopped(reason: &str) -> String {
    format!("Not all checks were made: {reason}.")
}

/// Returns the reason why checks ended early when their time was over.
pub fn out_of_time(seconds: u64) -> String {
    format!("the source took longer than {seconds} s")
}

/// Reason why checks ended early: the person cancelled them.
pub const CANCELLED: &str = "they were cancelled";

/// Returns the reason why checks ended early when the source failed several times in a row.
pub(crate) fn unanswered(reason: &str) -> String {
    format!("the source does not answer ({reason})")
}

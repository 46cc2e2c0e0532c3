//! Remarks about the data of an analysis, one sentence each, without the final period.

use super::Clock;
use crate::analysis::Turnover;

/// Maximum number of times that a remark about replaced series lists.
const MAX_TIMES: usize = 3;

/// Returns how many series are too young to judge: "4 of 29 series are too young to judge".
pub(crate) fn too_young(young: usize, of: usize) -> String {
    let are = if young == 1 { "is" } else { "are" };
    format!("{young} of {of} series {are} too young to judge")
}

/// Returns how many series were replaced, ended and began: "6 values of pod replaced at Jan 31 13:20 UTC"; `None` if none
/// did.
pub(crate) fn turnover(turnover: &Turnover, clock: Clock) -> Option<String> {
    let series = |count: usize, what: &str| (count > 0).then(|| format!("{count} series {what}"));
    let replaced = match (&turnover.label, turnover.replaced) {
        (_, 0) => None,
        (Some(label), 1) => Some(format!("1 value of {label} replaced")),
        (Some(label), count) => Some(format!("{count} values of {label} replaced")),
        (None, count) => series(count, "replaced"),
    };
    let times: Vec<String> =
        turnover.times.iter().take(MAX_TIMES).map(|time| clock.short(*time)).collect();
    let more = turnover.times.len().saturating_sub(MAX_TIMES);
    let replaced = replaced.map(|replaced| match (times.as_slice(), turnover.times.first()) {
        ([.., _], Some(first)) => {
            let zone = clock.zone(*first);
            let more = match more {
                0 => String::new(),
                1 => " and once more".to_owned(),
                more => format!(" and {more} more times"),
            };
            format!("{replaced} at {} {zone}{more}", times.join(", "))
        }
        _ => replaced,
    });
    let parts = [
        replaced,
        series(turnover.ended, "ended while their kind went on"),
        series(turnover.begun, "began"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use oddity_detect::time::Timestamp;

    #[test]
    fn series_that_came_and_went() {
        let check =
            |replaced, ended, begun, times: &[i64], label: Option<&str>, text: Option<&str>| {
                let times = times.iter().map(|minute| Timestamp(minute * 60_000)).collect();
                let label = label.map(str::to_owned);
                let counted = Turnover { label, replaced, ended, begun, times };
                assert_eq!(super::turnover(&counted, Clock::UTC).as_deref(), text);
            };
        check(0, 0, 0, &[], None, None);
        check(6, 0, 0, &[800], Some("pod"), Some("6 values of pod replaced at Jan 1 13:20 UTC"));
        check(
            20,
            1,
            2,
            &[60, 360, 660, 960],
            Some("pod"),
            Some(
                "20 values of pod replaced at Jan 1 01:00, Jan 1 06:00, Jan 1 11:00 UTC and once more, 1 series \
                 ended while their kind went on, 2 series began",
            ),
        );
        check(0, 3, 0, &[], None, Some("3 series ended while their kind went on"));
        check(2, 0, 0, &[], None, Some("2 series replaced"));
    }
}

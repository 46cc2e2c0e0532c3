//! Remarks about the data of a query: what a person should know before reading the result.

use serde::Serialize;

use crate::interval::IntervalGroup;
use oddity_detect::time::{Span, Step, Timestamp};

/// Remark about the data of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataNote {
    /// Subject of the remark, by which remarks are ordered.
    pub kind: NoteKind,
    /// One sentence without its final period; times are UTC and say so.
    pub text: String,
    /// Change that mends what the remark is about; `None` if there is none.
    pub fix: Option<NoteFix>,
}

/// Kind of a [`DataNote`]; the declaration order is that of importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// The whole source has had no samples for some time before the end of the range.
    SourceSilent,
    /// The samples lie farther apart than the lookback of the source, so that most steps see none.
    SamplesTooFarApart,
    /// Series have too few samples to be judged.
    TooYoung,
    /// Values that no detector can judge, such as native histograms or infinities only.
    ValuesNotJudged,
    /// The step is shorter than the interval of samples, so that values repeat.
    StepBelowInterval,
    /// The series of the query have samples at different intervals.
    MixedIntervals,
    /// The interval of samples could not be measured.
    IntervalUnknown,
    /// The range ends after the time that the source can know about and is judged until then.
    RangeEndCut,
    /// The step is so much longer than the interval of samples that short events fall between two steps.
    StepHides,
    /// The query filters by a comparison, and the left side is judged.
    FilteredQuery,
    /// The values are 0 and 1 only, as those of `up`.
    StatesOnly,
    /// A counter was reset, wrapped, or has one sample that looks like a reset.
    CounterReset,
    /// Series ended and others with the same labels began, as in a rollout.
    Replaced,
}

/// Change of a query that mends what a [`DataNote`] is about; fields that are `None` stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoteFix {
    /// Change in words, as an imperative without a final period: `Use last_over_time(x[1h])`.
    pub label: String,
    /// PromQL expression to query instead.
    pub query: Option<String>,
    /// Step to use instead.
    pub step: Option<Step>,
}

impl DataNote {
    /// Creates the note that nothing in the source has a sample after `newest`, which is an outage of the source.
    pub(crate) fn source_silent(newest: Timestamp, silent: Span) -> Self {
        let text = format!("Source silent since {} ({})", moment(newest), silent.words());
        Self { kind: NoteKind::SourceSilent, text, fix: None }
    }

    /// Creates the note that nothing in the source has a sample after `newest`, so that the range is judged until then.
    pub(crate) fn no_samples_after(newest: Timestamp, silent: Span) -> Self {
        let (at, silent) = (moment(newest), silent.words());
        let text = format!(
            "The source has no samples after {at}: the range is judged until then, without its last {silent}"
        );
        Self { kind: NoteKind::RangeEndCut, text, fix: None }
    }

    /// Creates the note that the range ends later than the source's clock, until which it is judged.
    pub(crate) fn range_ends_after_clock(asked: Timestamp, clock: Timestamp) -> Self {
        let (ahead, at) = (asked.since(clock).words(), moment(clock));
        let text = format!(
            "The range ends {ahead} after the time of the source's clock, {at}: it is judged until then"
        );
        Self { kind: NoteKind::RangeEndCut, text, fix: None }
    }

    /// Creates the note that a selector sees few of its samples: an instant selector within `lookback`, another one in
    /// its `window`.
    pub(crate) fn samples_too_far_apart(
        interval: Span,
        window: Option<Span>,
        lookback: Span,
        fix: NoteFix,
    ) -> Self {
        let every = interval.words();
        let text = match window {
            None => format!(
                "Samples come every {every}, farther apart than the lookback of {}, so that most steps see none",
                lookback.words()
            ),
            Some(window) => format!(
                "Samples come every {every}, so that the range [{window}] seldom holds the two that a rate needs"
            ),
        };
        Self { kind: NoteKind::SamplesTooFarApart, text, fix: Some(fix) }
    }

    /// Creates the note that the samples of a selector could not be counted. `shown` is the interval at which values
    /// change, if that is known.
    pub(crate) fn interval_unknown(selector: &str, reason: &str, shown: Option<Span>) -> Self {
        let shown = shown.map_or_else(String::new, |shown| {
            format!("; values change every {}, which is taken for it", shown.words())
        });
        let text =
            format!("The sample interval of {selector} could not be measured ({reason}){shown}");
        Self { kind: NoteKind::IntervalUnknown, text, fix: None }
    }

    /// Creates the note that series have their samples at different intervals, of which `groups` are the shortest and
    /// the longest; `None` if the step fits both. `fits` is the step that fits the longest.
    pub(crate) fn mixed_intervals(
        [fast, slow]: [IntervalGroup; 2],
        step: Step,
        fits: Step,
    ) -> Option<Self> {
        let count = |group: IntervalGroup| match group.series {
            1 => "1 series".to_owned(),
            count => format!("{count} series"),
        };
        let each = format!(
            "{} have samples every {} and {} every {}",
            count(fast),
            fast.interval.words(),
            count(slow),
            slow.interval.words()
        );
        let repeats = step.millis() < slow.interval.millis() / 5 * 4;
        let (text, better) = if repeats {
            let text = format!(
                "{each}: at a step of {step}, the latter repeat their values, which looks like flat lines"
            );
            (text, fits)
        } else if step.millis() >= fast.interval.millis() / 2 * 3 {
            let text = format!("{each}: a step of {step} does not show all samples of the former");
            (text, Step::new(fast.interval).ok()?)
        } else {
            return None;
        };
        let fix = NoteFix {
            label: format!("Select a step of {better}"),
            query: None,
            step: Some(better),
        };
        Some(Self { kind: NoteKind::MixedIntervals, text, fix: Some(fix) })
    }

    /// Creates the note that the step is shorter than the interval of samples.
    pub(crate) fn step_below_interval(step: Step, interval: Span, better: Step) -> Self {
        let text = format!(
            "The step of {step} is shorter than the sample interval of {}: values repeat, which looks like a flat line",
            interval.words()
        );
        let fix = NoteFix {
            label: format!("Select a step of {better}"),
            query: None,
            step: Some(better),
        };
        Self { kind: NoteKind::StepBelowInterval, text, fix: Some(fix) }
    }

    /// Creates the note that only one of `ratio` samples falls on a step.
    pub(crate) fn step_hides(interval: Span, step: Step, ratio: u64, fix: NoteFix) -> Self {
        let text = format!(
            "Samples come every {}, and the step of {step} shows one in {ratio}: a spike between two steps is not seen",
            interval.words()
        );
        Self { kind: NoteKind::StepHides, text, fix: Some(fix) }
    }
}

/// Formats a time for a note: "Jan 31 13:45 UTC".
fn moment(time: Timestamp) -> String {
    format!("{} UTC", time.format_short(0))
}

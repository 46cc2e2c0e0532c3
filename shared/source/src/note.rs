//! Remarks about the data of a query: what a person should know before reading the result.

use serde::Serialize;

use oddity_detect::time::Step;

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
    /// The query filters by a comparison, and the left side is judged.
    FilteredQuery,
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
    /// A counter was reset, wrapped, or has one sample that looks like a reset.
    CounterReset,
    /// Series ended and others with the same labels began, as in a rollout.
    Replaced,
}

/// Change of a query that mends what a [`DataNote`] is about; fields that are `None` stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoteFix {
    /// Change in words, as an imperative without a final period: "Use last_over_time(x[1h])".
    pub label: String,
    /// PromQL expression to query instead.
    pub query: Option<String>,
    /// Step to use instead.
    pub step: Option<Step>,
}

//! Reasons why there are no rules, or no test of them.

/// Reason why a detection cannot be exported; each message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The detector is not among those that PromQL can express.
    #[error(
        "{0} cannot be expressed in PromQL with the same results: choose another detector, for example the robust band"
    )]
    NoParity(&'static str),
    /// Clusters are no function of PromQL.
    #[error("clusters (DBSCAN) cannot be computed in PromQL: choose quartiles instead")]
    Clusters,
    /// There is none in the range.
    #[error("no season was found to compare with: set one, or load a longer range")]
    NoSeason,
    /// A found season is not the same for all series, or not all the time.
    #[error(
        "the detected season differs between series or changes within the range: set one, for example day"
    )]
    SeveralSeasons,
    /// Too little is known.
    #[error("the usual duration is not known: load a longer range")]
    NothingUsual,
    /// One rule has one number.
    #[error(
        "the longest usual duration differs between series, but a rule has only one: query a single series, or raise the shortest stretch that counts"
    )]
    SeveralDurations,
    /// Nested subqueries would give other numbers.
    #[error(
        "the median absolute deviation cannot be computed in PromQL with the same results: choose quartiles as the spread"
    )]
    Mad,
    /// The expression means something else in every range.
    #[error(
        "the query uses @ start() or @ end(), which rules do not support: remove them or use a fixed time"
    )]
    DependsOnRange,
    /// Half of the step is not a whole number of milliseconds.
    #[error("a step of 1ms is too short for the windows of a rule: choose 2ms or more")]
    StepTooShort,
    /// Flagged samples leave the baseline.
    #[error("a rule cannot exclude flagged samples from its baseline: turn that setting off")]
    Cleaned,
    /// Some times leave the baseline.
    #[error("a rule cannot exclude time ranges from its baseline: remove the excluded ranges")]
    Excluded,
    /// Series differ by nothing but the metric name.
    #[error(
        "some series differ only in their metric name, which functions drop: query a single metric, or copy the name into a label with label_replace"
    )]
    SameLabels,
    /// The growth of some series is judged, and the values of others.
    #[error("only some of the series are raw counters: query rate(...) of the counters separately")]
    SomeCounters,
}

/// Reason why there is no test of rules; each message says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitTestError {
    /// Baseline at a fixed time: the clock of `promtool` begins at 1970.
    #[error(
        "the baseline ends at a fixed time, which the test clock of promtool does not reach: choose the rolling band to get rules with a test"
    )]
    FixedTime,
    /// The samples of the query's metrics are not known.
    #[error(
        "the query is an expression, and the samples of its metrics are not known here: choose the style that records the query, so that the test can begin with the recorded series"
    )]
    Derived,
    /// Only finite values are recorded.
    #[error("the event is an infinite value, which is not recorded: choose another event")]
    Infinite,
    /// Nothing fires there.
    #[error("no event makes the alert fire: choose another threshold or range")]
    NoEvent,
}

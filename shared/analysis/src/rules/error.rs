//! Why there are no rules, or no test of them.

/// Why there are no rules; each message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The detector is not among those that PromQL can express.
    #[error(
        "{0} cannot be calculated in PromQL with the same numbers: choose another detector, for example the robust band"
    )]
    NoParity(&'static str),
    /// Clusters are no function of PromQL.
    #[error("clusters (DBSCAN) cannot be found in PromQL: choose quartiles as what is normal")]
    Clusters,
    /// There is none in the range.
    #[error("there is no season to compare with: name one, or load a longer range")]
    NoSeason,
    /// A found season is not the same for all series, or not all the time.
    #[error(
        "the season that was found differs from series to series or changes within the range: name one, for example day"
    )]
    SeveralSeasons,
    /// Too little is known.
    #[error("nothing was learnt of how long this usually lasts: load a longer range")]
    NothingUsual,
    /// One rule has one number.
    #[error(
        "the longest usual time differs from series to series, and a rule has one: query one of them, or raise the shortest stretch that counts"
    )]
    SeveralDurations,
    /// Nested subqueries would give other numbers.
    #[error(
        "the median absolute deviation cannot be calculated in PromQL with the same numbers: choose quartiles as the spread"
    )]
    Mad,
    /// The expression means something else in every range.
    #[error(
        "the query uses @ start() or @ end(), which a rule does not have: remove them or give a fixed time"
    )]
    DependsOnRange,
    /// Half of the step is not a whole number of milliseconds.
    #[error("a step of 1ms is too short for the windows of a rule: choose 2ms or more")]
    StepTooShort,
    /// Flagged samples leave the baseline.
    #[error("a rule cannot leave flagged samples out of its baseline: switch that off")]
    Cleaned,
    /// Some times leave the baseline.
    #[error("a rule cannot leave times out of its baseline: remove the excluded ranges")]
    Excluded,
    /// Series differ by nothing but the metric name.
    #[error(
        "some series differ only by their metric name, which functions drop: query one metric, or put the name into a label with label_replace"
    )]
    SameLabels,
    /// The growth of some series is judged, and the values of others.
    #[error(
        "some of the series are raw counters and some are not: query rate(...) of the counters alone"
    )]
    SomeCounters,
}

/// Why there is no test of rules; each message says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitTestError {
    /// promtool's clock begins at 1970.
    #[error(
        "the baseline ends at a fixed time, which the clock of promtool does not reach: choose the rolling band for rules with a test"
    )]
    FixedTime,
    /// The samples of the query's metrics are not known.
    #[error(
        "the query calculates, and what its metrics were is not known here: choose rules that record the query, whose test begins with that"
    )]
    Derived,
    /// Only finite values are recorded.
    #[error("the event is an infinite value, which is not recorded: choose another event")]
    Infinite,
    /// Nothing fires there.
    #[error("there is no event in which the alert fires: choose another threshold or range")]
    NoEvent,
}

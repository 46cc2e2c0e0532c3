//! Selectors: which series match, and which of their samples an instant or a window sees.

use oddity_detect::series::METRIC_NAME;
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{AtModifier, Offset, VectorSelector};

use super::regexes::Regexes;
use super::value::RawSeries;
use super::{EvalError, execution};
use crate::demo::catalog::DemoSeries;

/// How far back an instant looks for a sample, in milliseconds (Prometheus' default).
const LOOKBACK: i64 = 300_000;

/// Times beyond this many milliseconds are held there; it keeps sums from overflowing.
const FOREVER: i64 = 1 << 52;

/// The demo series as of now.
#[derive(Clone, Copy)]
pub(in crate::demo) struct Store<'a> {
    pub series: &'a [DemoSeries],
    /// No sample after this exists.
    pub now: i64,
}

/// Matchers of labels, all of which must hold.
pub(in crate::demo) struct Selector {
    name: Option<String>,
    matchers: Vec<Matcher>,
}

impl Selector {
    /// Makes a selector from a tree whose regular expressions are numbers of `regexes`.
    ///
    /// # Errors
    /// [`EvalError::Unsupported`] for alternatives within the braces.
    pub(in crate::demo) fn new(
        selector: &VectorSelector,
        regexes: &Regexes,
    ) -> Result<Self, EvalError> {
        if !selector.matchers.or_matchers.is_empty() {
            return Err(EvalError::Unsupported("`or` between label matchers".to_owned()));
        }
        let own = |matcher: &Matcher| {
            let regex = regexes.get(&matcher.value).cloned();
            let op = match (&matcher.op, regex) {
                (MatchOp::Re(_), Some(regex)) => MatchOp::Re(regex),
                (MatchOp::NotRe(_), Some(regex)) => MatchOp::NotRe(regex),
                (op, _) => op.clone(),
            };
            Matcher { op, ..matcher.clone() }
        };
        let matchers = selector.matchers.matchers.iter().map(own).collect();
        Ok(Self { name: selector.name.clone(), matchers })
    }

    pub(in crate::demo) fn matches(&self, series: &DemoSeries) -> bool {
        let value = |name: &str| series.labels.get(name).unwrap_or_default();
        self.name.as_deref().is_none_or(|name| value(METRIC_NAME) == name)
            && self.matchers.iter().all(|matcher| matcher.is_match(value(&matcher.name)))
    }
}

impl<'a> Store<'a> {
    pub(in crate::demo) fn select(self, selector: &Selector) -> Vec<&'a DemoSeries> {
        self.series.iter().filter(|series| selector.matches(series)).collect()
    }

    /// Returns the newest sample in the lookback before `at`: its time and value.
    pub(super) fn latest(self, series: &DemoSeries, at: i64) -> Option<(i64, f64)> {
        let mut index = series.index_at(at.min(self.now));
        while series.time(index) > at - LOOKBACK {
            if let Some(value) = series.sample(index) {
                return Some((series.time(index), value));
            }
            index -= 1;
        }
        None
    }

    /// Counts the samples from `start` to `end`, gaps included.
    pub(in crate::demo) fn count(self, series: &DemoSeries, start: i64, end: i64) -> usize {
        let (first, last) = self.indices(series, start, end);
        usize::try_from(last - first + 1).unwrap_or(0)
    }

    /// Returns the samples from `start` to `end`.
    pub(in crate::demo) fn between(self, series: &DemoSeries, start: i64, end: i64) -> RawSeries {
        let (first, last) = self.indices(series, start, end);
        let samples = (first..=last).filter_map(|index| Some((index, series.sample(index)?)));
        let (times, values) = samples.map(|(index, value)| (series.time(index), value)).unzip();
        RawSeries { labels: series.labels.clone(), times, values }
    }

    fn indices(self, series: &DemoSeries, start: i64, end: i64) -> (i64, i64) {
        let first = series.index_at(start.saturating_sub(1)) + 1;
        (first.max(DemoSeries::FIRST), series.index_at(end.min(self.now)))
    }
}

/// Where a selector or subquery looks: `@` and `offset` worked out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    /// The instant that `@` fixes.
    pub fixed: Option<i64>,
    offset: i64,
}

impl Shift {
    /// Works out `@` and `offset` for a query from `start` to `end`.
    ///
    /// # Errors
    /// For an instant that no clock has.
    pub(super) fn new(
        at: Option<&AtModifier>,
        offset: Option<&Offset>,
        (start, end): (i64, i64),
    ) -> Result<Self, EvalError> {
        let fixed = match at {
            None => None,
            Some(AtModifier::Start) => Some(start),
            Some(AtModifier::End) => Some(end),
            Some(AtModifier::At(time)) => {
                let millis = match time.duration_since(std::time::UNIX_EPOCH) {
                    Ok(after) => i64::try_from(after.as_millis()),
                    Err(before) => i64::try_from(before.duration().as_millis()).map(|ms| -ms),
                };
                let millis = millis.ok().filter(|millis| millis.abs() < FOREVER);
                Some(millis.ok_or_else(|| execution("timestamp out of bounds for @ modifier"))?)
            }
        };
        let offset = match offset {
            None => 0,
            Some(Offset::Pos(length)) => milliseconds(*length),
            Some(Offset::Neg(length)) => -milliseconds(*length),
        };
        Ok(Self { fixed, offset })
    }

    /// Returns the instant that is looked at when the expression is evaluated at `time`.
    pub(super) fn apply(self, time: i64) -> i64 {
        self.fixed.unwrap_or(time) - self.offset
    }
}

/// Returns a length in whole milliseconds, held at [`FOREVER`].
pub(super) fn milliseconds(length: std::time::Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(FOREVER).min(FOREVER)
}

//! Interval of the samples of each selector, and the time of the newest one.

use std::fmt::Display;

use super::ApiRequest;
use super::source::Source;
use crate::interval::{self, IntervalGroup, MIN_COUNT};
use crate::prometheus::{ReplyError, Vector};
use crate::promql::{SelectorWindow, selection, selector_windows, with_metric_name};
use oddity_detect::time::{Span, TimeRange, Timestamp};

/// Number of samples in a window from which a count is no count: beyond the whole numbers of a double.
const MAX_COUNT: f64 = 9e15;

/// Maximum number of selectors whose samples are counted: those of a query, with a pattern of metric names counted as
/// the metrics that it matches.
const MAX_SELECTORS: usize = 6;

/// Windows in which samples are counted, shortest first. The second is used where any series has too few samples in
/// the first, a longer one where all have.
const WINDOWS: [Span; 5] = [
    Span::from_seconds(120),
    Span::from_seconds(1_200),
    Span::from_seconds(3 * 3_600),
    Span::from_seconds(86_400),
    Span::from_seconds(4 * 86_400),
];

/// Number of windows over the range in which the samples of a series are counted.
const POINTS: u64 = 10;

/// Remainder of the time between two windows, so that they do not all begin in the same phase of the samples.
const PHASE: Span = Span::from_millis(7_300);

/// Label of the number of samples.
const COUNT: &str = "n";

/// Samples of all selectors of a query.
#[derive(Debug, Default)]
pub(super) struct Sampling {
    /// Selectors that were measured, in the order of the query.
    pub(super) measured: Vec<SelectorSampling>,
    /// Selectors that could not be measured, with the reason.
    pub(super) failed: Vec<(String, String)>,
}

/// Samples of one selector.
#[derive(Debug)]
pub(super) struct SelectorSampling {
    /// Text of the selector, as the query has it or with the name of one metric.
    pub(super) selector: String,
    /// Range that the query selects; `None` for an instant selector.
    pub(super) window: Option<Span>,
    /// Intervals of its series, shortest first; empty if it has no series or too few samples.
    pub(super) groups: Vec<IntervalGroup>,
    /// Time of the newest sample shortly before the end of the range; `None` if there is none.
    pub(super) newest: Option<Timestamp>,
}

impl Sampling {
    /// Returns the longest interval of all selectors: that of values that must not repeat.
    pub(super) fn widest(&self) -> Option<Span> {
        self.measured.iter().filter_map(SelectorSampling::slowest).max()
    }

    /// Returns the time of the newest sample of all selectors shortly before the end of the range.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.measured.iter().filter_map(|selector| selector.newest).max()
    }
}

impl SelectorSampling {
    /// Returns the longest interval, apart from those of series that only a range selects beside others.
    pub(super) fn slowest(&self) -> Option<Span> {
        let within = |group: &&IntervalGroup| group.interval <= super::LOOKBACK;
        let visible = self.groups.iter().rev().find(within);
        visible.or(self.groups.first()).map(|group| group.interval)
    }
}

/// Measures the samples of the selectors of an expression over a range.
pub(super) async fn measure<S, E>(source: &mut Source<S>, expr: &str, range: TimeRange) -> Sampling
where
    S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    E: From<ReplyError> + Display,
{
    let mut sampling = Sampling::default();
    let mut known: Vec<SelectorWindow<'_>> = Vec::new();
    for found in selector_windows(expr) {
        if known.len() < MAX_SELECTORS && !known.contains(&found) {
            known.push(found);
        }
    }
    for SelectorWindow { selector, window } in known {
        let single = match selection(selector).metric {
            Some(_) => Ok(vec![selector.to_owned()]),
            None => names(source, selector, range).await,
        };
        let single = match single {
            Ok(single) => single,
            Err(reason) => {
                sampling.failed.push((selector.to_owned(), reason));
                continue;
            }
        };
        for selector in single {
            if sampling.measured.len() == MAX_SELECTORS {
                return sampling;
            }
            match measure_one(source, &selector, range).await {
                Ok((groups, newest)) => {
                    sampling.measured.push(SelectorSampling { selector, window, groups, newest });
                }
                Err(reason) => sampling.failed.push((selector, reason)),
            }
        }
    }
    sampling
}

/// Looks for the newest sample of each selector of an expression and measures nothing.
pub(super) async fn newest_only<S, E>(
    source: &mut Source<S>,
    expr: &str,
    end: Timestamp,
) -> Sampling
where
    S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    E: From<ReplyError> + Display,
{
    let mut sampling = Sampling::default();
    for SelectorWindow { selector, window } in selector_windows(expr) {
        let selector = selector.to_owned();
        if sampling.measured.iter().any(|known| known.selector == selector) {
            continue;
        }
        if sampling.measured.len() == MAX_SELECTORS {
            break;
        }
        match source.instant(format!("max(timestamp({selector}))"), Some(end)).await {
            Ok(reply) => {
                let newest = read(&reply).1;
                let groups = Vec::new();
                sampling.measured.push(SelectorSampling { selector, window, groups, newest });
            }
            Err(reason) => sampling.failed.push((selector, reason)),
        }
    }
    sampling
}

/// Returns a selector of each metric that a selector without a metric name matches, most series first. Functions over
/// a range drop the name, and fail where two metrics have series with the same labels.
async fn names<S, E>(
    source: &mut Source<S>,
    selector: &str,
    range: TimeRange,
) -> Result<Vec<String>, String>
where
    S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    E: From<ReplyError> + Display,
{
    let query = format!("count by (__name__) (last_over_time({selector}{}))", over(range));
    let mut found = source.instant(query, Some(range.end)).await?.samples;
    found.sort_by(|a, b| b.value.total_cmp(&a.value));
    let named = found.iter().filter_map(|sample| sample.labels.metric_name());
    Ok(named.filter_map(|name| with_metric_name(selector, name)).take(MAX_SELECTORS).collect())
}

/// Returns the groups of intervals of a selector of one metric, and its newest sample.
async fn measure_one<S, E>(
    source: &mut Source<S>,
    selector: &str,
    range: TimeRange,
) -> Result<(Vec<IntervalGroup>, Option<Timestamp>), String>
where
    S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
    E: From<ReplyError> + Display,
{
    let (mut groups, mut newest, mut guess) = (Vec::new(), None, None);
    for (at, window) in WINDOWS.into_iter().enumerate() {
        let counted = format!(
            "count_values(\"{COUNT}\", max_over_time(count_over_time({selector}[{window}]){}))",
            over(range)
        );
        let query = match at {
            0 => format!("{counted} or max(timestamp({selector}))"),
            _ => counted,
        };
        let reply = match source.instant(query, Some(range.end)).await {
            Ok(reply) => reply,
            Err(reason) if at == 0 => return Err(reason),
            // Longer windows may hold more samples than a source takes.
            Err(_) => break,
        };
        let (counts, time) = read(&reply);
        newest = newest.or(time);
        groups = interval::groups(&counts, window);
        let few = counts.iter().map(|(samples, _)| *samples).filter(|samples| *samples < MIN_COUNT);
        let most = few.max();
        if !groups.is_empty() && (at > 0 || most.is_none()) {
            break;
        }
        let estimate = most.and_then(|most| interval::interval(most, window));
        guess = [guess, estimate].into_iter().flatten().min();
    }
    if groups.is_empty() {
        groups.extend(guess.map(|interval| IntervalGroup { interval, series: 1 }));
    }
    Ok((groups, newest))
}

/// Returns how many series have which number of samples, and the newest time.
fn read(reply: &Vector) -> (Vec<(u64, usize)>, Option<Timestamp>) {
    let (mut counts, mut newest) = (Vec::new(), None);
    for sample in &reply.samples {
        match sample.labels.get(COUNT).map(str::parse::<f64>) {
            Some(Ok(samples)) if (0.0..MAX_COUNT).contains(&samples) => {
                counts.push((samples as u64, sample.value as usize));
            }
            Some(_) => {}
            None => newest = Timestamp::from_seconds(sample.value),
        }
    }
    counts.sort_unstable();
    (counts, newest)
}

/// Returns the subquery that looks at [`POINTS`] points of a range.
fn over(range: TimeRange) -> String {
    let span = range.span().max(WINDOWS[0]);
    let between = Span::from_millis((span.millis() / POINTS).saturating_sub(PHASE.millis()));
    let step = between.max(Span::from_seconds(5));
    format!("[{span}:{step}]")
}

//! Series from where the odd one comes from, ranked by how unusual their change in the window of an event is for them.
//!
//! It does no I/O: [`SeriesOrigin`] says where the odd series comes from and which series may be asked for, [`PickedSelectors`] cuts
//! them to a polite number of queries, and [`rank`] judges the answers. The window of the event is compared with the
//! four windows before it, as Netdata's metric correlations do (Netdata documentation, "Metric Correlations"); what is
//! new here is that each series is judged by how far it moved at other times, and all of them together: at most one in
//! twenty of those that are named moved by chance (Benjamini and Hochberg, "Controlling the false discovery rate", 1995).
//! That something moved at the same time does not make it the cause.

mod change;
mod origin;
mod pick;
mod window;

pub use change::{SeriesChange, SeriesFate, fate};
pub use origin::{LabelScope, SeriesOrigin};
pub use pick::{CandidateSeries, MAX_SERIES, PickedSelectors};
pub use window::ComparisonWindows;

use crate::counter::{growth, is_counter};
use crate::words::related as words;
use oddity_detect::series::{Labels, METRIC_NAME, Series};
use oddity_detect::time::{Span, Timestamp};
use oddity_source::unit::Unit;

/// The share of the named series that may have moved by chance.
const CHANCE: f64 = 0.05;

/// From this correlation of the samples before the window on, a series is taken for a copy of the odd one.
const COPY: f64 = 0.999;

/// Onsets that are so many steps apart are at the same time.
const SAME: u64 = 1;

/// The odd series, beside which others are looked at.
#[derive(Clone, Debug)]
pub struct AnomalousSeries {
    /// Start of the event of the odd series.
    pub onset: Timestamp,
    /// Samples of the odd series on the grid of the windows; empty where they are not known.
    pub values: Vec<f64>,
}

/// Result of the comparison with other series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RelatedSeries {
    /// Series that changed by more than chance, most unusual first; one per metric.
    pub changed: Vec<ChangedSeries>,
    /// Series that appeared in the window.
    pub appeared: Vec<Labels>,
    /// Series whose samples stopped before the window.
    pub stopped: Vec<Labels>,
    /// Number of series that could be judged.
    pub judged: usize,
    /// Number of series with too few samples.
    pub unknown: usize,
    /// Number of series that are copies of the odd one, or mirror images of it.
    pub copies: usize,
}

impl RelatedSeries {
    /// Returns how many metrics changed: "2 metrics changed more than chance explains, most unusual first".
    pub fn words(&self) -> String {
        words::summary(self.changed.len())
    }
}

/// Series that changed in the window.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedSeries {
    /// Labels of the series.
    pub labels: Labels,
    /// Whether the series is a counter, whose increase per second was compared.
    pub counter: bool,
    /// Unit of the values.
    pub unit: Unit,
    /// Change of the series in the window.
    pub change: SeriesChange,
    /// Start of the change, compared with that of the event.
    pub timing: OnsetTiming,
    /// The values before and in the window, for a small picture.
    pub values: Vec<f64>,
    /// Number of other series of the same metric that changed too, less unusually.
    pub others: usize,
}

/// Start of a change, compared with that of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnsetTiming {
    /// Earlier by this span.
    Before(Span),
    /// Within one step.
    Same,
    /// Later by this span.
    After(Span),
}

/// Judges what was fetched on the grid of `windows`. Cost: O(n log n) a series.
pub fn rank(
    windows: &ComparisonWindows,
    odd: &AnomalousSeries,
    series: &[Series],
) -> RelatedSeries {
    let mut found = RelatedSeries::default();
    let mut judged = Vec::new();
    for one in series.iter().filter(|one| one.values.len() == windows.grid.len) {
        let counter = counts(one);
        let values = if counter { per_second(one, windows) } else { one.values.to_vec() };
        match fate(&values, windows.len) {
            _ if is_copy(&values, &odd.values, windows.len) => found.copies += 1,
            SeriesFate::Changed(change) => judged.push((one, counter, values, change)),
            SeriesFate::Appeared => found.appeared.push(one.labels.clone()),
            SeriesFate::Stopped => found.stopped.push(one.labels.clone()),
            SeriesFate::Unknown => found.unknown += 1,
        }
    }
    found.judged = judged.len();
    judged.sort_by(|(a, .., x), (b, .., y)| {
        (x.probability.total_cmp(&y.probability))
            .then(y.ratio.unwrap_or(0.0).total_cmp(&x.ratio.unwrap_or(0.0)))
            .then(a.labels.cmp(&b.labels))
    });
    let probabilities: Vec<f64> = judged.iter().map(|(.., change)| change.probability).collect();
    judged.truncate(discoveries(&probabilities, CHANCE));
    for (one, counter, values, change) in judged {
        let name = one.labels.metric_name();
        let same =
            |changed: &&mut ChangedSeries| name.is_some() && changed.labels.metric_name() == name;
        if let Some(known) = found.changed.iter_mut().find(same) {
            known.others += 1;
            continue;
        }
        found.changed.push(ChangedSeries {
            labels: one.labels.clone(),
            counter,
            unit: unit(&one.labels, counter),
            change,
            timing: OnsetTiming::of(windows.grid.at(change.onset), odd.onset, windows),
            values: values[values.len() - 5 * windows.len..].to_vec(),
            others: 0,
        });
    }
    found
}

impl OnsetTiming {
    fn of(onset: Timestamp, odd: Timestamp, windows: &ComparisonWindows) -> Self {
        let step = windows.grid.step;
        let odd = odd.floor_to(step);
        match (odd.since(onset), onset.since(odd)) {
            (early, _) if early.millis() > SAME * step.millis() => Self::Before(early),
            (_, late) if late.millis() > SAME * step.millis() => Self::After(late),
            _ => Self::Same,
        }
    }

    /// Returns when the change began: "2 min before", "at the same time".
    pub fn words(self) -> String {
        match self {
            Self::Before(span) => words::before(span),
            Self::Same => words::SAME_TIME.to_owned(),
            Self::After(span) => words::after(span),
        }
    }
}

impl ChangedSeries {
    /// Returns PromQL that shows the series: a counter as its rate.
    pub fn expr(&self, step: oddity_detect::time::Step) -> String {
        let window = Span::from_seconds(300).max(step.times(4));
        if self.counter {
            format!("rate({}[{window}])", self.labels)
        } else {
            self.labels.to_string()
        }
    }

    /// Returns the change: "12/s to 96/s", "0.5, peak 12".
    pub fn words(&self) -> String {
        let change = &self.change;
        let before = self.unit.format(change.before);
        match change.brief {
            true => words::peak(&before, &self.unit.format(change.peak)),
            false => words::level(&before, &self.unit.format(change.during)),
        }
    }

    /// Returns how unusual the change is: "23 times its usual change", "constant before".
    pub fn usual(&self) -> String {
        words::unusual(self.change.constant, self.change.ratio)
    }
}

/// Returns how many of ascending probabilities are named if a share of `chance` of them may be wrong.
///
/// Source: Benjamini and Hochberg, "Controlling the false discovery rate" (1995): the largest k of m with
/// `p_k <= k / m * chance`. It also holds where the series depend on one another in the usual way, rising together
/// (Benjamini and Yekutieli, 2001).
fn discoveries(ascending: &[f64], chance: f64) -> usize {
    let count = ascending.len() as f64;
    let named = |(at, p): (usize, &f64)| *p <= (at + 1) as f64 / count * chance;
    ascending.iter().enumerate().rposition(named).map_or(0, |last| last + 1)
}

/// Returns whether a series only grows: by its name, or because it grows most of the time and falls only to start
/// anew.
fn counts(series: &Series) -> bool {
    let known = || series.values.iter().filter(|value| !value.is_nan());
    let pairs = || known().zip(known().skip(1));
    let rises = pairs().filter(|(a, b)| b > a).count();
    let falls = pairs().filter(|(a, b)| b < a).count();
    is_counter(series, None) || falls == 0 && 2 * rises > known().count()
}

fn per_second(series: &Series, windows: &ComparisonWindows) -> Vec<f64> {
    let seconds = windows.grid.step.span().as_seconds();
    growth(&series.values).values.into_iter().map(|grown| grown / seconds).collect()
}

fn unit(labels: &Labels, counter: bool) -> Unit {
    let name = labels.get(METRIC_NAME).unwrap_or_default();
    Unit::from_query(&if counter { format!("rate({name}[5m])") } else { name.to_owned() })
}

/// Returns whether the samples before the window follow those of the odd series or mirror them, whatever their unit.
fn is_copy(values: &[f64], odd: &[f64], len: usize) -> bool {
    if values.len() != odd.len() || len == 0 {
        return false;
    }
    let pairs = || {
        let before = values.iter().zip(odd).take(values.len().saturating_sub(len));
        before.filter(|(a, b)| a.is_finite() && b.is_finite())
    };
    let count = pairs().count() as f64;
    let (a, b) = pairs().fold((0.0, 0.0), |sum, (a, b)| (sum.0 + a / count, sum.1 + b / count));
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    for (x, y) in pairs() {
        aa += (x - a) * (x - a);
        bb += (y - b) * (y - b);
        ab += (x - a) * (y - b);
    }
    count >= 10.0 && (ab / (aa * bb).sqrt()).abs() >= COPY
}

#[cfg(test)]
mod tests;

//! Times at which the condition of a query holds, such as the `> 0.85` of an alert's expression.

use crate::analysis::Analysis;
use oddity_detect::series::{Labels, METRIC_NAME, Series, short_names};
use oddity_detect::time::{Span, TimeRange};
use oddity_source::prometheus::{ConditionSamples, LoadedCondition};

/// A time during which the condition holds without a pause.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldingPeriod {
    /// Index of the judged series; `None` if the condition is about none of them.
    pub series: Option<usize>,
    /// Labels of the series.
    pub labels: Labels,
    /// Labels in which the series differs from the others.
    pub name: String,
    /// Times of the first and the last sample for which it holds.
    pub range: TimeRange,
    /// Time from the first of these samples to the next sample after the last.
    pub lasted: Span,
    /// Whether it holds at the end of the judged range.
    pub is_ongoing: bool,
}

impl Analysis {
    /// Returns the condition of the query; `None` if it has none, or none that can be taken off.
    pub fn condition(&self) -> Option<&LoadedCondition> {
        self.detected.loaded.condition.as_ref()
    }

    /// Returns the times of the judged range at which the condition of the query holds, oldest first; `None` without a
    /// condition, and if its times are not known. Cost: one pass over the samples.
    pub fn holding(&self) -> Option<Vec<HoldingPeriod>> {
        let loaded = &self.detected.loaded;
        let LoadedCondition { condition, samples } = self.condition()?;
        let mut all = match samples {
            ConditionSamples::Judged => self.of_judged(|value| condition.holds(value)),
            ConditionSamples::Asked(asked) => {
                let names = short_names(&asked.iter().map(|one| &one.labels).collect::<Vec<_>>());
                let holds =
                    |value: f64| !(value.is_nan() || condition.returns_bool && value == 0.0);
                let places = places(&loaded.series, asked);
                let named = asked.iter().zip(names).zip(places);
                let query = &loaded.query;
                let before = |one: &Series| query.step.count(one.grid.start, query.start);
                named
                    .flat_map(|((one, name), series)| {
                        periods(one, before(one), series, &name, holds)
                    })
                    .collect()
            }
            ConditionSamples::Unknown => return None,
        };
        all.sort_by_key(|period| (period.range.start, period.range.end));
        Some(all)
    }

    fn of_judged(&self, holds: impl Fn(f64) -> bool + Copy) -> Vec<HoldingPeriod> {
        let loaded = &self.detected.loaded;
        let series = loaded.series.iter().zip(&self.detected.series).enumerate();
        series
            .flat_map(|(at, (one, found))| {
                periods(one, loaded.query.history, Some(at), &found.prepared.name, holds)
            })
            .collect()
    }
}

/// Returns the periods of one series from the sample `first` on.
fn periods(
    series: &Series,
    first: usize,
    index: Option<usize>,
    name: &str,
    holds: impl Fn(f64) -> bool,
) -> Vec<HoldingPeriod> {
    let (mut found, mut at) = (Vec::new(), first);
    let values = &series.values;
    while at < values.len() {
        let start = at;
        while at < values.len() && holds(values[at]) {
            at += 1;
        }
        if at > start {
            let range = TimeRange { start: series.grid.at(start), end: series.grid.at(at - 1) };
            found.push(HoldingPeriod {
                series: index,
                labels: series.labels.clone(),
                name: name.to_owned(),
                range,
                lasted: series.grid.step.times(at - start),
                is_ongoing: at == values.len(),
            });
        }
        at += 1;
    }
    found
}

/// Returns for each answer of the whole query the only judged series that has its labels. The whole may lack some of
/// them: a comparison by `on (job)` keeps no other.
fn places(judged: &[Series], asked: &[Series]) -> Vec<Option<usize>> {
    let fits = |labels: &Labels, one: &Series| {
        labels
            .iter()
            .filter(|(name, _)| *name != METRIC_NAME)
            .all(|(name, value)| one.labels.get(name) == Some(value))
    };
    asked
        .iter()
        .map(|one| {
            let mut fitting =
                judged.iter().enumerate().filter(|(_, judged)| fits(&one.labels, judged));
            let only = fitting.next().map(|(at, _)| at);
            only.filter(|_| fitting.next().is_none())
        })
        .collect()
}

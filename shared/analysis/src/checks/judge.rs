//! Verdict on the answer to one check: the window of the event against the time before.

use crate::knowledge::{CheckExpectation, CheckObservation};
use crate::related::{ComparisonWindows, SeriesChange, SeriesFate, fate};
use oddity_detect::event::Direction;
use oddity_detect::series::{Labels, METRIC_NAME, Series};
use oddity_detect::time::Timestamp;
use oddity_source::promql;
use oddity_source::unit::Unit;

/// Maximum probability, over all series of an answer, of a move that counts as unusual.
const CHANCE: f64 = 0.01;

/// Maximum share of the samples before at which a condition may hold that is said to begin.
const RARE: f64 = 0.1;

/// Samples after the start of the event within which a condition must begin to have come first, as far as the start is
/// known.
const LATE: usize = 2;

/// Judges an answer. Returns what it shows, and whether that is what is expected; `None` where that cannot be decided.
pub(super) fn judge(
    expect: CheckExpectation,
    query: &str,
    series: &[Series],
    windows: &ComparisonWindows,
    onset: Timestamp,
) -> (CheckObservation, Option<bool>) {
    let filtered = promql::is_filtered(query);
    match expect {
        CheckExpectation::Begins => begins(filtered, query, series, windows, onset),
        CheckExpectation::Holds => holds(filtered, query, series),
        CheckExpectation::Rises => {
            moves(query, series, windows, |change| change.direction == Direction::Up)
        }
        CheckExpectation::Falls => {
            moves(query, series, windows, |change| change.direction == Direction::Down)
        }
        CheckExpectation::Moves => moves(query, series, windows, |_| true),
        CheckExpectation::Steady => {
            let (observed, moved) = moves(query, series, windows, |_| true);
            (observed, moved.map(|moved| !moved))
        }
    }
}

/// Returns whether the condition of a query holds for a sample: where the query has a condition itself, samples for which
/// it does not hold are missing.
fn is_hit(filtered: bool, value: f64) -> bool {
    !value.is_nan() && (filtered || value != 0.0)
}

fn begins(
    filtered: bool,
    query: &str,
    series: &[Series],
    windows: &ComparisonWindows,
    onset: Timestamp,
) -> (CheckObservation, Option<bool>) {
    if series.is_empty() {
        // A query with a condition returns nothing where it never held.
        return match filtered {
            true => (CheckObservation::NotHeld, Some(false)),
            false => (CheckObservation::NoSeries, None),
        };
    }
    let first = windows.grid.len - windows.len;
    let hit_at = |at: usize| series.iter().any(|one| is_hit(filtered, one.values[at]));
    let before = (0..first).filter(|at| hit_at(*at)).count();
    let Some(at) = (first..windows.grid.len).find(|at| hit_at(*at)) else {
        return (CheckObservation::NotHeld, Some(false));
    };
    let unit = Unit::from_query(query);
    let hits: Vec<&Series> = series
        .iter()
        .filter(|one| one.values[first..].iter().any(|value| is_hit(filtered, *value)))
        .collect();
    let values = hits.iter().flat_map(|one| &one.values[first..]).copied();
    let value = values.filter(|value| is_hit(filtered, *value)).fold(f64::NEG_INFINITY, f64::max);
    // What holds now and then before says nothing about this event.
    if before as f64 > RARE * first as f64 {
        return (CheckObservation::AsBefore { value, unit }, None);
    }
    let at = (0..at).rev().take_while(|at| hit_at(*at)).last().unwrap_or(at);
    let earliest = windows.grid.nearest(onset).map_or(windows.grid.len, |onset| onset + LATE);
    let labels = hits.first().map(|one| named(&one.labels)).unwrap_or_default();
    let observed = CheckObservation::Began {
        labels,
        series: hits.len(),
        value,
        at: windows.grid.at(at),
        unit,
    };
    (observed, Some(at <= earliest))
}

fn holds(filtered: bool, query: &str, series: &[Series]) -> (CheckObservation, Option<bool>) {
    if series.is_empty() {
        return match filtered {
            true => (CheckObservation::NotHeld, Some(false)),
            false => (CheckObservation::NoSeries, None),
        };
    }
    let last = series.iter().filter_map(|one| one.values.last().copied());
    let hit = last.filter(|value| is_hit(filtered, *value)).reduce(f64::max);
    match hit {
        Some(value) => {
            (CheckObservation::Held { value, unit: Unit::from_query(query) }, Some(true))
        }
        None => (CheckObservation::NotHeld, Some(false)),
    }
}

fn moves(
    query: &str,
    series: &[Series],
    windows: &ComparisonWindows,
    wanted: impl Fn(&SeriesChange) -> bool,
) -> (CheckObservation, Option<bool>) {
    if series.is_empty() {
        return (CheckObservation::NoSeries, None);
    }
    let judged: Vec<(&Series, SeriesChange)> = series
        .iter()
        .filter_map(|one| match fate(&one.values, windows.len) {
            SeriesFate::Changed(change) => Some((one, change)),
            _ => None,
        })
        .collect();
    let limit = CHANCE / judged.len().max(1) as f64;
    let unusual = |change: &SeriesChange| change.probability <= limit;
    let found = most_unusual(judged.iter().filter(|(_, change)| unusual(change) && wanted(change)));
    let Some(&(one, change)) = found.or_else(|| most_unusual(judged.iter())) else {
        return (CheckObservation::TooFew, None);
    };
    let observed = CheckObservation::Moved {
        labels: named(&one.labels),
        before: change.before,
        during: if change.brief { change.peak } else { change.during },
        unusual: unusual(&change).then_some((change.constant, change.ratio)),
        unit: Unit::from_query(query),
    };
    (observed, Some(found.is_some()))
}

fn most_unusual<'a, 'b>(
    all: impl Iterator<Item = &'b (&'a Series, SeriesChange)>,
) -> Option<&'b (&'a Series, SeriesChange)>
where
    'a: 'b,
{
    all.min_by(|(_, a), (_, b)| a.probability.total_cmp(&b.probability))
}

/// Returns the labels without the name of the metric, which the query says.
fn named(labels: &Labels) -> Labels {
    let kept = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
    Labels::new(kept.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

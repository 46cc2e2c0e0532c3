//! Regimes: on which scale, with which short season and with which least spreads a stretch of marks is learnt.

use super::clock::DAY;
use super::grid::FineGrid;
use super::marks::Marks;
use super::short::ShortSeason;
use super::transform::Transform;
use crate::stats::sorted::{quantile, sorted};

/// Number of marks from which the first regime is decided.
const FIRST_MARKS: usize = 6;

/// Ages in days of the detection grid at which a short season is looked for.
const SHORT_SEASON_AGES: [usize; 5] = [2, 4, 8, 16, 32];

/// Number of days of samples in which a short season is looked for.
const SHORT_SEASON_DAYS: usize = 4;

/// Settings of a stretch of marks, decided by the samples before it.
pub(super) struct Regime {
    /// First mark.
    pub from: usize,
    pub transform: Transform,
    pub short: Option<ShortSeason>,
    /// Smallest spread on the scale.
    pub floor: f64,
    /// Smallest spread in the unit of the series: a share of the distance between the values that occur.
    pub quantum: f64,
}

impl Regime {
    /// Returns the value of the short season at a time in seconds since the epoch; 0 without one.
    pub(super) fn short_season(&self, time: i64) -> f64 {
        self.short.as_ref().map_or(0.0, |season| season.at(time))
    }

    /// Returns whether marks are learnt in the same way in another regime.
    pub(super) fn is_learnt_alike(&self, other: &Self) -> bool {
        self.transform == other.transform && self.short == other.short
    }
}

/// Decides scale, short season and floors each time a series has twice the marks, and at fixed ages of the detection grid.
pub(super) fn regimes(
    marks: &Marks,
    reference: &[f64],
    grid: FineGrid,
    quotient: bool,
) -> Vec<Regime> {
    let first = marks.first();
    let begin = grid.start_millis.div_euclid(1_000);
    let first_day = begin.div_euclid(DAY) + i64::from(begin.rem_euclid(DAY) > 0);
    let short_marks: Vec<usize> = SHORT_SEASON_AGES
        .iter()
        .map(|age| ((first_day + *age as i64) * DAY - marks.start) / marks.step)
        .filter_map(|mark| usize::try_from(mark).ok())
        .collect();
    let mut regimes = vec![Regime {
        from: 0,
        transform: Transform::Linear,
        short: None,
        floor: 1e-9,
        quantum: 0.0,
    }];
    let (mut count, mut due) = (0_usize, FIRST_MARKS);
    let last = ((grid.time(grid.len - 1) - marks.start) / marks.step) as usize;
    for at in first..=last.min(marks.len() - 1) {
        let looks = short_marks.contains(&at);
        if count >= due || looks {
            let before = &marks.values[..at];
            let previous = &regimes[regimes.len() - 1];
            let chosen = Transform::choose(before);
            let transform =
                if previous.transform.is_close_to(chosen) { previous.transform } else { chosen };
            let refound = (looks || transform != previous.transform)
                .then(|| find_short(marks.time(at), reference, grid, transform))
                .flatten();
            let kept = (!looks).then(|| previous.short.clone()).flatten();
            let short = refound.or(kept);
            let (floor, quantum) = floors(
                before,
                marks.values.get(first..at).unwrap_or_default(),
                transform,
                quotient,
            );
            regimes.push(Regime { from: at, transform, short, floor, quantum });
            while due <= count {
                due *= 2;
            }
        }
        count += usize::from(marks.values[at].is_finite());
    }
    regimes
}

/// Finds the short season in the days before a time in seconds since the epoch.
fn find_short(
    time: i64,
    reference: &[f64],
    grid: FineGrid,
    transform: Transform,
) -> Option<ShortSeason> {
    if grid.step_millis % 1_000 != 0 {
        return None;
    }
    let samples = grid.samples(time - SHORT_SEASON_DAYS as i64 * DAY, time);
    let start = grid.time(samples.start);
    if time - start < 2 * DAY - 3_600 {
        return None;
    }
    let y: Vec<f64> = reference[samples].iter().map(|v| transform.forward(*v)).collect();
    ShortSeason::find(&y, start, grid.step_millis / 1_000)
}

/// Returns the smallest spread on the scale, and in the unit of the series, by the marks before. `own` are those since the
/// first sample.
fn floors(before: &[f64], own: &[f64], transform: Transform, quotient: bool) -> (f64, f64) {
    let values: Vec<f64> = before.iter().copied().filter(|value| value.is_finite()).collect();
    let scaled = sorted(values.iter().map(|value| transform.forward(*value)).collect());
    let range = quantile(&scaled, 0.99) - quantile(&scaled, 0.01);
    let size = match transform {
        Transform::Linear => {
            0.002 * quantile(&sorted(values.iter().map(|value| value.abs()).collect()), 0.9)
        }
        Transform::Logarithm { .. } => 0.01,
    };
    let mut floor = (0.01 * range).max(size).max(1e-9);
    let order = sorted(values);
    let ratio = quotient
        && order.first().is_some_and(|low| *low >= 0.0)
        && order.last().is_some_and(|high| *high <= 1.0);
    // A share of few occurrences is missing where there are none, and large where there is one.
    if ratio && (order.len() as f64) < 0.9 * own.len() as f64 {
        let positive: Vec<f64> = order.iter().copied().filter(|value| *value > 0.0).collect();
        let usual = quantile(&positive, 0.1);
        floor = floor.max((1.5 * usual).min(0.13));
    }
    let distances = order.windows(2).map(|pair| pair[1] - pair[0]);
    let quantum = quantile(&sorted(distances.filter(|distance| *distance > 0.0).collect()), 0.02);
    (floor, if quantum.is_finite() { 0.08 * quantum } else { 0.0 })
}

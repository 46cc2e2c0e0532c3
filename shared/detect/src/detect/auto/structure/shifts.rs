//! Shifts: by how much the edges of a season come earlier or later from day to day, such as the end of a job that takes
//! longer on some nights.

use std::ops::Range;

use super::learn::Learned;
use super::marks::{Calendar, Marks};
use super::profile::Profile;

/// Largest shift in seconds that is looked for.
const MAX_SHIFT: i64 = 5_400;

/// Distance from the season in spreads from which an earlier sample may be shifted.
const FAR: f64 = 4.0;

/// Distance in spreads up to which a shift explains an earlier sample.
const NEAR: f64 = 2.0;

/// Factor by which a shift may exceed those seen.
const REACH: usize = 2;

/// Lowest and highest value of the season within reach of each mark, without its level; `None` where edges keep their time.
pub(super) struct Shifts {
    within_reach: Vec<Option<(f64, f64)>>,
}

impl Shifts {
    /// Learns the shifts at some marks from the days before each. Shape of `y`: one value a mark, NaN is missing.
    pub(super) fn of(
        marks: &Marks,
        calendars: &[Calendar],
        learned: &Learned,
        y: &[f64],
        at: Range<usize>,
    ) -> Self {
        let phases = marks.phases();
        let most = (MAX_SHIFT / marks.step) as usize;
        let mut within_reach = vec![None; y.len()];
        let mut mark = at.start;
        while mark < at.end {
            let of = learned.chosen[mark];
            let candidate = &learned.candidates[of];
            let calendar = &calendars[candidate.calendar];
            let day = calendar.day[mark];
            let alike = (mark..at.end)
                .take_while(|next| learned.chosen[*next] == of && calendar.day[*next] == day);
            let until = mark + alike.count();
            if !matches!(candidate.profile, Profile::Flat | Profile::Trend) {
                let mut row = vec![f64::NAN; phases];
                for at in marks_of(calendar, day) {
                    row[calendar.phase[at]] = candidate.values[at];
                }
                let days = candidate.profile.days(day, &calendar.weekday, |day| {
                    marks_of(calendar, day).any(|at| y[at].is_finite())
                });
                let shifts: Vec<Vec<usize>> = days
                    .into_iter()
                    .map(|day| {
                        let residual =
                            |at: usize| (y[at] - learned.levels[of][at], learned.spread[at]);
                        shifts(marks_of(calendar, day), &calendar.phase, residual, &row, most)
                    })
                    .collect();
                for (known, phase) in
                    within_reach[mark..until].iter_mut().zip(&calendar.phase[mark..until])
                {
                    let phase = *phase;
                    let mut seen: Vec<usize> = shifts.iter().map(|of| of[phase]).collect();
                    seen.sort_unstable_by(|a, b| b.cmp(a));
                    // A single day may have had an incident.
                    let reach = seen.get(1).map_or(0, |shift| REACH * shift);
                    *known = (reach > 0).then(|| hull(&row, phase, reach + 1));
                }
            }
            mark = until;
        }
        Self { within_reach }
    }

    /// Returns the lowest and the highest value of the season within reach of a mark and the next one; `None` where edges
    /// keep their time.
    pub(super) fn at(&self, mark: usize) -> Option<(f64, f64)> {
        self.within_reach[mark]
    }
}

/// Returns the marks of a local day.
fn marks_of(calendar: &Calendar, day: usize) -> Range<usize> {
    let first = |day: usize| calendar.day.partition_point(|of| *of < day);
    first(day)..first(day + 1)
}

/// Returns the shift of the edges near each phase on an earlier day: the least one that explains all samples there, in
/// marks; 0 where none is needed or none explains them. `residual` gives value and spread at a mark.
fn shifts(
    day: Range<usize>,
    phase: &[usize],
    residual: impl Fn(usize) -> (f64, f64),
    row: &[f64],
    most: usize,
) -> Vec<usize> {
    let mut found = vec![0; row.len()];
    for at in day {
        let (value, spread) = residual(at);
        let here = phase[at];
        let distance = (value - row[here]).abs();
        if distance.is_nan() || distance <= FAR * spread {
            continue;
        }
        let explains = |shift: &usize| {
            let (low, high) = hull(row, here, *shift);
            value >= low - NEAR * spread && value <= high + NEAR * spread
        };
        let Some(shift) = (1..=most).find(explains) else { continue };
        for near in 0..=2 * REACH * shift {
            let near = (here + near + row.len() - REACH * shift) % row.len();
            found[near] = found[near].max(shift);
        }
    }
    found
}

/// Returns the lowest and the highest value within some marks of a phase; the day before and the day after count as alike.
fn hull(row: &[f64], phase: usize, reach: usize) -> (f64, f64) {
    let near = (0..=2 * reach).map(|near| row[(phase + near + row.len() - reach) % row.len()]);
    let known = near.filter(|value| value.is_finite());
    known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (value.min(low), value.max(high))
    })
}

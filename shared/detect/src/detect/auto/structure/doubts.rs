//! Doubts about the calendar of a series: times at which another candidate season than the chosen one may be right.

use std::ops::Range;

use super::clock::{DAY, WallClock};
use super::learn::Learned;
use super::marks::{Calendar, Marks, interpolated};
use super::profile::Profile;
use crate::stats::sorted::{quantile, sorted};

/// Number of days after a change of clocks within which another candidate season may be right.
const CLOCK_CHANGE_DAYS: i64 = 8;

/// Marks at which the calendar of a series is not known yet.
pub(super) struct Doubts {
    /// Whether too few days of the kind of a mark were seen, so that any candidate may be right.
    unknown: Vec<bool>,
    /// Whether a mark lies on a day of the weekend and few of those were seen.
    new_weekend: Vec<bool>,
    /// UTC day of the last change of clocks before a mark; `None` if it is long ago.
    change: Vec<Option<usize>>,
    /// UTC day of each mark.
    day: Vec<usize>,
    /// Marks of each UTC day.
    days: Vec<Range<usize>>,
}

/// Candidate seasons that may be right, and where.
pub(super) struct OpenCandidates<'a> {
    doubts: &'a Doubts,
    learned: &'a Learned,
    /// Whether each candidate may be right after a change of clocks, for each UTC day.
    open: Vec<Vec<bool>>,
}

impl Doubts {
    pub(super) fn of(marks: &Marks, calendars: &[Calendar]) -> Self {
        let calendar = &calendars[0];
        let phases = marks.phases() as f64;
        let (mut weekend, mut working) = (0.0, 0.0);
        let (mut unknown, mut new_weekend) = (vec![false; marks.len()], vec![false; marks.len()]);
        let changes: Vec<usize> =
            calendars.iter().flat_map(|of| of.changes.iter().copied()).collect();
        let after = (CLOCK_CHANGE_DAYS * DAY / marks.step) as usize;
        let day: Vec<usize> = (0..marks.len()).map(|at| marks.utc_day(at)).collect();
        let last_change = |at: usize| {
            let before = changes.iter().filter(|change| (**change..=*change + after).contains(&at));
            before.max().map(|change| day[*change])
        };
        let change = (0..marks.len()).map(last_change).collect();
        for at in 0..marks.len() {
            let of_week = calendar.weekday[calendar.day[at]];
            let is_weekend = of_week >= 5;
            let known = marks.values[at].is_finite();
            if is_weekend {
                weekend += f64::from(u8::from(known));
            } else {
                working += f64::from(u8::from(known));
            }
            let few = |count: f64| count < 1.9 * phases;
            unknown[at] = (is_weekend && few(weekend))
                || (!is_weekend && few(working))
                || (of_week == 0 && few(weekend))
                || weekend < 3.8 * phases;
            new_weekend[at] = is_weekend && few(weekend);
        }
        Self { unknown, new_weekend, change, day, days: marks.utc_days() }
    }

    /// Returns the candidates that may be right: all where days of a kind are new, and after a change of clocks those that
    /// the days since then have not ruled out.
    pub(super) fn open<'a>(&'a self, learned: &'a Learned) -> OpenCandidates<'a> {
        let open = |marks: &Range<usize>| {
            let change = self.change[marks.clone()].iter().copied().flatten().max();
            change.map_or_else(Vec::new, |change| learned.open(change..self.day[marks.start]))
        };
        OpenCandidates { doubts: self, learned, open: self.days.iter().map(open).collect() }
    }
}

impl OpenCandidates<'_> {
    /// Returns whether a candidate may be right at a mark, beside the chosen one.
    fn is_open(&self, candidate: usize, mark: usize) -> bool {
        let doubts = self.doubts;
        let is_season =
            !matches!(self.learned.candidates[candidate].profile, Profile::Flat | Profile::Trend);
        let changed = || {
            let open = doubts.change[mark].and_then(|_| self.open[doubts.day[mark]].get(candidate));
            open.copied().unwrap_or(false)
        };
        is_season && (doubts.unknown[mark] || changed())
    }

    /// Returns the clocks that the season may follow at a mark.
    pub(super) fn clocks(&self, mark: usize) -> [bool; WallClock::ALL.len()] {
        let mut clocks = [false; WallClock::ALL.len()];
        for (of, candidate) in self.learned.candidates.iter().enumerate() {
            clocks[candidate.calendar] |= of == self.learned.chosen[mark] || self.is_open(of, mark);
        }
        clocks
    }

    /// Returns the expected value nearest to a sample among those that may be right.
    pub(super) fn nearest(&self, mark: usize, along: f64, y: f64, expected: f64) -> f64 {
        let (doubts, learned) = (self.doubts, self.learned);
        if y.is_nan() || (!doubts.unknown[mark] && doubts.change[mark].is_none()) {
            return expected;
        }
        let mut nearest = expected;
        if doubts.new_weekend[mark] && y < expected {
            // An unknown weekend may be as low as the night.
            let day = doubts.days[doubts.day[mark]].clone();
            let of = &learned.candidates[learned.chosen[mark]].values;
            let profile: Vec<f64> = of[day].iter().copied().filter(|v| v.is_finite()).collect();
            let low = quantile(&sorted(profile), 0.05) + learned.levels[learned.chosen[mark]][mark];
            if low.is_finite() {
                nearest = y.max(low.min(expected));
            }
        }
        for (of, candidate) in learned.candidates.iter().enumerate() {
            if !self.is_open(of, mark) {
                continue;
            }
            let other = interpolated(&candidate.values, mark, along)
                + interpolated(&learned.levels[of], mark, along);
            if (y - other).abs() < (y - nearest).abs() {
                nearest = other;
            }
        }
        nearest
    }
}

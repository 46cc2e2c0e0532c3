//! Doubts about the calendar of a series: times at which any candidate season may be the right one.

use std::ops::Range;

use super::clock::DAY;
use super::learn::Learned;
use super::marks::{Calendar, Marks, interpolated};
use super::profile::Profile;
use super::transform::sorted;
use crate::stats::sorted::quantile;

/// Number of days after a change of clocks within which each candidate season may be right.
const CLOCK_CHANGE_DAYS: i64 = 8;

/// Marks at which the calendar of a series is not known yet: any candidate season may be right there.
pub(super) struct Doubts {
    /// Whether each candidate may be right at a mark.
    pub any: Vec<bool>,
    /// Whether a mark lies on a day of the weekend and few of those were seen.
    new_weekend: Vec<bool>,
    /// Marks of the day of each mark.
    day: Vec<Range<usize>>,
}

impl Doubts {
    pub(super) fn of(marks: &Marks, calendars: &[Calendar]) -> Self {
        let calendar = &calendars[0];
        let phases = marks.phases() as f64;
        let (mut weekend, mut working) = (0.0, 0.0);
        let (mut any, mut new_weekend) = (vec![false; marks.len()], vec![false; marks.len()]);
        let mut day: Vec<Range<usize>> = Vec::with_capacity(marks.len());
        let changes: Vec<usize> =
            calendars.iter().flat_map(|of| of.changes.iter().copied()).collect();
        let after = (CLOCK_CHANGE_DAYS * DAY / marks.step) as usize;
        for of in marks.utc_days() {
            day.extend(of.clone().map(|_| of.clone()));
        }
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
            let unknown = (is_weekend && few(weekend))
                || (!is_weekend && few(working))
                || (of_week == 0 && few(weekend));
            let changed = changes.iter().any(|change| at > *change && at <= change + after);
            any[at] = changed || unknown || weekend < 3.8 * phases;
            new_weekend[at] = is_weekend && few(weekend);
        }
        Self { any, new_weekend, day }
    }

    /// Returns the expected value nearest to a sample among those that may be right.
    pub(super) fn nearest(
        &self,
        learned: &Learned,
        mark: usize,
        along: f64,
        y: f64,
        expected: f64,
    ) -> f64 {
        if !self.any[mark] || y.is_nan() {
            return expected;
        }
        let mut nearest = expected;
        if self.new_weekend[mark] && y < expected {
            // An unknown weekend may be as low as the night.
            let day = self.day[mark].clone();
            let of = &learned.candidates[learned.chosen[mark]].values;
            let profile: Vec<f64> = of[day].iter().copied().filter(|v| v.is_finite()).collect();
            let low = quantile(&sorted(profile), 0.05) + learned.levels[learned.chosen[mark]][mark];
            if low.is_finite() {
                nearest = y.max(low.min(expected));
            }
        }
        for (of, candidate) in learned.candidates.iter().enumerate() {
            if matches!(candidate.profile, Profile::Flat | Profile::Trend) {
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

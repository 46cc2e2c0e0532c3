//! Marks: the coarse grid on which weeks of the past are learnt, with day, weekday and phase by each wall clock.

use std::ops::Range;

use super::clock::{DAY, WallClock, weekday};
use crate::detect::DetectorInput;

/// Coarse samples of a series: the long past, continued by the samples at the marks of the detection grid.
pub(super) struct Marks {
    /// Time of the first mark in seconds since the epoch, a multiple of `step`.
    pub start: i64,
    /// Distance of marks in seconds, a divisor of a day.
    pub step: i64,
    /// One value a mark, through the day after the last sample; NaN is missing or unknown yet.
    pub values: Vec<f64>,
}

/// Calendar of the marks by one wall clock.
pub(super) struct Calendar {
    /// Local day of each mark, counted from the first.
    pub day: Vec<usize>,
    /// Index of each mark within its local day.
    pub phase: Vec<usize>,
    /// Weekday of each local day, 0 is Monday.
    pub weekday: Vec<i64>,
    /// Marks at which the clock is set forward or back.
    pub changes: Vec<usize>,
}

impl Marks {
    /// Returns the marks of a series; `None` without a long past, or where its grid does not divide the day.
    pub(super) fn of(input: DetectorInput<'_>) -> Option<Self> {
        let past = input.long_past?;
        let step = seconds(past.grid.step.millis() as i64)?;
        let fine = input.grid.step.millis() as i64;
        if step <= 0 || DAY % step != 0 || fine > step * 1_000 || input.grid.len == 0 {
            return None;
        }
        let start = past.grid.start.0.div_euclid(1_000).div_euclid(step) * step;
        let first = input.grid.start.0;
        let last = first + fine * (input.grid.len as i64 - 1);
        // Through the day after the last sample, so that what is known of a day does not depend on where the samples end.
        let end = (last.div_euclid(1_000).div_euclid(DAY) + 2) * DAY;
        let count = usize::try_from((end - start) / step).ok()?;
        let mut values = vec![f64::NAN; count];
        for (value, past) in values.iter_mut().zip(past.values) {
            *value = finite(*past);
        }
        for (at, value) in values.iter_mut().enumerate() {
            let since = (start + step * at as i64) * 1_000 - first;
            if since >= 0 {
                let sample = (since / fine) as usize;
                *value = input.reference.get(sample).copied().map_or(f64::NAN, finite);
            }
        }
        Some(Self { start, step, values })
    }

    /// Returns the first mark with a value, the number of marks without one.
    pub(super) fn first(&self) -> usize {
        self.values.iter().position(|value| value.is_finite()).unwrap_or(self.len())
    }

    /// Returns the number of marks.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns the number of marks of a day.
    pub(super) fn phases(&self) -> usize {
        (DAY / self.step) as usize
    }

    /// Returns the time of a mark in seconds since the epoch.
    pub(super) fn time(&self, at: usize) -> i64 {
        self.start + self.step * at as i64
    }

    /// Returns the UTC day of a mark, counted from that of the first mark.
    pub(super) fn utc_day(&self, at: usize) -> usize {
        (self.time(at).div_euclid(DAY) - self.start.div_euclid(DAY)) as usize
    }

    /// Returns the marks of each UTC day, oldest first.
    pub(super) fn utc_days(&self) -> Vec<Range<usize>> {
        let mut days: Vec<Range<usize>> = Vec::new();
        for at in 0..self.len() {
            match days.last_mut() {
                Some(last) if self.utc_day(last.start) == self.utc_day(at) => last.end = at + 1,
                _ => days.push(at..at + 1),
            }
        }
        days
    }

    /// Returns the calendar of the marks by `clock`.
    pub(super) fn calendar(&self, clock: WallClock) -> Calendar {
        let per_hour = (3_600 / self.step).max(1) as usize;
        let (mut day, mut phase) = (Vec::with_capacity(self.len()), Vec::with_capacity(self.len()));
        let mut changes = Vec::new();
        let mut offset = clock.offset(self.start);
        let first = (self.start + offset).div_euclid(DAY);
        for at in 0..self.len() {
            let time = self.time(at);
            // Clocks change at full hours.
            if at % per_hour == 0 || time % 3_600 == 0 {
                let now = clock.offset(time);
                if now != offset {
                    changes.push(at);
                }
                offset = now;
            }
            let local = time + offset;
            day.push((local.div_euclid(DAY) - first).max(0) as usize);
            phase.push((local.rem_euclid(DAY) / self.step) as usize);
        }
        let days = day.last().map_or(0, |last| last + 1) as i64;
        let weekday = (0..days).map(|day| weekday(first + day)).collect();
        Calendar { day, phase, weekday, changes }
    }
}

/// Returns the value between a mark and the next, at a share of 0 to 1 of the way.
pub(super) fn interpolated(of: &[f64], mark: usize, along: f64) -> f64 {
    let here = of.get(mark).copied().unwrap_or(f64::NAN);
    if along == 0.0 {
        return here;
    }
    let next = of.get(mark + 1).copied().unwrap_or(f64::NAN);
    here + (next - here) * along
}

/// Returns whole seconds, `None` for a part of one.
fn seconds(millis: i64) -> Option<i64> {
    (millis % 1_000 == 0).then_some(millis / 1_000)
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

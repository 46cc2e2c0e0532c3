//! The detection grid by seconds and UTC days.

use std::ops::Range;

use super::clock::DAY;
use crate::series::Grid;

/// Detection grid in milliseconds since the epoch.
#[derive(Clone, Copy)]
pub(super) struct FineGrid {
    pub start_millis: i64,
    pub step_millis: i64,
    pub len: usize,
}

impl FineGrid {
    pub(super) fn of(grid: Grid) -> Self {
        let step_millis = grid.step.millis() as i64;
        Self { start_millis: grid.start.0, step_millis, len: grid.len }
    }

    pub(super) fn time_millis(self, at: usize) -> i64 {
        self.start_millis + self.step_millis * at as i64
    }

    /// Returns the samples within a span of time, in seconds since the epoch.
    pub(super) fn samples(self, from: i64, to: i64) -> Range<usize> {
        let index = |time: i64| {
            let since = time * 1_000 - self.start_millis;
            (since.max(0) as usize).div_ceil(self.step_millis as usize).min(self.len)
        };
        index(from)..index(to)
    }

    /// Returns the time of a sample in whole seconds since the epoch.
    pub(super) fn time(self, at: usize) -> i64 {
        self.time_millis(at).div_euclid(1_000)
    }

    /// Returns the samples of each UTC day, oldest first.
    pub(super) fn days(self) -> Vec<Range<usize>> {
        let mut days = Vec::new();
        let mut from = 0;
        while from < self.len {
            let midnight = (self.time_millis(from).div_euclid(DAY * 1_000) + 1) * DAY;
            let to = self.samples(midnight, midnight).start.max(from + 1);
            days.push(from..to);
            from = to;
        }
        days
    }
}

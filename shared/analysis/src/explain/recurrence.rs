//! Recurrence of an event at the same time of other hours, days or weeks.

use std::ops::Range;

use serde::Serialize;

use oddity_detect::detect::Detection;
use oddity_detect::event::{Direction, Event, EventKind};
use oddity_detect::series::Grid;
use oddity_detect::time::Span;

/// Cycle in which an event may recur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cycle {
    /// At the same minute of the hour.
    Hour,
    /// At the same time of day.
    Day,
    /// On the same day of the week.
    Week,
}

/// Recurrence of an event at the same time in `on` of `of` loaded cycles, including its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Recurrence {
    /// Shortest cycle in which the event recurs.
    pub cycle: Cycle,
    /// Number of cycles with a deviation on the same side of at least half the size.
    pub on: usize,
    /// Number of loaded cycles that have samples at this time.
    pub of: usize,
}

/// Minimum share of the cycles in which the event recurs.
const SHARE: f64 = 0.3;

/// Maximum probability of finding such a deviation at an arbitrary other time.
const CHANCE: f64 = 0.15;

impl Cycle {
    const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// Returns the length of the cycle and the tolerance within which two times of it are the same.
    fn lengths(self) -> (Span, Span) {
        let minutes = |count: u64| Span::from_seconds(60 * count);
        match self {
            Self::Hour => (minutes(60), minutes(3)),
            Self::Day => (minutes(24 * 60), minutes(15)),
            Self::Week => (minutes(7 * 24 * 60), minutes(30)),
        }
    }

    /// Returns the name of one cycle, for a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }
}

/// Finds the shortest cycle that the samples support: at least three are loaded, the deviation is there in three
/// tenths of them, and rarely at other times. Only excursions can recur. Cost: O(samples).
pub(super) fn recurrence(detection: &Detection, event: &Event, grid: Grid) -> Option<Recurrence> {
    let passes = match event.kind {
        EventKind::Spike | EventKind::Dip | EventKind::Record => true,
        EventKind::LevelShiftUp | EventKind::LevelShiftDown => event.recovered.is_some(),
        _ => false,
    };
    let (peak, expected) = (event.peak.value, event.reference.expected);
    if !passes || !peak.is_finite() || !expected.is_finite() {
        return None;
    }
    let half = expected / 2.0 + peak / 2.0;
    let beyond = |value: &f64| match event.direction {
        Direction::Up => *value >= half,
        Direction::Down => *value <= half,
    };
    let values = &detection.judged;
    let own = event.onset.index..event.recovered.unwrap_or(event.last + 1).min(values.len());
    Cycle::ALL.into_iter().find_map(|cycle| found(cycle, values, &own, grid, beyond))
}

fn found(
    cycle: Cycle,
    values: &[f64],
    own: &Range<usize>,
    grid: Grid,
    beyond: impl Fn(&f64) -> bool,
) -> Option<Recurrence> {
    let (length, tolerance) = cycle.lengths();
    let step = grid.step.millis();
    if !length.millis().is_multiple_of(step) || own.len() as u64 * step * 2 > length.millis() {
        return None;
    }
    let period = (length.millis() / step) as usize;
    let near = ((tolerance.millis() / step) as usize).max(2).min(period / 4);
    let first = own.start % period;
    let (mut on, mut of) = (0, 0);
    for phase in (first..values.len()).step_by(period) {
        let window = phase.saturating_sub(near)..(phase + near + 1).min(values.len());
        let there = &values[window];
        if there.iter().filter(|value| value.is_finite()).count() * 2 < there.len() {
            continue;
        }
        of += 1;
        on += usize::from(there.iter().any(&beyond));
    }
    // Samples at the event's own time of the cycle, for as long as it lasts, do not count as another time.
    let outside = |at: &usize| {
        let away = (at + period - first) % period;
        away > near + own.len() && period - away > near
    };
    let (mut elsewhere, mut hits) = (0_usize, 0_usize);
    for at in (0..values.len()).filter(outside) {
        elsewhere += 1;
        hits += usize::from(beyond(&values[at]));
    }
    let rate = hits as f64 / elsewhere.max(1) as f64;
    let chance = 1.0 - libm::pow(1.0 - rate, (2 * near + 1) as f64);
    let supported = of >= 3 && on >= 2 && on as f64 >= SHARE * of as f64;
    (supported && chance <= CHANCE).then_some(Recurrence { cycle, on, of })
}

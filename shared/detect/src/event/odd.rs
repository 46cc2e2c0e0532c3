//! The one decision whether a sample is odd: for the events of the table, the marks of every chart, and the rules.

use std::ops::Range;

use super::{Direction, Event, Rule, Sides};
use crate::detect::Detection;

/// A sample that a chart marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Index in the series.
    pub index: usize,
    /// Whether an event contains the sample; otherwise it is flagged, but did not make an event.
    pub in_event: bool,
    /// Side of the expected value on which the sample lies.
    pub direction: Direction,
}

/// Returns whether a sample is flagged: its score reaches the threshold of the rule, and its deviation counts.
pub fn is_flagged(detection: &Detection, rule: &Rule, at: usize) -> bool {
    is_odd(detection, rule, rule.threshold, at)
}

/// Returns whether the score of a sample reaches `threshold`, and its deviation counts for the rule.
///
/// Neighbours do not matter: whether an event begins is decided by alert score, cooldown and merge gap in addition.
pub(super) fn is_odd(detection: &Detection, rule: &Rule, threshold: f64, at: usize) -> bool {
    let score = detection.score[at];
    score > 0.0 && score >= threshold && deviation_counts(detection, rule, at)
}

/// Returns whether the deviation of a judged sample is on a side and of a size that the rule asks for. Missing samples
/// have no deviation and count where both sides do.
pub fn deviation_counts(detection: &Detection, rule: &Rule, at: usize) -> bool {
    let (value, expected) = (detection.judged[at], detection.expected[at]);
    if value.is_nan() {
        return rule.sides == Sides::Both;
    }
    let above = if value.is_infinite() { value } else { value - expected };
    let on_side = rule.sides == Sides::Both
        || above > 0.0 && rule.sides.include(Direction::Up)
        || above < 0.0 && rule.sides.include(Direction::Down);
    let far = above.abs() >= rule.min_deviation
        && (expected.is_nan() || above.abs() >= rule.min_relative * expected.abs());
    on_side && (far || value.is_infinite())
}

impl Sides {
    /// Returns whether a deviation to a side counts.
    pub(super) fn include(self, direction: Direction) -> bool {
        match self {
            Self::Up => direction == Direction::Up,
            Self::Down => direction == Direction::Down,
            Self::Both => true,
        }
    }
}

/// Returns the side of the expected value on which a sample lies.
pub(super) fn direction(detection: &Detection, at: usize) -> Direction {
    let (value, expected) = (detection.judged[at], detection.expected[at]);
    if value > expected || value == f64::INFINITY { Direction::Up } else { Direction::Down }
}

/// Returns the samples among `samples` that a chart marks, in their order: the onset of each event, the odd samples
/// within it, and flagged samples outside of any event. `events` are those of [`super::events`] with the same rule.
pub fn marks<'a>(
    detection: &'a Detection,
    rule: &'a Rule,
    events: &'a [Event],
    samples: Range<usize>,
) -> impl Iterator<Item = Mark> + 'a {
    let extending = rule.extending_threshold(detection);
    let mut events = events.iter().peekable();
    samples.filter_map(move |index| {
        while events.peek().is_some_and(|event| event.last < index) {
            events.next();
        }
        let event = events.peek().filter(|event| event.onset.index <= index);
        let threshold = if event.is_some() { extending } else { rule.threshold };
        let marked = is_odd(detection, rule, threshold, index)
            || event.is_some_and(|event| event.onset.index == index);
        marked.then(|| Mark {
            index,
            in_event: event.is_some(),
            direction: direction(detection, index),
        })
    })
}

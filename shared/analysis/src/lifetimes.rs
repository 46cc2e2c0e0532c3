//! Series that come and go: which series of a query ended for good, and which one continues another, as the pods of a
//! rollout do. Everything follows from label sets and the first and last samples; no label name means anything.
//!
//! A series continues another if both belong to one family, whose labels differ only in generated parts of their values
//! (`web-7d9f8b6c4-x2k9p`), or if they differ in at most two labels and at least one of them changed its value for good:
//! the old value has no sample after, the new one none before. Both have to happen within the tolerance of each other.
//!
//! Cost: O(n log n) for n series, times the number of pairs of labels in which they differ, of which at most
//! `MAX_PAIRED_LABELS` are looked at.

mod groups;
mod labels;
#[cfg(test)]
mod tests;

use oddity_detect::series::Labels;

use groups::Groups;
use labels::{LabelChange, LabelTable};

/// Number of samples at either end of a life in which most steps must have a sample, for the end to count as one.
const EDGE_SAMPLES: usize = 10;

/// Minimum share of these samples that are present. A series with fewer comes and goes all the time.
const MIN_PRESENT: f64 = 0.4;

/// Maximum number of differing labels of which pairs are looked at.
const MAX_PAIRED_LABELS: usize = 8;

/// First and last sample of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Index of the first sample.
    pub first: usize,
    /// Index of the last sample.
    pub last: usize,
    /// Whether samples came regularly from the first on.
    pub steady_start: bool,
    /// Whether samples came regularly until the last.
    pub steady_end: bool,
}

/// End of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LifeEnd {
    /// The series has samples until the data ends.
    #[default]
    Alive,
    /// Another series continues it.
    Replaced,
    /// The series ended while its family goes on, as after scaling down.
    Ended,
    /// Samples stopped coming and nothing explains that.
    Stopped,
}

/// Life of a series among the others of its query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// First and last sample; `None` without a sample.
    pub lifetime: Option<Lifetime>,
    /// Whether the series began after the data did.
    pub began: bool,
    /// Index of the series whose past this one inherits; `None` for a series as old as the data, or of a new kind.
    pub predecessor: Option<usize>,
    /// End of the series.
    pub end: LifeEnd,
    /// Number of the family that the series belongs to: those whose labels differ only in generated parts of their values.
    pub family: usize,
}

/// Lives of all series of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lives {
    /// Lives in the order of the series.
    pub lives: Vec<Life>,
    /// Name of the label whose values were replaced; `None` if none were.
    pub replaced_label: Option<String>,
}

impl Lifetime {
    /// Returns the life of a series; `None` without a sample. NaN is missing.
    pub fn of(values: &[f64]) -> Option<Self> {
        let present = |value: &f64| !value.is_nan();
        let first = values.iter().position(present)?;
        let last = values.iter().rposition(present)?;
        let steady = |values: &[f64]| {
            let count = values.iter().filter(|value| present(value)).count();
            count as f64 >= MIN_PRESENT * values.len() as f64
        };
        let edge = EDGE_SAMPLES.min(last + 1 - first);
        let steady_start = steady(&values[first..first + edge]);
        let steady_end = steady(&values[last + 1 - edge..=last]);
        Some(Self { first, last, steady_start, steady_end })
    }
}

impl Life {
    /// Returns whether the missing samples after the last one are no failure.
    pub fn has_ended(&self) -> bool {
        matches!(self.end, LifeEnd::Replaced | LifeEnd::Ended)
    }
}

/// Finds out which series ended and which continue others. `tolerance` is the number of samples by which the end of a
/// series and the start of its successor may lie apart; the two vectors have one entry for each series.
///
/// Whether a series has a predecessor, and which, depends on nothing later than `tolerance` samples after its first one,
/// except where a predecessor, or a value of a label that was replaced, comes back later.
pub fn lives(labels: &[&Labels], lifetimes: &[Option<Lifetime>], tolerance: usize) -> Lives {
    let known = || lifetimes.iter().flatten();
    let start = known().map(|life| life.first).min().unwrap_or_default();
    let end = known().map(|life| life.last).max().unwrap_or_default();
    // Series that are scraped seldom have their last sample some time before the others.
    let slack = tolerance / 3;
    let effective = |life: &Lifetime| {
        let last = if life.last + slack >= end { usize::MAX } else { life.last };
        Lifetime { last, ..*life }
    };
    let spans: Vec<Option<Lifetime>> =
        lifetimes.iter().map(|life| life.as_ref().map(effective)).collect();
    let began = |life: &Lifetime| life.first > start + tolerance;
    let mut found = Lives {
        lives: lifetimes
            .iter()
            .map(|&lifetime| Life {
                lifetime,
                began: lifetime.as_ref().is_some_and(began),
                ..Life::default()
            })
            .collect(),
        replaced_label: None,
    };
    let moves = |life: &Option<Lifetime>| {
        life.as_ref().is_some_and(|life| began(life) || life.last != usize::MAX)
    };
    if !spans.iter().any(moves) {
        return found;
    }
    let table = LabelTable::new(labels, &spans);
    let groups = Groups::new(&table, &spans, tolerance, start + tolerance);
    for (index, life) in found.lives.iter_mut().enumerate() {
        life.family = groups.family_number(index);
        if life.began {
            life.predecessor = groups.predecessor(index);
        }
        if spans[index].is_some_and(|span| span.last != usize::MAX) {
            life.end = groups.end(index);
        }
    }
    let replaced = (0..labels.len()).filter(|&index| found.lives[index].end == LifeEnd::Replaced);
    let changes = replaced.filter_map(|old| {
        let new = groups.successor(old)?;
        let (from, until) =
            (spans[new]?.first.saturating_sub(tolerance), spans[old]?.last + tolerance);
        Some(LabelChange { old, new, from, until })
    });
    found.replaced_label = table.changed_label(&changes.collect::<Vec<_>>());
    found
}

/// Returns the values of a series with the past that it inherits: those of its predecessor before `birth`, its own from
/// there on. Both have one grid, and the result has its length; NaN is missing.
///
/// The last `edge` samples of a predecessor that ended are left out: a rate falls towards the end of its counter.
pub fn with_inherited_past(
    own: &[f64],
    predecessor: &[f64],
    birth: usize,
    edge: usize,
) -> Vec<f64> {
    let birth = birth.min(own.len());
    let ended = predecessor.iter().rposition(|value| !value.is_nan()).map_or(0, |last| last + 1);
    let until = if ended < predecessor.len() { ended.saturating_sub(edge) } else { ended };
    let until = until.min(birth);
    let mut values = vec![f64::NAN; own.len()];
    values[..until].copy_from_slice(&predecessor[..until]);
    values[birth..].copy_from_slice(&own[birth..]);
    values
}

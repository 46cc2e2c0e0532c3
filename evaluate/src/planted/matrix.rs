//! A confusion matrix of planted anomalies and the kinds of their events.

use std::collections::BTreeMap;

use oddity_detect::event::EventKind;

use super::generate::Plant;

/// The number of findings of each kind for each planted anomaly.
#[derive(Clone, Debug, Default)]
pub struct Confusion {
    counts: BTreeMap<(Plant, &'static str), usize>,
}

impl Plant {
    /// Returns the name in tables.
    pub fn name(self) -> &'static str {
        self.kind().map_or("nothing", EventKind::name)
    }

    /// Returns the kind that an event of the anomaly should have; `None` if there should be none.
    pub fn kind(self) -> Option<EventKind> {
        Some(match self {
            Self::Nothing => return None,
            Self::Spike => EventKind::Spike,
            Self::Dip => EventKind::Dip,
            Self::ShiftUp => EventKind::LevelShiftUp,
            Self::ShiftDown => EventKind::LevelShiftDown,
            Self::Slope => EventKind::SlopeChange,
            Self::Drift => EventKind::Drift,
            Self::Variance => EventKind::VarianceChange,
            Self::Season => EventKind::SeasonBroken,
            Self::Flat => EventKind::FlatLine,
            Self::Gap => EventKind::Gap,
        })
    }
}

impl Confusion {
    /// Counts one series.
    pub fn add(&mut self, plant: Plant, found: Option<EventKind>) {
        *self.counts.entry((plant, name(found))).or_default() += 1;
    }

    /// Returns the share of the anomalies whose events have the right kind. A series without an anomaly does not count.
    pub fn right(&self) -> f64 {
        self.share(|plant, _| plant != Plant::Nothing)
    }

    /// Returns the share of one anomaly whose events have the right kind.
    pub fn right_of(&self, row: Plant) -> f64 {
        self.share(|plant, _| plant == row)
    }

    /// Returns the share of the noticed instances of an anomaly whose events have the right kind.
    pub fn right_of_noticed(&self) -> f64 {
        self.share(is_noticed)
    }

    /// Returns the kinds of the events of an anomaly and their numbers, most frequent first.
    pub fn found_for(&self, row: Plant) -> Vec<(&'static str, usize)> {
        let of_row = self.counts.iter().filter(|((plant, _), _)| *plant == row);
        let mut found: Vec<_> = of_row.map(|((_, found), count)| (*found, *count)).collect();
        found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        found
    }

    /// Returns the number of instances of an anomaly that had an event.
    pub fn noticed(&self) -> usize {
        self.count(is_noticed)
    }

    fn count(&self, of: impl Fn(Plant, &str) -> bool) -> usize {
        self.counts.iter().filter(|((plant, found), _)| of(*plant, found)).map(|(_, n)| n).sum()
    }

    fn share(&self, of: impl Fn(Plant, &str) -> bool) -> f64 {
        let right = self.count(|plant, found| of(plant, found) && found == name(plant.kind()));
        right as f64 / self.count(of).max(1) as f64
    }
}

fn name(found: Option<EventKind>) -> &'static str {
    found.map_or("nothing", EventKind::name)
}

fn is_noticed(plant: Plant, found: &str) -> bool {
    plant != Plant::Nothing && found != name(None)
}

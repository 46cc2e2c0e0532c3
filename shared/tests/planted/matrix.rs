//! A confusion matrix: what was planted, and what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use shared::event::Kind;

use crate::generate::Plant;

/// How often what was found for which plant.
#[derive(Debug, Default)]
pub struct Confusion {
    counts: BTreeMap<(Plant, &'static str), usize>,
}

impl Plant {
    /// The kind that an event of it should have, `None` if there should be none.
    pub fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::Nothing => return None,
            Self::Spike => Kind::Spike,
            Self::Dip => Kind::Dip,
            Self::ShiftUp => Kind::LevelShiftUp,
            Self::ShiftDown => Kind::LevelShiftDown,
            Self::Slope => Kind::SlopeChange,
            Self::Drift => Kind::Drift,
            Self::Variance => Kind::VarianceChange,
            Self::Season => Kind::SeasonBroken,
            Self::Flat => Kind::FlatLine,
            Self::Gap => Kind::Gap,
        })
    }
}

impl Confusion {
    /// Counts one series.
    pub fn add(&mut self, plant: Plant, found: Option<Kind>) {
        *self.counts.entry((plant, name(found))).or_default() += 1;
    }

    /// Share of the plants that were called by their names.
    pub fn right(&self) -> f64 {
        let right = |(plant, found): &(Plant, &str)| *found == name(plant.kind());
        let hits: usize = self.counts.iter().filter(|(cell, _)| right(cell)).map(|(_, n)| n).sum();
        hits as f64 / self.counts.values().sum::<usize>() as f64
    }

    /// Share of one plant that was called by its name.
    pub fn right_of(&self, plant: Plant) -> f64 {
        let of: Vec<_> = self.counts.iter().filter(|((row, _), _)| *row == plant).collect();
        let all: usize = of.iter().map(|(_, n)| **n).sum();
        let hits: usize = of
            .iter()
            .filter(|((_, found), _)| *found == name(plant.kind()))
            .map(|(_, n)| **n)
            .sum();
        hits as f64 / all.max(1) as f64
    }
}

impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found: BTreeSet<&str> = self.counts.keys().map(|(_, found)| *found).collect();
        writeln!(f, "{:<10}{:>7} %  found", "planted", "right")?;
        for plant in Plant::ALL {
            write!(f, "{:<10}{:>7.1}  ", format!("{plant:?}"), 100.0 * self.right_of(plant))?;
            for found in &found {
                if let Some(count) = self.counts.get(&(plant, *found)) {
                    write!(f, "  {found} {count}")?;
                }
            }
            writeln!(f)?;
        }
        writeln!(f, "{:<10}{:>7.1}", "all", 100.0 * self.right())
    }
}

fn name(found: Option<Kind>) -> &'static str {
    found.map_or("nothing", Kind::name)
}

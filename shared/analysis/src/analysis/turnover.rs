//! Series that ended or began within the judged range, counted for a remark.

use std::collections::BTreeSet;

use super::Analysis;
use crate::lifetimes::LifeEnd;
use oddity_detect::time::Timestamp;

/// Series of the judged range that ended or began although their kind went on, as in rollouts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Name of the label whose values changed; `None` if no series was replaced.
    pub label: Option<String>,
    /// Number of its values that were replaced, or of series where there is no such label.
    pub replaced: usize,
    /// Number of series that ended without a successor.
    pub ended: usize,
    /// Number of series that began and continue another, beyond those that replaced one.
    pub begun: usize,
    /// Times at which successors began, those close to each other as one.
    pub times: Vec<Timestamp>,
}

impl Analysis {
    /// Counts the series that ended or began in the judged range.
    pub fn turnover(&self) -> Turnover {
        let loaded = &self.detected.loaded;
        let label = self.detected.replaced_label.clone();
        let history = loaded.query.history;
        let lives = self.detected.series.iter().zip(&loaded.series);
        let (mut values, mut replaced, mut ended) = (BTreeSet::new(), 0, 0);
        let mut births: Vec<usize> = Vec::new();
        for (found, series) in lives {
            let life = &found.prepared.life;
            let Some(lifetime) = life.lifetime else { continue };
            if life.predecessor.is_some() && lifetime.first >= history {
                births.push(lifetime.first);
            }
            match life.end {
                LifeEnd::Replaced if lifetime.last >= history => {
                    replaced += 1;
                    values.extend(label.as_ref().and_then(|label| series.labels.get(label)));
                }
                LifeEnd::Ended if lifetime.last >= history => ended += 1,
                _ => {}
            }
        }
        births.sort_unstable();
        let begun = births.len().saturating_sub(replaced);
        let apart = self.detected.life_tolerance;
        let mut starts: Vec<usize> = Vec::new();
        let mut last = None;
        for &birth in &births {
            if last.is_none_or(|last| birth > last + apart) {
                starts.push(birth);
            }
            last = Some(birth);
        }
        let grid = loaded.query.grid();
        Turnover {
            replaced: if values.is_empty() { replaced } else { values.len() },
            label: label.filter(|_| !values.is_empty()),
            ended,
            begun,
            times: starts.into_iter().map(|at| grid.at(at)).collect(),
        }
    }
}

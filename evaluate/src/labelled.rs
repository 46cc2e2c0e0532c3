//! Folders of recordings with a label per row.

mod events;
mod precision;

pub use self::events::{Found, TOLERANCE, found};
pub use precision::average_precision;

use std::path::Path;

use oddity_detect::detect::Detector;
use oddity_detect::event::{OnsetCache, Rule, SeriesSamples, events};
use rayon::prelude::*;

use crate::data::{DataError, Recording, files};
use crate::verdict::judge;

/// Minimum number of rows of a recording that counts in the mean of the areas.
pub const MIN_ROWS: usize = 200;

/// The results of a detector on one recording or several.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Area under the precision-recall curve of the score; of several the mean. `None` without a labelled
    /// row, or with fewer than [`MIN_ROWS`] rows.
    pub area: Option<f64>,
    /// Agreement of the events at the default thresholds.
    pub events: Found,
}

/// Reads every recording with labels below a folder.
///
/// # Errors
/// [`DataError`] for a folder or file that cannot be read, or where no file has labels.
pub fn read(folder: &Path) -> Result<Vec<Recording>, DataError> {
    let names = files(folder)?;
    let all = names.par_iter().map(|name| Recording::read(folder, name));
    let mut all: Vec<Recording> = all.collect::<Result<_, _>>()?;
    all.retain(|recording| recording.labels.is_some());
    if all.is_empty() { Err(DataError::Unlabelled(folder.to_owned())) } else { Ok(all) }
}

/// Runs a detector on each recording, without history. Shape: one result a recording.
pub fn measure(recordings: &[Recording], detector: Detector) -> Vec<Measured> {
    recordings
        .par_iter()
        .map(|recording| {
            let labels = recording.labels.as_deref().unwrap_or_default();
            let detection = judge(detector, recording, 0).detection;
            let long = recording.values.len() >= MIN_ROWS;
            let area = long.then(|| average_precision(&detection.score, labels)).flatten();
            let grid = recording.grid();
            // Only where events begin counts here, which no season changes.
            let samples = SeriesSamples { values: &recording.values, period: &|| None };
            let (known, rule) = (OnsetCache::default(), Rule::of(detector));
            let events = events(samples, &detection, &known, &rule, 0, |at| grid.at(at));
            let onsets: Vec<usize> = events.iter().map(|event| event.onset.index).collect();
            Measured { area, events: found(&onsets, labels, grid.duration(grid.len)) }
        })
        .collect()
}

/// Combines several recordings: the mean of the areas, and the sum of the events.
pub fn together(each: &[Measured]) -> Measured {
    let areas: Vec<f64> = each.iter().filter_map(|measured| measured.area).collect();
    let mean = areas.iter().sum::<f64>() / areas.len() as f64;
    let events = each.iter().fold(Found::default(), |sum, measured| sum.and(&measured.events));
    Measured { area: (!areas.is_empty()).then_some(mean), events }
}

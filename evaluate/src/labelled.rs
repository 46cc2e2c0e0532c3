//! Folders of recordings with a label a row.

use std::path::Path;

use rayon::prelude::*;
use shared::detect::Detector;

use crate::data::{DataError, Recording, files};
use crate::verdict::judge;

/// Recordings with fewer rows are left out of the mean of [`average_precision`].
pub const LEAST_ROWS: usize = 200;

/// Reads every recording with labels below a folder.
///
/// # Errors
/// [`DataError`] for a folder or file that cannot be read, or where no file has labels.
pub fn read(folder: &Path) -> Result<Vec<Recording>, DataError> {
    let names = files(folder)?;
    let all = names.par_iter().map(|name| Recording::read(folder, name));
    let mut all: Vec<Recording> = all.collect::<Result<_, _>>()?;
    all.retain(|recording| recording.labels.is_some());
    if all.is_empty() { Err(DataError::Empty(folder.to_owned())) } else { Ok(all) }
}

/// Area under the precision-recall curve of a score: the mean of the precision at each labelled row, rows
/// of equal score counted at once. A score that is NaN counts as 0. `None` without a labelled row.
///
/// Cost: O(n log n). Source: the "average precision" of scikit-learn.
pub fn average_precision(scores: &[f64], labels: &[bool]) -> Option<f64> {
    let known = |score: f64| if score.is_nan() { 0.0 } else { score };
    let mut rows: Vec<(f64, bool)> =
        scores.iter().zip(labels).map(|(score, label)| (known(*score), *label)).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let labelled = rows.iter().filter(|row| row.1).count();
    if labelled == 0 {
        return None;
    }
    let (mut seen, mut hits, mut area) = (0, 0, 0.0);
    for equal in rows.chunk_by(|a, b| a.0 == b.0) {
        let new = equal.iter().filter(|row| row.1).count();
        seen += equal.len();
        hits += new;
        area += new as f64 * hits as f64 / seen as f64;
    }
    Some(area / labelled as f64)
}

/// Mean of [`average_precision`] over the recordings of at least [`LEAST_ROWS`] rows with a labelled one.
pub fn mean_average_precision(recordings: &[Recording], detector: Detector) -> f64 {
    let each: Vec<f64> = recordings
        .par_iter()
        .filter(|recording| recording.values.len() >= LEAST_ROWS)
        .filter_map(|recording| {
            let verdict = judge(detector, recording, 0);
            average_precision(&verdict.detection.score, recording.labels.as_ref()?)
        })
        .collect();
    each.iter().sum::<f64>() / each.len() as f64
}

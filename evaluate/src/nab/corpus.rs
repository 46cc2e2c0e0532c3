use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use oddity_detect::detect::Detector;
use oddity_detect::time::Timestamp;
use rayon::prelude::*;

use crate::data::{DataError, Recording, column};
use crate::verdict::{Verdict, judge};

/// The files with their labelled windows, in the order of their names.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// Files in the order of their names.
    pub files: Vec<File>,
}

/// A file of the corpus.
#[derive(Clone, Debug)]
pub struct File {
    /// Rows of the file.
    pub recording: Recording,
    /// Rows of each labelled window, oldest first.
    pub windows: Vec<Range<usize>>,
    /// Number of probationary rows at the front, which do not count.
    pub probation: usize,
}

/// The alerts of a detector.
#[derive(Clone, Debug)]
pub struct Alerts {
    /// One vector a file of the corpus, one strength a row; only strengths above 0 are alerts.
    pub strengths: Vec<Vec<f64>>,
    /// Default strength from which a row alerts; `None` if unknown.
    pub threshold: Option<f64>,
}

impl Corpus {
    /// Reads the files that `folder/windows.json` names.
    ///
    /// # Errors
    /// [`DataError`] for a file that is missing or not as NAB's are, or a window whose ends are no rows.
    pub fn read(folder: &Path) -> Result<Self, DataError> {
        let path = folder.join("windows.json");
        let text = std::fs::read_to_string(&path)
            .map_err(|source| DataError::Io { path: path.clone(), source })?;
        let failed = |message: String| DataError::Windows { path: path.clone(), message };
        let windows: BTreeMap<String, Vec<[String; 2]>> =
            serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
        let files = windows
            .into_par_iter()
            .map(|(name, windows)| {
                let recording = Recording::read(folder, &name)?;
                let windows = windows
                    .iter()
                    .map(|[start, end]| {
                        let row = |text: &String| {
                            let time =
                                text.parse::<Timestamp>().map_err(|e| failed(e.to_string()))?;
                            let row = recording.times.iter().position(|row| *row == time);
                            row.ok_or_else(|| failed(format!("{name} has no row at {time}")))
                        };
                        let (first, last) = (row(start)?, row(end)?);
                        if last < first {
                            return Err(failed(format!("{name}: {end} lies before {start}")));
                        }
                        Ok(first..last + 1)
                    })
                    .collect::<Result<_, DataError>>()?;
                Ok(File::new(recording, windows))
            })
            .collect::<Result<_, DataError>>()?;
        Ok(Self { files })
    }

    /// Runs a detector on every file, with the probationary rows as its history.
    pub fn judge(&self, detector: Detector) -> Alerts {
        let judge = |file: &File| judge(detector, &file.recording, file.probation);
        let verdicts: Vec<Verdict> = self.files.par_iter().map(judge).collect();
        let threshold = verdicts.first().map(|verdict| verdict.threshold);
        let strengths = verdicts.into_iter().map(|verdict| verdict.alerts).collect();
        Alerts { strengths, threshold }
    }

    /// Reads published scores from the column `anomaly_score` of the files of the same names under `folder`.
    ///
    /// # Errors
    /// [`DataError`] for a file that cannot be read.
    pub fn published(&self, folder: &Path) -> Result<Alerts, DataError> {
        let read = |file: &File| column(&folder.join(&file.recording.name), "anomaly_score");
        let strengths = self.files.par_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Alerts { strengths, threshold: None })
    }
}

impl File {
    /// Creates a file with the probation of NAB: 15 % of the rows, at most 750. Windows are not empty and do not overlap.
    pub fn new(recording: Recording, mut windows: Vec<Range<usize>>) -> Self {
        windows.sort_unstable_by_key(|window| window.start);
        let probation = (recording.values.len() * 15 / 100).min(750);
        Self { recording, windows, probation }
    }
}

//! Whether the exported rule says on the source what the page says here.

use shared::analysis::Detected;
use shared::rules::Verification;

use super::Same;
use super::client::LoadError;

/// The answer of the source beside what was detected.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// What was compared.
    pub detected: Same<Detected>,
    /// How it compares, or why that is not known.
    pub found: Result<Verification, LoadError>,
    differing: Vec<Vec<usize>>,
}

impl Agreement {
    pub(super) fn new(detected: Same<Detected>, found: Result<Verification, LoadError>) -> Self {
        let mut differing = vec![Vec::new(); detected.series.len()];
        for difference in found.iter().flat_map(|found| &found.differences) {
            differing[difference.series].push(difference.index);
        }
        Self { detected, found, differing }
    }

    /// Indices of the samples of a series of which the rule says something else.
    pub fn differing(&self, series: usize) -> &[usize] {
        self.differing.get(series).map(Vec::as_slice).unwrap_or_default()
    }
}

//! The detection of one series, apart from the others: it can run here or, as bytes, in a worker.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Learning;
use oddity_detect::detect::{
    CodecError, Detection, Detector, DetectorCache, DetectorInput, LongPast, PeerGroup, Succession,
};
use oddity_detect::series::Grid;

/// Everything that the verdicts on one series depend on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DetectionJob<'a> {
    pub(super) detector: Detector,
    pub(super) learning: Cow<'a, Learning>,
    /// Values that are judged, with the past that the series inherits.
    pub(super) values: Cow<'a, [f64]>,
    pub(super) history: usize,
    pub(super) grid: Grid,
    pub(super) group: Option<Cow<'a, PeerGroup>>,
    pub(super) long_past: Option<CoarsePast<'a>>,
    pub(super) succession: Option<Succession>,
}

/// Coarse samples of the weeks before: see [`LongPast`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CoarsePast<'a> {
    pub(super) grid: Grid,
    pub(super) values: Cow<'a, [f64]>,
    pub(super) count_unit: f64,
    pub(super) quotient: bool,
}

impl DetectionJob<'_> {
    /// Runs the detector. `cache` is that of the series; an empty one changes no result. Cost: that of the detector, twice
    /// if flagged samples leave the baseline; less where only parameters of the detector have changed.
    pub fn run(&self, cache: &mut DetectorCache) -> Detection {
        let long_past = self.long_past.as_ref().map(|past| LongPast {
            grid: past.grid,
            values: &past.values,
            count_unit: past.count_unit,
            quotient: past.quotient,
        });
        let input = DetectorInput {
            values: &self.values,
            reference: &self.values,
            history: self.history,
            grid: self.grid,
            group: self.group.as_deref(),
            long_past,
            succession: self.succession,
        };
        learn(self.detector, input, &self.learning, cache)
    }

    /// Encodes the job. Cost: O(n).
    ///
    /// # Errors
    /// [`CodecError`] if there is no memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        let past = self.long_past.as_ref().map_or(0, |past| past.values.len());
        let bytes = Vec::with_capacity((self.values.len() + past) * 8 + 1_024);
        Ok(postcard::to_extend(self, bytes)?)
    }

    /// Decodes what [`Self::to_bytes`] encoded. Cost: O(n).
    ///
    /// # Errors
    /// [`CodecError`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<DetectionJob<'static>, CodecError> {
        Ok(postcard::from_bytes(bytes)?)
    }
}

/// Runs a detector that learns only from what it may.
///
/// Excluded samples are known to be odd: they are in no window, learnt or judged, and get no verdict.
/// Flagged samples are taken out in two passes: what the first flags is missing from the baselines of the
/// second. A verdict still depends on nothing after it, and a new level is accepted once a window later.
fn learn(
    detector: Detector,
    input: DetectorInput<'_>,
    learning: &Learning,
    kept: &mut DetectorCache,
) -> Detection {
    let excluded: Vec<usize> = (0..input.values.len())
        .filter(|at| {
            let time = input.grid.at(*at);
            learning.excluded.iter().any(|range| (range.start..=range.end).contains(&time))
        })
        .collect();
    // An infinity enters no window, nor is it missing.
    let mut values = input.values.to_vec();
    excluded.iter().for_each(|&at| values[at] = f64::INFINITY);
    let first = DetectorInput { values: &values, reference: &values, ..input };
    let mut found = detector.detect_cached(first, kept);
    if let Some(threshold) = learning.exclude_scores_above {
        let mut learnt = values.clone();
        for (at, (value, score)) in learnt.iter_mut().zip(&found.score).enumerate() {
            if *score >= threshold {
                // See `Input::learnt`.
                *value = if values[at].is_nan() { f64::INFINITY } else { f64::NAN };
            }
        }
        found = detector.detect(DetectorInput { values: &values, reference: &learnt, ..input });
    }
    let of_values = found.quantity.is_values();
    for at in excluded {
        found.judged[at] = if of_values { input.values[at] } else { f64::NAN };
        found.score[at] = f64::NAN;
        if let Some(alerts) = &mut found.alerts {
            alerts.score[at] = f64::NAN;
        }
    }
    found
}

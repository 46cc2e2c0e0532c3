//! The Numenta Anomaly Benchmark: its corpus and its scoring.
//!
//! Source: Lavin, Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly
//! Benchmark", 2015, and the scorer of NAB v1.1. A labelled window is worth more the earlier it is found, a
//! false positive costs more the farther it lies behind a window; the first rows of a file count for nothing.

mod corpus;
mod curve;
pub mod validation;

pub use corpus::{Corpus, File};
pub use curve::{Curve, Optimum, optimum};

use crate::verdict::Verdict;

/// What finding, missing and crying wolf weigh.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Name of the profile.
    pub name: &'static str,
    /// A window found at its first row.
    pub true_positive: f64,
    /// A false positive far from any window.
    pub false_positive: f64,
    /// A window that was missed.
    pub false_negative: f64,
}

/// NAB's three profiles.
pub const PROFILES: [Profile; 3] = [
    Profile { name: "standard", true_positive: 1.0, false_positive: 0.11, false_negative: 1.0 },
    Profile { name: "low FP", true_positive: 1.0, false_positive: 0.22, false_negative: 1.0 },
    Profile { name: "low FN", true_positive: 1.0, false_positive: 0.11, false_negative: 2.0 },
];

/// NAB's figure for one profile, with the threshold that is best for the whole corpus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The threshold.
    pub threshold: f64,
    /// 0 for silence, 100 for perfection.
    pub score: f64,
}

/// Scores the alerts of all files. Shape: one vector of strengths a file of the corpus, one strength a row.
/// Only strengths above 0 are alerts. Cost: O(n log n).
pub fn score(files: &[File], alerts: &[Vec<f64>], profile: &Profile) -> Score {
    let curves = curves(files, alerts, profile);
    let best = optimum(&curves);
    Score { threshold: best.threshold, score: normalized(files, profile, best.raw) }
}

/// One curve a file; shapes as in [`score`].
pub fn curves(files: &[File], alerts: &[Vec<f64>], profile: &Profile) -> Vec<Curve> {
    files.iter().zip(alerts).map(|(file, alerts)| Curve::new(file, alerts, profile)).collect()
}

/// From a sum of weights over all files to NAB's scale.
pub fn normalized(files: &[File], profile: &Profile, raw: f64) -> f64 {
    let windows: usize = files.iter().map(|file| file.windows.len()).sum();
    let silent = -(windows as f64) * profile.false_negative;
    let perfect = windows as f64 * profile.true_positive;
    if windows == 0 { 0.0 } else { 100.0 * (raw - silent) / (perfect - silent) }
}

/// The alerts of each verdict, as [`score`] takes them.
pub fn alerts(verdicts: &[Verdict]) -> Vec<Vec<f64>> {
    verdicts.iter().map(|verdict| verdict.alerts.clone()).collect()
}

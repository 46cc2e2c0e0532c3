//! The Numenta Anomaly Benchmark: its corpus and its scoring.
//!
//! Source: Lavin, Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly
//! Benchmark", 2015, and the scorer of NAB v1.1. A labelled window is worth more the earlier it is found, a
//! false positive costs more the farther it lies behind a window; the first rows of a file count for nothing.

mod corpus;
mod curve;
mod search;
mod validation;

pub use corpus::{Alerts, Corpus, File};
pub use curve::{Curves, Optimum};
pub use search::Search;
pub use validation::{
    Choice, FOLDS, Fold, REPEATS, Validated, category_folds, random_folds, repeated, validate,
};

/// The weights of found and missed windows and of false positives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Name of the profile.
    pub name: &'static str,
    /// Weight of a window that is found at its first row.
    pub true_positive: f64,
    /// Weight of a false positive far from any window.
    pub false_positive: f64,
    /// Weight of a missed window.
    pub false_negative: f64,
}

/// The profile by which NAB ranks.
pub const STANDARD: Profile =
    Profile { name: "standard", true_positive: 1.0, false_positive: 0.11, false_negative: 1.0 };

/// The three profiles of NAB.
pub const PROFILES: [Profile; 3] = [
    STANDARD,
    Profile { name: "low FP", true_positive: 1.0, false_positive: 0.22, false_negative: 1.0 },
    Profile { name: "low FN", true_positive: 1.0, false_positive: 0.11, false_negative: 2.0 },
];

/// The scores of candidates in one profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The best candidate and threshold for the whole corpus, as NAB settles them.
    pub corpus: Best,
    /// The score at the threshold that the first candidate has by default, where it has one.
    pub default: Option<f64>,
    /// Mean of the score with candidate and threshold settled on other files, over random folds.
    pub folds: f64,
    /// Mean of the score with candidate and threshold settled on all other categories.
    pub categories: f64,
}

/// The best candidate and threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Index of the candidate.
    pub choice: Choice,
    /// Score: 0 for a detector that never alerts, 100 for a perfect one.
    pub score: f64,
}

/// Measures the alerts of each candidate. Cost: O(n log n).
pub fn measure(files: &[File], candidates: &[Alerts], profile: &Profile) -> Measured {
    let curves = |alerts: &Alerts| Curves::new(files, &alerts.strengths, profile);
    let curves: Vec<Curves> = candidates.iter().map(curves).collect();
    let first = candidates.first().zip(curves.first());
    let default = first.and_then(|(alerts, curves)| {
        let raw = curves.sum(alerts.threshold?);
        Some(normalized(files, profile, raw))
    });
    let repeated = repeated(files, &curves, profile);
    let folds = repeated.iter().map(|validated| validated.score).sum::<f64>() / REPEATS as f64;
    let categories = validate(files, &curves, profile, &category_folds(files)).score;
    Measured { corpus: best(files, &curves, profile), default, folds, categories }
}

/// Returns the best candidate and threshold for the whole corpus; one that never alerts if there is none.
pub fn best(files: &[File], candidates: &[Curves], profile: &Profile) -> Best {
    let choices = candidates.iter().enumerate().map(|(candidate, curves)| {
        let Optimum { threshold, raw } = curves.optimum(|_| true);
        let score = normalized(files, profile, raw);
        Best { choice: Choice { candidate, threshold }, score }
    });
    let silence = Best { choice: Choice { candidate: 0, threshold: f64::INFINITY }, score: 0.0 };
    choices.reduce(|a, b| if b.score > a.score { b } else { a }).unwrap_or(silence)
}

/// Normalises a sum of weights over all files to the scale of NAB.
pub fn normalized(files: &[File], profile: &Profile, raw: f64) -> f64 {
    let windows: usize = files.iter().map(|file| file.windows.len()).sum();
    let silent = -(windows as f64) * profile.false_negative;
    let perfect = windows as f64 * profile.true_positive;
    if windows == 0 { 0.0 } else { 100.0 * (raw - silent) / (perfect - silent) }
}

#[cfg(test)]
mod tests;

//! Cross-validation: the score of NAB with everything settled on other files than those that are scored.
//!
//! The files are cut into folds. For each fold the candidate and the threshold that are best on all other
//! files are applied to it; the weights of all folds are added and normalised as NAB does, once.

use std::collections::BTreeMap;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;

use super::{Curves, File, Optimum, Profile, normalized};

/// Number of random folds.
pub const FOLDS: usize = 5;

/// Number of random cuts that are averaged.
pub const REPEATS: u64 = 20;

/// The files that are left out together, by their indices in the corpus.
pub type Fold = Vec<usize>;

/// The choice for one fold, made on all other files.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Index of the candidate.
    pub candidate: usize,
    /// Threshold of the candidate.
    pub threshold: f64,
}

/// The result of a cross-validation.
#[derive(Clone, Debug, PartialEq)]
pub struct Validated {
    /// Score: 0 for a detector that never alerts, 100 for a perfect one.
    pub score: f64,
    /// Choices, one per fold.
    pub choices: Vec<Choice>,
}

/// Returns [`FOLDS`] random folds of nearly equal size, which depend on the seed alone.
pub fn random_folds(files: usize, seed: u64) -> Vec<Fold> {
    let mut order: Vec<usize> = (0..files).collect();
    order.shuffle(&mut Pcg64Mcg::seed_from_u64(seed));
    let mut folds = vec![Fold::new(); FOLDS];
    for (at, file) in order.into_iter().enumerate() {
        folds[at % FOLDS].push(file);
    }
    folds
}

/// Returns one fold for each category of files.
pub fn category_folds(files: &[File]) -> Vec<Fold> {
    let mut folds: BTreeMap<&str, Fold> = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        folds.entry(file.recording.category()).or_default().push(at);
    }
    folds.into_values().collect()
}

/// Measures the choice between candidates with these curves.
pub fn validate(
    files: &[File],
    candidates: &[Curves],
    profile: &Profile,
    folds: &[Fold],
) -> Validated {
    let (mut raw, mut choices) = (0.0, Vec::new());
    for fold in folds {
        let settled = candidates.iter().map(|curves| curves.optimum(|file| !fold.contains(&file)));
        // Of equally good candidates the first.
        let best = settled.enumerate().reduce(|a, b| if b.1.raw > a.1.raw { b } else { a });
        let Some((candidate, Optimum { threshold, .. })) = best else { continue };
        raw += fold.iter().map(|file| candidates[candidate].at(*file, threshold)).sum::<f64>();
        choices.push(Choice { candidate, threshold });
    }
    Validated { score: normalized(files, profile, raw), choices }
}

/// Repeats [`validate`] on [`REPEATS`] random cuts, with the seeds from 0 on.
pub fn repeated(files: &[File], candidates: &[Curves], profile: &Profile) -> Vec<Validated> {
    (0..REPEATS)
        .into_par_iter()
        .map(|seed| validate(files, candidates, profile, &random_folds(files.len(), seed)))
        .collect()
}

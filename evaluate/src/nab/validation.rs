//! NAB's figure with everything settled on other files than those that it is measured on.
//!
//! The files are cut into folds. For each fold the candidate and the threshold that are best on all other
//! files are applied to it; the weights of all folds are added and normalised as NAB does, once.

use std::collections::BTreeMap;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;

use super::{Curves, File, Optimum, Profile, normalized};

/// Into how many folds the files are cut at random.
pub const FOLDS: usize = 5;

/// How many random cuts are averaged.
pub const REPEATS: u64 = 20;

/// Files, by their places in the corpus, that are left out together.
pub type Fold = Vec<usize>;

/// What was settled for one fold on all other files.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Place among the candidates.
    pub candidate: usize,
    /// The threshold.
    pub threshold: f64,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Validated {
    /// 0 for silence, 100 for perfection.
    pub score: f64,
    /// One a fold.
    pub choices: Vec<Choice>,
}

/// [`FOLDS`] random folds of nearly equal size; the same for the same seed.
pub fn random_folds(files: usize, seed: u64) -> Vec<Fold> {
    let mut order: Vec<usize> = (0..files).collect();
    order.shuffle(&mut Pcg64Mcg::seed_from_u64(seed));
    let mut folds = vec![Fold::new(); FOLDS];
    for (at, file) in order.into_iter().enumerate() {
        folds[at % FOLDS].push(file);
    }
    folds
}

/// One fold for each category of files.
pub fn category_folds(files: &[File]) -> Vec<Fold> {
    let mut folds: BTreeMap<&str, Fold> = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        folds.entry(file.recording.category()).or_default().push(at);
    }
    folds.into_values().collect()
}

/// Measures the choice between candidates, of which there are the curves.
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

/// [`validate`] on [`REPEATS`] random cuts, with the seeds from 0 on.
pub fn repeated(files: &[File], candidates: &[Curves], profile: &Profile) -> Vec<Validated> {
    (0..REPEATS)
        .into_par_iter()
        .map(|seed| validate(files, candidates, profile, &random_folds(files.len(), seed)))
        .collect()
}

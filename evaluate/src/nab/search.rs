//! Chooses the features of `auto` from a menu on some files, to be measured on others.
//!
//! The search starts with equal weights and changes one choice of the menu after another to the best one on the training
//! files, each with its best threshold, until no change gains enough.

use std::collections::HashMap;
use std::sync::Arc;

use oddity_detect::detect::auto::{AutoEvidence, Tuning};
use oddity_detect::detect::{Auto, DetectorInput};
use oddity_detect::event::{Rule, after_cooldown};
use rayon::prelude::*;

use super::{
    Corpus, Curves, File, Fold, Measured, Profile, REPEATS, STANDARD, best, category_folds,
    normalized, random_folds,
};

/// Minimum gain of a change on the training files, in points of the scale of 100; less is chance.
const MIN_GAIN: f64 = 0.5;

/// Maximum number of rounds over the menu.
const ROUNDS: usize = 4;

/// Maximum number of cached evidence series.
const MAX_EVIDENCE: usize = 32;

/// Weights that a feature may have.
const WEIGHTS: [f64; 6] = [0.0, 0.1, 0.2, 0.35, 0.5, 1.0];

/// Initial weight of every feature.
const EQUAL: f64 = 0.2;

/// Windows to choose from.
const WINDOWS: usize = 3;

/// A choice of the menu.
struct Choices {
    count: usize,
    choose: fn(&mut Tuning, usize),
}

/// The menu in the order in which it is tried.
const MENU: [Choices; 11] = [
    weight(|tuning, to| tuning.value = WEIGHTS[to]),
    weight(|tuning, to| tuning.logarithm = WEIGHTS[to]),
    weight(|tuning, to| tuning.season = WEIGHTS[to]),
    weight(|tuning, to| tuning.long_level = WEIGHTS[to]),
    weight(|tuning, to| tuning.short_level = WEIGHTS[to]),
    weight(|tuning, to| tuning.spread = WEIGHTS[to]),
    window(|tuning, to| tuning.value_window = [50, 100, 200][to]),
    window(|tuning, to| tuning.logarithm_window = [12, 25, 50][to]),
    window(|tuning, to| {
        tuning.short_windows = [(6, 50), (12, 100), (24, 200)][to];
    }),
    window(|tuning, to| {
        tuning.long_windows = [(24, 200), (48, 400), (96, 800)][to];
    }),
    window(|tuning, to| tuning.spread_window = [48, 96, 192][to]),
];

const fn weight(choose: fn(&mut Tuning, usize)) -> Choices {
    Choices { count: WEIGHTS.len(), choose }
}

const fn window(choose: fn(&mut Tuning, usize)) -> Choices {
    Choices { count: WINDOWS, choose }
}

/// A search that caches what it has tried.
pub struct Search<'a> {
    corpus: &'a Corpus,
    evidence: HashMap<String, Arc<Vec<AutoEvidence>>>,
    curves: HashMap<String, Arc<Curves>>,
}

impl<'a> Search<'a> {
    /// Creates a search on the files of a corpus.
    pub fn new(corpus: &'a Corpus) -> Self {
        Self { corpus, evidence: HashMap::new(), curves: HashMap::new() }
    }

    /// Measures the search in each profile. Features are chosen by the standard profile, thresholds by each.
    pub fn measure(&mut self, profiles: &[Profile]) -> Vec<Measured> {
        let files = &self.corpus.files;
        let cuts: Vec<_> = (0..REPEATS).map(|seed| random_folds(files.len(), seed)).collect();
        let folds = self.validate(&cuts, profiles);
        let categories = self.validate(&[category_folds(files)], profiles);
        let settled = self.settle(|_| true);
        let strengths = self.strengths(&settled);
        let figures = profiles.iter().zip(folds.into_iter().zip(categories));
        let measured = figures.map(|(profile, (folds, categories))| {
            let best = best(files, &[Curves::new(files, &strengths, profile)], profile);
            Measured { corpus: best, default: None, folds, categories }
        });
        measured.collect()
    }

    /// Returns the mean score of each profile over the cuts, with features and threshold of each fold chosen on all other folds.
    fn validate(&mut self, cuts: &[Vec<Fold>], profiles: &[Profile]) -> Vec<f64> {
        let mut sums = vec![0.0; profiles.len()];
        for fold in cuts.iter().flatten() {
            let settled = self.settle(|file| !fold.contains(&file));
            let strengths = self.strengths(&settled);
            for (sum, profile) in sums.iter_mut().zip(profiles) {
                let curves = Curves::new(&self.corpus.files, &strengths, profile);
                let threshold = curves.optimum(|file| !fold.contains(&file)).threshold;
                *sum += fold.iter().map(|file| curves.at(*file, threshold)).sum::<f64>();
            }
        }
        let scores = sums.iter().zip(profiles).map(|(sum, profile)| {
            normalized(&self.corpus.files, profile, sum / cuts.len().max(1) as f64)
        });
        scores.collect()
    }

    /// Returns the best choice for some files, of the searches that start from short, medium and long windows.
    pub fn settle(&mut self, chosen: impl Fn(usize) -> bool + Copy) -> Tuning {
        let ends = [1, 0, 2].map(|windows| self.climb(start(windows), chosen));
        let best = ends.into_iter().reduce(|a, b| if b.1 > a.1 { b } else { a });
        best.map(|(tuning, _)| tuning).unwrap_or_default()
    }

    /// Changes one choice after another from a start, and returns the result and its sum of weights.
    fn climb(&mut self, start: Tuning, chosen: impl Fn(usize) -> bool + Copy) -> (Tuning, f64) {
        let least = MIN_GAIN * self.points();
        let mut settled = start;
        let mut best = self.curves(&settled).optimum(chosen).raw;
        for _ in 0..ROUNDS {
            let before = best;
            for choices in &MENU {
                let (mut better, mut gained) = (settled, best);
                for to in 0..choices.count {
                    let mut changed = settled;
                    (choices.choose)(&mut changed, to);
                    let raw = self.curves(&changed).optimum(chosen).raw;
                    if raw > gained {
                        (better, gained) = (changed, raw);
                    }
                }
                if gained >= best + least {
                    (settled, best) = (better, gained);
                }
            }
            if best <= before {
                break;
            }
        }
        (settled, best)
    }

    /// Returns the weights of a point on the scale of 100.
    fn points(&self) -> f64 {
        let score = |raw| normalized(&self.corpus.files, &STANDARD, raw);
        1.0 / (score(1.0) - score(0.0)).max(f64::MIN_POSITIVE)
    }

    fn curves(&mut self, tuning: &Tuning) -> Arc<Curves> {
        let key = format!("{tuning:?}");
        if let Some(known) = self.curves.get(&key) {
            return Arc::clone(known);
        }
        let strengths = self.strengths(tuning);
        let curves = Arc::new(Curves::new(&self.corpus.files, &strengths, &STANDARD));
        self.curves.insert(key, Arc::clone(&curves));
        curves
    }

    /// Returns the alert scores of each file after the cooldown.
    fn strengths(&mut self, tuning: &Tuning) -> Vec<Vec<f64>> {
        let evidence = self.evidence(tuning);
        let cooldown = Rule::default().cooldown;
        let files = self.corpus.files.par_iter().zip(evidence.as_slice());
        let weigh = |(file, evidence): (&File, &AutoEvidence)| {
            after_cooldown(&evidence.weigh(&file.recording.values, tuning).score, cooldown)
        };
        files.map(weigh).collect()
    }

    /// Returns the evidence of the features, which depends on their windows and not on their weights.
    fn evidence(&mut self, tuning: &Tuning) -> Arc<Vec<AutoEvidence>> {
        let key = format!("{:?}", with_equal_weights(*tuning));
        if let Some(known) = self.evidence.get(&key) {
            return Arc::clone(known);
        }
        let auto = Auto { tuning: *tuning, ..Auto::default() };
        let see = |file: &File| {
            let (values, grid) = (&file.recording.values, file.recording.grid());
            let history = file.probation;
            auto.evidence(DetectorInput::new(values, history, grid))
        };
        let evidence = Arc::new(self.corpus.files.par_iter().map(see).collect::<Vec<_>>());
        if self.evidence.len() >= MAX_EVIDENCE {
            self.evidence.clear();
        }
        self.evidence.insert(key, Arc::clone(&evidence));
        evidence
    }
}

/// Returns a start with one of the three windows everywhere and equal weights.
fn start(windows: usize) -> Tuning {
    let mut tuning = with_equal_weights(Tuning::default());
    for choices in MENU.iter().filter(|choices| choices.count == WINDOWS) {
        (choices.choose)(&mut tuning, windows);
    }
    tuning
}

fn with_equal_weights(tuning: Tuning) -> Tuning {
    Tuning {
        value: EQUAL,
        logarithm: EQUAL,
        short_level: EQUAL,
        long_level: EQUAL,
        spread: EQUAL,
        season: EQUAL,
        ..tuning
    }
}

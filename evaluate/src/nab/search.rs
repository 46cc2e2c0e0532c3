//! Settles the views of `auto` from a declared menu, on some files, to be measured on others.
//!
//! From views that all count the same, one choice of the menu after the other is changed to what is best on
//! the training files, each with the threshold that is best on them, until nothing gains enough.

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

/// What a change must gain on the training files, in points of the scale of 100: less is chance.
const LEAST_GAIN: f64 = 0.5;

/// Rounds over the menu.
const ROUNDS: usize = 4;

/// So much evidence is kept.
const KEPT: usize = 32;

/// Weights that a view may have.
const WEIGHTS: [f64; 6] = [0.0, 0.1, 0.2, 0.35, 0.5, 1.0];

/// What every view counts at first.
const EQUAL: f64 = 0.2;

/// Windows of which one is chosen.
const WINDOWS: usize = 3;

/// One thing to choose.
struct Choices {
    count: usize,
    choose: fn(&mut Tuning, usize),
}

/// Everything that is chosen, in the order in which it is tried.
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

/// Remembers what it has tried.
pub struct Search<'a> {
    corpus: &'a Corpus,
    evidence: HashMap<String, Arc<Vec<AutoEvidence>>>,
    curves: HashMap<String, Arc<Curves>>,
}

impl<'a> Search<'a> {
    /// On the files of a corpus.
    pub fn new(corpus: &'a Corpus) -> Self {
        Self { corpus, evidence: HashMap::new(), curves: HashMap::new() }
    }

    /// What the search is worth in each of the profiles. Views are settled by the standard profile, thresholds by each.
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

    /// The mean over the cuts of the score of each profile, with views and threshold settled for each fold of a
    /// cut on all files of the others.
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

    /// What is best for the chosen files, of what is reached from short, middling and long windows.
    pub fn settle(&mut self, chosen: impl Fn(usize) -> bool + Copy) -> Tuning {
        let ends = [1, 0, 2].map(|windows| self.climb(start(windows), chosen));
        let best = ends.into_iter().reduce(|a, b| if b.1 > a.1 { b } else { a });
        best.map(|(tuning, _)| tuning).unwrap_or_default()
    }

    /// What is reached from a start by changing one choice after the other, and its sum of weights.
    fn climb(&mut self, start: Tuning, chosen: impl Fn(usize) -> bool + Copy) -> (Tuning, f64) {
        let least = LEAST_GAIN * self.points();
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

    /// Weights in a point of the scale of 100.
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

    /// The alerts of each file after the hold-off.
    fn strengths(&mut self, tuning: &Tuning) -> Vec<Vec<f64>> {
        let evidence = self.evidence(tuning);
        let cooldown = Rule::default().cooldown;
        let files = self.corpus.files.par_iter().zip(evidence.as_slice());
        let weigh = |(file, evidence): (&File, &AutoEvidence)| {
            after_cooldown(&evidence.weigh(&file.recording.values, tuning).score, cooldown)
        };
        files.map(weigh).collect()
    }

    /// What the views say depends on their windows, not on what they count.
    fn evidence(&mut self, tuning: &Tuning) -> Arc<Vec<AutoEvidence>> {
        let key = format!("{:?}", with_equal_weights(*tuning));
        if let Some(known) = self.evidence.get(&key) {
            return Arc::clone(known);
        }
        let auto = Auto { tuning: *tuning, ..Auto::default() };
        let see = |file: &File| {
            let (values, grid) = (&file.recording.values, file.recording.grid());
            let history = file.probation;
            auto.evidence(DetectorInput { values, reference: values, history, grid, group: None })
        };
        let evidence = Arc::new(self.corpus.files.par_iter().map(see).collect::<Vec<_>>());
        if self.evidence.len() >= KEPT {
            self.evidence.clear();
        }
        self.evidence.insert(key, Arc::clone(&evidence));
        evidence
    }
}

/// These of the three windows everywhere, and equal weights.
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

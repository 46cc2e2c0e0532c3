//! Synthetic series with a known anomaly planted in each, and the events of detectors in them.
//!
//! Real labels tell the time of an anomaly but not its kind, and nobody knows that real noise is healthy. Here both are known.

pub(crate) mod dice;
mod generate;
mod matrix;

pub use generate::{Noise, Plant, Planted, Recipe, generate, recipes};
pub use matrix::Confusion;

use std::collections::BTreeMap;
use std::ops::Range;

use oddity_detect::detect::{Detector, DetectorInput};
use oddity_detect::event::{Event, OnsetCache, Rule, SeriesSamples, events};
use oddity_detect::seasonality::periods;
use rayon::prelude::*;

/// Seeds of the series, 252 per seed. No threshold was chosen on them.
pub const SEEDS: Range<u64> = 200..202;

/// Number of samples of history: as many as the page fetches.
pub const HISTORY: usize = 750;

/// The results of a detector with its defaults on many series.
#[derive(Debug, Default)]
pub struct Measured {
    /// Confusion matrix of the planted anomalies and the kinds of their most severe events.
    pub found: Confusion,
    /// Samples from the onset of each plant to its first event, in ascending order.
    pub delays: BTreeMap<Plant, Vec<usize>>,
    /// Severities of the most severe event of each plant, in ascending order.
    pub severities: BTreeMap<Plant, Vec<f64>>,
    /// Judged samples before any plant, and the events that begin in them, by what surrounds the plants.
    pub healthy: BTreeMap<Noise, Healthy>,
}

/// The samples without a planted anomaly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Healthy {
    /// Number of judged samples.
    pub samples: usize,
    /// Number of events that begin in them.
    pub events: usize,
    /// Severities of the events, in ascending order.
    pub severities: Vec<f64>,
}

/// Measures each detector with its defaults on all series of the seeds.
pub fn measure(detectors: &[Detector], seeds: Range<u64>) -> Vec<Measured> {
    let each: Vec<Vec<Verdict>> = recipes(seeds)
        .into_par_iter()
        .map(|recipe| {
            let planted = generate(recipe);
            let seasons = periods(&planted.values, planted.grid.step);
            let period = seasons.first().map(|season| season.period);
            detectors.iter().map(|of| Verdict::of(*of, recipe, &planted, period)).collect()
        })
        .collect();
    let mut measured: Vec<Measured> = detectors.iter().map(|_| Measured::default()).collect();
    for verdicts in each {
        for (measured, verdict) in measured.iter_mut().zip(verdicts) {
            measured.add(&verdict);
        }
    }
    for delays in measured.iter_mut().flat_map(|measured| measured.delays.values_mut()) {
        delays.sort_unstable();
    }
    measured
}

/// The events of a detector in one series.
struct Verdict {
    recipe: Recipe,
    /// Most severe event of the planted anomaly; any event if nothing was planted.
    worst: Option<Event>,
    delay: Option<usize>,
    healthy: Healthy,
}

impl Verdict {
    fn of(detector: Detector, recipe: Recipe, planted: &Planted, period: Option<usize>) -> Self {
        let Planted { values, grid, start, until, .. } = planted;
        let input = DetectorInput::new(values, HISTORY, *grid);
        let samples = SeriesSamples { values, period: &|| period };
        let (detection, rule) = (detector.detect(input), Rule::of(detector));
        let at = |at| grid.at(at);
        let found = events(samples, &detection, &OnsetCache::default(), &rule, HISTORY, at);
        let (early, late): (Vec<Event>, Vec<Event>) =
            found.into_iter().partition(|event| event.onset.index < *start);
        let mut severities: Vec<f64> = early.iter().map(|event| event.severity).collect();
        severities.sort_unstable_by(f64::total_cmp);
        let healthy = Healthy { samples: start - HISTORY, events: early.len(), severities };
        let of_plant = match recipe.plant {
            Plant::Nothing => early,
            _ => late.into_iter().filter(|event| event.onset.index < *until).collect(),
        };
        let first = of_plant.first().filter(|_| recipe.plant != Plant::Nothing);
        let delay = first.map(|first| first.onset.index - start);
        let worst = of_plant.into_iter().max_by(|a, b| {
            a.severity.total_cmp(&b.severity).then(a.alert_score.total_cmp(&b.alert_score))
        });
        Self { recipe, worst, delay, healthy }
    }
}

impl Measured {
    fn add(&mut self, verdict: &Verdict) {
        let Recipe { plant, noise, .. } = verdict.recipe;
        self.found.add(plant, verdict.worst.as_ref().map(|event| event.kind));
        if let Some(delay) = verdict.delay {
            self.delays.entry(plant).or_default().push(delay);
        }
        if let Some(worst) = verdict.worst.as_ref().filter(|_| plant != Plant::Nothing) {
            let severities = self.severities.entry(plant).or_default();
            let place = severities.partition_point(|less| *less < worst.severity);
            severities.insert(place, worst.severity);
        }
        self.healthy.entry(noise).or_default().add(&verdict.healthy);
    }

    /// Sums the events in healthy samples of every noise.
    pub fn all_healthy(&self) -> Healthy {
        let mut sum = Healthy::default();
        self.healthy.values().for_each(|healthy| sum.add(healthy));
        sum
    }

    /// Returns the severity that half of the noticed anomalies reached, and that nine of ten reached.
    pub fn severity(&self, plant: Plant) -> Option<(f64, f64)> {
        let severities = self.severities.get(&plant).filter(|all| !all.is_empty())?;
        Some((severities[severities.len() / 2], severities[severities.len() / 10]))
    }

    /// Returns the delay within which half of the noticed anomalies were noticed, and nine of ten.
    pub fn delay(&self, plant: Plant) -> Option<(usize, usize)> {
        let delays = self.delays.get(&plant).filter(|delays| !delays.is_empty())?;
        Some((delays[delays.len() / 2], delays[delays.len() * 9 / 10]))
    }
}

impl Healthy {
    fn add(&mut self, other: &Self) {
        self.samples += other.samples;
        self.events += other.events;
        self.severities.extend(&other.severities);
        self.severities.sort_unstable_by(f64::total_cmp);
    }

    /// Returns the number of events per 10,000 samples.
    pub fn rate(&self) -> f64 {
        1e4 * self.events as f64 / self.samples.max(1) as f64
    }
}

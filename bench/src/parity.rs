//! Digests of all results of detection, to compare builds: equal only if every bit is.

use std::fmt::Write;
use std::sync::Arc;

use oddity_analysis::analysis::{Learning, analyze, detect, prepare};
use oddity_detect::detect::{Detector, NormalRange, ParamKind};
use oddity_detect::event::Rule;

use crate::data::{Random, loaded};

const SEEDS: u64 = 12;
const SAMPLES: usize = 1_500;
const HISTORY: usize = 400;

/// Returns a line of settings, series and digest for each detector.
pub fn report() -> String {
    let all: Vec<Arc<[f64]>> = (0..SEEDS).map(hostile).collect();
    let loaded = loaded(&all, HISTORY);
    let mut lines = String::new();
    for detector in Detector::all().flat_map(settings) {
        for flagged in [None, Some(detector.about().threshold)] {
            let learning = Learning { exclude_scores_above: flagged, ..Learning::default() };
            let detected = Arc::new(detect(&prepare(Arc::clone(&loaded)), detector, learning));
            let rule = Rule { threshold: detector.about().threshold, ..Rule::default() };
            let analysis = analyze(Arc::clone(&detected), rule);
            for (number, series) in detected.series.iter().enumerate() {
                let found = &series.detection;
                let mut digest = Digest::new();
                for part in [&found.judged, &found.expected, &found.scale, &found.score] {
                    digest.add(part);
                }
                if let Some(NormalRange { lowest, highest }) = &found.normal {
                    digest.add(lowest);
                    digest.add(highest);
                }
                digest.add(found.alert_scores());
                let ranked = analysis.of_series(Some(number));
                for event in ranked.into_iter().flat_map(|ranked| &ranked.events) {
                    digest.add(&[event.area, event.score, event.probability, event.severity]);
                }
                let _ = writeln!(lines, "{detector:?} {flagged:?} {number} {:016x}", digest.0);
            }
        }
    }
    lines
}

/// Returns the settings of a detector: its defaults, each choice, and short windows.
fn settings(detector: Detector) -> Vec<Detector> {
    let params = detector.params();
    let mut all = vec![detector];
    for (param, _) in &params {
        if let ParamKind::Choice(words) = param.kind {
            all.extend((1..words.len()).map(|word| detector.with(param.id, word as f64)));
        }
    }
    all.push(params.iter().fold(detector, |detector, (param, _)| match param.kind {
        ParamKind::Samples | ParamKind::Count => detector.with(param.id, param.min + 3.0),
        ParamKind::Number if param.min.is_finite() => {
            detector.with(param.id, (param.min + param.max) / 3.0)
        }
        _ => detector,
    }));
    all
}

/// Returns noise, waves, steps, ties, gaps, infinities and extremes, more of each the higher the seed.
fn hostile(seed: u64) -> Arc<[f64]> {
    let mut random = Random::new(seed + 77);
    let mut held = 0.0;
    (0..SAMPLES)
        .map(|at| {
            let noise = (0..4).map(|_| random.uniform() - 0.5).sum::<f64>();
            let phase = (at % 96) as f64 / 96.0 - 0.5;
            let value = 100.0 * (seed as f64) + 20.0 * phase * phase + noise + at as f64 * 1e-3;
            let kind = random.uniform() * 400.0;
            if kind >= seed as f64 {
                held = if seed % 4 == 3 { (value * 2.0) as i64 as f64 } else { value };
                return held;
            }
            match (kind * 7.0) as u64 % 7 {
                0 => f64::NAN,
                1 => f64::INFINITY,
                2 => f64::NEG_INFINITY,
                3 => value + 1e16,
                4 => -0.0,
                5 => f64::MIN_POSITIVE / 4.0,
                _ => held,
            }
        })
        .collect()
}

/// FNV-1a over the bits of numbers; all NaN are equal.
struct Digest(u64);

impl Digest {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, values: &[f64]) {
        for value in values {
            let bits = if value.is_nan() { f64::NAN } else { *value }.to_bits();
            for byte in bits.to_le_bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
}

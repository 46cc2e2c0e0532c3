mod harmonics;

use super::param::ParamField;
use super::{
    About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, ParamKind, Quantity, words,
};
use harmonics::Harmonics;

/// Harmonic forecast: the strongest waves of the `training` samples before a block of a quarter as many are
/// continued into it, as in a harmonic regression. `expected` is their sum plus level and trend at the end of the training,
/// held there; `scale` is the scaled quartile range of what they leave of the training. Unlike the seasonal band it
/// needs no common period and only two cycles of each wave, but shapes with sharp edges take many waves.
///
/// Blocks begin at fixed places counted from the first sample, so that a verdict uses only samples before it.
/// Without half of the training there is no verdict. Cost: O(n log n) with a factor of `harmonics`.
/// Source: harmonic regression as in Bloomfield, "Fourier analysis of time series" (1976).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spectral {
    /// Samples that the waves are fitted to.
    pub training: usize,
    /// How many waves at most.
    pub harmonics: usize,
}

const TRAINING: Param = Param::samples(
    "training",
    "Training",
    "Number of earlier samples that are searched for waves; each wave must fit into them twice.",
    (32, 6_000),
    4_000,
);

const HARMONICS: Param = Param {
    id: "harmonics",
    label: "Waves",
    help: "Number of the strongest waves that are continued. More follow a shape more closely, but also noise.",
    min: 1.0,
    max: 20.0,
    default: 6.0,
    kind: ParamKind::Count,
};

/// A block is judged by the training before it; it has this share of its samples.
const BLOCKS: usize = 4;

/// The waves accept no new level within a block; after this many samples it is called one.
const LEVEL_SHIFT_AFTER: usize = 60;

impl Default for Spectral {
    fn default() -> Self {
        Self { training: TRAINING.count(), harmonics: HARMONICS.count() }
    }
}

impl Algorithm for Spectral {
    const ABOUT: About = About {
        id: "spectral",
        name: "Harmonic forecast",
        group: DetectorGroup::Seasons,
        summary: "Each sample against a forecast from the strongest waves of earlier samples.",
        threshold: 6.0,
        alert_threshold: None,
        causal: true,
        params: &[TRAINING, HARMONICS],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        ParamField::Count(if index == 0 { &mut self.training } else { &mut self.harmonics })
    }

    fn history(&self) -> usize {
        self.training
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let len = input.values.len();
        let (mut expected, mut scale) = (vec![f64::NAN; len], vec![f64::NAN; len]);
        let block = (self.training / BLOCKS).max(1);
        for from in (block..len).step_by(block) {
            let training = &input.reference[from.saturating_sub(self.training)..from];
            if 2 * training.len() < self.training {
                continue;
            }
            if let Some(fit) = Harmonics::fit(training, self.training, self.harmonics) {
                let to = (from + block).min(len);
                fit.continue_into(&mut expected[from..to]);
                scale[from..to].fill(fit.scale);
            }
        }
        let baseline = words::waves(self.harmonics, self.training, input.grid);
        let judged = input.values.to_vec();
        Detection::judge(Quantity::Value, judged, expected, scale, baseline, LEVEL_SHIFT_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Grid;
    use crate::stats::testing::Random;
    use crate::time::{Step, Timestamp};

    fn detect(values: &[f64], detector: Spectral) -> Detection {
        let grid = Grid { start: Timestamp(0), step: Step::from_seconds(60), len: values.len() };
        detector.detect(DetectorInput::new(values, 0, grid))
    }

    #[test]
    fn waves_of_any_length_are_continued() {
        let mut random = Random(9);
        let wave = |at: usize, length: f64| libm::sin(at as f64 / length * std::f64::consts::TAU);
        let mut values: Vec<f64> = (0..6_000)
            .map(|at| {
                1e5 + 6.0 * wave(at, 314.6)
                    + 3.0 * wave(at, 87.3)
                    + 0.002 * at as f64
                    + 0.5 * random.normal()
            })
            .collect();
        values[3_000] += 8.0;
        values[3_500..3_600].fill(f64::NAN);
        for at in (0..6_000).step_by(97) {
            values[at] = f64::INFINITY;
        }
        let found = detect(&values, Spectral { training: 1_000, harmonics: 6 });
        for at in 1_000..6_000 {
            let missing = (3_500..3_600).contains(&at);
            assert_eq!(found.score[at].is_nan(), missing && at % 97 != 0, "{at}");
            let odd = at == 3_000 || at % 97 == 0;
            assert!(missing || (found.score[at] >= 6.0) == odd, "{at}: {}", found.score[at]);
        }
    }

    #[test]
    fn noise_has_no_waves_and_few_odd_samples() {
        let mut random = Random(4);
        let noise: Vec<f64> = (0..11_000).map(|_| 7.0 + random.normal()).collect();
        let found = detect(&noise, Spectral::default());
        assert!(found.score[..2_000].iter().all(|score| score.is_nan()));
        let judged = &found.expected[4_000..];
        assert!(judged.iter().all(|expected| (expected - 7.0).abs() < 0.3));
        assert!(found.score[2_000..].iter().all(|score| *score < 5.0));
    }

    #[test]
    fn the_future_never_changes_a_verdict() {
        let mut random = Random(4);
        let values: Vec<f64> = (0..900).map(|at| f64::from(at % 50) + random.normal()).collect();
        let detector = Spectral { training: 200, harmonics: 8 };
        let all = detect(&values, detector);
        for cut in [99, 100, 101, 249, 250, 251, 700] {
            let past = detect(&values[..cut], detector);
            for at in 0..cut {
                assert_eq!(all.score[at].to_bits(), past.score[at].to_bits(), "{cut} {at}");
            }
        }
    }
}

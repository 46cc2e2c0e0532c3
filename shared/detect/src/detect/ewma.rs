use super::param::ParamField;
use super::{About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, Quantity, words};
use crate::stats::exponential::Exponential;

/// Exponentially weighted band: `expected` and `scale` are the exponentially weighted mean and population
/// standard deviation of the samples before the judged one, in which a sample counts half as much as one
/// that came `half_life` samples later. Older samples fade instead of dropping out, so the band never
/// jumps because something left a window. No verdict before half a half-life of samples was learnt.
///
/// A half-life of h weighs as a window of 2.9 h samples does. What lies more than 5 standard deviations
/// off is learnt as if it lay there: see [`crate::stats::exponential`].
///
/// Measured with the default on normal noise, independent or autocorrelated up to 0.9: one event in 100,000
/// samples or fewer at 5, one to two in 10,000 at 4.
///
/// Cost: O(n). Source: Roberts, "Control chart tests based on geometric moving averages" (1959); West,
/// "Updating mean and variance estimates" (1979); Finch, "Incremental calculation of weighted mean and
/// variance" (2009).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ewma {
    /// In samples.
    pub half_life: usize,
}

const HALF_LIFE: Param = Param::samples(
    "half_life",
    "Half-life",
    "Number of samples after which a sample counts half as much. Longer is steadier, but slower to accept a new level.",
    (2, 1_000),
    30,
);

/// History in half-lives: what lies farther back weighs 3 %.
const HALF_LIVES: usize = 5;

impl Default for Ewma {
    fn default() -> Self {
        Self { half_life: HALF_LIFE.count() }
    }
}

impl Algorithm for Ewma {
    const ABOUT: About = About {
        id: "ewma",
        name: "Exponential band",
        group: DetectorGroup::Values,
        summary: "Each sample against mean and standard deviation of all earlier samples, the latest weighted most.",
        threshold: 5.0,
        alert_threshold: None,
        causal: true,
        params: &[HALF_LIFE],
    };

    fn field(&mut self, _: usize) -> ParamField<'_> {
        ParamField::Count(&mut self.half_life)
    }

    fn history(&self) -> usize {
        HALF_LIVES * self.half_life
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let mut past = Exponential::new(self.half_life as f64);
        let (expected, scale) = input
            .reference
            .iter()
            .map(|&value| {
                let before = (past.mean(), past.std());
                past.learn(value);
                before
            })
            .unzip();
        let words = words::fading(self.half_life, input.grid);
        let judged = input.values.to_vec();
        Detection::judge(Quantity::Value, judged, expected, scale, words, 2 * self.half_life)
    }
}

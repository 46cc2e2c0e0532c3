use super::{About, Algorithm, Detection, Input, Param, Quantity, samples};
use crate::stats::{floor_scale, rolling::prior_moments, score};

/// Rolling mean and standard deviation bands: `expected` and `scale` are mean and population standard
/// deviation of the `window` samples before the judged one, which is left out because a sample that is
/// part of its own baseline can never score above `sqrt(window - 1)`.
///
/// Cost: O(n). Source: Shewhart, "Economic control of quality" (1931), on a moving baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rolling {
    /// Length of the baseline in samples.
    pub window: usize,
}

const WINDOW: Param = Param {
    id: "window",
    label: "Window",
    help: "How many samples before the judged one make its baseline. Longer is steadier and slower to accept a new level.",
    least: 5,
    most: 2_000,
    default: 60,
};

impl Default for Rolling {
    fn default() -> Self {
        Self { window: WINDOW.default }
    }
}

impl Algorithm for Rolling {
    const ABOUT: About = About {
        id: "rolling",
        name: "Rolling band",
        summary: "Each sample against mean and standard deviation of the window before it.",
        threshold: 4.0,
        params: &[WINDOW],
    };

    fn param(&mut self, _: usize) -> &mut usize {
        &mut self.window
    }

    fn history(&self) -> usize {
        self.window
    }

    fn detect(&self, input: Input<'_>) -> Detection {
        against_window(
            Quantity::Value,
            input.values.to_vec(),
            self.window,
            format!("the {} before", samples(self.window, input.grid)),
        )
    }
}

/// Judges each entry of `judged` against the `window` entries before it.
pub(super) fn against_window(
    quantity: Quantity,
    judged: Vec<f64>,
    window: usize,
    baseline: String,
) -> Detection {
    let moments = prior_moments(&judged, window);
    let (expected, mut scale) = (moments.mean, moments.std);
    let mut scores = Vec::with_capacity(judged.len());
    for ((value, expected), scale) in judged.iter().zip(&expected).zip(&mut scale) {
        *scale = floor_scale(*scale, *expected);
        scores.push(score(*value, *expected, *scale));
    }
    Detection { quantity, judged, expected, scale, score: scores, baseline, memory: window }
}

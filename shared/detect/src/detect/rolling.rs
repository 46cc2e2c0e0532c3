use super::param::ParamField;
use super::{About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, Quantity, words};
use crate::stats::rolling::prior_moments;

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

const WINDOW: Param = Param::samples(
    "window",
    "Window",
    "Number of earlier samples in the baseline. Longer is steadier, but slower to accept a new level.",
    (5, 2_000),
    60,
);

impl Default for Rolling {
    fn default() -> Self {
        Self { window: WINDOW.count() }
    }
}

impl Algorithm for Rolling {
    const ABOUT: About = About {
        id: "rolling",
        name: "Rolling band",
        group: DetectorGroup::Values,
        summary: "Each sample against mean and standard deviation of the window before it.",
        threshold: 4.0,
        alert_threshold: None,
        causal: true,
        params: &[WINDOW],
    };

    fn field(&mut self, _: usize) -> ParamField<'_> {
        ParamField::Count(&mut self.window)
    }

    fn history(&self) -> usize {
        self.window
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        against_window(
            Quantity::Value,
            input.values.to_vec(),
            input.reference,
            self.window,
            words::window(self.window, input.grid),
        )
    }
}

/// Judges each entry of `judged` against the `window` entries of `reference` before it.
pub(super) fn against_window(
    quantity: Quantity,
    judged: Vec<f64>,
    reference: &[f64],
    window: usize,
    baseline: String,
) -> Detection {
    let moments = prior_moments(reference, window);
    Detection::judge(quantity, judged, moments.mean, moments.std, baseline, window)
}

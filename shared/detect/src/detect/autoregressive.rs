use super::param::ParamField;
use super::{
    About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, ParamKind, Quantity, words,
};
use crate::stats::autoregression::{MAX_ORDER, predictions};
use crate::stats::rolling::prior_moments;

/// Autoregression: each sample is predicted from the `order` samples before it, by weights that follow the
/// series as its half-life allows, and judged by the errors of the `window` predictions before: `expected` is
/// the prediction plus their mean and the scale their population standard deviation. It finds what is unusual
/// for the moment, a sudden step in a series that wanders for instance, where a band around its mean is too wide.
///
/// A single odd sample bends neither the weights nor the predictions after it: see
/// [`crate::stats::autoregression`].
///
/// Measured with the default on normal noise, independent, autocorrelated or wandering: no event in 400,000
/// samples at 5, one in 10,000 at 4.
///
/// Cost: O(n order squared). Source: Box and Jenkins, "Time series analysis" (1970), one-step forecasts; Ljung
/// and Soderstrom, "Theory and practice of recursive identification" (1983).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoregressive {
    /// How many samples predict the next.
    pub order: usize,
    /// Errors in the baseline.
    pub window: usize,
    /// Half-life of what the weights were learnt from, in samples.
    pub half_life: usize,
}

const ORDER: Param = Param {
    id: "order",
    label: "Predicted from",
    help: "Number of samples that predict the next one. More follow faster oscillations, but take longer to learn.",
    min: 1.0,
    max: MAX_ORDER as f64,
    default: 3.0,
    kind: ParamKind::Count,
};

const WINDOW: Param = Param::samples(
    "window",
    "Compared with",
    "Number of earlier prediction errors in the baseline.",
    (5, 2_000),
    120,
);

const HALF_LIFE: Param = Param::samples(
    "half_life",
    "Half-life",
    "Number of samples after which a sample counts half as much for the prediction.",
    (10, 2_000),
    200,
);

impl Default for Autoregressive {
    fn default() -> Self {
        Self { order: ORDER.count(), window: WINDOW.count(), half_life: HALF_LIFE.count() }
    }
}

impl Algorithm for Autoregressive {
    const ABOUT: About = About {
        id: "autoregressive",
        name: "Autoregression",
        group: DetectorGroup::Values,
        summary: "Each sample against its prediction from the samples just before it, and the usual error of such predictions.",
        threshold: 5.0,
        alert_threshold: None,
        causal: true,
        params: &[ORDER, WINDOW, HALF_LIFE],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        ParamField::Count(match index {
            0 => &mut self.order,
            1 => &mut self.window,
            _ => &mut self.half_life,
        })
    }

    fn history(&self) -> usize {
        2 * self.half_life + self.window
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let mut expected = predictions(input.reference, self.order, self.half_life as f64);
        let errors: Vec<f64> = input
            .reference
            .iter()
            .zip(&expected)
            .map(|(value, expected)| value - expected)
            .collect();
        let errors = prior_moments(&errors, self.window);
        for (expected, error) in expected.iter_mut().zip(&errors.mean) {
            *expected += error;
        }
        let words = words::prediction_errors(self.window, input.grid);
        let judged = input.values.to_vec();
        Detection::judge(Quantity::Value, judged, expected, errors.std, words, self.window)
    }
}

use super::param::ParamField;
use super::rolling::against_window;
use super::{About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, Quantity, words};
use crate::stats::rolling::slopes;

/// Moving-window slope: the least-squares slope of the last `window` samples, in units a second, judged
/// against mean and population standard deviation of the `baseline` slopes before it. It finds sudden
/// changes of rate where the level is still unremarkable.
///
/// Cost: O(n). Source: least squares as Prometheus' `deriv` does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slope {
    /// Samples in the line.
    pub window: usize,
    /// Slopes in the baseline.
    pub baseline: usize,
}

const WINDOW: Param = Param::samples(
    "window",
    "Slope over",
    "Number of samples that the line is fitted to. Longer sees slower changes, but reacts later.",
    (3, 500),
    10,
);

const BASELINE: Param = Param::samples(
    "baseline",
    "Compared with",
    "Number of earlier slopes in the baseline.",
    (5, 2_000),
    120,
);

impl Default for Slope {
    fn default() -> Self {
        Self { window: WINDOW.count(), baseline: BASELINE.count() }
    }
}

impl Algorithm for Slope {
    const ABOUT: About = About {
        id: "slope",
        name: "Slope change",
        group: DetectorGroup::Changes,
        summary: "Rate of rise or fall, against the rates before.",
        threshold: 6.0,
        alert_threshold: None,
        causal: true,
        params: &[WINDOW, BASELINE],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        ParamField::Count(if index == 0 { &mut self.window } else { &mut self.baseline })
    }

    fn history(&self) -> usize {
        self.window + self.baseline
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let per_second = 1.0 / input.grid.step.span().as_seconds();
        let slopes_of = |of: &[f64]| -> Vec<f64> {
            let slopes = slopes(of, self.window).into_iter().zip(of);
            slopes.map(|(slope, v)| if v.is_finite() { slope * per_second } else { *v }).collect()
        };
        let (judged, reference) = (slopes_of(input.values), slopes_of(input.reference));
        let words = words::statistics(self.baseline, "slopes", self.window, input.grid);
        against_window(Quantity::Slope, judged, &reference, self.baseline, words)
    }
}

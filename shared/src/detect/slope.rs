use super::rolling::against_window;
use super::{About, Algorithm, Detection, Input, Param, Quantity, samples};
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

const WINDOW: Param = Param {
    id: "window",
    label: "Slope over",
    help: "How many samples the line is fitted to. Longer sees slower changes and reacts later.",
    least: 3,
    most: 500,
    default: 10,
};

const BASELINE: Param = Param {
    id: "baseline",
    label: "Compared with",
    help: "How many slopes before the judged one make its baseline.",
    least: 5,
    most: 2_000,
    default: 120,
};

impl Default for Slope {
    fn default() -> Self {
        Self { window: WINDOW.default, baseline: BASELINE.default }
    }
}

impl Algorithm for Slope {
    const ABOUT: About = About {
        id: "slope",
        name: "Slope change",
        summary: "How fast the series rises or falls, against how fast it did before.",
        threshold: 6.0,
        params: &[WINDOW, BASELINE],
    };

    fn param(&mut self, index: usize) -> &mut usize {
        if index == 0 { &mut self.window } else { &mut self.baseline }
    }

    fn history(&self) -> usize {
        self.window + self.baseline
    }

    fn detect(&self, input: Input<'_>) -> Detection {
        let per_second = 1.0 / input.grid.step.span().as_seconds();
        let mut slopes = slopes(input.values, self.window);
        for (slope, value) in slopes.iter_mut().zip(input.values) {
            *slope = if value.is_finite() { *slope * per_second } else { *value };
        }
        let words = format!(
            "the {} before, each over {}",
            samples(self.baseline, input.grid).replace("samples", "slopes"),
            samples(self.window, input.grid)
        );
        against_window(Quantity::Slope, slopes, self.baseline, words)
    }
}

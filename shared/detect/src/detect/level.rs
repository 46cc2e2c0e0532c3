use super::contrast::{ContrastWindows, contrast};
use super::param::ParamField;
use super::{About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, Quantity};
use crate::stats::quantile::Ranks;

/// Level shift: the median of the last `window` samples less the median of the `reference` samples before
/// them, judged against mean and population standard deviation of the `baseline` such contrasts that end
/// before the short window begins.
/// Medians ignore spikes: a shift counts once it holds for more than half of `window`.
///
/// Measured with the default at 6, events in 100,000 samples: none to 1 on noise that is normal, autocorrelated,
/// heavy-tailed (t with 3 degrees) or of counts, 3 on exponential and 17 on log-normal noise.
///
/// Cost: one sort, then a few bit scans a sample. Source: the two-window contrast of Kifer, Ben-David and
/// Gehrke, "Detecting change in data streams" (2004), with medians for robustness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Samples in the short median.
    pub window: usize,
    /// Samples in the long median.
    pub reference: usize,
    /// Contrasts in the baseline.
    pub baseline: usize,
}

const WINDOW: Param = Param::samples(
    "window",
    "New level over",
    "Number of samples that show the present level. It must hold for more than half of them: longer reacts later, but tolerates longer spikes.",
    (3, 500),
    10,
);

const REFERENCE: Param = Param::samples(
    "reference",
    "Old level over",
    "Number of samples before those that show the old level.",
    (5, 2_000),
    60,
);

const BASELINE: Param = Param::samples(
    "baseline",
    "Compared with",
    "Number of earlier differences in the baseline. They overlap, so use several times the length of the old level.",
    (5, 5_000),
    360,
);

impl Default for Level {
    fn default() -> Self {
        Self { window: WINDOW.count(), reference: REFERENCE.count(), baseline: BASELINE.count() }
    }
}

impl Algorithm for Level {
    const ABOUT: About = About {
        id: "level",
        name: "Level shift",
        group: DetectorGroup::Changes,
        summary: "The median of the latest samples against the median before them, and their usual difference.",
        threshold: 6.0,
        alert_threshold: None,
        causal: true,
        params: &[WINDOW, REFERENCE, BASELINE],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        ParamField::Count(match index {
            0 => &mut self.window,
            1 => &mut self.reference,
            _ => &mut self.baseline,
        })
    }

    fn history(&self) -> usize {
        2 * self.window + self.reference + self.baseline
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let medians = |of: &[f64], windows: [usize; 2]| {
            let ranks = Ranks::new(of);
            windows.map(|window| ranks.prior_medians(window))
        };
        let Self { window, reference, baseline } = *self;
        let windows = ContrastWindows { window, reference, baseline };
        contrast(input, Quantity::Contrast, windows, medians, |new, old| new - old, "contrasts")
    }
}

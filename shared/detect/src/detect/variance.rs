use super::contrast::{ContrastWindows, contrast};
use super::param::ParamField;
use super::{About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, Quantity};
use crate::stats::floor_scale;
use crate::stats::rolling::prior_moments;

/// Variance change: the natural logarithm of the population standard deviation of the last `window` samples
/// over that of the `reference` samples before them, judged against mean and population standard deviation
/// of the `baseline` such logarithms that end before the short window begins. It finds a series that becomes noisy or calm around a level that
/// stays. Both standard deviations are floored as every scale is, so that calm has a logarithm.
///
/// Measured with the default of 6, events in 100,000 samples: none to 1 on noise that is normal, autocorrelated,
/// skewed or of counts; 10 on heavy-tailed noise (t with 3 degrees), whose single spikes widen the spread too.
///
/// Cost: O(n). Source: the F test of two variances, on its logarithm, which is nearly normal (Bartlett and
/// Kendall, "The statistical analysis of variance-heterogeneity and the logarithmic transformation", 1946).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variance {
    /// Samples in the short spread.
    pub window: usize,
    /// Samples in the long spread.
    pub reference: usize,
    /// Logarithms in the baseline.
    pub baseline: usize,
}

const WINDOW: Param = Param::samples(
    "window",
    "Spread over",
    "Number of samples that show the present spread. Longer sees smaller changes and tolerates single spikes, but reacts later.",
    (5, 500),
    40,
);

const REFERENCE: Param = Param::samples(
    "reference",
    "Usual spread over",
    "Number of samples before those that show the usual spread.",
    (5, 2_000),
    240,
);

const BASELINE: Param = Param::samples(
    "baseline",
    "Compared with",
    "Number of earlier ratios in the baseline. They overlap, so use several times the length of the usual spread.",
    (5, 5_000),
    480,
);

impl Default for Variance {
    fn default() -> Self {
        Self { window: WINDOW.count(), reference: REFERENCE.count(), baseline: BASELINE.count() }
    }
}

impl Algorithm for Variance {
    const ABOUT: About = About {
        id: "variance",
        name: "Variance change",
        group: DetectorGroup::Changes,
        summary: "The spread of the latest samples against the spread before them, and their usual ratio.",
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
        let spreads = |of: &[f64], windows: [usize; 2]| {
            windows.map(|window| {
                let moments = prior_moments(of, window);
                let floored = moments.std.iter().zip(moments.mean);
                floored.map(|(std, mean)| floor_scale(*std, mean)).collect()
            })
        };
        let Self { window, reference, baseline } = *self;
        let windows = ContrastWindows { window, reference, baseline };
        contrast(
            input,
            Quantity::Spread,
            windows,
            spreads,
            |new, old| libm::log(new / old),
            "ratios",
        )
    }
}

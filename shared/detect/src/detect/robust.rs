use super::param::ParamField;
use super::{About, Algorithm, Detection, DetectorInput, Param, ParamKind, Quantity, samples};
use crate::stats::quantile::{DEVIATIONS, QUARTILE_RANGE, Ranks};

/// Robust band: `expected` is the median of the `window` samples before the judged one; the scale is either
/// their quartile range over 1.349 or their median absolute deviation times 1.4826, each of which is the standard
/// deviation where the samples are normal. Up to a quarter (quartiles) or half (MAD) of the baseline may be odd
/// without moving it far.
///
/// The window is twice that of the rolling band, because quartiles of normal samples vary as much as a standard
/// deviation of about 40 % of them does. Measured on white noise it then flags 2 of 100,000 samples at 5, on an
/// autoregression of 0.9 it is 17.
///
/// Cost: one sort, then a few bit scans a sample. Source: Hampel, "The influence curve and its role in robust
/// estimation" (1974); quantiles as Prometheus' `quantile_over_time` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Robust {
    /// Length of the baseline in samples.
    pub window: usize,
    /// 0 for quartiles, else the median absolute deviation.
    pub scale: usize,
}

const WINDOW: Param = Param::samples(
    "window",
    "Window",
    "How many samples before the judged one make its baseline. Longer is steadier and slower to accept a new level.",
    (5, 2_000),
    120,
);

const SCALE: Param = Param {
    id: "scale",
    label: "Spread by",
    help: "Quartiles become a Prometheus rule; the median absolute deviation (MAD) bears more odd samples in its window.",
    min: 0.0,
    max: 1.0,
    default: 0.0,
    kind: ParamKind::Choice(&["quartiles", "MAD"]),
};

impl Default for Robust {
    fn default() -> Self {
        Self { window: WINDOW.count(), scale: SCALE.count() }
    }
}

impl Algorithm for Robust {
    const ABOUT: About = About {
        id: "robust",
        name: "Robust band",
        summary: "Each sample against median and quartiles of the window before it, which outliers hardly move.",
        threshold: 5.0,
        alert_threshold: None,
        causal: true,
        params: &[WINDOW, SCALE],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        ParamField::Count(if index == 0 { &mut self.window } else { &mut self.scale })
    }

    fn history(&self) -> usize {
        self.window
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let ranks = Ranks::new(input.reference);
        let (median, scale) = if self.scale == 0 {
            let quartiles = ranks.prior_quartiles(self.window);
            let range = quartiles.high.iter().zip(&quartiles.low);
            (quartiles.median, range.map(|(high, low)| (high - low) / QUARTILE_RANGE).collect())
        } else {
            let mut deviations = ranks.prior_deviations(self.window);
            deviations.deviation.iter_mut().for_each(|deviation| *deviation *= DEVIATIONS);
            (deviations.median, deviations.deviation)
        };
        Detection::judge(
            Quantity::Value,
            input.values.to_vec(),
            median,
            scale,
            format!("the {} before", samples(self.window, input.grid)),
            self.window,
        )
    }
}

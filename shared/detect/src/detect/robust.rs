use super::param::{ParamField, named_choice};
use super::{About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, Quantity, words};
use crate::stats::quantile::{MAD_TO_STD, QUARTILE_RANGE, Ranks};

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
    /// Estimator of the spread.
    pub scale: RobustScale,
}

/// Estimator of the spread of a window that outliers hardly move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RobustScale {
    /// The quartile range over 1.349.
    #[default]
    Quartiles,
    /// The median absolute deviation (MAD) times 1.4826.
    Mad,
}

named_choice!(RobustScale { Quartiles = "quartiles", Mad = "MAD" });

const WINDOW: Param = Param::samples(
    "window",
    "Window",
    "Number of earlier samples in the baseline. Longer is steadier, but slower to accept a new level.",
    (5, 2_000),
    120,
);

const SCALE: Param = Param::choice(
    "scale",
    "Spread by",
    "Quartiles can be exported as a Prometheus rule; the median absolute deviation (MAD) tolerates more odd samples in the window.",
    RobustScale::WORDS,
);

impl Default for Robust {
    fn default() -> Self {
        Self { window: WINDOW.count(), scale: RobustScale::default() }
    }
}

impl Algorithm for Robust {
    const ABOUT: About = About {
        id: "robust",
        name: "Robust band",
        group: DetectorGroup::Values,
        summary: "Each sample against median and quartiles of the window before it, which outliers hardly affect.",
        threshold: 5.0,
        alert_threshold: None,
        causal: true,
        params: &[WINDOW, SCALE],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        match index {
            0 => ParamField::Count(&mut self.window),
            _ => ParamField::Choice(&mut self.scale),
        }
    }

    fn history(&self) -> usize {
        self.window
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let ranks = Ranks::new(input.reference);
        let (median, scale) = if self.scale == RobustScale::Quartiles {
            let quartiles = ranks.prior_quartiles(self.window);
            let range = quartiles.high.iter().zip(&quartiles.low);
            (quartiles.median, range.map(|(high, low)| (high - low) / QUARTILE_RANGE).collect())
        } else {
            let mut deviations = ranks.prior_deviations(self.window);
            deviations.deviation.iter_mut().for_each(|deviation| *deviation *= MAD_TO_STD);
            (deviations.median, deviations.deviation)
        };
        Detection::judge(
            Quantity::Value,
            input.values.to_vec(),
            median,
            scale,
            words::window(self.window, input.grid),
            self.window,
        )
    }
}

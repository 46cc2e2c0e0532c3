use super::param::ParamField;
use super::{
    About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, ParamKind, Quantity, words,
};
use crate::stats::exponential::CLIP;
use crate::stats::floor_scale;
use crate::stats::quantile::{QUARTILE_RANGE, Ranks};
use crate::stats::rolling::prior_moments;

/// Drift: two cumulative sums, one of how far the samples lie above a slow baseline and one of how far below.
/// Each sample's residual, in standard deviations, less an allowance, is added; a sum never falls below 0, and
/// both begin anew after a sample at which one exceeds `reset`. What is judged is the larger sum, negative if
/// it is the lower one; expected is 0 and the scale 1, so the score is the sum. Many deviations too small
/// to be odd alone become odd together: leaks, slow degradation, a queue that fills.
///
/// The residual is made to have mean 0 and spread 1 while all is well, whatever the distribution: the
/// deviation from the median of the `window` samples before, in their quartile ranges over 1.349 and clipped
/// to 5; of that the mean of the `window` before is subtracted, and it is divided by their standard deviation
/// and, because the sum of samples that follow one another varies more than one of independent ones, by
/// `sqrt((1 + r) / (1 - r))` with r their lag-1 autocorrelation. So a single spike cannot raise the alarm.
///
/// The reset is a parameter and not the threshold, so that a moved threshold needs no new sums.
///
/// Were the baseline known exactly, an alarm would come by chance once in 500,000 samples at an allowance of 0.5
/// and a threshold of 12 (average run length after Siegmund, "Sequential analysis", 1985, both sides). As it is
/// estimated, measured with the default: once in 100,000 samples of normal noise, however autocorrelated, once in
/// 20,000 of heavy-tailed and of exponential noise.
///
/// Cost: one sort, then a few bit scans a sample. Source: Page, "Continuous inspection schemes" (1954);
/// Hinkley, "Inference about the change-point from cumulative sum tests" (1971); variance of a sum of
/// autocorrelated samples as in Bayley and Hammersley (1946).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Length of the baseline in samples.
    pub window: usize,
    /// Amount by which each residual is lessened, in standard deviations.
    pub allowance: f64,
    /// Sum after which both sums begin anew, in standard deviations.
    pub reset: f64,
}

const WINDOW: Param = Param::samples(
    "window",
    "Baseline",
    "Number of earlier samples in the baseline. The baseline follows drifts that are slower than this.",
    (20, 5_000),
    240,
);

const ALLOWANCE: Param = Param {
    id: "allowance",
    label: "Allowance",
    help: "Deviations up to this many standard deviations are ignored. Set it to half of the smallest lasting shift worth finding.",
    min: 0.0,
    max: 5.0,
    default: 0.5,
    kind: ParamKind::Number,
};

const RESET: Param = Param {
    id: "reset",
    label: "Reset at",
    help: "Sum, in standard deviations, at which both sums return to 0. Keep it above the threshold, or nothing is flagged.",
    min: 1.0,
    max: 1_000.0,
    default: 24.0,
    kind: ParamKind::Number,
};

/// Autocorrelation above which a window tells nothing about its own size.
const MAX_CORRELATION: f64 = 0.98;

impl Default for Drift {
    fn default() -> Self {
        Self { window: WINDOW.count(), allowance: ALLOWANCE.default, reset: RESET.default }
    }
}

impl Algorithm for Drift {
    const ABOUT: About = About {
        id: "drift",
        name: "Drift",
        group: DetectorGroup::Changes,
        summary: "Small deviations to one side, summed up until chance no longer explains them.",
        threshold: 12.0,
        alert_threshold: None,
        causal: true,
        params: &[WINDOW, ALLOWANCE, RESET],
    };

    fn field(&mut self, index: usize) -> ParamField<'_> {
        match index {
            0 => ParamField::Count(&mut self.window),
            1 => ParamField::Number(&mut self.allowance),
            _ => ParamField::Number(&mut self.reset),
        }
    }

    fn history(&self) -> usize {
        // One window for the first residuals, one to know their spread, one to settle.
        3 * self.window
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let len = input.values.len();
        let residuals = residuals(input, self.window);
        let (mut up, mut down) = (0.0_f64, 0.0_f64);
        let mut judged = Vec::with_capacity(len);
        for ((value, reference), residual) in
            input.values.iter().zip(input.reference).zip(&residuals)
        {
            if !value.is_finite() || residual.is_nan() {
                judged.push(if value.is_infinite() { *value } else { f64::NAN });
                continue;
            }
            let above = (up + residual - self.allowance).max(0.0);
            let below = (down - residual - self.allowance).max(0.0);
            judged.push(if above >= below { above } else { -below });
            if reference.is_finite() {
                let anew = above.max(below) > self.reset;
                (up, down) = if anew { (0.0, 0.0) } else { (above, below) };
            }
        }
        let known = |known: f64| {
            let of = |residual: &f64| if residual.is_nan() { f64::NAN } else { known };
            residuals.iter().map(of).collect()
        };
        let words = words::window(self.window, input.grid);
        let (expected, scale) = (known(0.0), known(1.0));
        Detection::judge(Quantity::CumulativeSum, judged, expected, scale, words, self.window)
    }
}

/// Computes residuals of mean 0, spread 1 and no autocorrelation, as far as the samples before tell; NaN where they do
/// not.
fn residuals(input: DetectorInput<'_>, window: usize) -> Vec<f64> {
    let quartiles = Ranks::new(input.reference).prior_quartiles(window);
    let raw = |of: &[f64]| -> Vec<f64> {
        let band = quartiles.low.iter().zip(&quartiles.median).zip(&quartiles.high);
        let of = of.iter().zip(band).map(|(value, ((low, median), high))| {
            let scale = floor_scale((high - low) / QUARTILE_RANGE, *median);
            if value.is_finite() { ((value - median) / scale).clamp(-CLIP, CLIP) } else { f64::NAN }
        });
        of.collect()
    };
    let reference = raw(input.reference);
    let moments = prior_moments(&reference, window);
    let pairs: Vec<f64> = std::iter::once(f64::NAN)
        .chain(reference.windows(2).map(|pair| pair[0] * pair[1]))
        .collect();
    let products = prior_moments(&pairs, window).mean;
    let mut judged = if input.learns_all() { reference } else { raw(input.values) };
    for (at, residual) in judged.iter_mut().enumerate() {
        let (mean, std) = (moments.mean[at], moments.std[at]);
        let correlation = (products[at] - mean * mean) / (std * std);
        // None where nothing varied.
        let correlation = if correlation > 0.0 { correlation.min(MAX_CORRELATION) } else { 0.0 };
        let inflation = ((1.0 + correlation) / (1.0 - correlation)).sqrt();
        let scaled = (*residual - mean) / (floor_scale(std, mean) * inflation);
        *residual = scaled.clamp(-CLIP, CLIP);
    }
    judged
}

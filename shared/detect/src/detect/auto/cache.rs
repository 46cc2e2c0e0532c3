//! Cache of the features of `auto` that do not depend on its lookback, so that moving the slider of the lookback is
//! fast.

use super::reference::JudgedAndReference;
use super::residuals::{self, ScoredSamples};
use super::season;
use super::slow::SlowWindows;
use super::tuning::Tuning;
use crate::detect::DetectorInput;
use crate::series::Grid;
use crate::stats::quantile::Ranks;

/// Features derived from one input.
#[derive(Debug)]
pub(crate) struct AutoCache {
    /// Weights and windows that the features were derived with.
    pub(super) tuning: Tuning,
    /// Times of the samples.
    grid: Grid,
    /// Samples of the input.
    values: JudgedAndReference,
    /// Residuals from the season, where one was found, and statistics of their windows.
    pub(super) seasonal: Option<(JudgedAndReference, SlowWindows)>,
    /// Scores of all samples.
    pub(super) scored: ScoredSamples,
    /// Values less their running median.
    pub(super) deviation: JudgedAndReference,
    /// Values less a running median over a shorter window.
    pub(super) near: JudgedAndReference,
    /// Order of the absolute values of `near`.
    pub(super) near_sizes: Ranks,
    /// Statistics of sliding windows over the values.
    pub(super) windows: SlowWindows,
}

impl AutoCache {
    /// Derives the features of an input.
    pub(super) fn of(input: DetectorInput<'_>, tuning: &Tuning) -> Self {
        let values = JudgedAndReference::of(input);
        let seasonal = season::seasonal(input, &values);
        let scored = residuals::score(input, &values, seasonal.as_ref());
        let [long, near] = values.medians([tuning.value_window, tuning.logarithm_window]);
        let near = values.less(&near);
        Self {
            tuning: *tuning,
            grid: input.grid,
            seasonal: seasonal.map(|of| {
                let windows = SlowWindows::of(&of, tuning);
                (of, windows)
            }),
            scored,
            deviation: values.less(&long),
            near_sizes: near.sizes(),
            near,
            windows: SlowWindows::of(&values, tuning),
            values,
        }
    }

    /// Returns whether the features were derived from this input with this tuning.
    pub(super) fn is_of(&self, input: DetectorInput<'_>, tuning: &Tuning) -> bool {
        let same = |a: &[f64], b: &[f64]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
        };
        self.grid == input.grid
            && self.tuning == *tuning
            && same(self.values.judged(), input.values)
            && same(self.values.reference(), input.reference)
    }
}

//! What of a series does not depend on how much of it a view remembers: kept while that is tuned.

use super::reference::JudgedAndReference;
use super::residuals::{self, ScoredSamples};
use super::season;
use super::slow::SlowWindows;
use super::tuning::Tuning;
use crate::detect::DetectorInput;
use crate::series::Grid;
use crate::stats::quantile::Ranks;

/// Derived from one input.
#[derive(Debug)]
pub(crate) struct AutoCache {
    pub(super) tuning: Tuning,
    grid: Grid,
    values: JudgedAndReference,
    /// Residuals from the season, where there is one, and their windows.
    pub(super) seasonal: Option<(JudgedAndReference, SlowWindows)>,
    pub(super) scored: ScoredSamples,
    /// Values less their running median.
    pub(super) deviation: JudgedAndReference,
    /// The same of a shorter median.
    pub(super) near: JudgedAndReference,
    pub(super) near_sizes: Ranks,
    pub(super) windows: SlowWindows,
}

impl AutoCache {
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

    /// Whether it was derived from this.
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

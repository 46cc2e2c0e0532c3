//! What of a series does not depend on how much of it a view remembers: kept while that is tuned.

use super::pair::Pair;
use super::residuals::{self, Scored};
use super::season;
use super::slow::Windows;
use super::tuning::Tuning;
use crate::detect::Input;
use crate::series::Grid;
use crate::stats::quantile::Ranks;

/// Derived from one input.
#[derive(Debug)]
pub(crate) struct Known {
    pub(super) tuning: Tuning,
    grid: Grid,
    values: Pair,
    /// Residuals from the season, where there is one, and their windows.
    pub(super) seasonal: Option<(Pair, Windows)>,
    pub(super) scored: Scored,
    /// Values less their running median.
    pub(super) deviation: Pair,
    /// The same of a shorter median.
    pub(super) near: Pair,
    pub(super) near_sizes: Ranks,
    pub(super) windows: Windows,
}

impl Known {
    pub(super) fn of(input: Input<'_>, tuning: &Tuning) -> Self {
        let values = Pair::of(input);
        let seasonal = season::seasonal(input, &values);
        let scored = residuals::score(input, &values, seasonal.as_ref());
        let [long, near] = values.medians([tuning.value_window, tuning.logarithm_window]);
        let near = values.less(&near);
        Self {
            tuning: *tuning,
            grid: input.grid,
            seasonal: seasonal.map(|of| {
                let windows = Windows::of(&of, tuning);
                (of, windows)
            }),
            scored,
            deviation: values.less(&long),
            near_sizes: near.sizes(),
            near,
            windows: Windows::of(&values, tuning),
            values,
        }
    }

    /// Whether it was derived from this.
    pub(super) fn is_of(&self, input: Input<'_>, tuning: &Tuning) -> bool {
        let same = |a: &[f64], b: &[f64]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
        };
        self.grid == input.grid
            && self.tuning == *tuning
            && same(self.values.judged(), input.values)
            && same(self.values.learnt(), input.learnt)
    }
}

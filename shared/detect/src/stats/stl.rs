//! Seasonal-trend decomposition by loess: a series is the sum of a trend, one or more seasons and a remainder.
//!
//! Definition: Cleveland, Cleveland, McRae and Terpenning, "STL: A seasonal-trend decomposition procedure
//! based on loess" (1990), with the defaults of its authors: two passes, a trend over 1.5 to 2 seasons,
//! each smoother evaluated at every tenth of its length and interpolated between, degree 0 for the
//! season and 1 for the rest. Several seasons: Bandara, Hyndman and Bergmeir, "MSTL" (2021).
//!
//! Method: without robustness weights loess is linear, and its weights depend on the place only, so they
//! are computed once: one kernel for the whole interior, and one for all phases of a season. Moving
//! averages are sums of a suffix and a prefix of blocks, so nothing is subtracted that was added before.
//!
//! Cost: about 60 multiplications a sample whatever the period is; ten times that and more for each
//! robustness iteration. Memory: O(n).

mod average;
mod fill;
mod loess;
mod pass;

use pass::StlPass;

pub use average::moving_average;
pub use fill::fill;

/// Parameters of a decomposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Smoothing {
    /// Number of seasons over which the shape of a season is averaged, at least 3; even counts become odd. More than
    /// there are make it nearly constant.
    pub seasons: usize,
    /// Number of robustness iterations, in which samples far from the fit get less weight in a new one.
    pub robust: usize,
}

/// Components of a series, each as long as the series and in its unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Stl {
    /// Component that changes slowly.
    pub trend: Vec<f64>,
    /// Component that repeats; of several seasons their sum.
    pub seasonal: Vec<f64>,
    /// Remainder; NaN where the sample was missing.
    pub remainder: Vec<f64>,
}

/// Decomposes a series with one season of `period` samples. Missing samples (NaN and infinities) are filled first, see
/// [`fill()`]. `None` for fewer than two seasons, for a period below 2 and without a single sample.
pub fn decompose(values: &[f64], period: usize, smoothing: Smoothing) -> Option<Stl> {
    decompose_all(values, &[period], smoothing)
}

/// Decomposes a series with several seasons: the first is fitted, then each to what the others leave, and all of them
/// once more. The shortest should be the first. `None` if any of them does not fit, see [`decompose`], or if there is
/// none.
pub fn decompose_all(values: &[f64], periods: &[usize], smoothing: Smoothing) -> Option<Stl> {
    let longest = periods.iter().copied().max()?;
    if values.len() < 2 * longest || periods.iter().any(|period| *period < 2) {
        return None;
    }
    let mut rest = fill(values, periods[0])?;
    let mut trend = vec![0.0; values.len()];
    let mut seasons = vec![vec![0.0; values.len()]; periods.len()];
    let rounds = if periods.len() > 1 { 2 } else { 1 };
    let passes: Vec<StlPass> =
        periods.iter().map(|period| StlPass::new(values.len(), *period, smoothing)).collect();
    for _ in 0..rounds {
        for (pass, season) in passes.iter().zip(&mut seasons) {
            rest.iter_mut().zip(&*season).for_each(|(rest, season)| *rest += season);
            pass.run(&rest, season, &mut trend);
            rest.iter_mut().zip(&*season).for_each(|(rest, season)| *rest -= season);
        }
    }
    let mut seasonal = seasons.pop()?;
    for season in seasons {
        seasonal.iter_mut().zip(season).for_each(|(sum, season)| *sum += season);
    }
    let remainder = values
        .iter()
        .zip(seasonal.iter().zip(&trend))
        .map(|(value, (season, trend))| value - season - trend)
        .map(|rest| if rest.is_finite() { rest } else { f64::NAN })
        .collect();
    Some(Stl { trend, seasonal, remainder })
}

#[cfg(test)]
mod tests;

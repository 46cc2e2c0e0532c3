//! The two loops of STL for one season.

use super::Smoothing;
use super::average::moving_average;
use super::loess::{Loess, LoessKernels};

/// Number of seasons above which a season gets no more constant.
const MAX_SEASONS: usize = 100_000;

/// Number of passes of the inner loop.
const PASSES: usize = 2;

/// Everything that depends on length and period, and not on the samples.
pub(super) struct StlPass {
    period: usize,
    robust: usize,
    season: Loess,
    trend: Loess,
    trend_kernels: LoessKernels,
    low_pass_kernels: LoessKernels,
    /// Kernels for phases that have one more sample than the others, and for those others.
    season_kernels: [LoessKernels; 2],
}

impl StlPass {
    /// Prepares a decomposition of `len` samples, at least two seasons of at least two samples.
    pub fn new(len: usize, period: usize, smoothing: Smoothing) -> Self {
        let odd = |length: usize| length.max(3) | 1;
        let loess = |length: usize, degree| Loess { length, degree, jump: length.div_ceil(10) };
        let seasons = odd(smoothing.seasons.min(MAX_SEASONS));
        // In single precision, as the reference rounds.
        let trend = 1.5 * period as f32 / (1.0 - 1.5 / seasons as f32);
        let season = loess(seasons, 0);
        let trend = loess(odd(libm::ceilf(trend) as usize), 1);
        let count = len / period;
        Self {
            period,
            robust: smoothing.robust,
            season,
            trend,
            trend_kernels: trend.kernels(len, false),
            low_pass_kernels: loess(odd(period), 1).kernels(len, false),
            season_kernels: [season.kernels(count + 1, true), season.kernels(count, true)],
        }
    }

    /// Writes season and trend of `values`.
    pub fn run(&self, values: &[f64], seasonal: &mut [f64], trend: &mut [f64]) {
        let (len, period) = (values.len(), self.period);
        trend.fill(0.0);
        let mut weights: Option<Vec<f64>> = None;
        let mut work = vec![0.0; len];
        let mut cycles = vec![0.0; len + 2 * period];
        let mut averages = vec![0.0; len + 2 * period];
        let mut row = Vec::new();
        let passes = if self.robust > 0 { 1 } else { PASSES };
        for round in 0..=self.robust {
            for _ in 0..passes {
                let pairs = values.iter().zip(&*trend);
                work.iter_mut().zip(pairs).for_each(|(work, (value, trend))| *work = value - trend);
                self.smooth_cycles(&work, weights.as_deref(), &mut cycles);
                averages.copy_from_slice(&cycles);
                for window in [period, period, 3] {
                    moving_average(&mut averages, window);
                }
                averages.truncate(len);
                self.low_pass_kernels.smooth(&averages, &mut work);
                averages.resize(len + 2 * period, 0.0);
                for at in 0..len {
                    seasonal[at] = cycles[period + at] - work[at];
                    work[at] = values[at] - seasonal[at];
                }
                match &weights {
                    Some(weights) => self.trend.robust(&work, weights, trend, &mut row),
                    None => self.trend_kernels.smooth(&work, trend),
                }
            }
            if round < self.robust {
                weights = Some(robustness(values, seasonal, trend));
            }
        }
    }

    /// Smooths the samples of each phase of the season, continued by one season at either end.
    fn smooth_cycles(&self, values: &[f64], weights: Option<&[f64]>, smooth: &mut [f64]) {
        let (period, longer) = (self.period, values.len() % self.period);
        let count = values.len() / period;
        let Some(weights) = weights else {
            let [more, fewer] = &self.season_kernels;
            more.smooth_columns(values, period, longer, count + 1, smooth);
            let width = period - longer;
            fewer.smooth_columns(&values[longer..], period, width, count, &mut smooth[longer..]);
            return;
        };
        let mut row = Vec::new();
        for phase in 0..period {
            let of = |all: &[f64]| -> Vec<f64> {
                all.iter().skip(phase).step_by(period).copied().collect()
            };
            let (values, weights) = (of(values), of(weights));
            let mut smoothed = vec![0.0; values.len() + 2];
            self.season.robust(&values, &weights, &mut smoothed, &mut row);
            for (cycle, value) in smoothed.into_iter().enumerate() {
                smooth[cycle * period + phase] = value;
            }
        }
    }
}

/// Returns bisquare weights of the samples by their distance from the fit, in units of six medians of it.
fn robustness(values: &[f64], seasonal: &[f64], trend: &[f64]) -> Vec<f64> {
    let fit = seasonal.iter().zip(trend);
    let mut weights: Vec<f64> =
        values.iter().zip(fit).map(|(value, (s, t))| (value - (t + s)).abs()).collect();
    let mut sorted = weights.clone();
    let middle = sorted.len() / 2;
    let (below, high, _) = sorted.select_nth_unstable_by(middle, f64::total_cmp);
    let low = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let both = if weights.len().is_multiple_of(2) { low + *high } else { *high + *high };
    let reach = 3.0 * both;
    for weight in &mut weights {
        let distance = *weight;
        *weight = if distance <= 0.001 * reach {
            1.0
        } else if distance <= 0.999 * reach {
            let near = 1.0 - (distance / reach) * (distance / reach);
            near * near
        } else {
            0.0
        };
    }
    weights
}

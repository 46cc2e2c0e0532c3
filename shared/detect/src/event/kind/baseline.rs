//! The usual course of a series before an event: trend, season, level and spread, learnt far enough before the onset
//! that a slow change has not yet entered them.

use std::ops::Range;

use crate::stats::floor_scale;
use crate::stats::median::{finite_median, scaled_quartile_range};
use crate::stats::rolling::moments;

/// Number of samples before the onset at which learning ends, so that a drift is not learnt as usual.
const GUARD_SAMPLES: usize = 600;

/// Number of samples that the baseline is learnt from if there is no season.
pub(super) const BASELINE_SAMPLES: usize = 600;

/// Number of periods that the baseline is learnt from if there is a season.
const BASELINE_PERIODS: usize = 3;

/// Number of samples after the onset whose spread is compared.
const SPREAD_SAMPLES: usize = 120;

/// The usual course of a series, and how far the series strays from it.
pub(super) struct Baseline {
    /// Rise per sample.
    trend: f64,
    /// Seasonal part of each phase, from the phase of index 0 on; `None` without a season.
    pub season: Option<Vec<f64>>,
    /// Median of the residuals from trend and season.
    pub level: f64,
    /// Scaled quartile range of the residuals, or their standard deviation where most are equal; never 0.
    pub scale: f64,
    /// Scaled quartile range of the residuals.
    spread: f64,
    /// Scaled quartile range of the differences between neighbouring residuals.
    jitter: f64,
}

impl Baseline {
    /// Learns the usual course from the samples before the onset.
    pub(super) fn before(values: &[f64], onset: usize, period: Option<usize>) -> Self {
        let period = period.filter(|&period| period >= 4 && onset / 2 >= period);
        let guard = GUARD_SAMPLES.max(period.unwrap_or(0)).min(onset / 3);
        let until = onset - guard;
        let reach = period
            .map_or(BASELINE_SAMPLES, |period| BASELINE_SAMPLES.max(BASELINE_PERIODS * period));
        let past = until.saturating_sub(reach)..until;
        let trend = period.map_or_else(
            || resistant_slope(values, past.clone()),
            |period| seasonal_slope(values, past.clone(), period),
        );
        let mut baseline =
            Self { trend, season: None, level: 0.0, scale: 0.0, spread: 0.0, jitter: 0.0 };
        if let Some(period) = period.filter(|period| past.len() >= *period) {
            baseline.season = Some(baseline.template(values, past.clone(), period));
        }
        let recent = until.saturating_sub(BASELINE_SAMPLES)..until;
        let mut rest: Vec<f64> = recent.map(|at| baseline.residual(values, at)).collect();
        baseline.jitter = scaled_quartile_range(&mut differences(&rest));
        baseline.level = finite_median(&mut rest).unwrap_or(0.0);
        baseline.spread = scaled_quartile_range(&mut rest);
        let strayed = moments(&rest).1;
        baseline.scale =
            if baseline.spread > 0.0 || strayed.is_nan() { baseline.spread } else { strayed };
        baseline.scale = floor_scale(baseline.scale, values[onset]);
        baseline
    }

    /// Returns a sample less trend and season.
    pub(super) fn residual(&self, values: &[f64], at: usize) -> f64 {
        values[at] - self.trend * at as f64 - self.seasonal(at)
    }

    /// Converts a residual at a sample back to a value, with the trend and without the seasonal part.
    pub(super) fn value(&self, residual: f64, at: usize) -> f64 {
        residual + self.trend * at as f64
    }

    /// Returns the seasonal part at a sample.
    pub(super) fn seasonal(&self, at: usize) -> f64 {
        self.season.as_ref().map_or(0.0, |season| season[at % season.len()])
    }

    /// Returns the median of the samples just before the onset, continued to it.
    pub(super) fn local(&self, values: &[f64], onset: usize) -> f64 {
        let before = onset.saturating_sub(30)..onset;
        let mut before: Vec<f64> = before.map(|at| self.residual(values, at)).collect();
        finite_median(&mut before).unwrap_or(self.level) + values[onset]
            - self.residual(values, onset)
    }

    /// Returns the medians of blocks of residuals, each with the index of its middle; one block begins at the onset.
    pub(super) fn blocks(
        &self,
        values: &[f64],
        onset: usize,
        range: Range<usize>,
        block: usize,
    ) -> Vec<(f64, f64)> {
        let first = onset - (onset - range.start) / block * block;
        let mut rest = Vec::with_capacity(block);
        (first..range.end)
            .step_by(block)
            .filter_map(|from| {
                let until = (from + block).min(range.end);
                rest.clear();
                rest.extend((from..until).map(|at| self.residual(values, at)));
                Some(((from + block / 2) as f64, finite_median(&mut rest)?))
            })
            .collect()
    }

    /// Returns whether the spread after the onset is much larger or much smaller than before, for the samples as well
    /// as for their differences.
    pub(super) fn wider_after(&self, values: &[f64], onset: usize) -> bool {
        let until = values.len().min(onset + SPREAD_SAMPLES);
        let mut rest: Vec<f64> = (onset..until).map(|at| self.residual(values, at)).collect();
        if rest.iter().filter(|value| value.is_finite()).count() < SPREAD_SAMPLES / 5 {
            return false;
        }
        let jitter = scaled_quartile_range(&mut differences(&rest)) / self.jitter;
        let spread = scaled_quartile_range(&mut rest) / self.spread;
        let wider = jitter.min(spread) >= super::SPREAD_FACTOR;
        let narrower = jitter.max(spread) <= 1.0 / (super::SPREAD_FACTOR * super::SPREAD_FACTOR);
        self.jitter > 0.0 && self.spread > 0.0 && spread > 0.0 && (wider || narrower)
    }

    /// Returns the median of each phase over the periods, averaged with its neighbours; the median of all is 0.
    fn template(&self, values: &[f64], past: Range<usize>, period: usize) -> Vec<f64> {
        let mut phases = vec![f64::NAN; period];
        for at in past.end - period..past.end {
            let mut alike = [f64::NAN; BASELINE_PERIODS];
            for (back, value) in alike.iter_mut().enumerate() {
                if let Some(at) = at.checked_sub(back * period).filter(|at| past.contains(at)) {
                    *value = values[at] - self.trend * at as f64;
                }
            }
            phases[at % period] = finite_median(&mut alike).unwrap_or(f64::NAN);
        }
        let centre = finite_median(&mut phases.clone()).unwrap_or(0.0);
        for phase in &mut phases {
            *phase = if phase.is_finite() { *phase - centre } else { 0.0 };
        }
        let half = period / 96;
        let around = [&phases[period - half..], &phases, &phases[..half]].concat();
        let width = 2 * half + 1;
        around.windows(width).map(|near| near.iter().sum::<f64>() / width as f64).collect()
    }
}

/// Returns the rise per sample by the median difference of samples one period apart.
fn seasonal_slope(values: &[f64], past: Range<usize>, period: usize) -> f64 {
    let from = past.start + period;
    let mut differences: Vec<f64> =
        (from..past.end).map(|at| values[at] - values[at - period]).collect();
    if differences.len() < period / 2 {
        return 0.0;
    }
    finite_median(&mut differences).map_or(0.0, |rise| rise / period as f64)
}

/// Returns the rise per sample between the medians of the first and the last third. Source: Tukey's resistant line.
fn resistant_slope(values: &[f64], past: Range<usize>) -> f64 {
    let third = past.len() / 3;
    if third < super::MIN_SAMPLES {
        return 0.0;
    }
    let first = finite_median(&mut values[past.start..past.start + third].to_vec());
    let last = finite_median(&mut values[past.end - third..past.end].to_vec());
    let apart = (past.len() - third) as f64;
    first.zip(last).map_or(0.0, |(first, last)| (last - first) / apart)
}

/// Returns the differences between neighbours.
fn differences(values: &[f64]) -> Vec<f64> {
    values.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

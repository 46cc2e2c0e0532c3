//! Candidate lengths of a season.

use super::samples::CenteredSamples;
use super::{Calendar, MIN_PERIOD};
use crate::stats::fft::Fft;
use crate::stats::periodogram::{background, peak, power};
use crate::time::Step;

/// A length that may be that of a season.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeasonCandidate {
    /// Length in samples.
    pub period: usize,
    /// Season of the calendar with this length, if there is one.
    pub calendar: Option<Calendar>,
}

/// Estimate of the noise from the periodogram.
#[derive(Clone, Debug)]
pub(super) struct NoiseSpectrum {
    /// Sums of power and of its square from each bin on.
    sums: Vec<(f64, f64)>,
    /// Number of bins of the padded transform.
    bins: usize,
    /// Number of bins that the samples alone would have.
    samples: usize,
}

impl NoiseSpectrum {
    fn new(power: &[f64], samples: usize) -> Self {
        let mut sums = vec![(0.0, 0.0); power.len() + 1];
        for (bin, power) in power.iter().enumerate().rev() {
            let (sum, squares) = sums[bin + 1];
            sums[bin] = (sum + power, squares + power * power);
        }
        Self { sums, bins: 2 * (power.len() - 1), samples }
    }

    /// Returns the number of independent samples that vary as much as these do around their average over `period`: all
    /// of them for white noise, few where few frequencies matter (Bartlett 1946, by Parseval's theorem; the power of
    /// noise varies, which doubles its mean square).
    pub fn independent(&self, period: usize) -> f64 {
        let lowest = (7 * self.bins / (10 * period)).min(self.sums.len() - 1);
        let (sum, squares) = self.sums[lowest];
        let share = 4.0 * self.samples as f64 / self.bins as f64;
        if squares > 0.0 { (share * sum * sum / squares).max(1.0) } else { 1.0 }
    }
}

/// Maximum number of peaks of the periodogram that become candidates.
const MAX_PEAKS: usize = 5;

/// Period in samples below which twice the period is a candidate too: one that is no whole number of samples may only
/// repeat after two.
const FRACTIONAL: f64 = 20.0;

/// Returns the candidates that fit twice into the samples, those of the calendar first, and the noise.
pub(super) fn candidates(
    samples: &CenteredSamples,
    step: Step,
) -> (Vec<SeasonCandidate>, NoiseSpectrum) {
    let longest = samples.len() / 2;
    // The longest lags wrap around a little; what they propose is measured without that.
    let fft = Fft::new(samples.len() + samples.len() / 3);
    let correlations = samples.correlations(&fft);
    let calendar = Calendar::ALL.into_iter().filter_map(|calendar| {
        let period = calendar.period(step)?;
        Some(SeasonCandidate { period, calendar: Some(calendar) })
    });
    let mut all: Vec<SeasonCandidate> = calendar.collect();
    let plain = |period: usize| SeasonCandidate { period, calendar: None };
    let power = power(samples.values(), &fft);
    for period in lines(&power, fft.len(), samples.len()) {
        // Half a bin of the transform, in samples.
        let doubt = period * period / samples.len() as f64 * 0.5;
        all.push(plain(libm::round(period) as usize));
        all.push(plain(nearest_hill(&correlations, period, doubt)));
        if period < FRACTIONAL {
            all.push(plain(libm::round(2.0 * period) as usize));
        }
    }
    all.extend(hills(&correlations).into_iter().map(plain));
    all.retain(|candidate| (MIN_PERIOD..=longest).contains(&candidate.period));
    all.sort_by_key(|candidate| (candidate.period, candidate.calendar.is_none()));
    all.dedup_by_key(|candidate| candidate.period);
    (all, NoiseSpectrum::new(&power, samples.len()))
}

/// Returns the periods of the peaks that stand out most from their neighbourhood in the periodogram.
fn lines(power: &[f64], padded: usize, len: usize) -> Vec<f64> {
    let background = background(power, padded.div_ceil(len));
    let mut lines: Vec<(f64, f64)> = Vec::new();
    for bin in (2 * padded / len).max(1)..=(padded / MIN_PERIOD).min(power.len() - 2) {
        let ratio = power[bin] / background[bin];
        if lines.get(MAX_PEAKS - 1).is_some_and(|last| ratio <= last.0) {
            continue;
        }
        let Some(top) = peak(power, bin) else { continue };
        lines.truncate(MAX_PEAKS - 1);
        let place = lines.partition_point(|line| line.0 >= ratio);
        lines.insert(place, (ratio, padded as f64 / top));
    }
    lines.into_iter().map(|line| line.1).collect()
}

/// Returns the lag with the highest hill of the autocorrelation within `doubt` of `period`. A rise along a slope is no
/// hill, so the mean half a period to both sides is subtracted.
fn nearest_hill(correlations: &[f64], period: f64, doubt: f64) -> usize {
    let centre = libm::round(period) as usize;
    let doubt = (libm::ceil(doubt) as usize).clamp(1, centre / 4 + 1);
    let half = centre / 2;
    let at = |lag: usize| correlations.get(lag).copied();
    let height = |lag: usize| {
        let sides = match (at(lag.saturating_sub(half)), at(lag + half)) {
            (Some(left), Some(right)) => (left + right) * 0.5,
            (Some(left), None) => left,
            _ => 0.0,
        };
        at(lag).map_or(-2.0, |here| here - sides)
    };
    let mut best = (centre, height(centre));
    for lag in centre.saturating_sub(doubt)..=centre + doubt {
        let height = height(lag);
        if height > best.1 {
            best = (lag, height);
        }
    }
    best.0
}

/// Returns the highest peak of the autocorrelation after its first valley, and the first peak that is about as high.
fn hills(correlations: &[f64]) -> Vec<usize> {
    let valley = correlations.windows(2).position(|pair| pair[1] > pair[0]).unwrap_or(0);
    let peaks: Vec<usize> = (valley.max(MIN_PERIOD)..correlations.len().saturating_sub(1))
        .filter(|at| {
            correlations[*at] > correlations[at - 1] && correlations[*at] >= correlations[at + 1]
        })
        .collect();
    let highest =
        peaks.iter().copied().max_by(|a, b| correlations[*a].total_cmp(&correlations[*b]));
    let Some(highest) = highest else { return Vec::new() };
    let as_high = |at: &usize| correlations[*at] >= 0.8 * correlations[highest];
    peaks.iter().copied().find(as_high).into_iter().chain([highest]).collect()
}

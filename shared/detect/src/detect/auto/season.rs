//! The season of a series, found in the samples before each sample.
//!
//! A second, simpler search beside [`crate::seasonality`]: it must be repeated as the series grows, on each series and before
//! anything is known about it, so it tries hour, day and week alone, by one correlation each, instead of a spectrum of
//! candidates. Its results are those that `docs/evaluation.md` measures; the search of the seasonal detectors is another,
//! because a person chose them for series that have a season.

use super::reference::{JudgedAndReference, less};
use crate::detect::DetectorInput;
use crate::seasonality::Calendar;
use crate::stats::median::upper_median;
use crate::time::Step;

/// Maximum number of earlier seasons to compare with.
const SEASONS: usize = 7;
/// Number of samples on each side of the same phase that count.
const PHASE_TOLERANCE: usize = 3;

/// Number of samples after which a season is searched for first; it is searched for again each time there are half as
/// many more.
const FIRST_SEARCH: usize = 600;

/// Minimum period in samples; running medians follow shorter seasons.
const MIN_PERIOD: usize = 20;

/// Correlation that samples one season apart must exceed.
const MIN_CORRELATION: f64 = 0.35;
/// Amount by which samples one season apart must correlate more than samples half a season apart.
const MIN_CONTRAST: f64 = 0.2;

/// Returns the values less the median of the same phase of earlier seasons; `None` if no season was found, NaN where
/// none was known yet. The season of a sample is found in samples before it.
pub(super) fn seasonal(
    input: DetectorInput<'_>,
    values: &JudgedAndReference,
) -> Option<JudgedAndReference> {
    let len = input.values.len();
    let mut expected = vec![f64::NAN; len];
    let mut any = false;
    let (mut look, mut room) =
        (FIRST_SEARCH, Vec::with_capacity(SEASONS * (2 * PHASE_TOLERANCE + 1)));
    while look < len {
        let next = (look + look / 2).min(len);
        if let Some(period) = season(&input.reference[..look], input.grid.step) {
            any = true;
            for (at, expected) in expected.iter_mut().enumerate().take(next).skip(look) {
                *expected = same_phase(input.reference, at, period, &mut room);
            }
        }
        look = next;
    }
    any.then(|| values.map(|of| less(of, &expected)))
}

/// Returns the period, in samples, of the day, week or hour at which samples correlate most; `None` where they do not.
fn season(values: &[f64], step: Step) -> Option<usize> {
    let alike = SeasonalCorrelation::of(values)?;
    let calendar = Calendar::ALL.into_iter().filter_map(|calendar| {
        let period = calendar
            .period(step)
            .filter(|period| *period >= MIN_PERIOD && 2 * period <= values.len())?;
        let correlation = alike.correlation(period);
        let opposite = alike.correlation(period / 2);
        (correlation > MIN_CORRELATION && correlation > opposite + MIN_CONTRAST)
            .then_some((correlation, period))
    });
    calendar.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, period)| period)
}

/// Samples less their median, with the largest 5 % of the deviations clipped, and missing samples set to the median.
struct SeasonalCorrelation {
    deviations: Vec<f64>,
    variance: f64,
}

impl SeasonalCorrelation {
    /// Prepares the samples; `None` with fewer than 100 finite ones.
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> =
            values.iter().copied().filter(|value| value.is_finite()).collect();
        if sorted.len() < 100 {
            return None;
        }
        let median = upper_median(&mut sorted)?;
        let mut sizes: Vec<f64> =
            values.iter().map(|v| if v.is_finite() { (v - median).abs() } else { 0.0 }).collect();
        let large = sizes.len() * 95 / 100;
        let most = *sizes.select_nth_unstable_by(large, f64::total_cmp).1;
        let mut deviations: Vec<f64> = values
            .iter()
            .map(|v| if v.is_finite() { (v - median).clamp(-most, most) } else { 0.0 })
            .collect();
        let mean = deviations.iter().sum::<f64>() / deviations.len() as f64;
        deviations.iter_mut().for_each(|deviation| *deviation -= mean);
        let variance = deviations.iter().map(|d| d * d).sum::<f64>() / deviations.len() as f64;
        Some(Self { deviations, variance })
    }

    /// Returns the correlation of samples `lag` apart.
    fn correlation(&self, lag: usize) -> f64 {
        let pairs = self.deviations[lag..].iter().zip(&self.deviations);
        let count = (self.deviations.len() - lag) as f64;
        pairs.map(|(a, b)| a * b).sum::<f64>() / count / self.variance
    }
}

/// Returns the median of the samples around the same phase in the seasons before `at`; NaN with too few of them. `room`
/// is scratch space.
fn same_phase(values: &[f64], at: usize, period: usize, room: &mut Vec<f64>) -> f64 {
    room.clear();
    // A phase to the right must not reach the judged sample.
    let reach = PHASE_TOLERANCE.min(period - 1);
    for season in 1..=SEASONS {
        let Some(middle) = at.checked_sub(season * period) else { break };
        let near = &values[middle.saturating_sub(reach)..=middle + reach];
        room.extend(near.iter().copied().filter(|value| value.is_finite()));
    }
    if room.len() <= 2 * reach {
        return f64::NAN;
    }
    upper_median(room).unwrap_or(f64::NAN)
}

//! The season of a series, found in what lies before each sample.

use super::reference::{JudgedAndReference, less};
use crate::detect::DetectorInput;
use crate::seasonality::Calendar;
use crate::stats::median::upper_median;
use crate::time::Step;

/// Seasons that are compared with, and samples to each side of the same phase.
const SEASONS: usize = 7;
const PHASE_TOLERANCE: usize = 3;

/// After so many samples a season is looked for, and again whenever there are half as many more.
const FIRST_SEARCH: usize = 600;

/// A shorter season is nothing that the running medians do not see.
const MIN_PERIOD: usize = 20;

/// Samples a season apart correlate by more than this, and by so much more than those half a season apart.
const MIN_CORRELATION: f64 = 0.35;
const MIN_CONTRAST: f64 = 0.2;

/// The values, and what is learnt of them, less the median of the same phase of earlier seasons; `None` if
/// no season was found, NaN where none was known yet. The season at a sample was found before it.
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

/// The season to compare with: a day or a week where samples that far apart are alike, else what is found.
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

/// The samples less their median, none farther from it than the largest 5 %; missing ones at it.
struct SeasonalCorrelation {
    deviations: Vec<f64>,
    variance: f64,
}

impl SeasonalCorrelation {
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

    fn correlation(&self, lag: usize) -> f64 {
        let pairs = self.deviations[lag..].iter().zip(&self.deviations);
        let count = (self.deviations.len() - lag) as f64;
        pairs.map(|(a, b)| a * b).sum::<f64>() / count / self.variance
    }
}

/// Median of the samples around the same phase in the seasons before `at`.
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

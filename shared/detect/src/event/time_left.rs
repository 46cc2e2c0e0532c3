//! Time until a value that falls steadily reaches zero.

use crate::detect::Detection;
use crate::stats::median::finite_median;
use crate::time::Span;

/// Time until zero, by the pace of the last hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Time left at the usual pace.
    pub left: Span,
    /// Time left at the fastest pace seen.
    pub least: Span,
    /// Time left at the slowest pace seen.
    pub most: Span,
}

/// Time in seconds over which the pace is measured.
const WINDOW: f64 = 6.0 * 3_600.0;

/// Number of stretches of the window, in each of which the value must fall.
const STRETCHES: usize = 6;

/// Minimum number of samples of a stretch.
const MIN_SAMPLES: usize = 3;

/// Ratio of the fastest to the slowest pace from which a fall is not steady.
const MAX_RATIO: f64 = 4.0;

/// Longest time in seconds that is told.
const HORIZON: f64 = 7.0 * 86_400.0;

/// Returns the time until the judged values reach zero; `None` where they do not fall steadily, could fall below zero, or
/// have a week or more left. Only samples from `first` on count. `step` is the distance of samples in seconds.
pub(super) fn forecast(detection: &Detection, first: usize, step: f64) -> Option<Forecast> {
    let values = &detection.judged;
    if detection.possible.0 != 0.0 {
        return None;
    }
    let window = ((WINDOW / step) as usize).min(values.len().saturating_sub(first));
    let length = window / STRETCHES;
    if length < MIN_SAMPLES {
        return None;
    }
    let begin = values.len() - length * STRETCHES;
    let medians: Vec<f64> = values[begin..]
        .chunks(length)
        .map(|stretch| finite_median(&mut stretch.to_vec()).unwrap_or(f64::NAN))
        .collect();
    let mut paces: Vec<f64> =
        medians.windows(2).map(|pair| (pair[0] - pair[1]) / (length as f64 * step)).collect();
    if paces.iter().any(|pace| pace.is_nan() || *pace <= 0.0) {
        return None;
    }
    let fastest = paces.iter().copied().fold(0.0, f64::max);
    let slowest = paces.iter().copied().fold(f64::INFINITY, f64::min);
    let usual = finite_median(&mut paces)?;
    let now = medians[STRETCHES - 1] - usual * step * length as f64 / 2.0;
    let left = |pace: f64| Span::from_seconds((now.max(0.0) / pace) as u64);
    (now / usual < HORIZON && fastest < MAX_RATIO * slowest).then(|| Forecast {
        left: left(usual),
        least: left(fastest),
        most: left(slowest),
    })
}

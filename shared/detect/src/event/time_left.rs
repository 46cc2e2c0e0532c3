//! Time until a value that moves steadily reaches a bound.

use crate::stats::median::finite_median;
use crate::time::Span;

/// Time until a bound is reached, by the pace of the last hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeLeft {
    /// Bound in the unit of the series: 0 for what runs out.
    pub bound: f64,
    /// Time left at the usual pace.
    pub left: Span,
    /// Time left at the fastest pace seen.
    pub least: Span,
    /// Time left at the slowest pace seen.
    pub most: Span,
}

/// Time in seconds over which the pace is measured.
const WINDOW: f64 = 6.0 * 3_600.0;

/// Number of stretches of the window, in each of which the value must come closer.
const STRETCHES: usize = 6;

/// Minimum number of samples of a stretch.
const MIN_SAMPLES: usize = 3;

/// Ratio of the fastest to the slowest pace from which a movement is not steady.
const MAX_RATIO: f64 = 4.0;

/// Longest time in seconds that is told.
const HORIZON: f64 = 7.0 * 86_400.0;

/// Returns the time until the values, from the side on which they are, reach a finite `bound`; `None` where they do not
/// come closer steadily, or have a week or more left. `step` is the distance of samples in seconds.
pub(super) fn time_left(values: &[f64], bound: f64, step: f64) -> Option<TimeLeft> {
    let length = ((WINDOW / step) as usize).min(values.len()) / STRETCHES;
    if length < MIN_SAMPLES || !bound.is_finite() {
        return None;
    }
    let begin = values.len() - length * STRETCHES;
    let distances: Vec<f64> = values[begin..]
        .chunks(length)
        .map(|stretch| finite_median(&mut stretch.to_vec()).map_or(f64::NAN, |of| of - bound))
        .collect();
    let side = distances[STRETCHES - 1].signum();
    let mut paces: Vec<f64> = distances
        .windows(2)
        .map(|pair| side * (pair[0] - pair[1]) / (length as f64 * step))
        .collect();
    if paces.iter().any(|pace| pace.is_nan() || *pace <= 0.0) {
        return None;
    }
    let fastest = paces.iter().copied().fold(0.0, f64::max);
    let slowest = paces.iter().copied().fold(f64::INFINITY, f64::min);
    let usual = finite_median(&mut paces)?;
    let now = side * distances[STRETCHES - 1] - usual * step * length as f64 / 2.0;
    let left = |pace: f64| Span::from_seconds((now.max(0.0) / pace) as u64);
    (now / usual < HORIZON && fastest < MAX_RATIO * slowest).then(|| TimeLeft {
        bound,
        left: left(usual),
        least: left(fastest),
        most: left(slowest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    fn hours(found: Option<TimeLeft>) -> Option<f64> {
        found.map(|found| found.left.as_seconds() / HOUR as f64)
    }

    #[test]
    fn what_moves_steadily_reaches_its_bound() {
        let falling: Vec<f64> = (0..600).map(|at| 1_000.0 - f64::from(at)).collect();
        let rising: Vec<f64> = falling.iter().map(|value| 1_000.0 - value).collect();
        for (values, bound) in [(&falling, 0.0), (&rising, 1_000.0)] {
            let left = hours(time_left(values, bound, 60.0)).unwrap();
            assert!((left - 400.0 / 60.0).abs() < 0.1, "{left}");
        }
        assert_eq!(time_left(&falling, 1_000.0, 60.0), None, "it moves away");
        assert_eq!(time_left(&falling, f64::INFINITY, 60.0), None);
        assert_eq!(time_left(&falling, -1e6, 60.0), None, "more than a week");
        assert_eq!(time_left(&falling[..10], 0.0, 60.0), None, "too few samples");
        let sawtooth: Vec<f64> = (0..600).map(|at| 100.0 - f64::from(at % 150)).collect();
        assert_eq!(time_left(&sawtooth, 0.0, 60.0), None, "it rises again");
    }
}

//! Rare occurrences: small counts and shares of few, whose spread the usual distance from their median does not tell.

use super::clock::DAY;
use super::marks::Marks;
use crate::stats::sorted::{quantile, sorted};

/// Number of past days that tell how often something occurs.
const PAST_DAYS: usize = 14;

/// Number of hours of a day.
const HOURS: usize = 24;

/// Share of zeros from which shares are those of few: with one expected, 37 % of Poisson's counts are zero.
const ZEROS: f64 = 0.3;

/// Largest mean of counts that are few.
const FEW: f64 = 10.0;

/// Minimum number of occurrences.
const MIN_POSITIVE: usize = 3;

/// Share of one occurrence that is taken for the mean where there are fewer.
const LEAST_MEAN: f64 = 0.1;

/// Least spread of rare occurrences for each UTC day and hour, in the unit of the series; 0 where they are not rare.
pub(super) struct RareOccurrences {
    least: Vec<[f64; HOURS]>,
}

impl RareOccurrences {
    /// Learns from the marks of the days before each. `quotient` tells that the values may be shares.
    pub(super) fn of(marks: &Marks, quotient: bool) -> Self {
        let days = marks.utc_days();
        let least = (0..days.len())
            .map(|day| {
                let past = &days[day.saturating_sub(PAST_DAYS)..day];
                let (Some(first), Some(last)) = (past.first(), past.last()) else {
                    return [0.0; HOURS];
                };
                let known = || marks.values[first.start..last.end].iter().filter(|v| v.is_finite());
                let is_share = quotient && known().all(|value| (0.0..=1.0).contains(value));
                if !is_share && !are_counts(known().copied()) {
                    return [0.0; HOURS];
                }
                let mut by_hour: [Vec<f64>; HOURS] = std::array::from_fn(|_| Vec::new());
                for at in first.start..last.end {
                    let value = marks.values[at];
                    if value.is_finite() {
                        by_hour[hour(marks.time(at))].push(value);
                    }
                }
                std::array::from_fn(|hour| {
                    let near = [HOURS - 1, 0, 1].map(|shift| &by_hour[(hour + shift) % HOURS]);
                    spread(near.into_iter().flatten().copied(), is_share)
                })
            })
            .collect();
        Self { least }
    }

    /// Returns the least spread at a time in seconds since the epoch, on a UTC day of the marks.
    pub(super) fn least(&self, day: usize, time: i64) -> f64 {
        self.least.get(day).map_or(0.0, |day| day[hour(time)])
    }
}

fn hour(time: i64) -> usize {
    (time.rem_euclid(DAY) / 3_600) as usize
}

/// Returns whether values are small whole numbers, and no state that is on or off.
fn are_counts(values: impl Iterator<Item = f64> + Clone) -> bool {
    if !values.clone().all(|value| value >= 0.0 && value.fract() == 0.0) {
        return false;
    }
    let is_positive = |value: &f64| *value > 0.0;
    // Bytes are whole numbers, too, and need not be sorted.
    if values.clone().filter(is_positive).fold(f64::INFINITY, f64::min) != 1.0 {
        return false;
    }
    let positive = sorted(values.filter(is_positive).collect());
    quantile(&positive, 0.1) == 1.0 && quantile(&positive, 0.9) >= 2.0
}

/// Returns the spread of Poisson's distribution for values that are multiples of their smallest one, or about; 0 if they are
/// not rare.
fn spread(values: impl Iterator<Item = f64> + Clone, is_share: bool) -> f64 {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let positive = sorted(values.clone().filter(|value| *value > 0.0).collect());
    if positive.len() < MIN_POSITIVE {
        return 0.0;
    }
    let one = quantile(&positive, 0.1);
    let poisson = libm::sqrt(mean.max(LEAST_MEAN * one) * one);
    if is_share {
        let zeros = count - positive.len() as f64;
        return if zeros < ZEROS * count { 0.0 } else { poisson };
    }
    if mean > FEW {
        return 0.0;
    }
    let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
    poisson.min(libm::sqrt(squares / count))
}

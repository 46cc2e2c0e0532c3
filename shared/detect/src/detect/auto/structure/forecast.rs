//! Values that run out: what falls steadily and reaches zero within a day, such as free space or the days of a certificate.

use super::marks::Marks;
use crate::stats::median::middle_median;

/// Surprise of a value that runs out, on the scale of the views.
pub(super) const SURPRISE: f64 = 30.0;

/// Time in seconds within which zero must be reached.
const HORIZON: f64 = 86_400.0;

/// Share of the hours of a day in which the value must fall.
const FALLING: f64 = 0.8;

/// Share of its usual value below which a value is about to run out.
const LOW: f64 = 0.5;

/// Number of days that tell the usual value.
const USUAL_DAYS: usize = 14;

/// Returns for each mark whether the value there runs out, by the marks before it and itself. Series that were ever
/// negative do not.
pub(super) fn runs_out(marks: &Marks) -> Vec<bool> {
    let values = &marks.values;
    let (day, hour) = (marks.phases(), (3_600 / marks.step).max(1) as usize);
    let step = marks.step as f64;
    let mut negative = false;
    let near = |at: usize| {
        let mut last: Vec<f64> =
            values[at.saturating_sub(2)..=at].iter().copied().filter(|v| v.is_finite()).collect();
        middle_median(&mut last)
    };
    (0..marks.len())
        .map(|at| {
            negative |= values[at] < 0.0;
            if negative || at < 2 * day || values[at].is_nan() || values[at] >= values[at - day] {
                return false;
            }
            let (now, quarter, yesterday) = (near(at), near(at - day / 4), near(at - day));
            let per_second = |before: f64, marks: usize| (before - now) / (marks as f64 * step);
            let pace = per_second(yesterday, day).min(per_second(quarter, day / 4));
            let soon = pace > 0.0 && now > 0.0 && now / pace < HORIZON;
            if !soon {
                return false;
            }
            let hours = (at - day..=at - hour).step_by(hour);
            let (mut falls, mut count) = (0_usize, 0_usize);
            for from in hours {
                count += 1;
                falls += usize::from(values[from + hour] < values[from]);
            }
            let mut past: Vec<f64> = values[at.saturating_sub(USUAL_DAYS * day)..at - day]
                .iter()
                .copied()
                .filter(|value| value.is_finite())
                .collect();
            falls as f64 >= FALLING * count as f64 && now < LOW * middle_median(&mut past)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks of `days` days every 10 minutes with the value at each hour of time.
    fn marks(days: usize, value: impl Fn(f64) -> f64) -> Marks {
        let values = (0..days * 144).map(|at| value(at as f64 / 6.0)).collect();
        Marks { start: 0, step: 600, values }
    }

    #[test]
    fn a_disk_that_fills_runs_out_and_one_that_is_cleaned_does_not() {
        let fills = marks(10, |hour| 170.0 - (hour - 8.0 * 24.0).max(0.0) * 3.6);
        let found = runs_out(&fills);
        let first = found.iter().position(|runs_out| *runs_out).unwrap() as f64 / 6.0;
        // Empty after 239 hours, and half of its usual value after 215.6.
        assert!((215.0..217.0).contains(&first), "{first}");
        assert!(found[(first * 6.0) as usize + 1..].iter().filter(|out| **out).count() > 120);
        let cleaned = marks(10, |hour| 90.0 - hour % 24.0 * 3.0);
        assert!(!runs_out(&cleaned).contains(&true));
        let nights = marks(10, |hour| 50.0 + 49.0 * libm::cos(hour / 24.0 * std::f64::consts::TAU));
        assert!(!runs_out(&nights).contains(&true));
    }
}

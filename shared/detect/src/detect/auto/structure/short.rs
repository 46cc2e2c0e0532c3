//! Seasons shorter than a few hours, such as hourly jobs: learnt from the detection grid, because marks are too far apart
//! to see them.

use crate::stats::median::middle_median;

/// Periods that are tried, in seconds.
const PERIODS: [i64; 4] = [900, 1_800, 3_600, 7_200];

/// Largest error that a season may leave of that of a constant, on samples that it was not learnt from.
const MAX_ERROR: f64 = 0.5;

/// Factor by which a longer period must be better than a shorter one.
const LONGER: f64 = 0.85;

/// Short season: a profile over one period, by time since the epoch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ShortSeason {
    /// Period in seconds.
    pub period: i64,
    /// Distance of phases in seconds.
    pub step: i64,
    /// One value a phase.
    pub profile: Vec<f64>,
}

impl ShortSeason {
    /// Finds the short season of samples at `start`, `start + step`, ... in seconds; `None` where none predicts the later
    /// half of them from the earlier one.
    pub(super) fn find(y: &[f64], start: i64, step: i64) -> Option<Self> {
        let mut found: Option<(f64, Self)> = None;
        for period in PERIODS {
            if period % step != 0 || period / step < 3 {
                continue;
            }
            let count = (period / step) as usize;
            let residuals = without_running_mean(y, count);
            let phase = |at: usize| ((start / step + at as i64).rem_euclid(count as i64)) as usize;
            let half = residuals.len() / 2;
            let learnt = profile(&residuals[..half], count, phase);
            let mut all: Vec<f64> =
                residuals.iter().copied().filter(|value| value.is_finite()).collect();
            if all.len() < 8 * count {
                continue;
            }
            let constant = middle_median(&mut all);
            let (mut with, mut without) = (0.0, 0.0);
            for (at, residual) in residuals.iter().enumerate().skip(half) {
                let expected = learnt[phase(at)];
                if residual.is_finite() && expected.is_finite() {
                    with += (residual - expected).abs();
                    without += (residual - constant).abs();
                }
            }
            let ratio = if without > 0.0 { with / without } else { f64::INFINITY };
            let limit = found.as_ref().map_or(MAX_ERROR, |(best, _)| LONGER * best);
            if ratio < limit {
                let profile: Vec<f64> = profile(&residuals, count, phase)
                    .into_iter()
                    .map(|value| if value.is_finite() { value } else { 0.0 })
                    .collect();
                found = Some((ratio, Self { period, step, profile }));
            }
        }
        found.map(|(_, season)| season)
    }

    /// Returns the index of the phase of a time in seconds since the epoch.
    pub(super) fn phase(&self, time: i64) -> usize {
        (time.div_euclid(self.step).rem_euclid(self.profile.len() as i64)) as usize
    }

    /// Returns the value at a time in seconds since the epoch.
    pub(super) fn at(&self, time: i64) -> f64 {
        self.profile[self.phase(time)]
    }

    /// Returns the range of the profile.
    pub(super) fn range(&self) -> f64 {
        let (low, high) = self
            .profile
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (v.min(low), v.max(high)));
        high - low
    }
}

/// Returns the values less their centred mean over `count` samples; NaN where half of them are missing.
fn without_running_mean(y: &[f64], count: usize) -> Vec<f64> {
    let (mut sums, mut counts) = (Vec::with_capacity(y.len() + 1), Vec::with_capacity(y.len() + 1));
    let (mut sum, mut present) = (0.0, 0_usize);
    sums.push(sum);
    counts.push(present);
    for value in y {
        if value.is_finite() {
            sum += value;
            present += 1;
        }
        sums.push(sum);
        counts.push(present);
    }
    let before = count / 2;
    (0..y.len())
        .map(|at| {
            let (Some(from), to) = (at.checked_sub(before), at + count - before) else {
                return f64::NAN;
            };
            if to > y.len() {
                return f64::NAN;
            }
            let present = counts[to] - counts[from];
            if 2 * present <= count {
                f64::NAN
            } else {
                y[at] - (sums[to] - sums[from]) / present as f64
            }
        })
        .collect()
}

/// Returns the median of each phase; NaN where it has no sample.
fn profile(residuals: &[f64], count: usize, phase: impl Fn(usize) -> usize) -> Vec<f64> {
    let mut by_phase: Vec<Vec<f64>> = vec![Vec::with_capacity(residuals.len() / count + 1); count];
    for (at, residual) in residuals.iter().enumerate() {
        if residual.is_finite() {
            by_phase[phase(at)].push(*residual);
        }
    }
    by_phase.iter_mut().map(|values| middle_median(values)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::Random;

    #[test]
    fn an_hourly_burst_is_found_and_noise_is_not() {
        let mut random = Random(5);
        let noise: Vec<f64> = (0..4 * 1_440).map(|_| random.normal()).collect();
        let start = 1_767_225_600;
        assert_eq!(ShortSeason::find(&noise, start, 60), None);
        let burst = |at: usize| if (5..10).contains(&(at % 60)) { 50.0 } else { 0.0 };
        let hourly: Vec<f64> = noise.iter().enumerate().map(|(at, v)| v + burst(at)).collect();
        let found = ShortSeason::find(&hourly, start, 60).unwrap();
        assert_eq!((found.period, found.profile.len()), (3_600, 60));
        assert!((found.range() - 50.0).abs() < 2.0);
        assert!(found.at(start + 7 * 60) - found.at(start + 20 * 60) > 48.0);
    }
}

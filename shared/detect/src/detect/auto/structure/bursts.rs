//! Bursts: places at which the season is steeper than marks can tell, judged by the same time of the days before.

use super::clock::{DAY, WallClock, weekday};
use super::grid::FineGrid;
use super::regime::Regime;
use crate::detect::DetectorInput;
use crate::stats::median::middle_median;
use crate::stats::quantile::MAD_TO_STD;

/// Time in seconds by which a job may begin earlier or later than on the days before.
const JITTER: i64 = 300;

/// Factor of a spread that was learnt from few days.
const FEW_DAYS: f64 = 1.3;

/// Number of days of samples from which values between steep marks are learnt, least and most.
const FINE_DAYS: (usize, usize) = (7, 14);

/// Change of the season from mark to mark, in usual spreads, from which samples between them are judged by the days before.
const STEEP: f64 = 4.0;

/// Replaces the expectation where the season is steeper than marks can tell, such as at a burst of minutes, by the values at
/// the same time of the days before. Residuals and spreads follow.
pub(super) fn refine<'r>(
    input: DetectorInput<'_>,
    grid: FineGrid,
    steep: &[Option<Steep>],
    regime_at: impl Fn(usize) -> Option<&'r Regime>,
    judged: JudgedSamples<'_>,
) {
    let JudgedSamples { expected, residual, spread } = judged;
    let per_day = (DAY * 1_000 / grid.step_millis) as usize;
    let jitter = ((JITTER * 1_000 / grid.step_millis) as usize).max(2);
    // Local time of each sample by each clock, in milliseconds.
    let local = WallClock::ALL.map(|clock| {
        let mut known = (i64::MIN, 0);
        (0..grid.len)
            .map(|at| {
                let time = grid.time_millis(at);
                let hour = time.div_euclid(3_600_000);
                if known.0 != hour {
                    known = (hour, clock.offset(time.div_euclid(1_000)) * 1_000);
                }
                time + known.1
            })
            .collect::<Vec<i64>>()
    });
    for day in grid.days() {
        if !steep[day.clone()].iter().any(Option::is_some) {
            continue;
        }
        let mut usual: Vec<f64> =
            spread[day.clone()].iter().copied().filter(|spread| spread.is_finite()).collect();
        let usual = middle_median(&mut usual);
        let Some(regime) = regime_at(day.start).filter(|regime| regime.short.is_none()) else {
            continue;
        };
        // Median and spread of the values at one time of the days before, by a clock.
        let at_same_time = |at: usize, clock: usize, every_day: bool| {
            let (local, now) = (&local[clock], local[clock].get(at)?);
            let weekend = |local: i64| weekday(local.div_euclid(DAY * 1_000)) >= 5;
            let before = (1..=at / per_day).filter_map(|days| {
                let then = at - days * per_day;
                // Later by as much as the clock was set back in between.
                let moved = (now - local[then] - days as i64 * DAY * 1_000) / grid.step_millis;
                let then = usize::try_from(then as i64 + moved).ok().filter(|then| *then < at)?;
                (every_day || weekend(local[then]) == weekend(*now)).then_some(then)
            });
            let mut values: Vec<f64> = before
                .take(FINE_DAYS.1)
                .map(|other| regime.transform.forward(input.reference[other]))
                .filter(|value| value.is_finite())
                .collect();
            if values.len() < FINE_DAYS.0 {
                return None;
            }
            let median = middle_median(&mut values);
            values.iter_mut().for_each(|value| *value = (*value - median).abs());
            Some((median, MAD_TO_STD * middle_median(&mut values)))
        };
        for at in day.clone() {
            let Some(Steep { size, every_day, clock, clocks }) = steep[at] else { continue };
            if size < STEEP * usual {
                continue;
            }
            // A job may begin a little earlier or later than on the days before.
            let value = regime.transform.forward(input.values[at]);
            let Some((mut nearest, spread_then)) = at_same_time(at, clock, every_day) else {
                continue;
            };
            let mut widest = usual.max(spread_then);
            for clock in (0..clocks.len()).filter(|clock| clocks[*clock]) {
                for near in at.saturating_sub(jitter)..=at + jitter {
                    let Some((median, spread)) = at_same_time(near, clock, every_day) else {
                        continue;
                    };
                    widest = widest.max(spread);
                    if (value - median).abs() < (value - nearest).abs() {
                        nearest = median;
                    }
                }
            }
            expected[at] = nearest;
            residual[at] = value - nearest;
            spread[at] = (FEW_DAYS * widest).max(0.05 * size);
        }
    }
}

/// Change of the season between the marks around a sample.
#[derive(Clone, Copy)]
pub(super) struct Steep {
    /// Change from the mark before to the mark after, on the scale.
    pub size: f64,
    /// Whether all days are alike.
    pub every_day: bool,
    /// Index of the clock that the season follows.
    pub clock: usize,
    /// Whether it may follow each clock.
    pub clocks: [bool; WallClock::ALL.len()],
}

/// Expected value, residual and spread of each sample, on the scale.
pub(super) struct JudgedSamples<'a> {
    pub expected: &'a mut [f64],
    pub residual: &'a mut [f64],
    pub spread: &'a mut [f64],
}

//! Standardised residuals of the samples to judge: their distance from what the past leads to expect, in spreads.

use std::ops::Range;

use super::clock::{DAY, WallClock, weekday};
use super::forecast;
use super::learn::{Learned, is_trend};
use super::marks::{Calendar, Marks};
use super::profile::small_median;
use super::short::ShortSeason;
use super::transform::{Transform, quantile, sorted};
use crate::detect::DetectorInput;
use crate::series::Grid;
use crate::stats::quantile::{MAD_TO_STD, QUARTILE_RANGE, Ranks};

/// Number of marks of a series from which its level is learnt from marks; before, from its samples.
const MIN_MARKS: usize = 24;

/// Number of samples in the baseline of a series with fewer marks.
const YOUNG_WINDOW: usize = 1_000;

/// Number of own samples before the first that is judged.
pub(super) const MIN_SAMPLES: usize = 30;

/// Ages in days of the detection grid at which a short season is looked for.
const SHORT_SEASON_AGES: [usize; 5] = [2, 4, 8, 16, 32];

/// Number of days of samples in which a short season is looked for.
const SHORT_SEASON_DAYS: usize = 4;

/// Number of days of samples from which the spread between marks is learnt.
const OFFSET_DAYS: usize = 7;

/// Number of occurrences from which their spread is measured.
const FEW_COUNTS: f64 = 4.0;

/// Time in seconds by which a job may begin earlier or later than on the days before.
const JITTER: i64 = 300;

/// Factor of a spread that was learnt from few days.
const FEW_DAYS: f64 = 1.3;

/// Number of days of samples from which values between steep marks are learnt, least and most.
const FINE_DAYS: (usize, usize) = (7, 14);

/// Change of the season from mark to mark, in usual spreads, from which samples between them are judged by the days before.
const STEEP: f64 = 4.0;

/// Number of days after a change of clocks within which each candidate season may be right.
const CLOCK_CHANGE_DAYS: i64 = 8;

/// Expectation and residual of each sample of the detection grid; NaN where there is none.
pub(super) struct Residuals {
    /// Expected value in the unit of the series.
    pub expected: Vec<f64>,
    /// Spread in the unit of the series, near the expected value.
    pub scale: Vec<f64>,
    /// Offset of the logarithm that a sample is judged on; NaN on a linear scale.
    pub offset: Vec<f64>,
    /// Signed distance from the expected value in spreads.
    pub z: Vec<f64>,
    /// Whether the value runs out within a day at its pace.
    pub runs_out: Vec<bool>,
}

/// Settings of a stretch of marks, decided by the samples before it.
struct Regime {
    /// First mark.
    from: usize,
    transform: Transform,
    short: Option<ShortSeason>,
    /// Smallest spread on the scale.
    floor: f64,
    /// Smallest spread in the unit of the series: a share of the distance between the values that occur.
    quantum: f64,
}

/// Detection grid in seconds.
#[derive(Clone, Copy)]
struct FineGrid {
    start_millis: i64,
    step_millis: i64,
    len: usize,
}

impl FineGrid {
    fn of(grid: Grid) -> Self {
        let step_millis = grid.step.millis() as i64;
        Self { start_millis: grid.start.0, step_millis, len: grid.len }
    }

    fn time_millis(self, at: usize) -> i64 {
        self.start_millis + self.step_millis * at as i64
    }

    /// Returns the samples within a span of time, in seconds since the epoch.
    fn samples(self, from: i64, to: i64) -> Range<usize> {
        let index = |time: i64| {
            let since = time * 1_000 - self.start_millis;
            (since.max(0) as usize).div_ceil(self.step_millis as usize).min(self.len)
        };
        index(from)..index(to)
    }
}

impl Residuals {
    /// Computes the residuals of an input; `None` without a long past. `count_unit` is the value of a single occurrence
    /// where samples count occurrences, else 0.
    pub(super) fn of(input: DetectorInput<'_>) -> Option<Self> {
        let marks = Marks::of(input)?;
        let count_unit = input.long_past.map_or(0.0, |past| past.count_unit);
        let grid = FineGrid::of(input.grid);
        let calendars = WallClock::ALL.map(|clock| marks.calendar(clock));
        let first = marks.values.iter().position(|v| v.is_finite()).unwrap_or(marks.len());
        let quotient = input.long_past.is_some_and(|past| past.quotient);
        let regimes = regimes(&marks, input.reference, grid, first, quotient);
        let mut found = Self {
            expected: vec![f64::NAN; grid.len],
            scale: vec![f64::NAN; grid.len],
            offset: vec![f64::NAN; grid.len],
            z: vec![f64::NAN; grid.len],
            runs_out: vec![false; grid.len],
        };
        if count_unit == 0.0 {
            let at_marks = forecast::runs_out(&marks);
            for (at, runs_out) in found.runs_out.iter_mut().enumerate() {
                let since = grid.time_millis(at) - marks.start * 1_000;
                let mark = (since / (marks.step * 1_000)) as usize;
                *runs_out = at_marks[mark] && input.values[at].is_finite();
            }
        }
        // Marks up to and including each one.
        let mut own: Vec<usize> = Vec::with_capacity(marks.len());
        let mut count = 0;
        for value in &marks.values {
            count += usize::from(value.is_finite());
            own.push(count);
        }
        let doubts = Doubts::of(&marks, &calendars, first);
        let born = input.succession.map(|of| {
            let since = grid.time_millis(of.own).div_euclid(1_000) - marks.start;
            (since.max(0) as usize).div_ceil(marks.step as usize)
        });
        let mut y = Vec::with_capacity(marks.len());
        let mut learnt: Option<(usize, Learned)> = None;
        let mut steep = vec![None; grid.len];
        let (mut base, mut chosen) = (vec![f64::NAN; grid.len], vec![f64::NAN; grid.len]);
        for (index, regime) in regimes.iter().enumerate() {
            let to = regimes.get(index + 1).map_or(marks.len(), |next| next.from);
            let samples =
                grid.samples(marks.time(regime.from), marks.time(to.min(marks.len() - 1)));
            if samples.is_empty() {
                continue;
            }
            let same = learnt.as_ref().is_some_and(|(known, _)| {
                regimes[*known].transform == regime.transform
                    && regimes[*known].short == regime.short
            });
            if !same {
                y.clear();
                y.extend(marks.values.iter().enumerate().map(|(at, value)| {
                    let short = regime.short.as_ref().map_or(0.0, |of| of.at(marks.time(at)));
                    regime.transform.forward(*value) - short
                }));
                learnt = Some((index, Learned::of(&marks, &calendars, &y, regime.from, born)));
            }
            let Some((_, learned)) = &learnt else { continue };
            for at in samples {
                let millis = grid.time_millis(at);
                let time = millis.div_euclid(1_000);
                let since = millis - marks.start * 1_000;
                let mark = (since / (marks.step * 1_000)) as usize;
                let along =
                    (since - mark as i64 * marks.step * 1_000) as f64 / (marks.step * 1_000) as f64;
                let between = |of: &[f64]| interpolated(of, mark, along);
                let value = regime.transform.forward(input.values[at]);
                let short = regime.short.as_ref().map_or(0.0, |season| season.at(time));
                let y = value - short;
                let mut expected = between(&learned.expected);
                let spread = between(&learned.spread);
                if own[mark] < MIN_MARKS {
                    continue;
                }
                if learned.chosen[mark] > 0 {
                    expected = doubts.nearest(learned, mark, along, y, expected);
                }
                base[at] = spread;
                let step = |mark: usize| {
                    let pair = (learned.expected.get(mark), learned.expected.get(mark + 1));
                    if let (Some(from), Some(to)) = pair { (to - from).abs() } else { 0.0 }
                };
                let size = step(mark);
                steep[at] = (size > 0.0).then(|| Steep {
                    size,
                    every_day: learned.is_every_day(mark),
                    clock: learned.candidates[learned.chosen[mark]].calendar,
                    in_doubt: doubts.any[mark],
                });
                chosen[at] = expected + short;
            }
        }
        young(input, grid, &own, &marks, &regimes, &mut chosen, &mut base);
        found.standardise(input, grid, &marks, &regimes, count_unit, &chosen, &base, &steep);
        Some(found)
    }

    /// Computes spreads with their floors, and the distances in them.
    #[expect(clippy::too_many_arguments, reason = "one pass over everything that was learnt")]
    fn standardise(
        &mut self,
        input: DetectorInput<'_>,
        grid: FineGrid,
        marks: &Marks,
        regimes: &[Regime],
        count_unit: f64,
        expected: &[f64],
        spread: &[f64],
        steep: &[Option<Steep>],
    ) {
        let fine = (grid.step_millis / 1_000).max(1);
        let regime_at = |at: usize| regime_at(regimes, marks, grid.time_millis(at));
        // Residual and floored spread on the scale of the regime.
        let (mut residual, mut floored) = (vec![f64::NAN; grid.len], vec![f64::NAN; grid.len]);
        for at in 0..grid.len {
            let Some(regime) = regime_at(at) else { continue };
            let value = regime.transform.back(expected[at]).max(0.0);
            let unit = if count_unit > 0.0 { least_of_counts(value, count_unit) } else { 0.0 };
            let floor = regime.quantum.max(unit).max(succeeded(input, grid, at));
            let floor = match regime.transform {
                Transform::Linear => floor,
                Transform::Logarithm { offset } => floor / (value + offset),
            };
            let short = regime.short.as_ref().map_or(0.0, |season| 0.05 * season.range());
            let squares = spread[at] * spread[at]
                + floor * floor
                + regime.floor * regime.floor
                + short * short;
            floored[at] = libm::sqrt(squares);
            residual[at] = regime.transform.forward(input.values[at]) - expected[at];
        }
        // Between marks a season is interpolated; how far that is off is told by the days before.
        let days = days_of(grid);
        let mut expected = expected.to_vec();
        if fine < marks.step && DAY % fine == 0 {
            let judged =
                Judged { expected: &mut expected, residual: &mut residual, spread: &mut floored };
            refine(input, &days, grid, steep, regime_at, judged);
        }
        let phases = (marks.step / fine).max(1) as usize;
        for (index, day) in days.iter().enumerate() {
            let Some(regime) = regime_at(day.start) else { continue };
            let from = days[index.saturating_sub(OFFSET_DAYS)].start;
            if day.start - from < DAY as usize / fine as usize {
                continue;
            }
            let count = regime.short.as_ref().map_or(phases, |season| season.profile.len());
            if count < 2 {
                continue;
            }
            let phase = |at: usize| match &regime.short {
                Some(season) => season.phase(grid.time_millis(at).div_euclid(1_000)),
                None => (grid.time_millis(at).div_euclid(1_000) / fine) as usize % count,
            };
            let mut by_phase: Vec<Vec<f64>> = vec![Vec::new(); count];
            for at in from..day.start {
                let size = (residual[at] / floored[at]).abs();
                // What was left out of the baseline tells no spread.
                if size.is_finite() && input.reference[at].is_finite() {
                    by_phase[phase(at)].push(size);
                }
            }
            let factor: Vec<f64> = by_phase
                .iter_mut()
                .map(|sizes| MAD_TO_STD * small_median(sizes))
                .map(|factor| if factor.is_finite() { factor.clamp(1.0, 20.0) } else { 1.0 })
                .collect();
            let near = |phase: usize| {
                if regime.short.is_none() {
                    return factor[phase];
                }
                let sides = [phase + count - 1, phase, phase + 1];
                sides.into_iter().map(|phase| factor[phase % count]).fold(1.0, f64::max)
            };
            for at in day.clone() {
                floored[at] *= near(phase(at));
            }
        }
        for at in 0..grid.len {
            let Some(regime) = regime_at(at) else { continue };
            self.expected[at] = regime.transform.back(expected[at]);
            self.offset[at] = regime.transform.offset();
            self.scale[at] = match regime.transform {
                Transform::Linear => floored[at],
                Transform::Logarithm { offset } => floored[at] * (self.expected[at] + offset),
            };
            self.z[at] = residual[at] / floored[at];
        }
    }
}

/// Replaces the expectation where the season is steeper than marks can tell, such as at a burst of minutes, by the values at
/// the same time of the days before. Residuals and spreads follow.
fn refine<'r>(
    input: DetectorInput<'_>,
    days: &[Range<usize>],
    grid: FineGrid,
    steep: &[Option<Steep>],
    regime_at: impl Fn(usize) -> Option<&'r Regime>,
    judged: Judged<'_>,
) {
    let Judged { expected, residual, spread } = judged;
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
    for day in days {
        if !steep[day.clone()].iter().any(Option::is_some) {
            continue;
        }
        let mut usual: Vec<f64> =
            spread[day.clone()].iter().copied().filter(|spread| spread.is_finite()).collect();
        let usual = small_median(&mut usual);
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
            let median = small_median(&mut values);
            values.iter_mut().for_each(|value| *value = (*value - median).abs());
            Some((median, MAD_TO_STD * small_median(&mut values)))
        };
        for at in day.clone() {
            let Some(Steep { size, every_day, clock, in_doubt }) = steep[at] else { continue };
            if size < STEEP * usual {
                continue;
            }
            // A job may begin a little earlier or later than on the days before.
            let value = regime.transform.forward(input.values[at]);
            let Some((mut nearest, spread_then)) = at_same_time(at, clock, every_day) else {
                continue;
            };
            let mut widest = usual.max(spread_then);
            let clocks = if in_doubt { 0..WallClock::ALL.len() } else { clock..clock + 1 };
            for clock in clocks {
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
struct Steep {
    /// Largest change from mark to mark, on the scale.
    size: f64,
    /// Whether all days are alike.
    every_day: bool,
    /// Index of the clock that the season follows.
    clock: usize,
    /// Whether it may follow another one.
    in_doubt: bool,
}

/// Expected value, residual and spread of each sample, on the scale.
struct Judged<'a> {
    expected: &'a mut [f64],
    residual: &'a mut [f64],
    spread: &'a mut [f64],
}

/// Returns the least spread of a value that counts occurrences of `unit`: that of a Poisson distribution where there are few,
/// whose spread cannot be measured, and half of it where there are more, since they may come regularly.
fn least_of_counts(value: f64, unit: f64) -> f64 {
    let poisson = libm::sqrt(value.max(unit) * unit);
    if value < FEW_COUNTS * unit { poisson } else { 0.5 * poisson }
}

/// Returns the spread that a series adds because it took over from another one, in the unit of the series; it fades within
/// days. 0 before, and without a succession.
fn succeeded(input: DetectorInput<'_>, grid: FineGrid, at: usize) -> f64 {
    let Some(of) = input.succession.filter(|of| at >= of.own) else { return 0.0 };
    let age = (grid.time_millis(at) - grid.time_millis(of.own)) as f64 / 1_000.0;
    of.spread * libm::exp(-age / DAY as f64)
}

/// Returns the regime at a time; `None` before the first mark.
fn regime_at<'a>(regimes: &'a [Regime], marks: &Marks, millis: i64) -> Option<&'a Regime> {
    let after = regimes.partition_point(|regime| marks.time(regime.from) * 1_000 <= millis);
    regimes.get(after.checked_sub(1)?)
}

/// Returns the samples of each UTC day of a grid, oldest first.
pub(super) fn days(grid: Grid) -> Vec<Range<usize>> {
    days_of(FineGrid::of(grid))
}

fn days_of(grid: FineGrid) -> Vec<Range<usize>> {
    let mut days = Vec::new();
    let mut from = 0;
    while from < grid.len {
        let day = grid.time_millis(from).div_euclid(DAY * 1_000);
        let to = grid.samples((day + 1) * DAY, (day + 1) * DAY).start.max(from + 1);
        days.push(from..to);
        from = to;
    }
    days
}

/// Returns the value between a mark and the next.
fn interpolated(of: &[f64], mark: usize, along: f64) -> f64 {
    let here = of.get(mark).copied().unwrap_or(f64::NAN);
    if along == 0.0 {
        return here;
    }
    let next = of.get(mark + 1).copied().unwrap_or(f64::NAN);
    here + (next - here) * along
}

/// Fills expectation and spread of samples of a series that is too young to be learnt from marks: median and quartiles of
/// its samples so far, wider while they are few.
fn young(
    input: DetectorInput<'_>,
    grid: FineGrid,
    own: &[usize],
    marks: &Marks,
    regimes: &[Regime],
    expected: &mut [f64],
    spread: &mut [f64],
) {
    let mark_of =
        |at: usize| ((grid.time_millis(at) - marks.start * 1_000) / (marks.step * 1_000)) as usize;
    let Some(until) = (0..grid.len).find(|at| own[mark_of(*at)] >= MIN_MARKS).or(Some(grid.len))
    else {
        return;
    };
    if until == 0 {
        return;
    }
    let quartiles = Ranks::new(&input.reference[..until]).growing().prior_quartiles(YOUNG_WINDOW);
    let mut count = 0_usize;
    for at in 0..until {
        if let Some(regime) = regime_at(regimes, marks, grid.time_millis(at))
            && count >= MIN_SAMPLES
        {
            let [low, middle, high] = [quartiles.low[at], quartiles.median[at], quartiles.high[at]]
                .map(|value| regime.transform.forward(value));
            expected[at] = middle;
            spread[at] = (high - low) / QUARTILE_RANGE * (1.0 + MIN_SAMPLES as f64 / count as f64);
        }
        count += usize::from(input.reference[at].is_finite());
    }
}

/// Decides scale, short season and floors each time a series has twice the marks, and at fixed ages of the detection grid.
fn regimes(
    marks: &Marks,
    reference: &[f64],
    grid: FineGrid,
    first: usize,
    quotient: bool,
) -> Vec<Regime> {
    let begin = grid.start_millis.div_euclid(1_000);
    let first_day = begin.div_euclid(DAY) + i64::from(begin.rem_euclid(DAY) > 0);
    let short_marks: Vec<usize> = SHORT_SEASON_AGES
        .iter()
        .map(|age| ((first_day + *age as i64) * DAY - marks.start) / marks.step)
        .filter_map(|mark| usize::try_from(mark).ok())
        .collect();
    let mut regimes = vec![Regime {
        from: 0,
        transform: Transform::Linear,
        short: None,
        floor: 1e-9,
        quantum: 0.0,
    }];
    let (mut count, mut due) = (0_usize, 6_usize);
    let last =
        ((grid.time_millis(grid.len - 1).div_euclid(1_000) - marks.start) / marks.step) as usize;
    for at in first..=last.min(marks.len() - 1) {
        let looks = short_marks.contains(&at);
        if count >= due || looks {
            let before = &marks.values[..at];
            let previous = &regimes[regimes.len() - 1];
            let chosen = Transform::choose(before);
            let transform =
                if previous.transform.is_close_to(chosen) { previous.transform } else { chosen };
            let mut short = previous.short.clone();
            if looks || transform != previous.transform {
                short = find_short(marks.time(at), reference, grid, transform).or(if looks {
                    None
                } else {
                    short
                });
            }
            let (floor, quantum) = floors(
                before,
                marks.values.get(first..at).unwrap_or_default(),
                transform,
                quotient,
            );
            regimes.push(Regime { from: at, transform, short, floor, quantum });
            while due <= count {
                due *= 2;
            }
        }
        count += usize::from(marks.values[at].is_finite());
    }
    regimes
}

/// Finds the short season in the days before a time in seconds since the epoch.
fn find_short(
    time: i64,
    reference: &[f64],
    grid: FineGrid,
    transform: Transform,
) -> Option<ShortSeason> {
    if grid.step_millis % 1_000 != 0 {
        return None;
    }
    let samples = grid.samples(time - SHORT_SEASON_DAYS as i64 * DAY, time);
    let start = grid.time_millis(samples.start).div_euclid(1_000);
    if time - start < 2 * DAY - 3_600 {
        return None;
    }
    let y: Vec<f64> = reference[samples].iter().map(|v| transform.forward(*v)).collect();
    ShortSeason::find(&y, start, grid.step_millis / 1_000)
}

/// Returns the smallest spread on the scale, and in the unit of the series, by the marks before. `own` are those since the
/// first sample.
fn floors(before: &[f64], own: &[f64], transform: Transform, quotient: bool) -> (f64, f64) {
    let values: Vec<f64> = before.iter().copied().filter(|value| value.is_finite()).collect();
    let scaled = sorted(values.iter().map(|value| transform.forward(*value)).collect());
    let range = quantile(&scaled, 0.99) - quantile(&scaled, 0.01);
    let size = match transform {
        Transform::Linear => {
            0.002 * quantile(&sorted(values.iter().map(|value| value.abs()).collect()), 0.9)
        }
        Transform::Logarithm { .. } => 0.01,
    };
    let mut floor = (0.01 * range).max(size).max(1e-9);
    let order = sorted(values);
    let ratio = quotient
        && order.first().is_some_and(|low| *low >= 0.0)
        && order.last().is_some_and(|high| *high <= 1.0);
    // A share of few occurrences is missing where there are none, and large where there is one.
    if ratio && (order.len() as f64) < 0.9 * own.len() as f64 {
        let positive: Vec<f64> = order.iter().copied().filter(|value| *value > 0.0).collect();
        let usual = quantile(&positive, 0.1);
        floor = floor.max((1.5 * usual).min(0.13));
    }
    let mut distances: Vec<f64> =
        order.windows(2).map(|pair| pair[1] - pair[0]).filter(|distance| *distance > 0.0).collect();
    distances.sort_unstable_by(f64::total_cmp);
    let quantum = quantile(&distances, 0.02);
    (floor, if quantum.is_finite() { 0.08 * quantum } else { 0.0 })
}

/// Marks at which the calendar of a series is not known yet: any candidate season may be right there.
struct Doubts {
    /// Whether each candidate may be right at a mark.
    any: Vec<bool>,
    /// Whether a mark lies on a day of the weekend and few of those were seen.
    new_weekend: Vec<bool>,
    /// First mark of the day of each mark.
    day: Vec<Range<usize>>,
}

impl Doubts {
    fn of(marks: &Marks, calendars: &[Calendar], first: usize) -> Self {
        let calendar = &calendars[0];
        let phases = marks.phases() as f64;
        let (mut weekend, mut working) = (0.0, 0.0);
        let (mut any, mut new_weekend) = (vec![false; marks.len()], vec![false; marks.len()]);
        let mut day: Vec<Range<usize>> = Vec::with_capacity(marks.len());
        let changes: Vec<usize> =
            calendars.iter().flat_map(|of| of.changes.iter().copied()).collect();
        let after = (CLOCK_CHANGE_DAYS * DAY / marks.step) as usize;
        for of in marks.utc_days() {
            day.extend(of.clone().map(|_| of.clone()));
        }
        for at in 0..marks.len() {
            let of_week = calendar.weekday[calendar.day[at]];
            let is_weekend = of_week >= 5;
            let known = at >= first && marks.values[at].is_finite();
            if is_weekend {
                weekend += f64::from(u8::from(known));
            } else {
                working += f64::from(u8::from(known));
            }
            let few = |count: f64| count < 1.9 * phases;
            let unknown = (is_weekend && few(weekend))
                || (!is_weekend && few(working))
                || (of_week == 0 && few(weekend));
            let changed = changes.iter().any(|change| at > *change && at <= change + after);
            any[at] = changed || unknown || weekend < 3.8 * phases;
            new_weekend[at] = is_weekend && few(weekend);
        }
        Self { any, new_weekend, day }
    }

    /// Returns the expected value nearest to a sample among those that may be right.
    fn nearest(&self, learned: &Learned, mark: usize, along: f64, y: f64, expected: f64) -> f64 {
        if !self.any[mark] || y.is_nan() {
            return expected;
        }
        let mut nearest = expected;
        if self.new_weekend[mark] && y < expected {
            // An unknown weekend may be as low as the night.
            let day = self.day[mark].clone();
            let of = &learned.candidates[learned.chosen[mark]].values;
            let profile: Vec<f64> = of[day].iter().copied().filter(|v| v.is_finite()).collect();
            let low = quantile(&sorted(profile), 0.05) + learned.levels[learned.chosen[mark]][mark];
            if low.is_finite() {
                nearest = y.max(low.min(expected));
            }
        }
        for (of, candidate) in learned.candidates.iter().enumerate() {
            if of == 0 || is_trend(candidate) {
                continue;
            }
            let other = interpolated(&candidate.values, mark, along)
                + interpolated(&learned.levels[of], mark, along);
            if (y - other).abs() < (y - nearest).abs() {
                nearest = other;
            }
        }
        nearest
    }
}

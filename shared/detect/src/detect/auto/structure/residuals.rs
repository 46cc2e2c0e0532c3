//! Standardised residuals of the samples to judge: their distance from what the past leads to expect, in spreads.

use super::bursts::{self, JudgedSamples, Steep};
use super::clock::{DAY, WallClock};
use super::doubts::Doubts;
use super::forecast;
use super::grid::FineGrid;
use super::learn::Learned;
use super::marks::{Marks, interpolated};
use super::rare::RareOccurrences;
use super::regime::{Regime, regimes};
use super::shifts::Shifts;
use super::transform::Transform;
use crate::detect::DetectorInput;
use crate::stats::median::middle_median;
use crate::stats::quantile::{MAD_TO_STD, QUARTILE_RANGE, Ranks};

/// Number of marks of a series from which its level is learnt from marks; before, from its samples.
const MIN_MARKS: usize = 24;

/// Number of samples in the baseline of a series with fewer marks.
const YOUNG_WINDOW: usize = 1_000;

/// Number of own samples before the first that is judged.
const MIN_SAMPLES: usize = 30;

/// Number of days of samples from which the spread between marks is learnt.
const OFFSET_DAYS: usize = 7;

/// Largest factor by which the spread between marks exceeds that at marks.
const MAX_OFFSET_FACTOR: f64 = 20.0;

/// Least spread as a share of the range of a short season.
const SHORT_SEASON_SPREAD: f64 = 0.05;

/// Number of occurrences from which their spread is measured.
const FEW_COUNTS: f64 = 4.0;

/// Expectation and residual of each sample of the detection grid; NaN where there is none.
pub(super) struct Residuals {
    /// Expected value in the unit of the series.
    pub expected: Vec<f64>,
    /// Spread in the unit of the series, near the expected value.
    pub scale: Vec<f64>,
    /// Offset of the logarithm that a sample is judged on; NaN on a linear scale.
    pub offset: Vec<f64>,
    /// Signed distance from the expected value in spreads; NaN for an infinite value.
    pub z: Vec<f64>,
    /// Whether the value runs out within a day at its pace.
    pub runs_out: Vec<bool>,
}

/// An input with its marks and the regimes in which they are learnt.
struct Frame<'a> {
    input: DetectorInput<'a>,
    grid: FineGrid,
    marks: Marks,
    regimes: Vec<Regime>,
}

/// Expectation of each sample on the scale of its regime, before it is compared with the samples; NaN where there is none.
struct Expectation {
    expected: Vec<f64>,
    spread: Vec<f64>,
    /// Change of the season around each sample; `None` without one.
    steep: Vec<Option<Steep>>,
}

impl Residuals {
    /// Computes the residuals of an input; `None` without a long past.
    pub(super) fn of(input: DetectorInput<'_>) -> Option<Self> {
        let frame = Frame::of(input)?;
        let Expectation { mut expected, spread, steep } = frame.expectation();
        let (mut residual, mut spread) = frame.residuals(&expected, &spread);
        let fine = (frame.grid.step_millis / 1_000).max(1);
        if fine < frame.marks.step && DAY % fine == 0 {
            let judged = JudgedSamples {
                expected: &mut expected,
                residual: &mut residual,
                spread: &mut spread,
            };
            bursts::refine(input, frame.grid, &steep, |at| frame.regime(at), judged);
        }
        frame.widen_between_marks(&residual, &mut spread);
        Some(frame.in_units(&expected, &residual, &spread))
    }
}

impl<'a> Frame<'a> {
    fn of(input: DetectorInput<'a>) -> Option<Self> {
        let (marks, grid) = (Marks::of(input)?, FineGrid::of(input.grid));
        let quotient = input.long_past.is_some_and(|past| past.quotient);
        let regimes = regimes(&marks, input.reference, grid, quotient);
        Some(Self { input, grid, marks, regimes })
    }

    /// Returns the mark at or before a sample, and how far along to the next it lies, from 0 to 1.
    fn mark(&self, at: usize) -> (usize, f64) {
        let since = self.grid.time_millis(at) - self.marks.start * 1_000;
        let step = self.marks.step * 1_000;
        ((since / step) as usize, (since % step) as f64 / step as f64)
    }

    /// Returns the regime of a sample; `None` before the first mark.
    fn regime(&self, at: usize) -> Option<&Regime> {
        let millis = self.grid.time_millis(at);
        let begun = |regime: &Regime| self.marks.time(regime.from) * 1_000 <= millis;
        self.regimes.get(self.regimes.partition_point(begun).checked_sub(1)?)
    }

    /// Returns the value of a single occurrence where samples count occurrences, else 0.
    fn count_unit(&self) -> f64 {
        self.input.long_past.map_or(0.0, |past| past.count_unit)
    }

    /// Learns what is expected of each sample, regime by regime.
    fn expectation(&self) -> Expectation {
        let Self { input, grid, marks, regimes } = self;
        let calendars = WallClock::ALL.map(|clock| marks.calendar(clock));
        let doubts = Doubts::of(marks, &calendars);
        let born = input.succession.map(|of| {
            let since = grid.time(of.own) - marks.start;
            (since.max(0) as usize).div_ceil(marks.step as usize)
        });
        let mut found = Expectation {
            expected: vec![f64::NAN; grid.len],
            spread: vec![f64::NAN; grid.len],
            steep: vec![None; grid.len],
        };
        // Number of present marks up to and including each one.
        let present: Vec<usize> = marks
            .values
            .iter()
            .scan(0, |count, value| {
                *count += usize::from(value.is_finite());
                Some(*count)
            })
            .collect();
        let mut learnt: Option<(&Regime, Learned, Vec<f64>)> = None;
        for (index, regime) in regimes.iter().enumerate() {
            let to = regimes.get(index + 1).map_or(marks.len() - 1, |next| next.from);
            let samples = grid.samples(marks.time(regime.from), marks.time(to));
            if samples.is_empty() {
                continue;
            }
            if !learnt.as_ref().is_some_and(|(known, ..)| known.is_learnt_alike(regime)) {
                let scaled = |(at, value): (usize, &f64)| {
                    regime.transform.forward(*value) - regime.short_season(marks.time(at))
                };
                let y: Vec<f64> = marks.values.iter().enumerate().map(scaled).collect();
                learnt = Some((regime, Learned::of(marks, &calendars, &y, regime.from, born), y));
            }
            let Some((_, learned, y)) = &learnt else { continue };
            let open = doubts.open(learned);
            let first = self.mark(samples.start).0;
            let shifts = Shifts::of(marks, &calendars, learned, y, first..to);
            for at in samples {
                let (mark, along) = self.mark(at);
                if present[mark] < MIN_MARKS {
                    continue;
                }
                let short = regime.short_season(grid.time(at));
                let y = regime.transform.forward(input.values[at]) - short;
                let mut expected = interpolated(&learned.expected, mark, along);
                if learned.chosen[mark] > 0 {
                    expected = open.nearest(mark, along, y, expected);
                }
                let within_reach = shifts.at(mark);
                if let Some((low, high)) = within_reach {
                    let level = interpolated(&learned.levels[learned.chosen[mark]], mark, along);
                    let nearest = y.max(low + level).min(high + level);
                    if (y - nearest).abs() < (y - expected).abs() {
                        expected = nearest;
                    }
                }
                found.expected[at] = expected + short;
                found.spread[at] = interpolated(&learned.spread, mark, along);
                found.steep[at] =
                    learned.change(mark).filter(|_| within_reach.is_none()).map(|size| Steep {
                        size,
                        every_day: learned.is_every_day(mark),
                        clock: learned.candidates[learned.chosen[mark]].calendar,
                        clocks: open.clocks(mark),
                    });
            }
        }
        self.expect_of_young(&present, &mut found);
        found
    }

    /// Fills expectation and spread of samples of a series that is too young to be learnt from marks: median and quartiles
    /// of its samples so far, wider while they are few.
    fn expect_of_young(&self, present: &[usize], found: &mut Expectation) {
        let old = |at: &usize| present[self.mark(*at).0] >= MIN_MARKS;
        let until = (0..self.grid.len).find(old).unwrap_or(self.grid.len);
        if until == 0 {
            return;
        }
        let samples = &self.input.reference[..until];
        let quartiles = Ranks::new(samples).growing().prior_quartiles(YOUNG_WINDOW);
        let mut count = 0_usize;
        for (at, sample) in samples.iter().enumerate() {
            if let Some(regime) = self.regime(at)
                && count >= MIN_SAMPLES
            {
                let [low, middle, high] =
                    [quartiles.low[at], quartiles.median[at], quartiles.high[at]]
                        .map(|value| regime.transform.forward(value));
                found.expected[at] = middle;
                found.spread[at] =
                    (high - low) / QUARTILE_RANGE * (1.0 + MIN_SAMPLES as f64 / count as f64);
            }
            count += usize::from(sample.is_finite());
        }
    }

    /// Computes residuals, and spreads with their floors, on the scale of each regime.
    fn residuals(&self, expected: &[f64], spread: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let unit = self.count_unit();
        let quotient = self.input.long_past.is_some_and(|past| past.quotient);
        let rare = RareOccurrences::of(&self.marks, quotient);
        let (mut residual, mut floored) = (vec![f64::NAN; expected.len()], spread.to_vec());
        for (at, floored) in floored.iter_mut().enumerate() {
            let Some(regime) = self.regime(at) else { continue };
            let value = regime.transform.back(expected[at]).max(0.0);
            let counts = if unit > 0.0 { least_of_counts(value, unit) } else { 0.0 };
            let rare = rare.least(self.marks.utc_day(self.mark(at).0), self.grid.time(at));
            let least = regime.quantum.max(counts).max(rare).max(self.succession_spread(at));
            let least = match regime.transform {
                Transform::Linear => least,
                Transform::Logarithm { offset } => least / (value + offset),
            };
            let short =
                regime.short.as_ref().map_or(0.0, |season| SHORT_SEASON_SPREAD * season.range());
            let squares = spread[at] * spread[at]
                + least * least
                + regime.floor * regime.floor
                + short * short;
            *floored = libm::sqrt(squares);
            residual[at] = regime.transform.forward(self.input.values[at]) - expected[at];
        }
        (residual, floored)
    }

    /// Returns the spread that a series adds because it took over from another one, in the unit of the series; it fades
    /// within days. 0 before, and without a succession.
    fn succession_spread(&self, at: usize) -> f64 {
        let Some(of) = self.input.succession.filter(|of| at >= of.own) else { return 0.0 };
        let age = (self.grid.time_millis(at) - self.grid.time_millis(of.own)) as f64 / 1_000.0;
        of.spread * libm::exp(-age / DAY as f64)
    }

    /// Widens spreads where the days before were farther off than at marks: a season is interpolated between them.
    fn widen_between_marks(&self, residual: &[f64], spread: &mut [f64]) {
        let Self { input, grid, marks, .. } = self;
        let fine = (grid.step_millis / 1_000).max(1);
        let phases = (marks.step / fine).max(1) as usize;
        let days = grid.days();
        for (index, day) in days.iter().enumerate() {
            let Some(regime) = self.regime(day.start) else { continue };
            let from = days[index.saturating_sub(OFFSET_DAYS)].start;
            let count = regime.short.as_ref().map_or(phases, |season| season.profile.len());
            if day.start - from < (DAY / fine) as usize || count < 2 {
                continue;
            }
            let phase = |at: usize| match &regime.short {
                Some(season) => season.phase(grid.time(at)),
                None => (grid.time(at) / fine) as usize % count,
            };
            let mut by_phase: Vec<Vec<f64>> = vec![Vec::new(); count];
            for at in from..day.start {
                let size = (residual[at] / spread[at]).abs();
                // What was left out of the baseline tells no spread.
                if size.is_finite() && input.reference[at].is_finite() {
                    by_phase[phase(at)].push(size);
                }
            }
            let factor = |sizes: &mut Vec<f64>| {
                let factor = MAD_TO_STD * middle_median(sizes);
                if factor.is_nan() { 1.0 } else { factor.clamp(1.0, MAX_OFFSET_FACTOR) }
            };
            let factors: Vec<f64> = by_phase.iter_mut().map(factor).collect();
            let reach = usize::from(regime.short.is_some());
            let widest = |phase: usize| {
                let near = (0..=2 * reach).map(|shift| (phase + count + shift - reach) % count);
                near.map(|phase| factors[phase]).fold(1.0, f64::max)
            };
            for at in day.clone() {
                spread[at] *= widest(phase(at));
            }
        }
    }

    /// Returns everything in the unit of the series.
    fn in_units(&self, expected: &[f64], residual: &[f64], spread: &[f64]) -> Residuals {
        let nan = || vec![f64::NAN; self.grid.len];
        let mut found = Residuals {
            expected: nan(),
            scale: nan(),
            offset: nan(),
            z: nan(),
            runs_out: self.runs_out(),
        };
        for at in 0..self.grid.len {
            let Some(regime) = self.regime(at) else { continue };
            found.expected[at] = regime.transform.back(expected[at]);
            found.offset[at] = regime.transform.offset();
            found.scale[at] = match regime.transform {
                Transform::Linear => spread[at],
                Transform::Logarithm { offset } => spread[at] * (found.expected[at] + offset),
            };
            if self.input.values[at].is_finite() {
                found.z[at] = residual[at] / spread[at];
            }
        }
        found
    }

    /// Returns whether each sample runs out; what counts occurrences does not.
    fn runs_out(&self) -> Vec<bool> {
        if self.count_unit() > 0.0 {
            return vec![false; self.grid.len];
        }
        let at_marks = forecast::runs_out(&self.marks);
        let values = self.input.values.iter().enumerate();
        values.map(|(at, value)| at_marks[self.mark(at).0] && value.is_finite()).collect()
    }
}

/// Returns the least spread of a value that counts occurrences of `unit`: that of a Poisson distribution where there are few,
/// whose spread cannot be measured, and half of it where there are more, since they may come regularly.
fn least_of_counts(value: f64, unit: f64) -> f64 {
    let poisson = libm::sqrt(value.max(unit) * unit);
    if value < FEW_COUNTS * unit { poisson } else { 0.5 * poisson }
}

//! Views that change slowly: levels over some while, and the spread.

use super::blocks::Blocks;
use super::evidence::{Alarm, Way};
use super::pair::Pair;
use super::records::{FULL, LEAST, Records, distances};
use super::tuning::Tuning;
use super::views::usual;
use crate::detect::View;
use crate::stats::LEAST_SCALE;
use crate::stats::extremes::prior_extremes_of;
use crate::stats::rolling::prior_moments;

/// Samples in the medians of which a slow drift is the difference.
const LONGEST: (usize, usize) = (96, 800);

/// What a longer level reaches beyond everything before, its beginnings among it, alerts from so many on.
const REACHED: f64 = 1.0;

/// if so many samples are remembered.
const FEW: usize = 200;

/// What grows is compared with the memory before it began; so many sixths of the range of that alert,
const GROWN: f64 = 3.0;

/// if so many short windows have been seen, of which only every one is news.
const INDEPENDENT: usize = 14;

/// Samples in the running median that values are compared with to know their scale.
const SCALE_WINDOW: usize = 100;

/// Statistics of windows of a series, one of each a sample.
pub(super) struct Running {
    memory: usize,
    /// A level, and the samples before it may have begun to leave them.
    level: Pair,
    /// What a level differs by at least to be another.
    floor: Vec<f64>,
    /// Short levels against those a little longer, which are ranked only.
    short: Pair,
    quick: Statistic,
    long: Statistic,
    longest: Statistic,
    spread: Statistic,
}

/// A statistic of windows.
struct Statistic {
    of: Pair,
    view: View,
    /// So many samples must be remembered.
    least: usize,
    /// What grows has done so for fewer samples than this.
    growth: usize,
    /// Samples in a block of the memory.
    block: usize,
    /// It must lie so many mean excesses beyond the border of the tail of its memory.
    suffices: f64,
}

impl Running {
    /// What changes over hours is judged once `day` samples are remembered.
    pub(super) fn of(
        values: &Pair,
        memory: usize,
        tuning: &Tuning,
        day: usize,
        floor: impl Fn(usize) -> f64,
    ) -> Self {
        let (short, long) = (tuning.short_windows, tuning.long_windows);
        let [scale, a, b, c, d, e, f] =
            values.medians([SCALE_WINDOW, short.0, short.1, long.0, long.1, LONGEST.0, LONGEST.1]);
        let usual = usual(values.less(&scale).learnt(), memory);
        let floor: Vec<f64> =
            usual.iter().enumerate().map(|(at, usual)| (3.0 * usual).max(floor(at))).collect();
        let level = |view, of: Pair, windows: (usize, usize)| Statistic {
            of,
            view,
            least: day.max(INDEPENDENT * windows.0),
            growth: windows.1 / 2,
            block: 2 * windows.0,
            suffices: 4.0,
        };
        let spread = Statistic {
            of: values.map(|of| spreads(of, tuning.spread_window, &usual)),
            view: View::Spread,
            least: INDEPENDENT * tuning.spread_window * 2 / 3,
            growth: tuning.spread_window,
            block: tuning.spread_window * 4 / 3,
            suffices: 5.0,
        };
        Self {
            memory,
            level: Pair::new(c.judged().to_vec(), delayed(values.learnt(), long.1 / 2)),
            floor,
            short: a.less(&b),
            quick: level(View::Level, a.less(&d), long),
            long: level(View::Level, c.less(&d), long),
            longest: level(View::Drift, e.less(&f), LONGEST),
            spread,
        }
    }

    /// How far short level, long level and spread are beyond everything before, in sixths of its range.
    pub(super) fn records(&self) -> [(Way, Vec<f64>); 3] {
        let level = |at: usize| self.floor[at];
        let records = |way, of: &Pair, floor: &dyn Fn(usize) -> f64| {
            (way, Records { memory: self.memory, least: LEAST, floor }.distances(of))
        };
        [
            records(Way::ShortLevel, &self.short, &level),
            records(Way::LongLevel, &self.long.of, &level),
            records(Way::Spread, &self.spread.of, &|_| LEAST_SCALE),
        ]
    }

    /// Where levels and spread are far outside of what they were before they may have begun to grow, if that
    /// `counts`.
    pub(super) fn grown(&self, counts: impl Fn(usize) -> bool) -> [(View, Vec<Alarm>); 4] {
        let level = |at: usize| self.floor[at];
        let grown = |statistic: &Statistic, floor: &dyn Fn(usize) -> f64| {
            (statistic.view, statistic.grown(self.memory, floor, &counts))
        };
        [
            grown(&self.quick, &level),
            grown(&self.long, &level),
            grown(&self.longest, &level),
            grown(&self.spread, &|_| LEAST_SCALE),
        ]
    }

    /// Where the longer level is beyond everything that it was in its memory.
    pub(super) fn reached(&self) -> Vec<Alarm> {
        let Statistic { of, block, .. } = &self.long;
        let least = FEW.min(self.memory);
        let floor = |at: usize| self.floor[at];
        let records = Records { memory: self.memory, least, floor: &floor };
        let mut blocks = Blocks::new(of.learnt(), *block, self.memory);
        let alarm = |(at, distance): (usize, f64)| {
            let probability = match blocks.tail(at) {
                Some(tail) => tail.probability(of.judged()[at], floor(at) / 6.0),
                None => 1.0 / blocks.middle(at).1.max(1) as f64,
            };
            (distance >= REACHED).then_some(Alarm { at, strength: 1.0, probability })
        };
        records.distances(of).into_iter().enumerate().filter_map(alarm).collect()
    }

    /// Where the level has left everything that the series was in its memory, however slowly.
    pub(super) fn left(&self) -> Vec<Alarm> {
        let (memory, least) = (self.memory, self.long.least);
        let records = Records { memory, least, floor: &|at| self.floor[at] };
        let mut alarms = records.alarms(&self.level);
        // It needs not be told again that it moves on.
        alarms.iter_mut().for_each(|alarm| alarm.strength = 1.0);
        alarms
    }
}

impl Statistic {
    fn grown(
        &self,
        memory: usize,
        floor: &dyn Fn(usize) -> f64,
        counts: impl Fn(usize) -> bool,
    ) -> Vec<Alarm> {
        let (judged, learnt) = (self.of.judged(), self.of.learnt());
        let before = delayed(learnt, self.growth);
        let extremes = prior_extremes_of(&before, memory, self.least.min(memory));
        let distance = distances(judged, &extremes, floor);
        let mut blocks = Blocks::new(learnt, self.block, memory);
        let mut alarms = Vec::new();
        for (at, _) in distance.iter().enumerate().filter(|(_, distance)| **distance >= GROWN) {
            if counts(at)
                && let Some(tail) = blocks.tail(at - self.growth)
            {
                let known = (tail.remembered.min(FULL) as f64 / FULL as f64).sqrt();
                let (entry, least) = (judged[at], floor(at) / 6.0);
                if tail.beyond(entry, least) * known >= self.suffices {
                    let probability = tail.probability(entry, least);
                    alarms.push(Alarm { at, strength: 1.0, probability });
                }
            }
        }
        alarms
    }
}

/// The same so many samples later, NaN before.
fn delayed(of: &[f64], samples: usize) -> Vec<f64> {
    let mut delayed = vec![f64::NAN; samples.min(of.len())];
    delayed.extend_from_slice(&of[..of.len() - delayed.len()]);
    delayed
}

/// Logarithm of the standard deviation of the last samples, the judged one among them. It is no smaller than a
/// part of the usual deviation; where most samples do not deviate at all, there is no spread to speak of.
fn spreads(values: &[f64], window: usize, usual: &[f64]) -> Vec<f64> {
    let mut extended = values.to_vec();
    extended.push(f64::NAN);
    let spreads = prior_moments(&extended, window).std;
    let log = |(std, usual): (&f64, &f64)| match *usual {
        0.0 => f64::NAN,
        usual => libm::log(std + (0.05 * usual).max(LEAST_SCALE)),
    };
    spreads[1..].iter().zip(usual).map(log).collect()
}

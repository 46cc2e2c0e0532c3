//! Views that change slowly: levels over some while, and the spread.

use super::blocks::LookbackBlocks;
use super::evidence::{Alarm, RankedFeature};
use super::records::{FULL_LOOKBACK, MIN_RECORD_SAMPLES, RecordJudge, distances};
use super::reference::JudgedAndReference;
use super::tuning::Tuning;
use crate::detect::Feature;
use crate::stats::MIN_SCALE;
use crate::stats::extremes::prior_extremes_of;
use crate::stats::quantile::Ranks;
use crate::stats::rolling::prior_moments;

/// Samples in the medians of which a slow drift is the difference.
const DRIFT_WINDOWS: (usize, usize) = (96, 800);

/// What a longer level reaches beyond everything before, its beginnings among it, alerts from so many on.
const MIN_LEVEL_DISTANCE: f64 = 1.0;

/// if so many samples are remembered.
const MIN_LEVEL_SAMPLES: usize = 200;

/// What grows is compared with the memory before it began; so many sixths of the range of that alert,
const MIN_GROWTH_DISTANCE: f64 = 3.0;

/// if so many short windows have been seen, of which only every one is news.
const MIN_SHORT_WINDOWS: usize = 14;

/// Samples in the running median that values are compared with to know their scale.
const SCALE_WINDOW: usize = 100;

/// Statistics of windows of a series, one of each a sample, whatever is remembered of them.
#[derive(Debug)]
pub(super) struct SlowWindows {
    /// Of the sizes of the deviations from a short median.
    sizes: Ranks,
    /// A level, and the samples before it may have begun to leave them.
    level: JudgedAndReference,
    /// Short levels against those a little longer, which are ranked only.
    short: JudgedAndReference,
    quick: JudgedAndReference,
    long: JudgedAndReference,
    longest: JudgedAndReference,
    /// Standard deviations.
    spread: JudgedAndReference,
}

impl SlowWindows {
    pub(super) fn of(values: &JudgedAndReference, tuning: &Tuning) -> Self {
        let (short, long) = (tuning.short_windows, tuning.long_windows);
        let [scale, a, b, c, d, e, f] = values.medians([
            SCALE_WINDOW,
            short.0,
            short.1,
            long.0,
            long.1,
            DRIFT_WINDOWS.0,
            DRIFT_WINDOWS.1,
        ]);
        Self {
            sizes: values.less(&scale).sizes(),
            level: JudgedAndReference::new(
                c.judged().to_vec(),
                delayed(values.reference(), long.1 / 2),
            ),
            short: a.less(&b),
            quick: a.less(&d),
            long: c.less(&d),
            longest: e.less(&f),
            spread: values.map(|of| spreads(of, tuning.spread_window)),
        }
    }
}

/// What they say by what is remembered.
pub(super) struct SlowFeatures<'a> {
    windows: &'a SlowWindows,
    lookback: usize,
    tuning: &'a Tuning,
    /// Samples that must be remembered to judge what changes over hours.
    day: usize,
    /// What a level differs by at least to be another.
    floor: Vec<f64>,
    /// Logarithms of standard deviations.
    spread: JudgedAndReference,
}

/// A statistic of windows.
struct WindowStatistic<'a> {
    of: &'a JudgedAndReference,
    feature: Feature,
    /// So many samples must be remembered.
    min_samples: usize,
    /// What grows has done so for fewer samples than this.
    growth: usize,
    /// Samples in a block of the memory.
    block: usize,
    /// It must lie so many mean excesses beyond the border of the tail of its memory.
    suffices: f64,
}

impl<'a> SlowFeatures<'a> {
    /// What changes over hours is judged once `day` samples are remembered.
    pub(super) fn of(
        windows: &'a SlowWindows,
        lookback: usize,
        tuning: &'a Tuning,
        day: usize,
        floor: impl Fn(usize) -> f64,
    ) -> Self {
        let usual = windows.sizes.prior_medians(lookback);
        let spread = windows.spread.map(|of| logarithms(of, &usual));
        let floor = usual.iter().enumerate().map(|(at, usual)| (3.0 * usual).max(floor(at)));
        Self { windows, lookback, tuning, day, floor: floor.collect(), spread }
    }

    fn level(
        &self,
        feature: Feature,
        of: &'a JudgedAndReference,
        windows: (usize, usize),
    ) -> WindowStatistic<'a> {
        WindowStatistic {
            of,
            feature,
            min_samples: self.min_samples(windows),
            growth: windows.1 / 2,
            block: 2 * windows.0,
            suffices: 4.0,
        }
    }

    fn min_samples(&self, windows: (usize, usize)) -> usize {
        self.day.max(MIN_SHORT_WINDOWS * windows.0)
    }

    /// How far short level, long level and spread are beyond everything before, in sixths of its range.
    pub(super) fn records(&self) -> [(RankedFeature, Vec<f64>); 3] {
        let level = |at: usize| self.floor[at];
        let records = |way, of: &JudgedAndReference, floor: &dyn Fn(usize) -> f64| {
            (
                way,
                RecordJudge { lookback: self.lookback, min_samples: MIN_RECORD_SAMPLES, floor }
                    .distances(of),
            )
        };
        [
            records(RankedFeature::ShortLevel, &self.windows.short, &level),
            records(RankedFeature::LongLevel, &self.windows.long, &level),
            records(RankedFeature::Spread, &self.spread, &|_| MIN_SCALE),
        ]
    }

    /// Where levels and spread are far outside of what they were before they may have begun to grow, if that
    /// `counts`.
    pub(super) fn grown(&self, counts: impl Fn(usize) -> bool) -> [(Feature, Vec<Alarm>); 4] {
        let level = |at: usize| self.floor[at];
        let grown = |statistic: WindowStatistic<'_>, floor: &dyn Fn(usize) -> f64| {
            (statistic.feature, statistic.grown(self.lookback, floor, &counts))
        };
        let SlowWindows { quick, long, longest, .. } = self.windows;
        let (hours, spread) = (self.tuning.long_windows, self.tuning.spread_window);
        let spread = WindowStatistic {
            of: &self.spread,
            feature: Feature::Spread,
            min_samples: MIN_SHORT_WINDOWS * spread * 2 / 3,
            growth: spread,
            block: spread * 4 / 3,
            suffices: 5.0,
        };
        [
            // A level of minutes against one of hours.
            grown(self.level(Feature::Level, quick, hours), &level),
            grown(self.level(Feature::Level, long, hours), &level),
            grown(self.level(Feature::Drift, longest, DRIFT_WINDOWS), &level),
            grown(spread, &|_| MIN_SCALE),
        ]
    }

    /// Where the longer level is beyond everything that it was in its memory.
    pub(super) fn reached(&self) -> Vec<Alarm> {
        let of = &self.windows.long;
        let block = 2 * self.tuning.long_windows.0;
        let min_samples = MIN_LEVEL_SAMPLES.min(self.lookback);
        let floor = |at: usize| self.floor[at];
        let records = RecordJudge { lookback: self.lookback, min_samples, floor: &floor };
        let mut blocks = LookbackBlocks::new(of.reference(), block, self.lookback);
        let beyond = records.distances(of).into_iter().enumerate();
        let alarm = |(at, _)| {
            let probability = match blocks.tail(at) {
                Some(tail) => tail.probability(of.judged()[at], floor(at) / 6.0),
                None => 1.0 / blocks.middle(at).1.max(1) as f64,
            };
            Alarm { at, score: 1.0, probability }
        };
        beyond.filter(|(_, distance)| *distance >= MIN_LEVEL_DISTANCE).map(alarm).collect()
    }

    /// Where the level has left everything that the series was in its memory, however slowly.
    pub(super) fn left(&self) -> Vec<Alarm> {
        let (lookback, min_samples) = (self.lookback, self.min_samples(self.tuning.long_windows));
        let records = RecordJudge { lookback, min_samples, floor: &|at| self.floor[at] };
        let mut alarms = records.alarms(&self.windows.level);
        // It needs not be told again that it moves on.
        alarms.iter_mut().for_each(|alarm| alarm.score = 1.0);
        alarms
    }
}

impl WindowStatistic<'_> {
    fn grown(
        &self,
        lookback: usize,
        floor: &dyn Fn(usize) -> f64,
        counts: impl Fn(usize) -> bool,
    ) -> Vec<Alarm> {
        let (judged, reference) = (self.of.judged(), self.of.reference());
        let before = delayed(reference, self.growth);
        let extremes = prior_extremes_of(&before, lookback, self.min_samples.min(lookback));
        let distance = distances(judged, &extremes, floor);
        let mut blocks = LookbackBlocks::new(reference, self.block, lookback);
        let mut alarms = Vec::new();
        for (at, _) in
            distance.iter().enumerate().filter(|(_, distance)| **distance >= MIN_GROWTH_DISTANCE)
        {
            if counts(at)
                && let Some(tail) = blocks.tail(at - self.growth)
            {
                let maturity =
                    (tail.remembered.min(FULL_LOOKBACK) as f64 / FULL_LOOKBACK as f64).sqrt();
                let (entry, min_excess) = (judged[at], floor(at) / 6.0);
                if tail.beyond(entry, min_excess) * maturity >= self.suffices {
                    let probability = tail.probability(entry, min_excess);
                    alarms.push(Alarm { at, score: 1.0, probability });
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

/// Standard deviation of the last samples, the judged one among them.
fn spreads(values: &[f64], window: usize) -> Vec<f64> {
    let mut extended = values.to_vec();
    extended.push(f64::NAN);
    prior_moments(&extended, window).std.split_off(1)
}

/// The logarithm of each spread. It is no smaller than a part of the usual deviation; where most samples do not
/// deviate at all, there is no spread to speak of.
fn logarithms(spreads: &[f64], usual: &[f64]) -> Vec<f64> {
    let log = |(std, usual): (&f64, &f64)| match *usual {
        0.0 => f64::NAN,
        usual => libm::log(std + (0.05 * usual).max(MIN_SCALE)),
    };
    spreads.iter().zip(usual).map(log).collect()
}

//! Features that change slowly: levels over longer windows, and the spread.

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

/// Numbers of samples in the two medians whose difference tells a slow drift.
const DRIFT_WINDOWS: (usize, usize) = (96, 800);

/// Minimum distance of a level beyond all remembered levels that alerts, in sixths of their range.
const MIN_LEVEL_DISTANCE: f64 = 1.0;

/// Minimum number of remembered samples before a level may alert.
const MIN_LEVEL_SAMPLES: usize = 200;

/// Minimum distance of a growing statistic beyond its lookback that alerts, in sixths of the range of the lookback. The
/// lookback ends before the growth began.
const MIN_GROWTH_DISTANCE: f64 = 3.0;

/// Minimum number of short windows that must be remembered before their statistic may alert.
const MIN_SHORT_WINDOWS: usize = 14;

/// Number of samples in the running median from which deviations are measured to learn their scale.
const SCALE_WINDOW: usize = 100;

/// Statistics of sliding windows of a series, one for each sample, independent of the lookback.
#[derive(Debug)]
pub(super) struct SlowWindows {
    /// Order of the absolute deviations from a running median.
    sizes: Ranks,
    /// Judged: the short-window median. Reference: samples that end half a long window earlier, so that a slow change
    /// does not enter its own baseline.
    level: JudgedAndReference,
    /// Median of a short window less that of a longer one; ranked only.
    short: JudgedAndReference,
    /// Median of minutes less that of hours.
    quick: JudgedAndReference,
    /// Median of a long window less that of a still longer one.
    long: JudgedAndReference,
    /// Median of the shorter drift window less that of the longer one.
    longest: JudgedAndReference,
    /// Standard deviation of a window.
    spread: JudgedAndReference,
}

impl SlowWindows {
    /// Computes the statistics of all windows.
    pub(super) fn of(values: &JudgedAndReference, tuning: &Tuning) -> Self {
        let (short_windows, long_windows) = (tuning.short_windows, tuning.long_windows);
        let [scale, short, short_reference, long, long_reference, drift, drift_reference] = values
            .medians([
                SCALE_WINDOW,
                short_windows.0,
                short_windows.1,
                long_windows.0,
                long_windows.1,
                DRIFT_WINDOWS.0,
                DRIFT_WINDOWS.1,
            ]);
        Self {
            sizes: values.less(&scale).sizes(),
            level: JudgedAndReference::new(
                long.judged().to_vec(),
                delayed(values.reference(), long_windows.1 / 2),
            ),
            short: short.less(&short_reference),
            quick: short.less(&long_reference),
            long: long.less(&long_reference),
            longest: drift.less(&drift_reference),
            spread: values.map(|of| spreads(of, tuning.spread_window)),
        }
    }
}

/// Slow features of a series with a given lookback.
pub(super) struct SlowFeatures<'a> {
    windows: &'a SlowWindows,
    lookback: usize,
    tuning: &'a Tuning,
    /// Number of samples that must be remembered to judge what changes over hours.
    day: usize,
    /// Minimum difference between two levels, for each sample.
    floor: Vec<f64>,
    /// Logarithm of the standard deviation of a window.
    spread: JudgedAndReference,
}

/// A statistic of sliding windows, and the conditions under which it alerts.
struct WindowStatistic<'a> {
    of: &'a JudgedAndReference,
    feature: Feature,
    /// Minimum number of remembered samples.
    min_samples: usize,
    /// Maximum number of samples for which an alerting statistic has grown.
    growth: usize,
    /// Number of samples in a block of the lookback.
    block: usize,
    /// Minimum distance beyond the border of the tail, in mean excesses.
    suffices: f64,
}

impl<'a> SlowFeatures<'a> {
    /// Prepares the slow features. Changes over hours are judged once `day` samples are remembered.
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

    /// Describes a difference of two medians over `windows` samples.
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

    /// Returns the minimum number of remembered samples for a level over `windows` samples.
    fn min_samples(&self, windows: (usize, usize)) -> usize {
        self.day.max(MIN_SHORT_WINDOWS * windows.0)
    }

    /// Returns the distance of short level, long level and spread beyond everything before, in sixths of its range.
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

    /// Finds samples at which levels and spread lie far outside of what they were before they began to grow, among the
    /// samples that `counts` accepts.
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

    /// Finds samples at which the longer level lies beyond all of its lookback.
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

    /// Finds samples at which the level lies outside everything in the lookback, however slowly it got there.
    pub(super) fn left(&self) -> Vec<Alarm> {
        let (lookback, min_samples) = (self.lookback, self.min_samples(self.tuning.long_windows));
        let records = RecordJudge { lookback, min_samples, floor: &|at| self.floor[at] };
        let mut alarms = records.alarms(&self.windows.level);
        // A level that keeps moving must not alert again, so later alerts are no stronger.
        alarms.iter_mut().for_each(|alarm| alarm.score = 1.0);
        alarms
    }
}

impl WindowStatistic<'_> {
    /// Finds samples at which the statistic lies far outside of what it was before it began to grow, among the samples
    /// that `counts` accepts.
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

/// Shifts a series by `samples` to later times, with NaN at the front.
fn delayed(of: &[f64], samples: usize) -> Vec<f64> {
    let mut delayed = vec![f64::NAN; samples.min(of.len())];
    delayed.extend_from_slice(&of[..of.len() - delayed.len()]);
    delayed
}

/// Returns the standard deviation of the last `window` samples, the judged one included.
fn spreads(values: &[f64], window: usize) -> Vec<f64> {
    let mut extended = values.to_vec();
    extended.push(f64::NAN);
    prior_moments(&extended, window).std.split_off(1)
}

/// Returns the logarithm of each spread, which counts as no smaller than a part of the usual deviation; NaN where most
/// samples do not deviate at all.
fn logarithms(spreads: &[f64], usual: &[f64]) -> Vec<f64> {
    let log = |(std, usual): (&f64, &f64)| match *usual {
        0.0 => f64::NAN,
        usual => libm::log(std + (0.05 * usual).max(MIN_SCALE)),
    };
    spreads.iter().zip(usual).map(log).collect()
}

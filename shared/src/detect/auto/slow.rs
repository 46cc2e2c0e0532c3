//! Views that change slowly: levels over some while, and the spread.

use super::blocks::Blocks;
use super::evidence::Way;
use super::pair::Pair;
use super::records::{FULL, LEAST, distances};
use super::tuning::Tuning;
use super::views::usual;
use crate::detect::View;
use crate::stats::LEAST_SCALE;
use crate::stats::extremes::prior_extremes_of;
use crate::stats::rolling::prior_moments;

/// Samples in the medians of which a slow drift is the difference.
const LONGEST: (usize, usize) = (96, 800);

/// What grows is compared with the memory before it began; so many sixths of the range of that alert,
const GROWN: f64 = 3.0;

/// if so many short windows have been seen, of which only every one is news.
const INDEPENDENT: usize = 14;

/// Samples in the running median that values are compared with to know their scale.
const SCALE_WINDOW: usize = 100;

/// Statistics of windows of a series, one of each a sample.
pub(super) struct Running {
    short: Statistic,
    long: Statistic,
    longest: Statistic,
    spread: Statistic,
    /// The usual size of a deviation.
    usual: Vec<f64>,
}

/// A statistic of windows.
struct Statistic {
    of: Pair,
    view: View,
    /// It is news after so many samples.
    window: usize,
    /// What grows has done so for fewer samples than this.
    growth: usize,
    /// Samples in a block of the memory.
    block: usize,
    /// It must lie so many mean excesses beyond the border of the tail of its memory.
    suffices: f64,
}

impl Running {
    pub(super) fn of(
        values: &Pair,
        memory: usize,
        tuning: &Tuning,
        floor: impl Fn(usize) -> f64,
    ) -> Self {
        let (short, long) = (tuning.short_windows, tuning.long_windows);
        let [scale, a, b, c, d, e, f] =
            values.medians([SCALE_WINDOW, short.0, short.1, long.0, long.1, LONGEST.0, LONGEST.1]);
        let usual = usual(values.less(&scale).learnt(), memory);
        let spread = values.map(|of| {
            let log = |(at, std): (usize, f64)| libm::log(std + (0.05 * usual[at]).max(floor(at)));
            spreads(of, tuning.spread_window).into_iter().enumerate().map(log).collect()
        });
        let level = |view, of: Pair, windows: (usize, usize), suffices| Statistic {
            of,
            view,
            window: windows.0,
            growth: windows.1 / 2,
            block: 2 * windows.0,
            suffices,
        };
        // The shorter a window is, the more a mere burst looks like a level.
        let short = level(View::Level, a.less(&b), short, 10.0);
        let long = level(View::Level, c.less(&d), long, 4.0);
        let longest = level(View::Drift, e.less(&f), LONGEST, 4.0);
        let spread = Statistic {
            of: spread,
            view: View::Spread,
            window: tuning.spread_window * 2 / 3,
            growth: tuning.spread_window,
            block: tuning.spread_window * 4 / 3,
            suffices: 5.0,
        };
        Self { short, long, longest, spread, usual }
    }

    /// A level that differs by less than this is the same.
    fn floor(&self, at: usize, floor: impl Fn(usize) -> f64) -> f64 {
        (3.0 * self.usual[at]).max(floor(at))
    }
}

/// How far short level, long level and spread are beyond everything before, in sixths of its range.
pub(super) fn records(
    of: &Running,
    memory: usize,
    floor: impl Fn(usize) -> f64,
) -> [(Way, Vec<f64>); 3] {
    let level = |at: usize| of.floor(at, &floor);
    let records = |of: &Statistic, floor: &dyn Fn(usize) -> f64| {
        let extremes = prior_extremes_of(of.of.learnt(), memory, LEAST.min(memory));
        distances(of.of.judged(), &extremes, floor)
    };
    [
        (Way::ShortLevel, records(&of.short, &level)),
        (Way::LongLevel, records(&of.long, &level)),
        (Way::Spread, records(&of.spread, &|_| LEAST_SCALE)),
    ]
}

/// Where levels and spread are far outside of what they were before they may have begun to grow: 1 there, if
/// `counts`, else 0.
pub(super) fn grown(
    of: &Running,
    memory: usize,
    floor: impl Fn(usize) -> f64,
    counts: impl Fn(usize) -> bool,
) -> Vec<(View, Vec<f64>)> {
    let level = |at: usize| of.floor(at, &floor);
    let tiny = |_: usize| LEAST_SCALE;
    let floors: [(&Statistic, &dyn Fn(usize) -> f64); 4] =
        [(&of.short, &level), (&of.long, &level), (&of.longest, &level), (&of.spread, &tiny)];
    let strengths = |statistic: &Statistic, floor: &dyn Fn(usize) -> f64| {
        statistic.grown(memory, floor, &counts)
    };
    floors.map(|(statistic, floor)| (statistic.view, strengths(statistic, floor))).into()
}

impl Statistic {
    fn grown(
        &self,
        memory: usize,
        floor: &dyn Fn(usize) -> f64,
        counts: impl Fn(usize) -> bool,
    ) -> Vec<f64> {
        let (judged, learnt) = (self.of.judged(), self.of.learnt());
        let mut before = vec![f64::NAN; self.growth.min(learnt.len())];
        before.extend_from_slice(&learnt[..learnt.len() - before.len()]);
        let least = (INDEPENDENT * self.window).min(memory);
        let distance = distances(judged, &prior_extremes_of(&before, memory, least), floor);
        let mut blocks = Blocks::new(learnt, self.block, memory);
        let mut strength = vec![0.0; judged.len()];
        for (at, strength) in strength.iter_mut().enumerate().skip(self.growth) {
            if distance[at] >= GROWN
                && counts(at)
                && let Some(tail) = blocks.tail(at - self.growth)
            {
                let known = (tail.remembered.min(FULL) as f64 / FULL as f64).sqrt();
                let beyond = tail.beyond(judged[at], floor(at) / 6.0) * known;
                *strength = if beyond >= self.suffices { 1.0 } else { 0.0 };
            }
        }
        strength
    }
}

/// Standard deviation of the last samples, the judged one among them.
fn spreads(values: &[f64], window: usize) -> Vec<f64> {
    let mut extended = values.to_vec();
    extended.push(f64::NAN);
    let mut spreads = prior_moments(&extended, window).std;
    spreads.remove(0);
    spreads
}

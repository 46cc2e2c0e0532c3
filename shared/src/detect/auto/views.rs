//! The views of a series, each as the strength of its alerts.

use super::ALERT;
use super::records::{distances, improbable, signed_log};
use crate::detect::{Input, View};
use crate::seasonality::Calendar;
use crate::stats::quantile::Ranks;
use crate::stats::rolling::prior_moments;
use crate::stats::{LEAST_RELATIVE_SCALE, LEAST_SCALE};
use crate::time::Step;

/// What the distance of each view weighs. Settled by cross-validation, see `docs/evaluation.md`.
const VALUE: f64 = 1.0;
const LOGARITHM: f64 = 0.5;
const SHORT_LEVEL: f64 = 0.2;
const LONG_LEVEL: f64 = 0.5;
const SPREAD: f64 = 0.1;
const SEASON: f64 = 0.5;

/// Samples in the running medians that values, logarithms, and short and long levels are compared with.
const VALUE_WINDOW: usize = 100;
const LOGARITHM_WINDOW: usize = 25;
const SHORT_WINDOWS: (usize, usize) = (12, 100);
const LONG_WINDOWS: (usize, usize) = (48, 400);

/// Samples in a spread.
const SPREAD_WINDOW: usize = 96;

/// Seasons that are compared with, and samples to each side of the same phase.
const SEASONS: usize = 7;
const PHASE: usize = 3;

/// After so many samples a season is looked for, and again whenever there are half as many more.
const FIRST_LOOK: usize = 600;

/// A shorter season is nothing that the running medians do not see.
const SHORTEST: usize = 20;
const LEAST_CORRELATION: f64 = 0.35;

/// A flat line or a gap alerts when it lasts so many times as long as any before,
const TIMES: f64 = 3.0;
/// and so many samples.
const LEAST_STRETCH: usize = 6;

/// A strength that is not let through stays this much below the threshold.
const BELOW: f64 = 0.99;

/// The strengths of all views, one of each a sample. `seasonal` holds the residuals from the season.
pub(super) fn all(input: Input<'_>, memory: usize, seasonal: Option<[Vec<f64>; 2]>) -> Vec<Seen> {
    let judged = Views::of(input.values);
    let learnt = if same(input) { judged.clone() } else { Views::of(input.learnt) };
    let sizes: Vec<f64> = learnt.deviation.iter().map(|deviation| deviation.abs()).collect();
    let usual = Ranks::new(&sizes).growing().prior_medians(memory);
    let floor =
        |at: usize| (LEAST_RELATIVE_SCALE * input.values[at].abs()).max(LEAST_SCALE).max(0.0);
    let spread_floor = |at: usize| (0.05 * usual[at]).max(floor(at));
    let level_floor = |at: usize| (1.5 * usual[at]).max(floor(at));

    let mut values = distances(&judged.deviation, &learnt.deviation, memory, floor);
    let logarithms = {
        let near: Vec<f64> = learnt.near.iter().map(|deviation| deviation.abs()).collect();
        let scale = Ranks::new(&near).growing().prior_medians(memory);
        let log = |of: &[f64]| -> Vec<f64> {
            of.iter()
                .enumerate()
                .map(|(at, deviation)| signed_log(*deviation, scale[at].max(floor(at))))
                .collect()
        };
        distances(&log(&judged.near), &log(&learnt.near), memory, |_| LEAST_SCALE)
    };
    for (at, value) in values.iter_mut().enumerate() {
        *value = (*value * VALUE).max(logarithms[at] * LOGARITHM);
    }
    let doubtful = |at: usize, strength: f64| {
        strength >= ALERT && !improbable(&judged.deviation, &learnt.deviation, at, memory)
    };
    let credible = values
        .iter()
        .enumerate()
        .map(|(at, &strength)| if doubtful(at, strength) { ALERT * BELOW } else { strength });
    let credible: Vec<f64> = credible.collect();
    let spreads = |views: &Views| -> Vec<f64> {
        let spread = |(at, std): (usize, &f64)| libm::log(std + spread_floor(at));
        views.spread.iter().enumerate().map(spread).collect()
    };
    let spread = distances(&spreads(&judged), &spreads(&learnt), memory, |_| LEAST_SCALE);
    let short = distances(&judged.short, &learnt.short, memory, level_floor);
    let long = distances(&judged.long, &learnt.long, memory, level_floor);
    let mut all = vec![
        Seen::doubted(View::Value, values, credible),
        Seen::weighted(View::Level, short, SHORT_LEVEL),
        Seen::weighted(View::Level, long, LONG_LEVEL),
        Seen::weighted(View::Spread, spread, SPREAD),
    ];
    if let Some([judged, learnt]) = seasonal {
        let season = distances(&judged, &learnt, memory, floor);
        all.push(Seen::weighted(View::Season, season, SEASON));
    }
    let unchanged = stretches(input.values, |value, last| value == last && value.is_finite());
    // A series that has not begun is not a gap.
    let begin = input.values.iter().take_while(|value| value.is_nan()).count();
    let mut missing = stretches(input.values, |value, _| value.is_nan());
    missing[..begin].fill(0);
    all.push(Seen::weighted(View::Flat, lasting(&unchanged, 10), 1.0));
    all.push(Seen::weighted(View::Gap, lasting(&missing, 0), 1.0));
    all
}

/// What one view says, one of each a sample.
pub(super) struct Seen {
    pub(super) view: View,
    /// Strength, as far as it is credible.
    pub(super) strength: Vec<f64>,
    /// Strength before the doubt, where there is one.
    pub(super) apparent: Option<Vec<f64>>,
}

impl Seen {
    fn weighted(view: View, mut strength: Vec<f64>, weight: f64) -> Self {
        strength.iter_mut().for_each(|strength| *strength *= weight);
        Self { view, strength, apparent: None }
    }

    fn doubted(view: View, apparent: Vec<f64>, strength: Vec<f64>) -> Self {
        Self { view, strength, apparent: Some(apparent) }
    }
}

/// Whether everything may be learnt from, so that nothing needs to be computed twice.
fn same(input: Input<'_>) -> bool {
    input.values.iter().zip(input.learnt).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// What is looked at, one of each a sample, in the unit of the series.
#[derive(Clone)]
struct Views {
    /// The value less its running median.
    deviation: Vec<f64>,
    /// The same with a short median.
    near: Vec<f64>,
    /// A short median less a long one.
    short: Vec<f64>,
    /// The same with longer ones.
    long: Vec<f64>,
    /// Standard deviation of the last samples.
    spread: Vec<f64>,
}

impl Views {
    fn of(values: &[f64]) -> Self {
        let ranks = Ranks::new(values).growing();
        let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect();
        let contrast = |(short, long): (usize, usize)| {
            less(&ranks.prior_medians(short), &ranks.prior_medians(long))
        };
        let mut extended = values.to_vec();
        extended.push(f64::NAN);
        let mut spread = prior_moments(&extended, SPREAD_WINDOW).std;
        spread.remove(0);
        Self {
            deviation: less(values, &ranks.prior_medians(VALUE_WINDOW)),
            near: less(values, &ranks.prior_medians(LOGARITHM_WINDOW)),
            short: contrast(SHORT_WINDOWS),
            long: contrast(LONG_WINDOWS),
            spread,
        }
    }
}

/// The values, and what is learnt of them, less the median of the same phase of earlier seasons; `None` if
/// no season was found, NaN where none was known yet. The season at a sample was found before it.
pub(super) fn seasonal(input: Input<'_>) -> Option<[Vec<f64>; 2]> {
    let len = input.values.len();
    let mut residuals = [vec![f64::NAN; len], vec![f64::NAN; len]];
    let mut any = false;
    let (mut look, mut room) = (FIRST_LOOK, Vec::with_capacity(SEASONS * (2 * PHASE + 1)));
    while look < len {
        let next = (look + look / 2).min(len);
        if let Some(period) = season(&input.learnt[..look], input.grid.step) {
            any = true;
            for at in look..next {
                let expected = same_phase(input.learnt, at, period, &mut room);
                residuals[0][at] = input.values[at] - expected;
                residuals[1][at] = input.learnt[at] - expected;
            }
        }
        look = next;
    }
    any.then_some(residuals)
}

/// The season to compare with: a day or a week where samples that far apart are alike, else what is found.
fn season(values: &[f64], step: Step) -> Option<usize> {
    let alike = Alike::of(values)?;
    let calendar = Calendar::ALL.into_iter().filter_map(|calendar| {
        let period = calendar
            .period(step)
            .filter(|period| *period >= SHORTEST && 2 * period <= values.len())?;
        let correlation = alike.correlation(period);
        let opposite = alike.correlation(period / 2);
        (correlation > LEAST_CORRELATION && correlation > opposite + 0.2)
            .then_some((correlation, period))
    });
    calendar.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, period)| period)
}

/// The samples less their median, none farther from it than the largest 5 %; missing ones at it.
struct Alike {
    deviations: Vec<f64>,
    variance: f64,
}

impl Alike {
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> =
            values.iter().copied().filter(|value| value.is_finite()).collect();
        if sorted.len() < 100 {
            return None;
        }
        let middle = sorted.len() / 2;
        let median = *sorted.select_nth_unstable_by(middle, f64::total_cmp).1;
        let mut sizes: Vec<f64> =
            values.iter().map(|v| if v.is_finite() { (v - median).abs() } else { 0.0 }).collect();
        let large = sizes.len() * 95 / 100;
        let most = *sizes.select_nth_unstable_by(large, f64::total_cmp).1;
        let mut deviations: Vec<f64> = values
            .iter()
            .map(|v| if v.is_finite() { (v - median).clamp(-most, most) } else { 0.0 })
            .collect();
        let mean = deviations.iter().sum::<f64>() / deviations.len() as f64;
        deviations.iter_mut().for_each(|deviation| *deviation -= mean);
        let variance = deviations.iter().map(|d| d * d).sum::<f64>() / deviations.len() as f64;
        Some(Self { deviations, variance })
    }

    fn correlation(&self, lag: usize) -> f64 {
        let pairs = self.deviations[lag..].iter().zip(&self.deviations);
        let count = (self.deviations.len() - lag) as f64;
        pairs.map(|(a, b)| a * b).sum::<f64>() / count / self.variance
    }
}

/// Median of the samples around the same phase in the seasons before `at`.
fn same_phase(values: &[f64], at: usize, period: usize, room: &mut Vec<f64>) -> f64 {
    room.clear();
    // A phase to the right must not reach the judged sample.
    let reach = PHASE.min(period - 1);
    for season in 1..=SEASONS {
        let Some(middle) = at.checked_sub(season * period) else { break };
        let near = &values[middle.saturating_sub(reach)..=middle + reach];
        room.extend(near.iter().copied().filter(|value| value.is_finite()));
    }
    if room.len() <= 2 * reach {
        return f64::NAN;
    }
    let middle = room.len() / 2;
    *room.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// How many samples in a row `goes_on`, told the sample and the one before, has held, 0 where it does not.
fn stretches(values: &[f64], goes_on: impl Fn(f64, f64) -> bool) -> Vec<usize> {
    let mut length = 0;
    let mut last = f64::NAN;
    let stretch = |value: &f64| {
        length = if goes_on(*value, last) { length + 1 } else { 0 };
        last = *value;
        length
    };
    values.iter().map(stretch).collect()
}

/// Strength of a stretch by the longest one before: the same as long as it lasts, so that it alerts once.
/// Nothing before `least` stretches have ended.
fn lasting(stretches: &[usize], least: usize) -> Vec<f64> {
    let (mut longest, mut ended) = (0_usize, 0_usize);
    let mut out = Vec::with_capacity(stretches.len());
    for (at, &length) in stretches.iter().enumerate() {
        if length == 0 && at > 0 {
            longest = longest.max(stretches[at - 1]);
            ended += 1;
        }
        let times = length as f64 / longest.max(1) as f64;
        let lasting = length >= LEAST_STRETCH && times >= TIMES && ended > least;
        out.push(if lasting { ALERT } else { 0.0 });
    }
    out
}

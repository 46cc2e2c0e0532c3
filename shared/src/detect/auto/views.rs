//! The views of a series, each as the strength of its alerts.

use super::ALERT;
use super::records::{LEAST, distances, probability, signed_log};
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

/// Samples in the running medians that values and logarithms are compared with.
const VALUE_WINDOW: usize = 100;
const LOGARITHM_WINDOW: usize = 25;

/// Samples in the medians of which a level is the difference: the longer ones see slower changes.
const SHORT_WINDOWS: (usize, usize) = (12, 100);
const LONG_WINDOWS: (usize, usize) = (48, 400);
const LONGEST_WINDOWS: (usize, usize) = (96, 800);

/// Samples in a spread.
const SPREAD_WINDOW: usize = 96;

/// A spread is news after most of a window, and grows for one.
const SPREAD_WINDOWS: (usize, usize) = (64, 2 * SPREAD_WINDOW);

/// What grows slowly is compared with the memory before it began; so many sixths of the range beyond alert.
const GROWN: f64 = 3.0;

/// So many short windows must have been seen.
const INDEPENDENT: usize = 14;

/// What is more probable than this by the tail of its own past is no alert by default: a sample, and a
/// statistic of neighbours, which comes in clusters.
const IMPROBABLE: f64 = 2.5e-5;
const IMPROBABLE_CLUSTER: f64 = 1e-6;

/// Seasons that are compared with, and samples to each side of the same phase.
const SEASONS: usize = 7;
const PHASE: usize = 3;

/// After so many samples a season is looked for, and again whenever there are half as many more.
const FIRST_LOOK: usize = 600;

/// A shorter season is nothing that the running medians do not see.
const SHORTEST: usize = 20;

/// Samples a season apart correlate by more than this, and by so much more than those half a season apart.
const LEAST_CORRELATION: f64 = 0.35;
const LEAST_CONTRAST: f64 = 0.2;

/// A flat line or a gap alerts when it lasts so many times as long as any before,
const TIMES: f64 = 3.0;
/// and so many samples.
const LEAST_STRETCH: usize = 6;

/// A strength that is not credible is at most this share of what alerts by default.
const DOUBTFUL: f64 = 0.6;

/// A derived series: of what is judged, and of what is learnt from where that differs.
pub(super) struct Pair {
    judged: Vec<f64>,
    learnt: Option<Vec<f64>>,
}

impl Pair {
    pub(super) fn of(input: Input<'_>) -> Self {
        let same = input.values.iter().zip(input.learnt).all(|(a, b)| a.to_bits() == b.to_bits());
        let learnt = (!same).then(|| input.learnt.to_vec());
        Self { judged: input.values.to_vec(), learnt }
    }

    pub(super) fn judged(&self) -> &[f64] {
        &self.judged
    }

    pub(super) fn learnt(&self) -> &[f64] {
        self.learnt.as_ref().unwrap_or(&self.judged)
    }

    fn map(&self, derive: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        Self { judged: derive(&self.judged), learnt: self.learnt.as_deref().map(derive) }
    }
}

/// The strengths of all views, one of each a sample. `seasonal` holds the residuals from the season.
pub(super) fn all(
    input: Input<'_>,
    memory: usize,
    values: &Pair,
    seasonal: Option<&Pair>,
) -> Vec<(View, Vec<f64>)> {
    let floor = |at: usize| (LEAST_RELATIVE_SCALE * input.values[at].abs()).max(LEAST_SCALE);
    let deviation =
        values.map(|of| less(of, &Ranks::new(of).growing().prior_medians(VALUE_WINDOW)));
    let near = values.map(|of| less(of, &Ranks::new(of).growing().prior_medians(LOGARITHM_WINDOW)));
    let usual = usual(near.learnt(), memory);
    let logarithm = near.map(|of| {
        let log = |(at, deviation): (usize, &f64)| signed_log(*deviation, usual[at].max(floor(at)));
        of.iter().enumerate().map(log).collect()
    });
    let mut value = distances(&deviation, memory, LEAST, floor);
    for (value, log) in value.iter_mut().zip(distances(&logarithm, memory, LEAST, |_| LEAST_SCALE))
    {
        *value = (*value * VALUE).max(log * LOGARITHM);
    }
    let mut value = credible(value, &deviation, memory, LEAST, IMPROBABLE);
    if let Some(seasonal) = seasonal {
        for (at, value) in value.iter_mut().enumerate() {
            let known = seasonal.judged()[at].is_finite();
            if known && *value >= ALERT && probability(seasonal, at, memory) > IMPROBABLE {
                *value = ALERT * DOUBTFUL;
            }
        }
    }
    let mut all = vec![(View::Value, value)];
    let mut plain = slow(values, memory, floor, Some([SHORT_LEVEL, LONG_LEVEL, SPREAD]));
    if let Some(seasonal) = seasonal {
        for (_, strengths) in &mut plain {
            for (strength, residual) in strengths.iter_mut().zip(seasonal.judged()) {
                if residual.is_finite() {
                    *strength = strength.min(ALERT * DOUBTFUL);
                }
            }
        }
        let mut season = distances(seasonal, memory, LEAST, floor);
        season.iter_mut().for_each(|distance| *distance *= SEASON);
        all.push((View::Season, credible(season, seasonal, memory, LEAST, IMPROBABLE)));
        all.extend(slow(seasonal, memory, floor, None));
    }
    all.extend(plain);
    all.push((View::Flat, flat(input.values)));
    all.push((View::Gap, gap(input.values)));
    all
}

/// Levels and spread: as records, with these weights, and as what has grown since before it began.
fn slow(
    values: &Pair,
    memory: usize,
    floor: impl Fn(usize) -> f64 + Copy,
    weights: Option<[f64; 3]>,
) -> Vec<(View, Vec<f64>)> {
    let deviation =
        values.map(|of| less(of, &Ranks::new(of).growing().prior_medians(VALUE_WINDOW)));
    let usual = usual(deviation.learnt(), memory);
    let level_floor = |at: usize| (3.0 * usual[at]).max(floor(at));
    let level = |(short, long): (usize, usize)| {
        values.map(|of| {
            let ranks = Ranks::new(of).growing();
            less(&ranks.prior_medians(short), &ranks.prior_medians(long))
        })
    };
    let (short, long, longest) =
        (level(SHORT_WINDOWS), level(LONG_WINDOWS), level(LONGEST_WINDOWS));
    let spread = values.map(|of| {
        let log = |(at, std): (usize, f64)| libm::log(std + (0.05 * usual[at]).max(floor(at)));
        spreads(of).into_iter().enumerate().map(log).collect()
    });
    let mut all = vec![
        (View::Level, grown(&short, SHORT_WINDOWS, memory, level_floor)),
        (View::Level, grown(&long, LONG_WINDOWS, memory, level_floor)),
        (View::Drift, grown(&longest, LONGEST_WINDOWS, memory, level_floor)),
        (View::Spread, grown(&spread, SPREAD_WINDOWS, memory, |_| LEAST_SCALE)),
    ];
    if let Some(weights) = weights {
        let records = [
            (View::Level, &short, SHORT_WINDOWS.0, distances(&short, memory, LEAST, level_floor)),
            (View::Level, &long, LONG_WINDOWS.0, distances(&long, memory, LEAST, level_floor)),
            (
                View::Spread,
                &spread,
                SPREAD_WINDOW,
                distances(&spread, memory, LEAST, |_| LEAST_SCALE),
            ),
        ];
        for ((view, pair, window, mut distance), weight) in records.into_iter().zip(weights) {
            distance.iter_mut().for_each(|distance| *distance *= weight);
            all.push((
                view,
                credible(distance, pair, memory, INDEPENDENT * window, IMPROBABLE_CLUSTER),
            ));
        }
    }
    all
}

/// Where a view of windows so short and so long is far outside of what it was half a long one ago and before.
/// Only every short window is news, so the memory must hold many of them.
fn grown(
    pair: &Pair,
    (short, long): (usize, usize),
    memory: usize,
    floor: impl Fn(usize) -> f64,
) -> Vec<f64> {
    let gap = long / 2;
    let mut before = vec![f64::NAN; gap.min(pair.judged.len())];
    before.extend_from_slice(&pair.learnt()[..pair.judged.len() - before.len()]);
    let before = Pair { judged: pair.judged.clone(), learnt: Some(before) };
    let mut strengths = distances(&before, memory, INDEPENDENT * short, floor);
    for (at, strength) in strengths.iter_mut().enumerate() {
        *strength = if *strength >= GROWN && probability(&before, at, memory) <= IMPROBABLE_CLUSTER
        {
            ALERT
        } else {
            0.0
        };
    }
    strengths
}

/// Strengths that alert only where the view is improbable by the tail of its own past, of at least `least`
/// samples.
fn credible(
    mut strengths: Vec<f64>,
    pair: &Pair,
    memory: usize,
    least: usize,
    improbable: f64,
) -> Vec<f64> {
    for (at, strength) in strengths.iter_mut().enumerate() {
        if *strength >= ALERT && (at < least || probability(pair, at, memory) > improbable) {
            *strength = ALERT * DOUBTFUL;
        }
    }
    strengths
}

fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// The median size of the deviations before each.
fn usual(deviations: &[f64], memory: usize) -> Vec<f64> {
    let sizes: Vec<f64> = deviations.iter().map(|deviation| deviation.abs()).collect();
    Ranks::new(&sizes).growing().prior_medians(memory)
}

/// Standard deviation of the last samples, the judged one among them.
fn spreads(values: &[f64]) -> Vec<f64> {
    let mut extended = values.to_vec();
    extended.push(f64::NAN);
    let mut spreads = prior_moments(&extended, SPREAD_WINDOW).std;
    spreads.remove(0);
    spreads
}

/// Alerts as long as no sample has changed for much longer than ever before.
fn flat(values: &[f64]) -> Vec<f64> {
    let mut last = f64::NAN;
    let unchanged = |value: f64| value == std::mem::replace(&mut last, value) && value.is_finite();
    lasting(values, unchanged, 10)
}

/// Alerts as long as no sample has come for much longer than ever before; before the first, none is missing.
fn gap(values: &[f64]) -> Vec<f64> {
    let mut begun = false;
    let missing = |value: f64| {
        begun |= !value.is_nan();
        begun && value.is_nan()
    };
    lasting(values, missing, 0)
}

/// [`ALERT`] where `goes_on` has held so long, compared with the longest stretch before, once `least`
/// stretches have ended; else 0.
fn lasting(values: &[f64], mut goes_on: impl FnMut(f64) -> bool, least: usize) -> Vec<f64> {
    let (mut length, mut longest, mut ended) = (0_usize, 0_usize, 0_usize);
    let strength = |value: &f64| {
        if goes_on(*value) {
            length += 1;
        } else {
            longest = longest.max(std::mem::take(&mut length));
            ended += 1;
        }
        let long = length >= LEAST_STRETCH && length as f64 >= TIMES * longest.max(1) as f64;
        if long && ended > least { ALERT } else { 0.0 }
    };
    values.iter().map(strength).collect()
}

/// The values, and what is learnt of them, less the median of the same phase of earlier seasons; `None` if
/// no season was found, NaN where none was known yet. The season at a sample was found before it.
pub(super) fn seasonal(input: Input<'_>, values: &Pair) -> Option<Pair> {
    let len = input.values.len();
    let mut expected = vec![f64::NAN; len];
    let mut any = false;
    let (mut look, mut room) = (FIRST_LOOK, Vec::with_capacity(SEASONS * (2 * PHASE + 1)));
    while look < len {
        let next = (look + look / 2).min(len);
        if let Some(period) = season(&input.learnt[..look], input.grid.step) {
            any = true;
            for (at, expected) in expected.iter_mut().enumerate().take(next).skip(look) {
                *expected = same_phase(input.learnt, at, period, &mut room);
            }
        }
        look = next;
    }
    any.then(|| values.map(|of| less(of, &expected)))
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
        (correlation > LEAST_CORRELATION && correlation > opposite + LEAST_CONTRAST)
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

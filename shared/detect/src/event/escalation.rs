//! Escalations: worse turns inside of a long episode, judged by the episode so far.

use super::episode::{Episode, MIN_CALM, farthest};
use super::{Direction, Escalation, Rule};
use crate::detect::Detection;
use crate::stats::quantile::MAD_TO_STD;
use crate::stats::sorted::{quantile, sorted};

/// Time in seconds after the onset of an episode from which a worse turn is an event of its own: before, it belongs to how
/// the episode grew.
const SETTLED: f64 = 3_600.0;

/// Minimum length of a worse turn in seconds.
const MIN_LENGTH: f64 = 600.0;

/// Minimum number of samples of an episode before a worse turn.
const MIN_SAMPLES: usize = 12;

/// Factor by which a worse turn exceeds the usual deviation of the episode.
const WORSE: f64 = 2.0;

/// Factor by which it exceeds the 95 % quantile of its deviations, which a steady growth does not.
const BEYOND_USUAL: f64 = 1.3;

/// Spreads by which it exceeds the usual deviation.
const FAR: f64 = 6.0;

/// Sample of an episode: value and deviation to its side, where a larger one is worse.
#[derive(Clone, Copy)]
struct Sample {
    value: f64,
    deviation: f64,
}

/// Samples of an episode so far.
#[derive(Clone, Copy)]
struct Usual {
    /// Median, spread and 95 % quantile of the deviations.
    median: f64,
    spread: f64,
    high: f64,
    /// 95 % quantile of the values.
    high_value: f64,
    is_logarithmic: bool,
}

impl Usual {
    fn of(samples: &[Sample], is_logarithmic: bool) -> Self {
        let values = sorted(samples.iter().map(|sample| sample.value).collect());
        let deviations = sorted(samples.iter().map(|sample| sample.deviation).collect());
        let median = quantile(&deviations, 0.5);
        let distances = sorted(deviations.iter().map(|of| (of - median).abs()).collect());
        let spread = MAD_TO_STD * quantile(&distances, 0.5);
        let (high, high_value) = (quantile(&deviations, 0.95), quantile(&values, 0.95));
        Self { median, spread, high, high_value, is_logarithmic }
    }

    /// Returns the deviation from which the episode has turned worse.
    fn limit(self) -> f64 {
        let Self { median, spread, high, is_logarithmic, .. } = self;
        let (worse, beyond) = match is_logarithmic {
            true => (median + libm::log(WORSE), high + libm::log(BEYOND_USUAL)),
            false => (WORSE * median, BEYOND_USUAL * high),
        };
        worse.max(median + FAR * spread).max(beyond)
    }

    /// Returns whether a sample is worse. A deviation that grows only because something else is expected at this time of the
    /// day is not.
    fn is_exceeded(self, sample: Sample) -> bool {
        sample.deviation > self.limit() && sample.value > self.high_value
    }
}

/// Returns the worse turns of an episode, oldest first; each is an episode that knows the level that it left. `step` is the
/// distance of samples in seconds.
pub(super) fn escalations(
    episode: &Episode,
    detection: &Detection,
    rule: &Rule,
    step: f64,
) -> Vec<Episode> {
    let sign = if episode.direction == Direction::Up { 1.0 } else { -1.0 };
    let offset = |at: usize| detection.log_offset.as_ref().map_or(f64::NAN, |of| of[at]);
    let is_logarithmic = (episode.began..=episode.last).all(|at| offset(at).is_finite());
    let sample = |at: usize| {
        let (value, expected) = (detection.judged[at], detection.expected[at]);
        let deviation = match is_logarithmic {
            true => libm::log((value + offset(at)) / (expected + offset(at))),
            false => value - expected,
        };
        Sample { value: sign * value, deviation: sign * deviation }
    };
    let settled = episode.began + (SETTLED / step).ceil() as usize;
    if settled > episode.last {
        return Vec::new();
    }
    let least = MIN_CALM.max((MIN_LENGTH / step) as usize);
    let opening = rule.opening_threshold(detection);
    let alerts = detection.alert_scores();
    let mut found = Vec::new();
    let mut before: Vec<Sample> = Vec::new();
    let (mut usual, mut due) = (None, MIN_SAMPLES);
    let mut at = episode.began;
    while at <= episode.last {
        let here = sample(at);
        if !here.deviation.is_finite() {
            at += 1;
            continue;
        }
        if before.len() >= due {
            usual = Some(Usual::of(&before, is_logarithmic));
            due = before.len() + (before.len() / 8).max(1);
        }
        let worse = usual.filter(|usual: &Usual| at >= settled && usual.is_exceeded(here));
        let Some(usual) = worse else {
            before.push(here);
            at += 1;
            continue;
        };
        let back = end(at, episode.last, usual, |at| sample(at).deviation);
        let last = back.map_or(episode.last, |back| back - 1);
        let score = alerts[at..=last].iter().copied().fold(0.0, f64::max);
        if last + 1 - at < least || score < opening {
            before.extend((at..=last).map(sample).filter(|sample| sample.deviation.is_finite()));
            at = last + 1;
            continue;
        }
        let values: Vec<f64> = before.iter().map(|of: &Sample| sign * of.value).collect();
        let level = quantile(&sorted(values), 0.5);
        found.push(Episode {
            first: at,
            began: at,
            last,
            ongoing: back.is_none() && episode.ongoing,
            escalation: Some(Escalation { from: level, returned: back.is_some() }),
            alert: at,
            peak: farthest(detection, at..last + 1, episode.direction),
            ..*episode
        });
        at = last + 1;
    }
    found
}

/// Returns the first of [`MIN_CALM`] samples that are back at the level of the episode; `None` without them up to `last`.
fn end(start: usize, last: usize, usual: Usual, deviation: impl Fn(usize) -> f64) -> Option<usize> {
    let half = (usual.median + usual.limit()) / 2.0;
    let (mut back, mut calm) = (None, 0);
    for at in start..=last {
        let here = deviation(at);
        if here.is_nan() {
            continue;
        }
        if here >= half {
            (back, calm) = (None, 0);
            continue;
        }
        back = back.or(Some(at));
        calm += 1;
        if calm >= MIN_CALM {
            return back;
        }
    }
    None
}

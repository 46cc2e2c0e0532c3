//! Explanation of a run of odd samples: baseline, peak, recovery and kind.

use super::episode::{Episode, SEVERITY_SAMPLES};
use super::kind::{Finding, OnsetContext, classify};
use super::odd::direction;
use super::time_left::{TimeLeft, time_left};
use super::{Direction, Event, EventKind, Rule, SampleVerdict, SeriesSamples, severity};
use crate::detect::{Detection, Feature, Quantity};
use crate::stats::floor_scale;
use crate::stats::median::{finite_median, upper_median};
use crate::time::Timestamp;

/// Number of samples in a row that must lie in the band again before they count as recovery.
const RECOVERY_SAMPLES: usize = 3;

/// Explains the run `first..=last`; `limit` is where the next run begins. Severity is left at 0, and the probability at
/// 1 where the detection does not tell it.
pub(super) fn event(
    found: Finding,
    detection: &Detection,
    rule: &Rule,
    (first, last): (usize, usize),
    limit: usize,
    at: impl Fn(usize) -> Timestamp,
) -> Event {
    let onset = judged(detection, rule, first, &at);
    let len = detection.judged.len();
    let direction = found.towards.unwrap_or_else(|| direction(detection, first));
    let outside = |value: f64| match direction {
        Direction::Up => value > onset.upper,
        Direction::Down => value < onset.lower,
    };
    let patience =
        (first + detection.level_shift_after).clamp(last + 1, limit.max(last + 1)).min(len);
    // A slow change may never leave the band, so it cannot return to it either.
    let left = found.towards.is_none()
        || detection.judged[first..patience].iter().any(|value| outside(*value));
    let calm = |index: usize| {
        detection.judged[index].is_finite()
            && detection.judged[index..(index + RECOVERY_SAMPLES).min(len)]
                .iter()
                .all(|value| !outside(*value))
    };
    // However long it takes, until the next event begins.
    let until = limit.clamp(patience, len.max(patience));
    let back = (last + 1..until).find(|&index| left && calm(index));
    let silent = detection.judged.iter().rev().take_while(|value| value.is_nan()).count();
    let ongoing = back.is_none() && patience == len && silent <= rule.merge_gap;
    let new_level = match back {
        Some(_) => None,
        None => new_level(&detection.judged[first..patience], detection.level_shift_after, outside),
    };
    let odd_until = match back {
        Some(back) => back - 1,
        None if ongoing => len - 1,
        None if !left => patience - 1,
        None => last,
    };
    let distance = |index: usize| {
        let above = detection.judged[index] - onset.expected;
        if direction == Direction::Up { above } else { -above }
    };
    let farthest = (first..=odd_until)
        .filter(|&index| detection.judged[index].is_finite())
        .max_by(|&a, &b| distance(a).total_cmp(&distance(b)));
    let peak = judged(detection, rule, farthest.unwrap_or(first), &at);
    let display_start = match found.kind {
        EventKind::Gap | EventKind::FlatLine | EventKind::SlopeChange | EventKind::Drift => {
            at(found.estimated_start)
        }
        _ => onset.time,
    };
    let of_values = detection.quantity.is_values();
    let new_level = new_level.or(found.level.filter(|_| of_values && back.is_none()));
    let seconds = at(first + 1).since(at(first)).as_seconds();
    let area = (first..=odd_until)
        .map(|index| (detection.judged[index] - onset.expected).abs())
        .filter(|distance| distance.is_finite())
        .sum::<f64>()
        * seconds;
    Event {
        quantity: detection.quantity,
        onset,
        peak,
        reference: onset,
        levels: None,
        escalation: None,
        time_left: None,
        estimated_start: at(found.estimated_start),
        last,
        recovered: back,
        ongoing,
        display_start,
        end: at(odd_until),
        lasted: at(odd_until + 1).since(display_start),
        area,
        direction,
        kind: found.kind,
        new_level,
        steady: detection.scale[first] <= floor_scale(0.0, onset.expected),
        ranged: detection.normal.is_some(),
        feature: detection.alerts.as_ref().map(|alerts| alerts.feature[first]),
        score: detection.score[first..=last].iter().copied().fold(0.0, f64::max),
        alert_score: detection.alert_scores()[first..=last].iter().copied().fold(0.0, f64::max),
        probability: detection
            .alerts
            .as_ref()
            .map_or(1.0, |of| of.min_probability(first..patience)),
        severity: 0.0,
        baseline: detection.baseline_at(first),
    }
}

/// Time in seconds from which an episode that lasted, or one that goes on, is a change of level.
const LASTING: (f64, f64) = (21_600.0, 3_600.0);

/// Number of seconds in a day.
const DAY: f64 = 86_400.0;

/// Explains an episode, against what was expected while it lasted. `step` is the distance of samples in seconds.
pub(super) fn episode_event(
    found: Finding,
    detection: &Detection,
    rule: &Rule,
    episode: &Episode,
    step: f64,
    at: impl Fn(usize) -> Timestamp,
) -> Event {
    let Episode { first, began, last, recovered, ongoing, direction, .. } = *episode;
    let up = direction == Direction::Up;
    let onset = judged(detection, rule, first, &at);
    let peak = judged(detection, rule, episode.peak, &at);
    let median = |of: &[f64]| finite_median(&mut of.to_vec());
    // The expectation follows a level that lasts for days.
    let first_day = first..(first + (DAY / step) as usize).min(last + 1);
    let expected = median(&detection.expected[first_day]);
    let levels = expected.zip(median(&detection.judged[first..=last]));
    let moved = levels.is_some_and(|(expected, during)| (during > expected) == up);
    let seconds = (last - first + 1) as f64 * step;
    let lasting = seconds >= LASTING.0 || (ongoing && seconds >= LASTING.1);
    let feature = detection.feature(episode.alert);
    let kind = match (feature, found.kind) {
        (Feature::Gap, _) => EventKind::Gap,
        (Feature::Flat, _) => EventKind::FlatLine,
        (Feature::Forecast, _) => EventKind::Drift,
        (_, EventKind::Infinite) => EventKind::Infinite,
        (_, kind @ (EventKind::SlopeChange | EventKind::Drift))
            if lasting && found.towards == Some(direction) =>
        {
            kind
        }
        _ if lasting && moved && up => EventKind::LevelShiftUp,
        _ if lasting && moved => EventKind::LevelShiftDown,
        _ if up => EventKind::Spike,
        _ => EventKind::Dip,
    };
    let silent = matches!(kind, EventKind::Gap | EventKind::FlatLine);
    let falls = ongoing && !up && !silent;
    let runs_out = falls && detection.possible.0 == 0.0;
    let time_left = match runs_out {
        true => time_left(&detection.judged[began..], 0.0, step),
        false => None,
    };
    let reference = match (kind, levels) {
        (EventKind::LevelShiftUp | EventKind::LevelShiftDown, Some((expected, _))) => {
            let at_level = (first..=last).find(|at| detection.expected[*at] == expected);
            judged(detection, rule, at_level.unwrap_or(episode.peak), &at)
        }
        _ => peak,
    };
    let start = if silent { found.estimated_start.min(began) } else { began };
    let severe = first..(first + SEVERITY_SAMPLES).min(last + 1).max(episode.alert + 1);
    let probability =
        detection.alerts.as_ref().map_or(1.0, |alerts| alerts.min_probability(severe.clone()));
    let area = (first..=last)
        .map(|index| (detection.judged[index] - detection.expected[index]).abs())
        .filter(|distance| distance.is_finite())
        .sum::<f64>()
        * step;
    Event {
        quantity: detection.quantity,
        onset,
        peak,
        reference,
        levels: levels.filter(|_| moved),
        escalation: episode.escalation,
        time_left,
        estimated_start: at(start),
        last,
        recovered,
        ongoing,
        display_start: at(start),
        end: at(if ongoing { detection.judged.len() - 1 } else { last }),
        lasted: at(if ongoing { detection.judged.len() } else { last + 1 }).since(at(start)),
        area,
        direction,
        kind,
        new_level: levels.map(|(_, during)| during).filter(|_| lasting && moved && !silent),
        steady: false,
        ranged: false,
        feature: Some(feature),
        score: detection.score[first..=last].iter().copied().fold(0.0, f64::max),
        alert_score: detection.alert_scores()[severe].iter().copied().fold(0.0, f64::max),
        probability,
        severity: severity(probability).max(urgency(time_left)),
        baseline: detection.baseline_at(first),
    }
}

/// Returns the least severity of an event by the time that is left: 90 below 4 h, 75 below a day, else 0.
pub(super) fn urgency(time_left: Option<TimeLeft>) -> f64 {
    match time_left.map(|time| time.left.millis() / 3_600_000) {
        Some(0..4) => 90.0,
        Some(4..24) => 75.0,
        _ => 0.0,
    }
}

/// Returns the median of samples that have not recovered, if enough of them lie outside of the band to call it a level:
/// a quarter of the samples of a level shift. Missing samples are not counted.
fn new_level(judged: &[f64], memory: usize, outside: impl Fn(f64) -> bool) -> Option<f64> {
    let mut finite: Vec<f64> = judged.iter().copied().filter(|value| value.is_finite()).collect();
    let odd = finite.iter().filter(|value| outside(**value)).count();
    if odd < (memory / 4).max(RECOVERY_SAMPLES) {
        return None;
    }
    upper_median(&mut finite)
}

/// Classifies what happened at an onset. The direction of a spike or dip is that of the detector where it judges
/// values: a value below all others may be high for its hour. No rule changes the result.
pub(super) fn finding(
    SeriesSamples { values, period }: SeriesSamples<'_>,
    detection: &Detection,
    onset: usize,
) -> Finding {
    let feature = detection.feature(onset);
    let found = classify(OnsetContext { values, onset, period: period(), feature });
    let kind = match (found.kind, detection.quantity, direction(detection, onset)) {
        (
            EventKind::Spike | EventKind::Dip,
            Quantity::Value | Quantity::Increase,
            Direction::Up,
        ) => EventKind::Spike,
        (
            EventKind::Spike | EventKind::Dip,
            Quantity::Value | Quantity::Increase,
            Direction::Down,
        ) => EventKind::Dip,
        (kind, ..) => kind,
    };
    Finding { kind, ..found }
}

/// Returns the verdict on one sample.
fn judged(
    detection: &Detection,
    rule: &Rule,
    index: usize,
    at: impl Fn(usize) -> Timestamp,
) -> SampleVerdict {
    let (lower, upper) = detection.bounds(index, rule.threshold);
    SampleVerdict {
        index,
        time: at(index),
        value: detection.judged[index],
        expected: detection.expected[index],
        lower,
        upper,
        score: detection.score[index],
    }
}

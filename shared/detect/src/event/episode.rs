//! Episodes: stretches outside of what was expected, from their onset to their recovery, where alerts tell the side and the
//! length of what alerted.

use std::ops::Range;

use super::escalation::escalations;
use super::{Direction, Escalation, Rule};
use crate::detect::{AlertViews, Detection, Feature};

/// Stretch of samples that becomes an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Episode {
    /// First odd sample, within the judged range.
    pub first: usize,
    /// First odd sample, which may lie before the judged range.
    pub began: usize,
    /// Last odd sample.
    pub last: usize,
    /// First sample that was back; `None` without a recovery.
    pub recovered: Option<usize>,
    /// Whether the stretch goes on at the end of the range.
    pub ongoing: bool,
    /// Side of the expected value.
    pub direction: Direction,
    /// Sample whose alert opened it.
    pub alert: usize,
    /// Sample that is farthest to the side.
    pub peak: usize,
    /// Relation to the episode of which this is a worse turn; `None` if it is none.
    pub escalation: Option<Escalation>,
    /// Area outside of the expectation, in spreads times samples.
    pub area: f64,
    /// Largest alert score of its first samples.
    pub score: f64,
}

/// Lengths that depend on the distance of samples.
#[derive(Clone, Copy)]
struct Lengths {
    half_hour: usize,
    hour: usize,
    day: usize,
}

/// Number of samples after the onset whose alerts count for the severity, so that it does not depend on the end of the
/// range.
pub(super) const SEVERITY_SAMPLES: usize = 60;

/// Distance in spreads beyond which one sample counts no more in a mean.
const CLIP: f64 = 12.0;

/// Minimum number of samples in a row that are a recovery, and that separate two episodes.
pub(super) const MIN_CALM: usize = 3;

/// Returns the episodes of a detection whose alerts have `views`, oldest first. `step` is the distance of samples in
/// seconds; no episode begins within the first `history` samples unless it goes on at the end.
pub(super) fn episodes(
    detection: &Detection,
    views: &AlertViews,
    rule: &Rule,
    history: usize,
    step: f64,
) -> Vec<Episode> {
    let samples = |seconds: f64| ((seconds / step) as usize).max(1);
    let lengths =
        Lengths { half_hour: samples(1_800.0), hour: samples(3_600.0), day: samples(86_400.0) };
    let search = Search { detection, views, rule, history, lengths };
    let mut found = search.side(Direction::Up);
    found.extend(search.side(Direction::Down));
    found.sort_by_key(|episode| episode.first);
    let found = without_echoes(&found, lengths);
    let mut found = merged(found, detection, lengths);
    let worse = found.iter().flat_map(|episode| escalations(episode, detection, rule, step));
    found.extend(worse.collect::<Vec<_>>());
    found.extend(search.states());
    found.retain_mut(|episode| {
        // A series without a sample in the range was gone before.
        let gone = detection.feature(episode.alert) == Feature::Gap
            && detection.judged.get(history..).unwrap_or_default().iter().all(|v| v.is_nan());
        let in_range =
            episode.last >= history && (episode.began >= history || episode.ongoing) && !gone;
        episode.first = episode.first.max(history);
        if episode.peak < history {
            episode.peak = farthest(detection, episode.first..episode.last + 1, episode.direction);
        }
        in_range && episode.last - episode.first + 1 >= rule.min_samples
    });
    found.sort_by_key(|episode| episode.first);
    found
}

struct Search<'a> {
    detection: &'a Detection,
    views: &'a AlertViews,
    rule: &'a Rule,
    history: usize,
    lengths: Lengths,
}

impl Search<'_> {
    /// Returns the distance of a sample to a side in spreads; NaN without a verdict.
    fn distance(&self, at: usize, direction: Direction) -> f64 {
        let above = self.detection.judged[at] >= self.detection.expected[at];
        let same = above == (direction == Direction::Up);
        if same { self.detection.score[at] } else { -self.detection.score[at] }
    }

    fn mean(&self, samples: Range<usize>, direction: Direction) -> f64 {
        let (mut sum, mut count) = (0.0, 0_usize);
        for at in samples {
            let distance = self.distance(at, direction);
            if !distance.is_nan() {
                sum += distance.clamp(-CLIP, CLIP);
                count += 1;
            }
        }
        if count == 0 { f64::NAN } else { sum / count as f64 }
    }

    /// Returns the episodes on one side, oldest first.
    fn side(&self, direction: Direction) -> Vec<Episode> {
        let detection = self.detection;
        let opening = self.rule.opening_threshold(detection);
        let alerts = detection.alert_scores();
        let up = direction == Direction::Up;
        let mut found: Vec<Episode> = Vec::new();
        let mut last: Option<usize> = None;
        let from = self.history.saturating_sub(self.lengths.day);
        let reaching = alerts.iter().enumerate().skip(from).filter(|(_, score)| **score >= opening);
        for (alert, _) in reaching {
            let silent = is_state(detection.feature(alert));
            let infinite = detection.judged[alert].is_infinite();
            let on_side = if infinite {
                (detection.judged[alert] > 0.0) == up
            } else {
                self.views.above[alert] == up
            };
            if silent
                || !on_side
                || last.is_some_and(|last| alert <= last)
                || !self.rule.sides.include(direction)
            {
                continue;
            }
            if let Some(episode) = self.open(alert, direction, last, infinite) {
                last = Some(episode.last);
                if super::odd::deviation_counts(detection, self.rule, episode.peak) {
                    found.push(episode);
                }
            }
        }
        found
    }

    /// Follows an episode from its alert back to its onset and on to its end; `None` where the deviation is over already,
    /// or is that of the episode before.
    fn open(
        &self,
        alert: usize,
        direction: Direction,
        previous: Option<usize>,
        infinite: bool,
    ) -> Option<Episode> {
        let detection = self.detection;
        let window = self.views.window[alert] as usize;
        let outside = self.rule.extending_threshold(detection);
        let outside = if window >= self.lengths.hour { outside / 2.0 } else { outside };
        let recent = self.mean(alert.saturating_sub((window / 4).max(2))..alert + 1, direction);
        if !infinite && (recent.is_nan() || recent <= 0.7 * outside) {
            return None;
        }
        if let Some(previous) = previous
            && window > 1
            && alert - previous < window
        {
            let since = previous + 1..alert + 1;
            let whole = self.mean(alert + 1 - window..alert + 1, direction);
            let alone = since.len() >= window / 2 && self.mean(since, direction) >= whole;
            if !alone {
                return None;
            }
        }
        let mut first = alert;
        let mut inside = 0;
        let earliest = previous.map_or(0, |last| last + 1).max(alert.saturating_sub(2 * window));
        for at in (earliest..alert).rev() {
            let distance = self.distance(at, direction);
            if distance > outside {
                (first, inside) = (at, 0);
            } else if !distance.is_nan() {
                inside += 1;
                if inside > (window / 5).max(1) {
                    break;
                }
            }
        }
        let hold = MIN_CALM.max((window / 2).min(self.lengths.half_hour));
        let (mut last, mut back, mut calm, mut missing) = (alert, None, 0, 0);
        let len = detection.judged.len();
        let mut over = false;
        for at in alert + 1..len {
            let distance = self.distance(at, direction);
            if distance.is_nan() {
                missing += 1;
                if missing > self.lengths.hour {
                    over = true;
                    break;
                }
                continue;
            }
            missing = 0;
            if self.is_calm(at, direction, outside) {
                back = back.or(Some(at));
                calm += 1;
                if calm >= hold {
                    if self.has_returned(first, at + 1 - calm..at + 1, direction, outside) {
                        over = true;
                        break;
                    }
                    (last, back, calm) = (at, None, 0);
                }
            } else {
                (last, back, calm) = (at, None, 0);
            }
        }
        // A recovery that the end of the range cuts short is one if half of it was seen.
        let ongoing =
            !over && calm < hold.div_ceil(2).max(2).min(hold) && len - 1 - last <= hold + 2;
        let recovered = if ongoing { None } else { back };
        let score = detection.alert_scores()[first..(first + SEVERITY_SAMPLES).min(last + 1)]
            .iter()
            .copied()
            .fold(0.0, f64::max);
        let area = (first..=last)
            .map(|at| self.distance(at, direction))
            .filter(|distance| *distance > 0.0)
            .sum();
        let peak = farthest(detection, first..last + 1, direction);
        Some(Episode {
            first,
            began: first,
            last,
            recovered,
            ongoing,
            direction,
            alert,
            peak,
            escalation: None,
            area,
            score,
        })
    }

    /// Returns whether calm samples are where they were before the episode began, and not merely where the expectation has
    /// followed. What was expected at the same time of the week before the episode tells, or else of the day.
    fn has_returned(
        &self,
        first: usize,
        calm: Range<usize>,
        direction: Direction,
        outside: f64,
    ) -> bool {
        let day = self.lengths.day;
        if calm.end - first <= day {
            return true;
        }
        let before = |period: usize| {
            let periods = (calm.end - first).div_ceil(period);
            calm.start.checked_sub(periods * period).map(|_| periods * period)
        };
        let Some(back) = before(7 * day).or_else(|| before(day)) else { return true };
        let detection = self.detection;
        let (mut sum, mut count) = (0.0, 0_usize);
        for at in calm {
            let scale = detection.scale[at - back];
            let distance = (detection.judged[at] - detection.expected[at - back]) / scale;
            if distance.is_finite() {
                sum += distance;
                count += 1;
            }
        }
        let sign = if direction == Direction::Up { 1.0 } else { -1.0 };
        count == 0 || sign * sum / (count as f64) < 1.5 * outside
    }

    /// Returns whether a sample is back: it is near, or the median of it and its neighbours is.
    fn is_calm(&self, at: usize, direction: Direction, outside: f64) -> bool {
        let own = self.distance(at, direction);
        if own < 0.5 * outside {
            return true;
        }
        let next = (at + 1 < self.detection.judged.len()).then(|| self.distance(at + 1, direction));
        match (self.distance(at - 1, direction), next) {
            (before, Some(next)) if !before.is_nan() && !next.is_nan() => {
                let median = before.max(own).min(before.min(own).max(next));
                median < outside
            }
            _ => own < outside,
        }
    }

    /// Returns the gaps, the flat lines and the values that run out: each run of alerts that says so.
    fn states(&self) -> Vec<Episode> {
        let detection = self.detection;
        let opening = self.rule.opening_threshold(detection);
        let alerts = detection.alert_scores();
        let mut found: Vec<Episode> = Vec::new();
        let from = self.history.saturating_sub(self.lengths.day);
        for (at, score) in alerts.iter().enumerate().skip(from) {
            let feature = detection.feature(at);
            let silent = is_state(feature) && *score >= opening;
            if !silent {
                continue;
            }
            if let Some(open) = found.last_mut()
                && open.last + 1 == at
                && detection.feature(open.first) == feature
            {
                open.last = at;
                continue;
            }
            let direction = match feature {
                Feature::Forecast => Direction::Down,
                _ => super::odd::direction(detection, at),
            };
            found.push(Episode {
                first: at,
                began: at,
                last: at,
                recovered: None,
                ongoing: false,
                direction,
                alert: at,
                peak: at,
                escalation: None,
                area: 0.0,
                score: *score,
            });
        }
        for episode in &mut found {
            if detection.feature(episode.first) == Feature::Forecast {
                let samples = episode.first..episode.last + 1;
                episode.peak = farthest(detection, samples, Direction::Down);
            }
            episode.ongoing = episode.last + 1 == alerts.len();
            episode.recovered = (!episode.ongoing).then_some(episode.last + 1);
        }
        found
    }
}

/// Returns whether a feature is a state that lasts as long as its alerts.
fn is_state(feature: Feature) -> bool {
    matches!(feature, Feature::Gap | Feature::Flat | Feature::Forecast)
}

/// Returns the sample that is farthest to a side by its value; the first where none is finite.
pub(super) fn farthest(
    detection: &Detection,
    samples: Range<usize>,
    direction: Direction,
) -> usize {
    let first = samples.start;
    let sign = if direction == Direction::Up { 1.0 } else { -1.0 };
    samples
        .filter(|at| !detection.judged[*at].is_nan())
        .max_by(|a, b| (sign * detection.judged[*a]).total_cmp(&(sign * detection.judged[*b])))
        .unwrap_or(first)
}

/// Leaves out what is only the way back from a stronger episode of the other side.
fn without_echoes(found: &[Episode], lengths: Lengths) -> Vec<Episode> {
    let near = (lengths.hour / 4).max(10);
    found
        .iter()
        .filter(|episode| {
            !found.iter().any(|other| {
                other.direction != episode.direction
                    && other.first <= episode.first
                    && episode.first <= other.last + near
                    && other.score >= episode.score
                    && other.area > episode.area
            })
        })
        .copied()
        .collect()
}

/// Merges episodes of a side with a short pause between them.
fn merged(found: Vec<Episode>, detection: &Detection, lengths: Lengths) -> Vec<Episode> {
    let mut merged: Vec<Episode> = Vec::new();
    for episode in found {
        let near = |open: &Episode| {
            let [before, after] = [open, &episode].map(|of| of.last - of.first + 1);
            let pause = episode.first.saturating_sub(open.last);
            let flaps = lengths.half_hour.min(before.max(after));
            open.direction == episode.direction
                && pause <= MIN_CALM.max(flaps).max(before.min(after) / 2)
        };
        match merged.iter_mut().rev().find(|open| near(open)) {
            Some(open) => {
                open.last = open.last.max(episode.last);
                (open.recovered, open.ongoing) = (episode.recovered, episode.ongoing);
                open.area += episode.area;
                open.score = open.score.max(episode.score);
                open.peak = farthest(detection, open.first..open.last + 1, open.direction);
            }
            None => merged.push(episode),
        }
    }
    merged
}

//! Which alerts open an event, and the runs of odd samples that events are made of.

use std::collections::VecDeque;

use super::Rule;
use super::odd::{deviation_counts, is_odd};
use crate::detect::{Detection, Feature};
use crate::stats::{BLOCK, reaches};

/// Returns the indices of the first and the last odd sample of each event, oldest first. No event begins within the
/// first `history` samples.
///
/// Cost: one comparison a sample, and more where a flagged sample is near.
pub(super) fn runs(detection: &Detection, rule: &Rule, history: usize) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut cooldown = Cooldown::new(rule.cooldown);
    let first = history.saturating_sub(rule.cooldown);
    let opening = rule.opening_threshold(detection);
    let extending = rule.extending_threshold(detection);
    for (at, alert_score) in candidates(detection, opening, extending, first) {
        let extends = is_odd(detection, rule, extending, at);
        let alerts = alert_score > 0.0
            && alert_score >= opening
            && (extends || deviation_counts(detection, rule, at));
        if !(alerts || extends) {
            continue;
        }
        // An alert score that opens nothing is smaller than one that does, and so suppresses none.
        let exceeds = alerts && cooldown.is_exceeded(at, alert_score);
        if at < history {
            continue;
        }
        match &mut open {
            Some((_, last)) if at - *last <= rule.merge_gap + 1 => {
                if extends || alert_lasts(detection, at) {
                    *last = at;
                }
            }
            _ => {
                runs.extend(open.take());
                open = exceeds.then_some((at, at));
            }
        }
    }
    runs.extend(open);
    runs.retain(|(first, last)| last - first + 1 >= rule.min_samples);
    runs
}

/// Returns whether an anomaly lasts as long as its alert score. A statistic over a window stays high until the window
/// has passed, so it says nothing about when the anomaly ended.
fn alert_lasts(detection: &Detection, at: usize) -> bool {
    matches!(detection.feature(at), Feature::Flat | Feature::Gap)
}

/// Returns index and alert score of each sample from `first` on, leaving out blocks in which no alert score reaches
/// `opening` and no score reaches `extending`.
fn candidates(
    detection: &Detection,
    opening: f64,
    extending: f64,
    first: usize,
) -> impl Iterator<Item = (usize, f64)> {
    let (alert_scores, scores) = (detection.alert_scores(), detection.score.as_slice());
    // Without separate alert scores, both are the same.
    let apart = detection.alerts.is_some();
    let blocks = alert_scores.chunks(BLOCK).zip(scores.chunks(BLOCK)).enumerate();
    blocks
        .skip(first / BLOCK)
        .filter(move |(_, (alert_scores, scores))| {
            reaches(alert_scores, opening) || (apart && reaches(scores, extending))
        })
        .flat_map(|(block, (alert_scores, _))| (block * BLOCK..).zip(alert_scores.iter().copied()))
        .filter(move |(at, _)| *at >= first)
}

/// Returns index and alert score of each sample whose alert score is `min` or more, in their order.
pub(super) fn large(alert_scores: &[f64], min: f64) -> Vec<(usize, f64)> {
    let blocks = alert_scores.chunks(BLOCK).enumerate().filter(|(_, block)| reaches(block, min));
    blocks
        .flat_map(|(block, alert_scores)| (block * BLOCK..).zip(alert_scores.iter().copied()))
        .filter(|(_, alert_score)| *alert_score >= min)
        .collect()
}

/// Returns the alert scores that remain after the cooldown: those that exceed each of the `cooldown` alert scores
/// before them; the others become 0. NaN never alerts and suppresses nothing. Shape: as `alert_scores`. Cost: O(n).
pub fn after_cooldown(alert_scores: &[f64], cooldown: usize) -> Vec<f64> {
    let mut cooldown = Cooldown::new(cooldown);
    let mut kept = vec![0.0; alert_scores.len()];
    for (at, &score) in alert_scores.iter().enumerate() {
        if score > 0.0 && cooldown.is_exceeded(at, score) {
            kept[at] = score;
        }
    }
    kept
}

/// Sliding maximum that tells whether a score exceeds all of the `length` samples before it.
struct Cooldown {
    length: usize,
    /// Indices and scores of the falling maxima of the window.
    maxima: VecDeque<(usize, f64)>,
}

impl Cooldown {
    fn new(length: usize) -> Self {
        Self { length, maxima: VecDeque::new() }
    }

    /// Takes the next score and returns whether it exceeds all of the window before it. Indices must ascend; samples
    /// that are left out count as smaller.
    fn is_exceeded(&mut self, at: usize, score: f64) -> bool {
        while self.maxima.front().is_some_and(|(oldest, _)| at - oldest > self.length) {
            self.maxima.pop_front();
        }
        let exceeds = self.maxima.front().is_none_or(|(_, largest)| score > *largest);
        while self.maxima.back().is_some_and(|(_, newest)| *newest <= score) {
            self.maxima.pop_back();
        }
        self.maxima.push_back((at, score));
        exceeds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_hold_off_as_defined(
            scores in prop::collection::vec(0.0..5_f64, 0..80),
            threshold in 0.0..5_f64,
            length in 0_usize..20,
        ) {
            let mut cooldown = Cooldown::new(length);
            for at in (0..scores.len()).filter(|at| scores[*at] >= threshold) {
                let plain = scores[at.saturating_sub(length)..at].iter().all(|past| scores[at] > *past);
                prop_assert_eq!(cooldown.is_exceeded(at, scores[at]), plain);
            }
        }

        #[test]
        fn only_what_exceeds_all_before_it_alerts(
            alert_scores in prop::collection::vec(prop_oneof![Just(f64::NAN), 0.0..5_f64, (0..4_i32).prop_map(f64::from)], 0..80),
            cooldown in 0_usize..20,
        ) {
            let kept = after_cooldown(&alert_scores, cooldown);
            prop_assert_eq!(kept.len(), alert_scores.len());
            for (at, &score) in alert_scores.iter().enumerate() {
                let before = &alert_scores[at.saturating_sub(cooldown)..at];
                let exceeds = score > 0.0 && !before.iter().any(|past| *past >= score);
                prop_assert_eq!(kept[at], if exceeds { score } else { 0.0 });
            }
        }
    }
}

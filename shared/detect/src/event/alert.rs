//! Which samples are flagged, which of them alert, and the runs that they form.

use std::collections::VecDeque;

use super::{Rule, Sides};
use crate::detect::{Detection, Feature};
use crate::stats::{BLOCK, reaches};

/// Indices of first and last flagged sample of each event, oldest first. `history` samples at the front
/// open none. Cost: one comparison a sample, the rest where a flagged sample is near.
pub(super) fn runs(detection: &Detection, rule: &Rule, history: usize) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    let mut cooldown = Cooldown { length: rule.cooldown, maxima: VecDeque::new() };
    let known = history.saturating_sub(rule.cooldown);
    let opens = rule.opening_threshold(detection);
    let joins = rule.extending_threshold(detection);
    for (at, strength, score) in candidates(detection, opens, joins, known) {
        let (alerts, joined) = (strength > 0.0 && strength >= opens, score > 0.0 && score >= joins);
        if !((alerts || joined) && counts(detection, rule, at)) {
            continue;
        }
        // A strength that opens nothing is smaller than one that does, so it needs not hold off.
        let exceeds = alerts && cooldown.exceeded(at, strength);
        if at < history {
            continue;
        }
        match &mut open {
            Some((_, last)) if at - *last <= rule.merge_gap + 1 => {
                if joined || lasts(detection, at) {
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

/// Whether what alerts is there as long as its strength is. A statistic of a window is not: it stays strong
/// until the window has passed.
fn lasts(detection: &Detection, at: usize) -> bool {
    matches!(detection.feature(at), Feature::Flat | Feature::Gap)
}

/// Index, strength and score of each sample from `first` on that is in a block in which a strength reaches `opens` or a
/// score `joins`.
fn candidates(
    detection: &Detection,
    opens: f64,
    joins: f64,
    first: usize,
) -> impl Iterator<Item = (usize, f64, f64)> {
    let (strengths, scores) = (detection.alert_scores(), detection.score.as_slice());
    // Without alerts of their own both are the same.
    let apart = detection.alerts.is_some();
    let blocks = strengths.chunks(BLOCK).zip(scores.chunks(BLOCK)).enumerate();
    blocks
        .skip(first / BLOCK)
        .filter(move |(_, (strengths, scores))| {
            reaches(strengths, opens) || (apart && reaches(scores, joins))
        })
        .flat_map(|(block, (strengths, scores))| {
            (block * BLOCK..).zip(strengths).zip(scores).map(|((at, s), score)| (at, *s, *score))
        })
        .filter(move |(at, ..)| *at >= first)
}

/// Index and strength of each sample whose strength is `least` or more, in their order.
pub(super) fn large(strengths: &[f64], least: f64) -> Vec<(usize, f64)> {
    let blocks = strengths.chunks(BLOCK).enumerate().filter(|(_, block)| reaches(block, least));
    blocks
        .flat_map(|(block, strengths)| (block * BLOCK..).zip(strengths.iter().copied()))
        .filter(|(_, strength)| *strength >= least)
        .collect()
}

/// Whether a sample is odd by its score and counts for the rule, whatever comes before and after it.
pub fn flagged(detection: &Detection, rule: &Rule, at: usize) -> bool {
    let score = detection.score[at];
    score > 0.0 && score >= rule.threshold && counts(detection, rule, at)
}

/// Whether the deviation of a judged sample is on a side and of a size that the rule asks for.
fn counts(detection: &Detection, rule: &Rule, at: usize) -> bool {
    let (value, expected) = (detection.judged[at], detection.expected[at]);
    let above = if value.is_infinite() { value } else { value - expected };
    let side = match rule.sides {
        Sides::Up => above > 0.0,
        Sides::Down => above < 0.0,
        Sides::Both => true,
    };
    if value.is_nan() {
        // What is missing deviates by nothing that could be measured.
        return rule.sides == Sides::Both;
    }
    let far = above.abs() >= rule.min_deviation
        && (expected.is_nan() || above.abs() >= rule.min_relative * expected.abs());
    side && (far || value.is_infinite())
}

/// Strengths of alerts after the hold-off: those that exceed every one of the `cooldown` samples before
/// them, else 0. NaN is silent and holds nothing off. Shape: as `strengths`. Cost: O(n).
pub fn after_cooldown(strengths: &[f64], cooldown: usize) -> Vec<f64> {
    let mut cooldown = Cooldown { length: cooldown, maxima: VecDeque::new() };
    let mut kept = vec![0.0; strengths.len()];
    for (at, &strength) in strengths.iter().enumerate() {
        if strength > 0.0 && cooldown.exceeded(at, strength) {
            kept[at] = strength;
        }
    }
    kept
}

/// Whether a score is larger than all of the `length` samples before it.
struct Cooldown {
    length: usize,
    /// Indices and scores of the falling maxima of what was seen.
    maxima: VecDeque<(usize, f64)>,
}

impl Cooldown {
    /// Takes the scores in their order; what was left out between them counts as smaller.
    fn exceeded(&mut self, at: usize, score: f64) -> bool {
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
            let mut cooldown = Cooldown { length, maxima: VecDeque::new() };
            for at in (0..scores.len()).filter(|at| scores[*at] >= threshold) {
                let plain = scores[at.saturating_sub(length)..at].iter().all(|past| scores[at] > *past);
                prop_assert_eq!(cooldown.exceeded(at, scores[at]), plain);
            }
        }

        #[test]
        fn only_what_exceeds_all_before_it_alerts(
            strengths in prop::collection::vec(prop_oneof![Just(f64::NAN), 0.0..5_f64, (0..4_i32).prop_map(f64::from)], 0..80),
            cooldown in 0_usize..20,
        ) {
            let kept = after_cooldown(&strengths, cooldown);
            prop_assert_eq!(kept.len(), strengths.len());
            for (at, &strength) in strengths.iter().enumerate() {
                let before = &strengths[at.saturating_sub(cooldown)..at];
                let exceeds = strength > 0.0 && !before.iter().any(|past| *past >= strength);
                prop_assert_eq!(kept[at], if exceeds { strength } else { 0.0 });
            }
        }
    }
}

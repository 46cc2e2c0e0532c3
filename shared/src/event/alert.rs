//! Which samples are flagged, which of them alert, and the runs that they form.

use std::collections::VecDeque;

use super::{Rule, Sides};
use crate::detect::Detection;

/// The alert layer of one series. It does not depend on the threshold, so moving that costs one pass.
#[derive(Clone, Debug)]
pub struct Alerts {
    /// The score where the sample's deviation counts, 0 where it does not or there is no verdict.
    strength: Vec<f64>,
    /// Whether the strength exceeds every strength of the hold-off before it.
    exceeds: Vec<bool>,
}

impl Alerts {
    /// Everything of the rule that is not the threshold, or the shape of the events. Cost: O(n).
    pub fn new(detection: &Detection, rule: &Rule) -> Self {
        let strength: Vec<f64> =
            (0..detection.score.len()).map(|at| strength(detection, rule, at)).collect();
        let exceeds = exceeds_past(&strength, rule.hold_off);
        Self { strength, exceeds }
    }

    /// Whether sample `at` is flagged at this threshold.
    pub fn flagged(&self, at: usize, threshold: f64) -> bool {
        self.strength[at] >= threshold
    }

    /// Indices of first and last flagged sample of each event at the rule's threshold, oldest first.
    /// Cost: O(n).
    pub fn runs(&self, rule: &Rule, history: usize) -> Vec<(usize, usize)> {
        let mut spans: Vec<(usize, usize)> = Vec::new();
        let mut open: Option<(usize, usize)> = None;
        for at in history..self.strength.len() {
            let flagged = self.flagged(at, rule.threshold);
            match open {
                Some((first, last)) if at - last > rule.bridge + 1 => {
                    spans.push((first, last));
                    open = None;
                }
                Some((first, _)) if flagged => open = Some((first, at)),
                _ => {}
            }
            if open.is_none() && flagged && self.exceeds[at] {
                open = Some((at, at));
            }
        }
        spans.extend(open);
        spans.retain(|(first, last)| last - first + 1 >= rule.at_least);
        spans
    }
}

fn strength(detection: &Detection, rule: &Rule, at: usize) -> f64 {
    let (score, value, expected) =
        (detection.score[at], detection.judged[at], detection.expected[at]);
    if score.is_nan() {
        return 0.0;
    }
    let above = if value.is_infinite() { value } else { value - expected };
    let side = match rule.sides {
        Sides::Up => above > 0.0,
        Sides::Down => above < 0.0,
        Sides::Both => true,
    };
    let large = above.abs() >= rule.min_deviation
        && (expected.is_nan() || above.abs() >= rule.min_relative * expected.abs());
    if side && large { score } else { 0.0 }
}

/// For each entry whether it is larger than all of the `length` entries before it.
fn exceeds_past(strength: &[f64], length: usize) -> Vec<bool> {
    // Indices of the falling maxima of the entries before the present one.
    let mut maxima: VecDeque<usize> = VecDeque::new();
    let mut out = Vec::with_capacity(strength.len());
    for (at, &now) in strength.iter().enumerate() {
        if maxima.front().is_some_and(|&oldest| at - oldest > length) {
            maxima.pop_front();
        }
        out.push(maxima.front().is_none_or(|&largest| now > strength[largest]));
        while maxima.back().is_some_and(|&newest| strength[newest] <= now) {
            maxima.pop_back();
        }
        maxima.push_back(at);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_hold_off_as_defined(strength in prop::collection::vec(0.0..5_f64, 0..80), length in 0_usize..20) {
            let plain: Vec<bool> = (0..strength.len())
                .map(|at| strength[at.saturating_sub(length)..at].iter().all(|past| strength[at] > *past))
                .collect();
            prop_assert_eq!(exceeds_past(&strength, length), plain);
        }
    }
}

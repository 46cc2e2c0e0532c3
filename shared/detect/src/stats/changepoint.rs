//! Where the level of a stretch of samples changed: for looking back, as it needs what came after.
//!
//! Definition: a stretch is split where the samples before and after differ most by the rank sum test, that
//! is where `|R - n1 (n + 1) / 2|` is largest in units of its standard deviation, R the sum of the ranks of
//! the n1 samples before. It counts as a change where that many standard deviations come by chance at any of
//! the n places with probability below 1 in 1,000 (Bonferroni, normal tail). Both sides are then split in the
//! same way: binary segmentation, after which each split is looked for once more
//! between its neighbours. Ranks make it indifferent to outliers, to the distribution and to scale.
//! Samples that are not finite take no part.
//!
//! The probability holds for samples that do not depend on one another; of autocorrelated ones it finds more.
//!
//! Cost: O(n log n) a level of splits. Source: Pettitt, "A non-parametric approach to the change-point
//! problem" (1979), standardised; Scott and Knott, "A cluster analysis method" (1974), for the segmentation.

use std::ops::Range;

/// Chance of a change where there is none.
const CHANCE: f64 = 1e-3;

/// Indices, ascending, at which a new level begins; both sides of each have at least `least` finite samples.
pub fn changepoints(values: &[f64], least: usize) -> Vec<usize> {
    let (at, values) = finite(values);
    let mut found = Vec::new();
    let mut open = vec![(0, values.len())];
    while let Some((start, end)) = open.pop() {
        if let Some(split) = change(&values, start..end, least) {
            found.push(split);
            open.extend([(start, split), (split, end)]);
        }
    }
    found.sort_unstable();
    // What was found while its neighbours were not yet is looked for once more between them.
    let mut index = 0;
    while index < found.len() {
        let start = if index > 0 { found[index - 1] } else { 0 };
        let end = found.get(index + 1).copied().unwrap_or(values.len());
        if let Some(split) = change(&values, start..end, least) {
            found[index] = split;
            index += 1;
        } else {
            found.remove(index);
            index = index.saturating_sub(1);
        }
    }
    found.into_iter().map(|split| at[split]).collect()
}

/// The index at which a new level most likely began, whether or not it did; `None` if there are fewer than
/// twice `least` finite samples or they are all equal.
pub fn onset(values: &[f64], least: usize) -> Option<usize> {
    let (at, values) = finite(values);
    split(&values, least).map(|(split, _)| at[split])
}

/// The best split of a range, if it is no chance.
fn change(values: &[f64], range: Range<usize>, least: usize) -> Option<usize> {
    let (split, deviations) = split(&values[range.clone()], least)?;
    let no_chance = deviations * deviations >= 2.0 * libm::log(range.len() as f64 / CHANCE);
    no_chance.then_some(range.start + split)
}

/// The finite samples and where they are.
fn finite(values: &[f64]) -> (Vec<usize>, Vec<f64>) {
    values.iter().enumerate().filter(|(_, value)| value.is_finite()).unzip()
}

/// The best split of finite samples and how many standard deviations the rank sum is off there.
fn split(values: &[f64], least: usize) -> Option<(usize, f64)> {
    let (count, least) = (values.len() as f64, least.max(1));
    let (ranks, ties) = ranks(values);
    // Of the ranks, with ties.
    let variance = (count * count - 1.0 - ties / count) / 12.0;
    if variance <= 0.0 || values.len() < 2 * least {
        return None;
    }
    let mut sum = 0.0;
    let mut best: Option<(usize, f64)> = None;
    for (at, rank) in ranks[..values.len() - least].iter().enumerate() {
        sum += rank - (count + 1.0) / 2.0;
        let before = (at + 1) as f64;
        let spread = variance * before * (count - before) / (count - 1.0);
        let deviations = sum.abs() / spread.sqrt();
        if at + 1 >= least && best.is_none_or(|(_, most)| deviations > most) {
            best = Some((at + 1, deviations));
        }
    }
    best
}

/// Ranks from 1, equal values sharing the mean of theirs, and the sum of `t^3 - t` over groups of t equal ones.
fn ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let (mut ranks, mut ties) = (vec![0.0; values.len()], 0.0);
    let mut below = 0.0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let count = equal.len() as f64;
        equal.iter().for_each(|at| ranks[*at] = below + (count + 1.0) / 2.0);
        below += count;
        ties += count * (count * count - 1.0);
    }
    (ranks, ties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::Random;
    use proptest::prelude::*;

    fn levels(levels: &[(usize, f64)], seed: u64) -> Vec<f64> {
        let mut random = Random(seed);
        let of = levels.iter().flat_map(|(count, level)| std::iter::repeat_n(*level, *count));
        of.map(|level| level + random.normal()).collect()
    }

    #[test]
    fn levels_are_found_where_they_begin() {
        type Plan = &'static [(usize, f64)];
        let cases: [(Plan, &[usize]); 5] = [
            (&[(300, 0.0)], &[]),
            (&[(200, 0.0), (100, 4.0)], &[200]),
            (&[(100, 0.0), (15, 6.0)], &[100]),
            (&[(100, 0.0), (60, 6.0), (140, 0.0)], &[100, 160]),
            (&[(80, 0.0), (80, -5.0), (80, 5.0), (60, 1e9)], &[80, 160, 240]),
        ];
        for (plan, expected) in cases {
            for seed in 1..20 {
                let mut values = levels(plan, seed);
                values[30] = 1e16;
                values[31] = f64::NAN;
                values[32] = f64::NEG_INFINITY;
                let found = changepoints(&values, 5);
                assert_eq!(found.len(), expected.len(), "{plan:?} {seed} {found:?}");
                for (found, expected) in found.iter().zip(expected) {
                    assert!(found.abs_diff(*expected) <= 4, "{plan:?} {seed} {found} {expected}");
                }
                if let [expected] = expected {
                    assert!(onset(&values, 5).is_some_and(|at| at.abs_diff(*expected) <= 4));
                }
            }
        }
    }

    #[test]
    fn nothing_to_split() {
        for values in [vec![], vec![1.0], vec![f64::NAN; 50], vec![7.0; 50], vec![1.0, 2.0, 3.0]] {
            assert_eq!((changepoints(&values, 2), onset(&values, 2)), (vec![], None), "{values:?}");
        }
        assert_eq!(onset(&[5.0, 5.0, 6.0, 6.0, 6.0], 2), Some(2));
    }

    proptest! {
        #[test]
        fn indices_ascend_and_keep_their_distance(values in prop::collection::vec(any::<f64>(), 0..120), least in 0_usize..20) {
            let count = |range: &[f64]| range.iter().filter(|value| value.is_finite()).count();
            let ends = [vec![0], changepoints(&values, least), vec![values.len()]].concat();
            if ends.len() > 2 {
                for pair in ends.windows(2) {
                    prop_assert!(count(&values[pair[0]..pair[1]]) >= least.max(1));
                }
            }
        }
    }
}

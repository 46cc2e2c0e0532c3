//! Most likely place at which the level of a stretch of samples changed: for looking back, as it needs what came after.
//!
//! Definition: the split at which the samples before and after differ most by the rank sum test, where
//! `|R - n1 (n + 1) / 2|` is largest in units of its standard deviation; R is the sum of the ranks of the n1 samples before.
//! Ranks make it indifferent to outliers, to the distribution and to scale. Samples that are not finite take no part.
//!
//! Cost: O(n log n). Source: Pettitt, "A non-parametric approach to the change-point problem" (1979), standardised.

/// Returns the index at which a new level most likely began, whether or not there is one; `None` if there are fewer than
/// twice `min_samples` finite samples or they are all equal.
pub fn onset(values: &[f64], min_samples: usize) -> Option<usize> {
    let (indices, values) = finite(values);
    split(&values, min_samples).map(|at| indices[at])
}

/// Returns the indices of the finite samples, and the samples.
fn finite(values: &[f64]) -> (Vec<usize>, Vec<f64>) {
    values.iter().enumerate().filter(|(_, value)| value.is_finite()).unzip()
}

/// Returns the number of finite samples before the best split.
fn split(values: &[f64], min_samples: usize) -> Option<usize> {
    let (count, min_samples) = (values.len() as f64, min_samples.max(1));
    let (ranks, ties) = ranks(values);
    // Variance of the ranks, with ties.
    let variance = (count * count - 1.0 - ties / count) / 12.0;
    if variance <= 0.0 || values.len() < 2 * min_samples {
        return None;
    }
    let mut sum = 0.0;
    let mut best: Option<(usize, f64)> = None;
    for (at, rank) in ranks[..values.len() - min_samples].iter().enumerate() {
        sum += rank - (count + 1.0) / 2.0;
        let before = (at + 1) as f64;
        let spread = variance * before * (count - before) / (count - 1.0);
        let deviations = sum.abs() / spread.sqrt();
        if at + 1 >= min_samples && best.is_none_or(|(_, most)| deviations > most) {
            best = Some((at + 1, deviations));
        }
    }
    best.map(|(at, _)| at)
}

/// Returns the ranks from 1, equal values sharing their mean rank, and the sum of `t^3 - t` over groups of t equal values.
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

    #[test]
    fn a_new_level_is_found_where_it_begins() {
        for (before, after, level) in [(200, 100, 4.0), (100, 15, 6.0), (40, 260, -5.0)] {
            for seed in 1..20 {
                let mut random = Random(seed);
                let level = |at: usize| if at < before { 0.0 } else { level };
                let mut values: Vec<f64> =
                    (0..before + after).map(|at| level(at) + random.normal()).collect();
                values[30] = 1e16;
                values[31] = f64::NAN;
                values[32] = f64::NEG_INFINITY;
                let found = onset(&values, 5);
                assert!(found.is_some_and(|at| at.abs_diff(before) <= 4), "{seed}: {found:?}");
            }
        }
    }

    #[test]
    fn nothing_to_split() {
        for values in [vec![], vec![1.0], vec![f64::NAN; 50], vec![7.0; 50], vec![1.0, 2.0, 3.0]] {
            assert_eq!(onset(&values, 2), None, "{values:?}");
        }
        assert_eq!(onset(&[5.0, 5.0, 6.0, 6.0, 6.0], 2), Some(2));
    }

    proptest! {
        #[test]
        fn both_sides_keep_their_samples(values in prop::collection::vec(any::<f64>(), 0..120), min_samples in 0_usize..20) {
            let count = |range: &[f64]| range.iter().filter(|value| value.is_finite()).count();
            if let Some(at) = onset(&values, min_samples) {
                prop_assert!(count(&values[..at]) >= min_samples.max(1));
                prop_assert!(count(&values[at..]) >= min_samples.max(1));
            }
        }
    }
}

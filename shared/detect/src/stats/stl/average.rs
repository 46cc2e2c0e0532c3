//! Moving averages.

use std::array::from_fn;

use crate::stats::lanes::{LANES, Lanes, blocks_mut};

/// Maximum length of a window whose values are summed up anew at each place.
const MAX_DIRECT_WINDOW: usize = 4;

/// Replaces each place by the average of the `window` values from it on, and drops the last `window - 1`
/// places. There must be as many values as the window has, which is at least 1.
///
/// Method: sums from each place to the end of its block, and on into the next one, in several blocks at once.
/// Nothing is subtracted that was added before.
///
/// Cost: O(n).
pub fn moving_average(values: &mut Vec<f64>, window: usize) {
    let count = values.len() + 1 - window;
    let share = 1.0 / window as f64;
    if window <= MAX_DIRECT_WINDOW {
        for at in 0..count {
            values[at] = values[at..at + window].iter().sum::<f64>() * share;
        }
    } else {
        let mut sums = values.clone();
        for group in sums.chunks_mut(window * LANES) {
            if group.len() == window * LANES {
                sum_back_lanes(group, window);
            } else {
                group.chunks_mut(window).for_each(sum_back);
            }
        }
        for (group, sums) in sums[..count].chunks_mut(window * LANES).enumerate() {
            let next = &values[(group * LANES + 1) * window..];
            if sums.len() == window * LANES {
                sum_on_lanes(sums, next, window, share);
            } else {
                let next = next.chunks(window).chain([&[][..]]);
                sums.chunks_mut(window)
                    .zip(next)
                    .for_each(|(sums, next)| sum_on(sums, next, share));
            }
        }
        *values = sums;
    }
    values.truncate(count);
}

/// Adds to each value all that follow.
fn sum_back(block: &mut [f64]) {
    let mut sum = 0.0;
    for value in block.iter_mut().rev() {
        sum += *value;
        *value = sum;
    }
}

/// Adds to each value all that follow in its block of `window` values.
fn sum_back_lanes(group: &mut [f64], window: usize) {
    let mut blocks = blocks_mut(group, window);
    let mut sum = Lanes::splat(0.0);
    for at in (0..window).rev() {
        sum = sum + Lanes::from_fn(|lane| blocks[lane][at]);
        sum.put(&mut blocks, at);
    }
}

/// Adds to each sum as many values of the next block as the window has left, and makes an average of it.
fn sum_on(sums: &mut [f64], next: &[f64], share: f64) {
    let mut head = 0.0;
    for (sum, next) in sums.iter_mut().zip(next.iter().chain([&0.0])) {
        *sum = (*sum + head) * share;
        head += next;
    }
}

/// Adds to each sum as many values of the next block as the window has left, in each block of `window` values, and
/// makes an average of it.
fn sum_on_lanes(sums: &mut [f64], next: &[f64], window: usize, share: f64) {
    let next: [_; LANES] = from_fn(|lane| &next[lane * window..][..window - 1]);
    let mut blocks = blocks_mut(sums, window);
    let (mut head, share) = (Lanes::splat(0.0), Lanes::splat(share));
    for at in 0..window {
        let average = (Lanes::from_fn(|lane| blocks[lane][at]) + head) * share;
        average.put(&mut blocks, at);
        if at + 1 < window {
            head = head + Lanes::from_fn(|lane| next[lane][at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::testing::Random;

    #[test]
    fn as_defined() {
        let mut random = Random(3);
        for window in [1, 2, 3, 4, 5, 7, 10] {
            for len in window..9 * window + 3 {
                let values: Vec<f64> = (0..len).map(|_| random.uniform()).collect();
                let mut averages = values.clone();
                moving_average(&mut averages, window);
                assert_eq!(averages.len(), len + 1 - window);
                for (got, from) in averages.into_iter().zip(values.windows(window)) {
                    let average = from.iter().sum::<f64>() / window as f64;
                    assert!((got - average).abs() < 1e-15, "{window} {len}: {got} {average}");
                }
            }
        }
    }
}

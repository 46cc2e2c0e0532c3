//! Selection of the samples that are drawn: those in view, thinned out where there are many.

use oddity_detect::series::Grid;

/// Maximum number of points of a line; more cannot be seen and cost time.
pub const MAX_DRAWN_POINTS: usize = 2_000;

/// Returns the indices of the samples within `times`, in milliseconds since 1970, and of one more on each side, so that
/// lines reach the edge.
pub fn visible_indices(grid: Grid, times: (f64, f64)) -> std::ops::Range<usize> {
    let step = grid.step.millis() as f64;
    let at = |time: f64| ((time - grid.start.0 as f64) / step).max(0.0);
    let first = (at(times.0).floor() as usize).min(grid.len);
    let last = (at(times.1).ceil() as usize + 1).min(grid.len);
    first..last.max(first)
}

/// Returns about `max` points, as times and values, whose line looks like that of all samples: the smallest and the
/// largest sample of each bucket in order, and NaN for a gap. Takes O(n).
pub fn decimate(values: &[f64], grid: Grid, times: (f64, f64), max: usize) -> (Vec<f64>, Vec<f64>) {
    let shown = visible_indices(grid, times);
    let at = |index: usize| grid.at(index).0 as f64;
    if shown.len() <= max {
        return (shown.clone().map(at).collect(), values[shown].to_vec());
    }
    let bucket = (2 * shown.len()).div_ceil(max);
    let (mut x, mut y) = (Vec::with_capacity(max + 2), Vec::with_capacity(max + 2));
    let mut push = |index: usize| {
        x.push(at(index));
        y.push(values[index]);
    };
    let mut first = shown.start;
    while first < shown.end {
        let last = (first + bucket).min(shown.end);
        let mut finite = (first..last).filter(|index| values[*index].is_finite());
        match finite.next() {
            None => push(first),
            Some(start) => {
                let (low, high) = finite.fold((start, start), |(low, high), index| {
                    let low = if values[index] < values[low] { index } else { low };
                    (low, if values[index] > values[high] { index } else { high })
                });
                push(low.min(high));
                if low != high {
                    push(low.max(high));
                }
                if let Some(gap) = (first..last)
                    .find(|index| !values[*index].is_finite() && *index > low.max(high))
                {
                    push(gap);
                }
            }
        }
        first = last;
    }
    (x, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use oddity_detect::time::{Step, Timestamp};

    fn grid(len: usize) -> Grid {
        Grid { start: Timestamp(0), step: Step::from_seconds(60), len }
    }

    #[test]
    fn decimation_keeps_extremes_and_gaps() {
        let mut values: Vec<f64> = (0..10_000).map(|i| f64::from(i % 10)).collect();
        values[5_003] = 99.0;
        values[7_001] = -99.0;
        values[2_000..3_000].fill(f64::NAN);
        let (x, y) = decimate(&values, grid(10_000), (0.0, 1e12), 2_000);
        assert!(x.len() == y.len() && x.len() <= 2_200, "{}", x.len());
        assert!(x.is_sorted());
        assert!(y.contains(&99.0) && y.contains(&-99.0));
        assert!(y.iter().any(|value| value.is_nan()));
        let (few, all) = decimate(&values, grid(10_000), (0.0, 600_000.0), 2_000);
        assert_eq!((few.len(), all.as_slice()), (11, &values[..11]));
    }

    #[test]
    fn the_shown_samples_reach_both_edges() {
        assert_eq!(visible_indices(grid(100), (60_000.0 * 10.5, 60_000.0 * 20.5)), 10..22);
        assert_eq!(visible_indices(grid(100), (-5.0, 1e15)), 0..100);
        assert!(visible_indices(grid(100), (1e15, 2e15)).is_empty());
    }
}

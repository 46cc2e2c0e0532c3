//! DBSCAN on sorted numbers, where the neighbours within a radius are neighbours in the order too.

use std::ops::Range;

use crate::stats::median::upper_median;

/// Returns the median, over all points, of the distance within which `count` points lie, the point itself included.
/// `distances` is scratch space; `count` is 1 to the number of points. Cost: O(n log n).
pub(super) fn median_reach(sorted: &[f64], count: usize, distances: &mut Vec<f64>) -> f64 {
    distances.clear();
    let mut first = 0;
    for (at, value) in sorted.iter().enumerate() {
        // The nearest `count` are `first..first + count`; they move up as the point does.
        while first + count < sorted.len()
            && (first + count <= at || sorted[first + count] - value < value - sorted[first])
        {
            first += 1;
        }
        distances.push((value - sorted[first]).max(sorted[first + count - 1] - value));
    }
    upper_median(distances).unwrap_or(f64::NAN)
}

/// Returns the main cluster: the points within `radius` of a core point, which has `least` points, itself included,
/// within `radius`. With a majority as `least`, any two core points share a neighbour, so there is at most one cluster;
/// `None` without a core point. Cost: O(n).
pub(super) fn main(sorted: &[f64], least: usize, radius: f64) -> Option<Range<usize>> {
    let (mut first, mut end) = (0, 0);
    let mut cluster: Option<Range<usize>> = None;
    for value in sorted {
        while value - sorted[first] > radius {
            first += 1;
        }
        while end < sorted.len() && sorted[end] - value <= radius {
            end += 1;
        }
        if end - first >= least {
            let start = cluster.map_or(first, |cluster| cluster.start);
            cluster = Some(start..end);
        }
    }
    cluster
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clusters_of_a_majority() {
        type Members = Option<Range<usize>>;
        let cases: [(&[f64], f64, Members); 6] = [
            (&[1.0, 1.0, 1.0], 0.0, Some(0..3)),
            (&[1.0, 1.1, 9.0], 0.2, Some(0..2)),
            (&[-5.0, 1.0, 1.1, 1.2, 9.0], 0.2, Some(1..4)),
            (&[1.0, 1.1, 5.0, 5.1], 0.2, None),
            (&[0.0, 1.0, 2.0, 3.0, 4.0], 1.0, Some(0..5)),
            (&[0.0, 1.0, 2.0, 3.0, 4.0], 0.9, None),
        ];
        for (sorted, radius, expected) in cases {
            assert_eq!(main(sorted, sorted.len() / 2 + 1, radius), expected, "{sorted:?} {radius}");
        }
    }

    proptest! {
        #[test]
        fn as_defined(mut values in prop::collection::vec(-1e3..1e3_f64, 3..30), tolerance in 0.1..3.0_f64) {
            values.sort_unstable_by(f64::total_cmp);
            let count = values.len() / 2 + 1;
            let mut reaches: Vec<f64> = values.iter().map(|value| {
                let mut distances: Vec<f64> = values.iter().map(|other| (other - value).abs()).collect();
                distances.sort_unstable_by(f64::total_cmp);
                distances[count - 1]
            }).collect();
            reaches.sort_unstable_by(f64::total_cmp);
            let reach = median_reach(&values, count, &mut Vec::new());
            prop_assert_eq!(reach, reaches[values.len() / 2]);

            let radius = tolerance * reach;
            let near = |a: f64| values.iter().filter(move |b| (a - **b).abs() <= radius);
            let core: Vec<f64> = values.iter().copied().filter(|v| near(*v).count() >= count).collect();
            let members = values.iter().filter(|v| core.iter().any(|c| (*v - c).abs() <= radius));
            let expected: Vec<f64> = members.copied().collect();
            let found = main(&values, count, radius).map_or(Vec::new(), |range| values[range].to_vec());
            prop_assert_eq!(found, expected);
        }
    }
}

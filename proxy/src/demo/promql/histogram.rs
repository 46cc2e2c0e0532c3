//! `histogram_quantile` over classic buckets. Source: Prometheus `promql/quantile.go`.

use std::collections::HashMap;

use oddity_detect::series::{Labels, METRIC_NAME};

use super::EvalError;
use super::labels::without;
use super::value::{StepSeries, Steps, merged};

/// The label that holds a bucket's upper bound.
const BOUND: &str = "le";

/// Upper bound and cumulative count.
type Bucket = (f64, f64);

pub(super) fn quantiles(
    quantiles: &[f64],
    vector: &[StepSeries],
    steps: Steps,
) -> Result<Vec<StepSeries>, EvalError> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut groups: Vec<(Labels, Vec<(f64, &StepSeries)>)> = Vec::new();
    for series in vector {
        let Some(bound) = series.labels.get(BOUND).and_then(|text| text.parse().ok()) else {
            continue;
        };
        let labels = without(&series.labels, &[BOUND, METRIC_NAME]);
        let place = *places.entry(labels.clone()).or_insert_with(|| {
            groups.push((labels, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push((bound, series));
    }
    let results = groups.into_iter().map(|(labels, mut members)| {
        members.sort_by(|a, b| a.0.total_cmp(&b.0));
        let values = (0..steps.len).map(|at| {
            let present = members.iter().filter_map(|(le, series)| Some((*le, series.values[at]?)));
            let buckets: Vec<Bucket> = present.collect();
            (!buckets.is_empty()).then(|| quantile(quantiles[at], buckets))
        });
        StepSeries { labels, values: values.collect() }
    });
    merged(results.collect())
}

/// Computes the quantile of observations, linear within a bucket; `sorted` rises by bound.
fn quantile(q: f64, sorted: Vec<Bucket>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&q) {
        return if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let mut buckets: Vec<Bucket> = Vec::with_capacity(sorted.len());
    for (bound, count) in sorted {
        match buckets.last_mut() {
            Some(last) if last.0 == bound => last.1 += count,
            _ => buckets.push((bound, count)),
        }
    }
    let mut highest = f64::NEG_INFINITY;
    for (_, count) in &mut buckets {
        highest = highest.max(*count);
        *count = highest;
    }
    let [before @ .., (bound, total)] = buckets.as_slice() else { return f64::NAN };
    let Some((last_finite, _)) = before.last() else { return f64::NAN };
    if *bound != f64::INFINITY || *total == 0.0 {
        return f64::NAN;
    }
    let rank = q * total;
    let Some(place) = before.iter().position(|(_, count)| *count >= rank) else {
        return *last_finite;
    };
    let (end, count) = before[place];
    match place.checked_sub(1).map(|place| before[place]) {
        None if end <= 0.0 => end,
        None => end * (rank / count),
        Some((start, below)) => start + (end - start) * ((rank - below) / (count - below)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_odd_histograms() {
        const INF: f64 = f64::INFINITY;
        let cases: [(f64, &[Bucket], f64); 9] = [
            (0.5, &[(1.0, 2.0), (2.0, 4.0), (INF, 4.0)], 1.0),
            (0.75, &[(1.0, 2.0), (2.0, 4.0), (INF, 4.0)], 1.5),
            (0.9, &[(1.0, 2.0), (INF, 4.0)], 1.0),
            (0.5, &[(-1.0, 4.0), (INF, 4.0)], -1.0),
            (0.5, &[(1.0, 2.0), (2.0, 4.0)], f64::NAN),
            (0.5, &[(INF, 4.0)], f64::NAN),
            (0.5, &[(1.0, 0.0), (INF, 0.0)], f64::NAN),
            (0.5, &[(1.0, 2.0), (2.0, 1.0), (INF, 4.0)], 1.0),
            (2.0, &[(1.0, 2.0), (INF, 4.0)], INF),
        ];
        for (q, buckets, expected) in cases {
            let found = quantile(q, buckets.to_vec());
            assert!(found == expected || (found.is_nan() && expected.is_nan()), "{buckets:?}");
        }
    }
}

/// Returns the area under the precision-recall curve of a score: the mean precision at the labelled rows, with rows of equal
/// score counted at once and NaN as 0. Returns `None` without a labelled row.
///
/// Cost: O(n log n). Source: Zhu, "Recall, precision and average precision", 2004.
pub fn average_precision(scores: &[f64], labels: &[bool]) -> Option<f64> {
    let known = |score: f64| if score.is_nan() { 0.0 } else { score };
    let mut rows: Vec<(f64, bool)> =
        scores.iter().zip(labels).map(|(score, label)| (known(*score), *label)).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let labelled = rows.iter().filter(|row| row.1).count();
    let (mut seen, mut hits, mut area) = (0, 0, 0.0);
    for equal in rows.chunk_by(|a, b| a.0 == b.0) {
        let new = equal.iter().filter(|row| row.1).count();
        seen += equal.len();
        hits += new;
        area += new as f64 * hits as f64 / seen as f64;
    }
    (labelled > 0).then(|| area / labelled as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn areas_by_hand() {
        const N: f64 = f64::NAN;
        let cases: [(&[f64], &[u8], Option<f64>); 9] = [
            (&[], &[], None),
            (&[1.0, 2.0], &[0, 0], None),
            (&[1.0, 2.0], &[0, 1], Some(1.0)),
            (&[2.0, 1.0], &[0, 1], Some(0.5)),
            (&[0.1, 0.4, 0.35, 0.8], &[0, 0, 1, 1], Some((1.0 + 2.0 / 3.0) / 2.0)),
            // Equal scores tell nothing: the share of the labelled rows.
            (&[3.0, 3.0, 3.0, 3.0], &[0, 1, 0, 0], Some(0.25)),
            (&[5.0, 3.0, 3.0, 0.0], &[1, 0, 1, 0], Some((1.0 + 2.0 / 3.0) / 2.0)),
            (&[N, 1.0, 0.0], &[1, 1, 0], Some((1.0 + 2.0 / 3.0) / 2.0)),
            (&[f64::INFINITY, 1.0], &[1, 0], Some(1.0)),
        ];
        for (scores, labels, expected) in cases {
            let labels: Vec<bool> = labels.iter().map(|label| *label == 1).collect();
            match (average_precision(scores, &labels), expected) {
                (Some(found), Some(expected)) => {
                    assert!((found - expected).abs() < 1e-12, "{scores:?}: {found}");
                }
                (found, expected) => assert_eq!(found, expected, "{scores:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn only_the_order_counts(rows in prop::collection::vec((0_i32..50, any::<bool>()), 1..80)) {
            let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
            let of = |map: fn(f64) -> f64| {
                let scores: Vec<f64> = rows.iter().map(|row| map(f64::from(row.0))).collect();
                average_precision(&scores, &labels)
            };
            prop_assert_eq!(of(|x| x), of(|x| x * x * 4.0));
            let perfect: Vec<f64> = labels.iter().map(|label| f64::from(*label)).collect();
            let best = average_precision(&perfect, &labels);
            prop_assert!(best.is_none_or(|best| best == 1.0) && of(|x| x) <= best);
        }
    }
}

//! Labels that tell the odd series of an incident from the other series of its query.

use std::collections::{BTreeMap, BTreeSet};

use oddity_detect::series::{Labels, METRIC_NAME};

use crate::analysis::{Analysis, Incident};

/// Maximum number of labels that are listed.
const MAX_LABELS: usize = 6;

/// Minimum separation of a label that is listed.
const MIN_SEPARATION: f64 = 0.25;

/// Label with the number of odd and of other series that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeparatingLabel {
    /// Name of the label.
    pub name: String,
    /// Value of the label.
    pub value: String,
    /// Number of odd series with the label.
    pub odd: usize,
    /// Number of other series with the label.
    pub others: usize,
}

/// Labels ranked by how well they separate odd series from others, and the number of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSeparation {
    /// Best labels first.
    pub labels: Vec<SeparatingLabel>,
    /// Number of odd series.
    pub odd: usize,
    /// Number of other series.
    pub others: usize,
}

/// Ranks labels by the share of the odd series that have them less the share of the others (Youden's J: 1 if exactly the odd
/// series have it), without the metric name. `odd` are indices into `all`. Labels are left out that only one odd series has.
/// Without other series no label separates. Cost: O(n log n) for n labels of all series.
pub fn separating_labels(all: &[&Labels], odd: &BTreeSet<usize>) -> LabelSeparation {
    let others = all.len().saturating_sub(odd.len());
    let mut counts: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for (index, labels) in all.iter().enumerate() {
        for label in labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
            let count = counts.entry(label).or_default();
            if odd.contains(&index) {
                count.0 += 1;
            } else {
                count.1 += 1;
            }
        }
    }
    let share = |count: usize, of: usize| count as f64 / of as f64;
    let mut ranked: Vec<(f64, SeparatingLabel)> = counts
        .into_iter()
        .filter(|(_, (with, _))| *with > 1 && others > 0)
        .map(|((name, value), (with, without))| {
            let separation = share(with, odd.len()) - share(without, others);
            let (name, value) = (name.to_owned(), value.to_owned());
            (separation, SeparatingLabel { name, value, odd: with, others: without })
        })
        .filter(|(separation, _)| *separation >= MIN_SEPARATION)
        .collect();
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let labels = ranked.into_iter().take(MAX_LABELS).map(|(_, label)| label).collect();
    LabelSeparation { labels, odd: odd.len(), others }
}

impl Analysis {
    /// Returns the labels that separate the series of an incident from the other series of the query.
    pub fn separating_labels(&self, incident: &Incident) -> LabelSeparation {
        let all: Vec<&Labels> =
            self.detected.loaded.series.iter().map(|series| &series.labels).collect();
        let odd = self.incident_events(incident).map(|(ranked, _)| ranked.index).collect();
        separating_labels(&all, &odd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn labels_are_ranked_by_what_they_separate() {
        let all = [
            labels(&[("__name__", "up"), ("job", "api"), ("zone", "a"), ("pod", "1")]),
            labels(&[("__name__", "up"), ("job", "api"), ("zone", "b"), ("pod", "2")]),
            labels(&[("__name__", "up"), ("job", "api"), ("zone", "a"), ("pod", "3")]),
            labels(&[("__name__", "up"), ("job", "api"), ("zone", "b"), ("pod", "4")]),
            labels(&[("__name__", "up"), ("job", "db"), ("zone", "b"), ("pod", "5")]),
            labels(&[("__name__", "up"), ("job", "db"), ("zone", "b"), ("pod", "6")]),
        ];
        let all: Vec<&Labels> = all.iter().collect();
        let check = |odd: &[usize], expected: &[(&str, &str, usize, usize)]| {
            let found = separating_labels(&all, &odd.iter().copied().collect());
            let found: Vec<_> = found
                .labels
                .iter()
                .map(|label| (label.name.as_str(), label.value.as_str(), label.odd, label.others))
                .collect();
            assert_eq!(found, expected, "{odd:?}");
        };
        check(&[0, 2], &[("zone", "a", 2, 0), ("job", "api", 2, 2)]);
        check(&[0, 1, 2, 3], &[("job", "api", 4, 0), ("zone", "a", 2, 0)]);
        check(&[4, 5], &[("job", "db", 2, 0), ("zone", "b", 2, 2)]);
        check(&[0], &[]);
        check(&[0, 1, 2, 3, 4, 5], &[]);
        check(&[], &[]);
    }

    proptest! {
        #[test]
        fn counts_stay_within_the_series(
            series in prop::collection::vec((0..4_u8, 0..3_u8, any::<bool>()), 0..30),
        ) {
            let all: Vec<Labels> = series
                .iter()
                .map(|(a, b, _)| labels(&[("a", &a.to_string()), ("b", &b.to_string())]))
                .collect();
            let all: Vec<&Labels> = all.iter().collect();
            let odd: BTreeSet<usize> =
                series.iter().enumerate().filter(|(_, (.., odd))| *odd).map(|(at, _)| at).collect();
            let found = separating_labels(&all, &odd);
            prop_assert_eq!(found.odd + found.others, all.len());
            for label in found.labels {
                let has = |at: &usize| all[*at].get(&label.name) == Some(label.value.as_str());
                prop_assert_eq!(label.odd, odd.iter().filter(|at| has(at)).count());
                prop_assert!(label.others <= found.others);
                // Better than a label that all have.
                prop_assert!(label.odd * found.others > label.others * found.odd);
            }
        }
    }
}

//! A few samples in order, of which one or the other is exchanged at a time.
//!
//! Cost: a binary search and a short move of memory for each that comes or goes; for hundreds of
//! samples at most.

/// Samples in ascending order, all finite.
#[derive(Clone, Debug, Default)]
pub struct SortedWindow {
    values: Vec<f64>,
}

impl SortedWindow {
    /// Creates an empty window with room for `count` samples.
    pub fn with_capacity(count: usize) -> Self {
        Self { values: Vec::with_capacity(count) }
    }

    /// Returns the number of samples.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// Replaces one sample, which must be there, by another; NaN and infinities stand for none.
    pub fn exchange(&mut self, old: f64, new: f64) {
        let values = &mut self.values;
        let place = |values: &[f64], wanted: f64| values.partition_point(|value| *value < wanted);
        match (old.is_finite(), new.is_finite()) {
            (true, true) => {
                let (from, to) = (place(values, old), place(values, new));
                if from < to {
                    values.copy_within(from + 1..to, from);
                    values[to - 1] = new;
                } else if from < values.len() {
                    values.copy_within(to..from, to + 1);
                    values[to] = new;
                }
            }
            (true, false) => {
                let from = place(values, old);
                if from < values.len() {
                    values.remove(from);
                }
            }
            (false, true) => values.insert(place(values, new), new),
            (false, false) => {}
        }
    }

    /// Returns the quantile `q`, 0 to 1, interpolated as Prometheus' `quantile_over_time` does; NaN without samples.
    pub fn quantile(&self, q: f64) -> f64 {
        quantile(&self.values, q)
    }
}

/// Returns values in ascending order; NaN comes last.
pub(crate) fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// Returns the quantile `q`, 0 to 1, of ascending values, interpolated as Prometheus' `quantile_over_time` does; NaN without
/// values.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let rank = q.clamp(0.0, 1.0) * last as f64;
    let below = rank as usize;
    let (low, high) = (sorted[below], sorted[last.min(below + 1)]);
    let weight = rank - below as f64;
    if low == high { low } else { low * (1.0 - weight) + high * weight }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantiles_between_samples() {
        let mut sorted = SortedWindow::default();
        assert!(sorted.quantile(0.5).is_nan());
        for value in [4.0, 1.0, 3.0, 2.0] {
            sorted.exchange(f64::NAN, value);
        }
        for (q, value) in [(0.0, 1.0), (0.25, 1.75), (0.5, 2.5), (0.75, 3.25), (1.0, 4.0)] {
            assert_eq!(sorted.quantile(q), value);
        }
    }

    proptest! {
        #[test]
        fn always_sorted(values in prop::collection::vec(prop_oneof![4 => -9..9_i32, 1 => Just(99)], 1..60), window in 1_usize..9) {
            let values: Vec<f64> = values.iter().map(|v| if *v == 99 { f64::NAN } else { f64::from(*v) }).collect();
            let mut sorted = SortedWindow::with_capacity(window);
            for at in 0..values.len() {
                let old = at.checked_sub(window).map_or(f64::NAN, |old| values[old]);
                sorted.exchange(old, values[at]);
                let mut plain = values[(at + 1).saturating_sub(window)..=at].to_vec();
                plain.retain(|value| value.is_finite());
                plain.sort_by(f64::total_cmp);
                prop_assert_eq!(&sorted.values, &plain);
            }
        }
    }
}

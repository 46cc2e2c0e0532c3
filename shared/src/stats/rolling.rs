//! Statistics of sliding windows in constant time a sample.
//!
//! Method: two-stack aggregation (the queue from two stacks of functional programming): the window is
//! the suffix of a finished block, whose aggregates were summed up from its end, and the prefix of the
//! block that is being filled. Nothing is ever subtracted, so a spike or an infinity that left the
//! window leaves no trace. Aggregates are merged as in Chan, Golub and LeVeque, "Algorithms for
//! computing the sample variance" (1983), on samples less a pivot taken from the block before: the
//! sample of smallest magnitude, which is harmless where levels differ and exact where they do not.
//!
//! Cost: O(n) time, O(window) memory beside the output.

use super::enough;

/// Means and population standard deviations, one of each a sample; NaN without enough samples.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Arithmetic means, in the unit of the values.
    pub mean: Vec<f64>,
    /// Population standard deviations, in the unit of the values.
    pub std: Vec<f64>,
}

/// Mean and population standard deviation of the `window` samples before each sample, which is
/// itself left out. `window` of 0 counts as 1. Shape: as `values`.
pub fn prior_moments(values: &[f64], window: usize) -> Moments {
    let mut mean = vec![f64::NAN; values.len()];
    let mut std = vec![f64::NAN; values.len()];
    let least = enough(window) as f64;
    let mut next = mean.iter_mut().zip(&mut std).skip(1);
    slide::<Sums>(values, window, |sums, pivot| {
        let Some((mean, std)) = next.next() else { return };
        if sums.count >= least {
            *mean = pivot + sums.mean;
            *std = (sums.squares / sums.count).sqrt();
        }
    });
    Moments { mean, std }
}

/// Mean and population standard deviation of one stretch of samples; NaN without enough of them.
pub fn moments(values: &[f64]) -> (f64, f64) {
    let pivot = smallest(values).unwrap_or(0.0);
    let mut sums = Sums::EMPTY;
    for value in values.iter().filter(|value| value.is_finite()) {
        sums = sums.merge(Sums::of(0.0, value - pivot));
    }
    if sums.count < enough(values.len()) as f64 {
        return (f64::NAN, f64::NAN);
    }
    (pivot + sums.mean, (sums.squares / sums.count).sqrt())
}

/// Least-squares slope of the `window` samples up to and including each one, per sample distance.
/// NaN without enough samples. Shape: as `values`.
pub fn slopes(values: &[f64], window: usize) -> Vec<f64> {
    let mut out = Vec::with_capacity(values.len());
    let least = enough(window) as f64;
    slide::<Line>(values, window, |line, _| {
        out.push(if line.count >= least { line.cross / line.spread } else { f64::NAN });
    });
    out
}

/// Something summed up over samples that can be joined with what follows it.
trait Aggregate: Copy {
    const EMPTY: Self;
    /// One finite sample at `position`, counted in samples.
    fn of(position: f64, value: f64) -> Self;
    fn merge(self, later: Self) -> Self;
}

/// Calls `emit` once a sample with the aggregate of the `window` samples up to and including it and
/// the pivot that was subtracted from each.
fn slide<A: Aggregate>(values: &[f64], window: usize, mut emit: impl FnMut(A, f64)) {
    let window = window.max(1);
    // Suffixes of the block before, and of the present one.
    let (mut old, mut new) = (vec![A::EMPTY; window + 1], vec![A::EMPTY; window + 1]);
    let mut pivot = values.iter().take(window).copied().find(|v| v.is_finite()).unwrap_or(0.0);
    for chunk in values.chunks(window) {
        let next_pivot = smallest(chunk).unwrap_or(pivot);
        let (mut prefix, mut suffix) = (A::EMPTY, A::EMPTY);
        // Two chains of merges that do not wait for each other.
        for (at, (&forth, &back)) in chunk.iter().zip(chunk.iter().rev()).enumerate() {
            if forth.is_finite() {
                prefix = prefix.merge(A::of(at as f64, forth - pivot));
            }
            let whole = old[at + 1].merge(prefix);
            emit(whole, pivot);

            let from = chunk.len() - 1 - at;
            if back.is_finite() {
                let first = A::of(from as f64 - window as f64, back - next_pivot);
                suffix = first.merge(suffix);
            }
            new[from] = suffix;
        }
        std::mem::swap(&mut old, &mut new);
        pivot = next_pivot;
    }
}

/// The finite sample nearest to zero.
fn smallest(values: &[f64]) -> Option<f64> {
    values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .reduce(|least, value| if value.abs() < least.abs() { value } else { least })
}

/// Count, mean and sum of squared deviations from it.
#[derive(Clone, Copy)]
struct Sums {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Aggregate for Sums {
    const EMPTY: Self = Self { count: 0.0, mean: 0.0, squares: 0.0 };

    #[inline]
    fn of(_: f64, value: f64) -> Self {
        Self { count: 1.0, mean: value, squares: 0.0 }
    }

    #[inline]
    fn merge(self, later: Self) -> Self {
        let count = self.count + later.count;
        let delta = later.mean - self.mean;
        let share = if count > 0.0 { later.count / count } else { 0.0 };
        Self {
            count,
            mean: self.mean + delta * share,
            squares: self.squares + later.squares + delta * delta * (self.count * share),
        }
    }
}

/// What a least-squares line needs: means of position and value, spread of the positions, and their
/// cross product.
#[derive(Clone, Copy)]
struct Line {
    count: f64,
    position: f64,
    value: f64,
    spread: f64,
    cross: f64,
}

impl Aggregate for Line {
    const EMPTY: Self = Self { count: 0.0, position: 0.0, value: 0.0, spread: 0.0, cross: 0.0 };

    #[inline]
    fn of(position: f64, value: f64) -> Self {
        Self { count: 1.0, position, value, spread: 0.0, cross: 0.0 }
    }

    #[inline]
    fn merge(self, later: Self) -> Self {
        let count = self.count + later.count;
        let (apart, delta) = (later.position - self.position, later.value - self.value);
        let share = if count > 0.0 { later.count / count } else { 0.0 };
        let weight = self.count * share;
        Self {
            count,
            position: self.position + apart * share,
            value: self.value + delta * share,
            spread: self.spread + later.spread + apart * apart * weight,
            cross: self.cross + later.cross + apart * delta * weight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two passes over the window, in the order of the definition.
    fn plain_moments(values: &[f64], window: usize, at: usize) -> (f64, f64) {
        let past = &values[at.saturating_sub(window)..at];
        let finite: Vec<f64> = past.iter().copied().filter(|v| v.is_finite()).collect();
        if finite.len() < enough(window) {
            return (f64::NAN, f64::NAN);
        }
        let count = finite.len() as f64;
        let base = finite[0];
        let mean = finite.iter().map(|v| v - base).sum::<f64>() / count;
        let square = finite.iter().map(|v| (v - base - mean).powi(2)).sum::<f64>() / count;
        (base + mean, square.sqrt())
    }

    fn plain_slope(values: &[f64], window: usize, at: usize) -> f64 {
        let first = (at + 1).saturating_sub(window);
        let points: Vec<(f64, f64)> = (first..=at)
            .filter(|i| values[*i].is_finite())
            .map(|i| (i as f64, values[i]))
            .collect();
        if points.len() < enough(window) {
            return f64::NAN;
        }
        let count = points.len() as f64;
        let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
        let cross: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
        cross / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>()
    }

    fn close(a: f64, b: f64, tolerance: f64) -> bool {
        (a.is_nan() && b.is_nan()) || (a - b).abs() <= tolerance
    }

    fn check(values: &[f64], window: usize, relative: f64) {
        let level = values.iter().filter(|v| v.is_finite()).fold(0.0_f64, |m, v| m.max(v.abs()));
        let (got, slope) = (prior_moments(values, window), slopes(values, window));
        assert_eq!(
            (got.mean.len(), got.std.len(), slope.len()),
            (values.len(), values.len(), values.len())
        );
        for (at, slope) in slope.iter().enumerate() {
            let (mean, std) = plain_moments(values, window, at);
            let line = plain_slope(values, window, at);
            assert!(
                close(got.mean[at], mean, relative * level.max(1.0)),
                "mean {at}: {} {mean}",
                got.mean[at]
            );
            assert!(
                close(got.std[at], std, relative * level.max(1.0)),
                "std {at}: {} {std}",
                got.std[at]
            );
            assert!(close(*slope, line, relative * level.max(1.0)), "slope {at}: {slope} {line}");
        }
    }

    fn noise(len: usize) -> Vec<f64> {
        let mut state = 7_u64;
        (0..len)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) as f64 / (1_u64 << 31) as f64
            })
            .collect()
    }

    #[test]
    fn the_definition_on_plain_input() {
        for len in [0, 1, 2, 3, 7, 200] {
            for window in [0, 1, 2, 3, 5, 60, 500] {
                check(&noise(len), window, 1e-12);
            }
        }
    }

    #[test]
    fn a_high_level_keeps_the_spread() {
        for (level, tolerance) in [(1e9, 1e-9), (1e12, 1e-4)] {
            let values: Vec<f64> = noise(2_000).iter().map(|v| level + v).collect();
            let got = prior_moments(&values, 60);
            for at in 60..values.len() {
                let (_, std) = plain_moments(&values, 60, at);
                assert!(
                    (got.std[at] - std).abs() <= tolerance * std,
                    "{level} {at}: {} {std}",
                    got.std[at]
                );
            }
        }
    }

    #[test]
    fn what_left_the_window_leaves_no_trace() {
        let clean = noise(400);
        for bad in [1e16, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let mut spoiled = clean.clone();
            spoiled[100] = bad;
            let (a, b) = (prior_moments(&clean, 30), prior_moments(&spoiled, 30));
            for at in 131..400 {
                assert!(
                    close(a.mean[at], b.mean[at], 1e-14) && close(a.std[at], b.std[at], 1e-14),
                    "{bad} {at}"
                );
            }
        }
        let flat = prior_moments(&[vec![1e9; 50], vec![5.0; 100]].concat(), 20);
        assert!(flat.std[70..].iter().all(|std| *std == 0.0));
    }

    proptest! {
        #[test]
        fn as_defined_for_any_gaps(
            values in prop::collection::vec(
                prop_oneof![8 => -1e3..1e3_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)], 0..150),
            window in 0_usize..40,
        ) {
            check(&values, window, 1e-10);
        }

        #[test]
        fn the_future_changes_nothing(values in prop::collection::vec(-1e6..1e6_f64, 1..120), window in 1_usize..30, cut in 0_usize..120) {
            let cut = cut.min(values.len());
            let (all, past) = (prior_moments(&values, window), prior_moments(&values[..cut], window));
            for at in 0..cut {
                prop_assert_eq!(all.mean[at].to_bits(), past.mean[at].to_bits());
                prop_assert_eq!(all.std[at].to_bits(), past.std[at].to_bits());
            }
        }

        #[test]
        fn no_value_panics(values in prop::collection::vec(any::<f64>(), 0..60), window in 0_usize..20) {
            let _ = (prior_moments(&values, window), slopes(&values, window), moments(&values));
        }
    }
}

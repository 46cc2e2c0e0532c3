//! A series to judge together with the series to learn from.

use std::cell::OnceCell;

use crate::detect::DetectorInput;
use crate::stats::quantile::{Quartiles, Ranks};

/// A derived series: the one that is judged, and the one that is learnt from where that differs.
#[derive(Debug)]
pub(super) struct JudgedAndReference {
    judged: Vec<f64>,
    reference: Option<Vec<f64>>,
    /// Order of both series, sorted when a window is first asked for.
    ranks: OnceCell<(Ranks, Option<Ranks>)>,
}

impl JudgedAndReference {
    /// Copies the samples of an input.
    pub(super) fn of(input: DetectorInput<'_>) -> Self {
        let reference = (!input.learns_all()).then(|| input.reference.to_vec());
        Self::with(input.values.to_vec(), reference)
    }

    /// Combines a series to judge with one to learn from.
    pub(super) fn new(judged: Vec<f64>, reference: Vec<f64>) -> Self {
        Self::with(judged, Some(reference))
    }

    /// Combines a series to judge with one to learn from, `None` where that is the same.
    fn with(judged: Vec<f64>, reference: Option<Vec<f64>>) -> Self {
        Self { judged, reference, ranks: OnceCell::new() }
    }

    /// Returns the series to judge.
    pub(super) fn judged(&self) -> &[f64] {
        &self.judged
    }

    /// Returns the series to learn from.
    pub(super) fn reference(&self) -> &[f64] {
        self.reference.as_ref().unwrap_or(&self.judged)
    }

    /// Derives a new pair by applying `derive` to both series.
    pub(super) fn map(&self, derive: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        Self::with(derive(&self.judged), self.reference.as_deref().map(derive))
    }

    /// Subtracts the other judged series from the judged one, and the other reference from the reference.
    pub(super) fn less(&self, other: &Self) -> Self {
        let reference =
            self.reference.as_deref().map(|reference| less(reference, other.reference()));
        Self::with(less(&self.judged, &other.judged), reference)
    }

    /// Returns the medians of the windows before each sample, one pair of series for each window length. Windows that
    /// reach before the first sample count as shorter ones.
    pub(super) fn medians<const N: usize>(&self, windows: [usize; N]) -> [Self; N] {
        let (judged, reference) = self.ranks();
        windows.map(|window| {
            let reference = reference.as_ref().map(|reference| reference.prior_medians(window));
            Self::with(judged.prior_medians(window), reference)
        })
    }

    /// Returns the quartiles of the reference in the window before each sample. Windows that reach before the first
    /// sample count as shorter ones.
    pub(super) fn reference_quartiles(&self, window: usize) -> Quartiles {
        let (judged, reference) = self.ranks();
        reference.as_ref().unwrap_or(judged).prior_quartiles(window)
    }

    /// Returns the order statistics of the absolute values of the reference, for median absolute deviations.
    pub(super) fn sizes(&self) -> Ranks {
        let sizes: Vec<f64> = self.reference().iter().map(|entry| entry.abs()).collect();
        Ranks::new(&sizes).growing()
    }

    /// Returns the order of both series.
    fn ranks(&self) -> &(Ranks, Option<Ranks>) {
        let ranks = |of: &[f64]| Ranks::new(of).growing();
        self.ranks.get_or_init(|| (ranks(&self.judged), self.reference.as_deref().map(ranks)))
    }
}

/// Subtracts `b` from `a`, entry by entry.
pub(super) fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

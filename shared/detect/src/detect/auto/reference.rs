//! A series with what is learnt of it.

use std::cell::OnceCell;

use crate::detect::DetectorInput;
use crate::stats::quantile::{Quartiles, Ranks};

/// A derived series: of what is judged, and of what is learnt from where that differs.
#[derive(Debug)]
pub(super) struct JudgedAndReference {
    judged: Vec<f64>,
    reference: Option<Vec<f64>>,
    /// Of both, sorted when a window is first asked for.
    ranks: OnceCell<(Ranks, Option<Ranks>)>,
}

impl JudgedAndReference {
    pub(super) fn of(input: DetectorInput<'_>) -> Self {
        let reference = (!input.learns_all()).then(|| input.reference.to_vec());
        Self::with(input.values.to_vec(), reference)
    }

    pub(super) fn new(judged: Vec<f64>, reference: Vec<f64>) -> Self {
        Self::with(judged, Some(reference))
    }

    fn with(judged: Vec<f64>, reference: Option<Vec<f64>>) -> Self {
        Self { judged, reference, ranks: OnceCell::new() }
    }

    pub(super) fn judged(&self) -> &[f64] {
        &self.judged
    }

    pub(super) fn reference(&self) -> &[f64] {
        self.reference.as_ref().unwrap_or(&self.judged)
    }

    pub(super) fn map(&self, derive: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        Self::with(derive(&self.judged), self.reference.as_deref().map(derive))
    }

    /// Each less the other.
    pub(super) fn less(&self, other: &Self) -> Self {
        let reference =
            self.reference.as_deref().map(|reference| less(reference, other.reference()));
        Self::with(less(&self.judged, &other.judged), reference)
    }

    /// The medians of the windows before each sample, one series a window; windows that reach before the
    /// first sample count as shorter ones.
    pub(super) fn medians<const N: usize>(&self, windows: [usize; N]) -> [Self; N] {
        let (judged, reference) = self.ranks();
        windows.map(|window| {
            let reference = reference.as_ref().map(|reference| reference.prior_medians(window));
            Self::with(judged.prior_medians(window), reference)
        })
    }

    /// The quartiles of what was learnt in the window before each sample, in the same way.
    pub(super) fn reference_quartiles(&self, window: usize) -> Quartiles {
        let (judged, reference) = self.ranks();
        reference.as_ref().unwrap_or(judged).prior_quartiles(window)
    }

    /// The order of the sizes of what is learnt, of which medians are usual ones.
    pub(super) fn sizes(&self) -> Ranks {
        let sizes: Vec<f64> = self.reference().iter().map(|entry| entry.abs()).collect();
        Ranks::new(&sizes).growing()
    }

    fn ranks(&self) -> &(Ranks, Option<Ranks>) {
        let ranks = |of: &[f64]| Ranks::new(of).growing();
        self.ranks.get_or_init(|| (ranks(&self.judged), self.reference.as_deref().map(ranks)))
    }
}

pub(super) fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

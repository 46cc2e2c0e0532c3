//! A series with what is learnt of it.

use std::cell::OnceCell;

use crate::detect::Input;
use crate::stats::quantile::{Quartiles, Ranks};

/// A derived series: of what is judged, and of what is learnt from where that differs.
#[derive(Debug)]
pub(super) struct Pair {
    judged: Vec<f64>,
    learnt: Option<Vec<f64>>,
    /// Of both, sorted when a window is first asked for.
    ranks: OnceCell<(Ranks, Option<Ranks>)>,
}

impl Pair {
    pub(super) fn of(input: Input<'_>) -> Self {
        let learnt = (!input.learns_all()).then(|| input.learnt.to_vec());
        Self::with(input.values.to_vec(), learnt)
    }

    pub(super) fn new(judged: Vec<f64>, learnt: Vec<f64>) -> Self {
        Self::with(judged, Some(learnt))
    }

    fn with(judged: Vec<f64>, learnt: Option<Vec<f64>>) -> Self {
        Self { judged, learnt, ranks: OnceCell::new() }
    }

    pub(super) fn judged(&self) -> &[f64] {
        &self.judged
    }

    pub(super) fn learnt(&self) -> &[f64] {
        self.learnt.as_ref().unwrap_or(&self.judged)
    }

    pub(super) fn map(&self, derive: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        Self::with(derive(&self.judged), self.learnt.as_deref().map(derive))
    }

    /// Each less the other.
    pub(super) fn less(&self, other: &Self) -> Self {
        let learnt = self.learnt.as_deref().map(|learnt| less(learnt, other.learnt()));
        Self::with(less(&self.judged, &other.judged), learnt)
    }

    /// The medians of the windows before each sample, one series a window; windows that reach before the
    /// first sample count as shorter ones.
    pub(super) fn medians<const N: usize>(&self, windows: [usize; N]) -> [Self; N] {
        let (judged, learnt) = self.ranks();
        windows.map(|window| {
            let learnt = learnt.as_ref().map(|learnt| learnt.prior_medians(window));
            Self::with(judged.prior_medians(window), learnt)
        })
    }

    /// The quartiles of what was learnt in the window before each sample, in the same way.
    pub(super) fn learnt_quartiles(&self, window: usize) -> Quartiles {
        let (judged, learnt) = self.ranks();
        learnt.as_ref().unwrap_or(judged).prior_quartiles(window)
    }

    /// The order of the sizes of what is learnt, of which medians are usual ones.
    pub(super) fn sizes(&self) -> Ranks {
        let sizes: Vec<f64> = self.learnt().iter().map(|entry| entry.abs()).collect();
        Ranks::new(&sizes).growing()
    }

    fn ranks(&self) -> &(Ranks, Option<Ranks>) {
        let ranks = |of: &[f64]| Ranks::new(of).growing();
        self.ranks.get_or_init(|| (ranks(&self.judged), self.learnt.as_deref().map(ranks)))
    }
}

pub(super) fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

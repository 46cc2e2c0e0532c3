//! A series with what is learnt of it.

use crate::detect::Input;
use crate::stats::quantile::Ranks;

/// A derived series: of what is judged, and of what is learnt from where that differs.
pub(super) struct Pair {
    judged: Vec<f64>,
    learnt: Option<Vec<f64>>,
}

impl Pair {
    pub(super) fn of(input: Input<'_>) -> Self {
        let learnt = (!input.learns_all()).then(|| input.learnt.to_vec());
        Self { judged: input.values.to_vec(), learnt }
    }

    pub(super) fn new(judged: Vec<f64>, learnt: Vec<f64>) -> Self {
        Self { judged, learnt: Some(learnt) }
    }

    pub(super) fn judged(&self) -> &[f64] {
        &self.judged
    }

    pub(super) fn learnt(&self) -> &[f64] {
        self.learnt.as_ref().unwrap_or(&self.judged)
    }

    pub(super) fn map(&self, derive: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        Self { judged: derive(&self.judged), learnt: self.learnt.as_deref().map(derive) }
    }

    /// Each less the other.
    pub(super) fn less(&self, other: &Self) -> Self {
        let learnt = self.learnt.as_deref().map(|learnt| less(learnt, other.learnt()));
        Self { judged: less(&self.judged, &other.judged), learnt }
    }

    /// The medians of the windows before each sample, one series a window; windows that reach before the
    /// first sample count as shorter ones.
    pub(super) fn medians<const N: usize>(&self, windows: [usize; N]) -> [Self; N] {
        let ranks = |of: &[f64]| Ranks::new(of).growing();
        let (judged, learnt) = (ranks(&self.judged), self.learnt.as_deref().map(ranks));
        windows.map(|window| Self {
            judged: judged.prior_medians(window),
            learnt: learnt.as_ref().map(|learnt| learnt.prior_medians(window)),
        })
    }
}

pub(super) fn less(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

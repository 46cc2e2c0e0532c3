//! Values of expressions.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use oddity_detect::series::Labels;

use super::{EvalError, execution};
use crate::demo::budget::{VALUE_BYTES, label_bytes};

/// The instants of an evaluation: `start`, `start + step`, ... in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) struct Steps {
    pub start: i64,
    pub step: i64,
    pub len: usize,
}

/// A series of an instant vector: one optional value a step.
#[derive(Clone, Debug)]
pub(in crate::demo) struct StepSeries {
    pub labels: Labels,
    pub values: Vec<Option<f64>>,
}

/// A series of a range vector: its samples, oldest first.
#[derive(Clone, Debug)]
pub(in crate::demo) struct RawSeries {
    pub labels: Labels,
    /// Milliseconds, rising.
    pub times: Vec<i64>,
    /// Value of each sample, one for each of `times`.
    pub values: Vec<f64>,
}

/// The value of an expression at every step.
#[derive(Clone, Debug)]
pub(in crate::demo) enum Value {
    /// One value a step.
    Scalar(Vec<f64>),
    /// Series with optional values.
    Vector(Vec<StepSeries>),
    /// A range vector as the instant query shows it.
    Matrix(Vec<RawSeries>),
    /// A string literal.
    Text(String),
}

impl Steps {
    /// Returns a single instant.
    pub(in crate::demo) fn instant(at: i64) -> Self {
        Self { start: at, step: 1, len: 1 }
    }

    pub(in crate::demo) fn at(self, index: usize) -> i64 {
        self.start + self.step * index as i64
    }

    /// Returns the last instant.
    pub(in crate::demo) fn end(self) -> i64 {
        self.at(self.len.saturating_sub(1))
    }

    pub(in crate::demo) fn iter(self) -> impl Iterator<Item = i64> {
        (0..self.len).map(move |index| self.at(index))
    }
}

impl Value {
    /// Returns how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Scalar(values) => values.len() * size_of::<f64>(),
            Self::Vector(vector) => vector.iter().map(StepSeries::bytes).sum(),
            Self::Matrix(series) => series.iter().map(RawSeries::bytes).sum(),
            Self::Text(text) => text.len(),
        }
    }

    /// Returns the series of a range query's answer; a scalar is one without labels.
    pub(in crate::demo) fn into_vector(self) -> Vec<StepSeries> {
        match self {
            Self::Vector(vector) => vector,
            Self::Scalar(values) => {
                let values = values.into_iter().map(Some).collect();
                vec![StepSeries { labels: Labels::default(), values }]
            }
            Self::Matrix(_) | Self::Text(_) => Vec::new(),
        }
    }
}

impl RawSeries {
    /// Returns how many bytes it takes.
    pub(in crate::demo) fn bytes(&self) -> usize {
        label_bytes(&self.labels) + self.times.capacity() * 2 * size_of::<f64>()
    }
}

impl StepSeries {
    /// Returns how many bytes it takes.
    pub(in crate::demo) fn bytes(&self) -> usize {
        label_bytes(&self.labels) + self.values.capacity() * VALUE_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }
}

/// Joins series that have come to share their labels.
///
/// # Errors
/// If two of them have a value at the same step.
pub(super) fn merged(vector: Vec<StepSeries>) -> Result<Vec<StepSeries>, EvalError> {
    let mut places: HashMap<Labels, usize> = HashMap::with_capacity(vector.len());
    let mut joined: Vec<StepSeries> = Vec::with_capacity(vector.len());
    for series in vector {
        if series.is_empty() {
            continue;
        }
        match places.entry(series.labels.clone()) {
            Entry::Vacant(place) => {
                place.insert(joined.len());
                joined.push(series);
            }
            Entry::Occupied(place) => {
                for (kept, new) in joined[*place.get()].values.iter_mut().zip(series.values) {
                    match (&kept, new) {
                        (Some(_), Some(_)) => return Err(same_labels()),
                        (None, Some(_)) => *kept = new,
                        (_, None) => {}
                    }
                }
            }
        }
    }
    Ok(joined)
}

/// Passes series on if each has labels of its own, as Prometheus demands of range functions.
///
/// # Errors
/// If two share their labels, even at different steps.
pub(super) fn distinct(vector: Vec<StepSeries>) -> Result<Vec<StepSeries>, EvalError> {
    let vector: Vec<_> = vector.into_iter().filter(|series| !series.is_empty()).collect();
    let mut seen = std::collections::HashSet::with_capacity(vector.len());
    if vector.iter().all(|series| seen.insert(&series.labels)) {
        Ok(vector)
    } else {
        Err(same_labels())
    }
}

fn same_labels() -> EvalError {
    execution("vector cannot contain metrics with the same labelset")
}

use std::ops::Range;

use rayon::prelude::*;

use super::{File, Profile};

/// The contributions of all files to the score of the corpus at every threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    files: Vec<Curve>,
    /// Steps of all curves at falling thresholds.
    changes: Vec<Change>,
}

/// A change of the sum of one file when the threshold falls to a strength.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Change {
    threshold: f64,
    raw: f64,
    file: usize,
}

/// The contribution of one file to the score of the corpus at every threshold: a step at each strength that changes it.
#[derive(Clone, Debug, PartialEq)]
struct Curve {
    /// Weight of all windows missed.
    silent: f64,
    /// Strengths, falling, and the sum of weights with the threshold at each of them.
    steps: Vec<(f64, f64)>,
}

/// The optimal threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimum {
    /// Strength from which rows are alerts; infinite if no alert is best.
    pub threshold: f64,
    /// Sum of the weights of all files.
    pub raw: f64,
}

impl Curve {
    /// Creates the curve of the strengths of one file. Only rows after the probation and strengths above 0 count; NaN is no
    /// alert. Takes O(n log n) for n such rows.
    fn new(file: &File, alerts: &[f64], profile: &Profile) -> Self {
        let mut rows: Vec<(f64, usize)> = (file.probation..alerts.len())
            .filter(|row| alerts[*row] > 0.0)
            .map(|row| (alerts[row], row))
            .collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let silent = -(file.windows.len() as f64) * profile.false_negative;
        let mut found = vec![-profile.false_negative; file.windows.len()];
        let (mut raw, mut steps) = (silent, Vec::new());
        for (strength, row) in rows {
            // The first window that does not end before the row.
            let next = file.windows.partition_point(|window| window.end <= row);
            match file.windows.get(next) {
                Some(window) if window.contains(&row) => {
                    let weight = profile.true_positive * earliness(row, window);
                    let better = weight.max(found[next]);
                    raw += better - found[next];
                    found[next] = better;
                }
                _ => {
                    let last = next.checked_sub(1).map(|last| &file.windows[last]);
                    raw -= profile.false_positive * distance(row, last);
                }
            }
            match steps.last_mut() {
                Some((last, sum)) if *last == strength => *sum = raw,
                _ => steps.push((strength, raw)),
            }
        }
        Self { silent, steps }
    }

    /// Returns the sum of the weights of this file at a threshold. Takes O(log n).
    fn at(&self, threshold: f64) -> f64 {
        let above = self.steps.partition_point(|(strength, _)| *strength >= threshold);
        above.checked_sub(1).map_or(self.silent, |last| self.steps[last].1)
    }
}

impl Curves {
    /// Creates one curve per file from one vector of strengths per file, one strength per row. Takes O(n log n) for the n
    /// strengths above 0.
    pub fn new(files: &[File], alerts: &[Vec<f64>], profile: &Profile) -> Self {
        let curves: Vec<Curve> = files
            .par_iter()
            .zip(alerts)
            .map(|(file, alerts)| Curve::new(file, alerts, profile))
            .collect();
        let mut changes = Vec::new();
        for (file, curve) in curves.iter().enumerate() {
            let mut before = curve.silent;
            for &(threshold, raw) in &curve.steps {
                changes.push(Change { threshold, raw: raw - before, file });
                before = raw;
            }
        }
        changes.sort_by(|a, b| b.threshold.total_cmp(&a.threshold));
        Self { files: curves, changes }
    }

    /// Returns the best threshold for the chosen files together; of equal ones the highest. Takes O(n).
    pub fn optimum(&self, chosen: impl Fn(usize) -> bool) -> Optimum {
        let files = self.files.iter().enumerate().filter(|(file, _)| chosen(*file));
        let mut raw: f64 = files.map(|(_, curve)| curve.silent).sum();
        let mut best = Optimum { threshold: f64::INFINITY, raw };
        for equal in self.changes.chunk_by(|a, b| a.threshold == b.threshold) {
            raw += equal.iter().filter(|c| chosen(c.file)).map(|c| c.raw).sum::<f64>();
            if raw > best.raw {
                best = Optimum { threshold: equal[0].threshold, raw };
            }
        }
        best
    }

    /// Returns the sum of the weights of all files at a threshold.
    pub fn sum(&self, threshold: f64) -> f64 {
        self.files.iter().map(|curve| curve.at(threshold)).sum()
    }

    /// Returns the sum of the weights of one file at a threshold. Takes O(log n).
    pub fn at(&self, file: usize, threshold: f64) -> f64 {
        self.files[file].at(threshold)
    }
}

/// Returns the weight of finding a window at a row: 1 at its first row, near 0 at its last.
fn earliness(row: usize, window: &Range<usize>) -> f64 {
    let position = (window.end - row) as f64 / window.len() as f64;
    scaled_sigmoid(-position) / scaled_sigmoid(-1.0)
}

/// Returns the cost of an alert outside windows: near 0 right after one, 1 far after it or before the first.
fn distance(row: usize, last: Option<&Range<usize>>) -> f64 {
    let Some(window) = last else { return 1.0 };
    let behind = row + 1 - window.end;
    -scaled_sigmoid(behind as f64 / (window.len() - 1).max(1) as f64)
}

/// Returns the sigmoid of NAB: 0.98661 at -1, 0 at 0, -0.98661 at 1, and -1 from 3 on.
fn scaled_sigmoid(position: f64) -> f64 {
    if position >= 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * position).exp()) - 1.0 }
}

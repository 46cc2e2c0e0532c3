use super::{File, Profile};

/// What one file adds to the score of the corpus, for every threshold: a step at each strength that changes
/// it.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Weight of all windows missed.
    silent: f64,
    /// Strengths, falling, and the sum of weights with the threshold at each of them.
    steps: Vec<(f64, f64)>,
}

/// The best threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimum {
    /// Rows as strong as this or stronger are alerts; infinite where silence is best.
    pub threshold: f64,
    /// Sum of the weights of all files.
    pub raw: f64,
}

impl Curve {
    /// Of the strengths of one file. Only rows behind the probation count, and only strengths above 0; NaN
    /// is silent. Cost: O(n log n) for n such rows.
    pub fn new(file: &File, alerts: &[f64], profile: &Profile) -> Self {
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

    /// Sum of the weights of this file at a threshold. Cost: O(log n).
    pub fn at(&self, threshold: f64) -> f64 {
        let above = self.steps.partition_point(|(strength, _)| *strength >= threshold);
        above.checked_sub(1).map_or(self.silent, |last| self.steps[last].1)
    }

    /// The changes of the sum, at falling thresholds.
    fn changes(&self) -> impl Iterator<Item = (f64, f64)> {
        let before = std::iter::once(self.silent).chain(self.steps.iter().map(|(_, raw)| *raw));
        self.steps.iter().zip(before).map(|((strength, raw), before)| (*strength, raw - before))
    }
}

/// The threshold that is best for all these files together; of equal ones the highest. Cost: O(n log n).
pub fn optimum<'a>(curves: impl IntoIterator<Item = &'a Curve>) -> Optimum {
    let mut raw = 0.0;
    let mut changes = Vec::new();
    for curve in curves {
        raw += curve.silent;
        changes.extend(curve.changes());
    }
    changes.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best = Optimum { threshold: f64::INFINITY, raw };
    for (at, (threshold, change)) in changes.iter().enumerate() {
        raw += change;
        let next_is_lower = changes.get(at + 1).is_none_or(|(next, _)| next < threshold);
        if next_is_lower && raw > best.raw {
            best = Optimum { threshold: *threshold, raw };
        }
    }
    best
}

/// Worth of finding a window at a row: 1 at its first row, near 0 at its last.
fn earliness(row: usize, window: &std::ops::Range<usize>) -> f64 {
    let position = (window.end - row) as f64 / window.len() as f64;
    scaled_sigmoid(-position) / scaled_sigmoid(-1.0)
}

/// Cost of a row outside of the windows: near 0 right behind one, 1 far behind it or before the first.
fn distance(row: usize, last: Option<&std::ops::Range<usize>>) -> f64 {
    let Some(window) = last else { return 1.0 };
    let behind = row + 1 - window.end;
    -scaled_sigmoid(behind as f64 / (window.len() - 1).max(1) as f64)
}

/// 0.98661 at -1, 0 at 0, -0.98661 at 1, and -1 from 3 on.
fn scaled_sigmoid(position: f64) -> f64 {
    if position >= 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * position).exp()) - 1.0 }
}

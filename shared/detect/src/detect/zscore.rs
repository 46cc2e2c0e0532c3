use super::param::ParamField;
use super::{About, Algorithm, Detection, DetectorGroup, DetectorInput, Param, Quantity, words};
use crate::stats::{enough, rolling::moments};

/// Z-score: `expected` and `scale` are mean and population standard deviation of one fixed stretch
/// that ends before the judged range: the history, or, where that has too few samples, the first third
/// of the judged range, which then gets no verdict.
///
/// Cost: O(n). Source: the standard score of any textbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZScore {
    /// Length of the baseline in samples.
    pub baseline: usize,
}

const BASELINE: Param = Param::samples(
    "baseline",
    "Baseline",
    "Number of samples before the shown range that are the baseline of all of it.",
    (10, 5_000),
    600,
);

/// A fixed baseline never accepts a new level; after this many samples it is called one.
const LEVEL_SHIFT_AFTER: usize = 60;

impl Default for ZScore {
    fn default() -> Self {
        Self { baseline: BASELINE.count() }
    }
}

impl Algorithm for ZScore {
    const ABOUT: About = About {
        id: "zscore",
        name: "Z-score",
        group: DetectorGroup::Values,
        summary: "Each sample against mean and standard deviation of a fixed stretch before the range.",
        threshold: 4.0,
        alert_threshold: None,
        causal: true,
        params: &[BASELINE],
    };

    const FIXED_BASELINE: bool = true;

    fn field(&mut self, _: usize) -> ParamField<'_> {
        ParamField::Count(&mut self.baseline)
    }

    fn history(&self) -> usize {
        self.baseline
    }

    fn detect(&self, input: DetectorInput<'_>) -> Detection {
        let len = input.values.len();
        let history = input.history.min(len);
        let past = &input.reference[history.saturating_sub(self.baseline)..history];
        let known = past.iter().filter(|value| value.is_finite()).count() >= enough(self.baseline);
        let (reference, judged_from, baseline) = if known {
            (past, history, words::before_range(past.len(), input.grid))
        } else {
            let third = history + (len - history) / 3;
            let reference = &input.reference[history..third];
            let words = words::first_third(reference.len(), input.grid);
            (reference, third, words)
        };
        let (mean, std) = moments(reference);
        let constant = |value: f64| {
            let mut all = vec![f64::NAN; len];
            all[judged_from..].fill(value);
            all
        };
        let mut found = Detection::judge(
            Quantity::Value,
            input.values.to_vec(),
            constant(mean),
            constant(std),
            baseline,
            LEVEL_SHIFT_AFTER,
        );
        found.score[..judged_from].fill(f64::NAN);
        found
    }
}

use super::{About, Algorithm, Detection, Input, Param, Quantity, samples};
use crate::stats::{enough, floor_scale, rolling::moments, score};

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

const BASELINE: Param = Param {
    id: "baseline",
    label: "Baseline",
    help: "How many samples before the shown range are taken as normal for all of it.",
    least: 10,
    most: 5_000,
    default: 600,
};

/// A fixed baseline never accepts a new level; after this many samples it is called one.
const MEMORY: usize = 60;

impl Default for ZScore {
    fn default() -> Self {
        Self { baseline: BASELINE.default }
    }
}

impl Algorithm for ZScore {
    const ABOUT: About = About {
        id: "zscore",
        name: "Z-score",
        summary: "Each sample against mean and standard deviation of a fixed stretch before the range.",
        threshold: 4.0,
        params: &[BASELINE],
    };

    fn param(&mut self, _: usize) -> &mut usize {
        &mut self.baseline
    }

    fn history(&self) -> usize {
        self.baseline
    }

    fn detect(&self, input: Input<'_>) -> Detection {
        let len = input.values.len();
        let history = input.history.min(len);
        let past = &input.values[history.saturating_sub(self.baseline)..history];
        let known = past.iter().filter(|value| value.is_finite()).count() >= enough(self.baseline);
        let (learnt, judged_from, baseline) = if known {
            (past, history, format!("the {} before the range", samples(past.len(), input.grid)))
        } else {
            let third = history + (len - history) / 3;
            let learnt = &input.values[history..third];
            let words = format!(
                "the first third of the range, {}, as too little lies before it",
                samples(learnt.len(), input.grid)
            );
            (learnt, third, words)
        };
        let (mean, std) = moments(learnt);
        let scale = floor_scale(std, mean);
        let judge = |at: usize, verdict: f64| if at < judged_from { f64::NAN } else { verdict };
        Detection {
            quantity: Quantity::Value,
            judged: input.values.to_vec(),
            expected: (0..len).map(|at| judge(at, mean)).collect(),
            scale: (0..len).map(|at| judge(at, scale)).collect(),
            score: (0..len).map(|at| judge(at, score(input.values[at], mean, scale))).collect(),
            baseline,
            memory: MEMORY,
        }
    }
}

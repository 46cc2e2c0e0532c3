//! Which parts of a rule are recorded under a name of their own.

use super::expr::{Expr, SampleWindow};
use oddity_detect::time::Step;

/// Parts of a group of rules that are recorded; a trade of the cost of an evaluation against the time of the first
/// alert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuleStyle {
    /// Windows look back over the expression itself with subqueries: right from the first evaluation on, and
    /// the expression is evaluated again for every sample of every window.
    #[default]
    Subqueries,
    /// The expression is recorded and windows look back over that: cheap, but silent until half of the
    /// longest window is recorded.
    Recorded,
}

/// A series that a rule records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingRule {
    /// Name of the recorded series.
    pub name: String,
    /// PromQL of the recorded series.
    pub expr: String,
    /// Samples a series that one evaluation reads.
    pub cost: u64,
}

/// Recording rules in the order of evaluation.
#[derive(Debug)]
pub(super) struct RecordingRules {
    step: Step,
    /// Prefix of the names, and the style; `None` where nothing is recorded.
    named: Option<(String, RuleStyle)>,
    pub(super) all: Vec<RecordingRule>,
}

/// A part of the rule as it is said after it was kept.
#[derive(Clone, Debug)]
pub(super) struct RecordedPart {
    /// At the time of the evaluation.
    pub(super) now: Expr,
    /// Expression for windows that look back.
    pub(super) past: Expr,
}

impl RecordingRules {
    /// Creates a set that records nothing: every expression stands for itself.
    pub(super) fn none(step: Step) -> Self {
        Self { step, named: None, all: Vec::new() }
    }

    /// Records under `oddity:<name>:<part>`.
    pub(super) fn named(name: &str, style: RuleStyle, step: Step) -> Self {
        Self { step, named: Some((format!("oddity:{name}"), style)), all: Vec::new() }
    }

    /// Returns whether anything is recorded.
    pub(super) fn are_kept(&self) -> bool {
        self.named.is_some()
    }

    /// Records a part, if parts are recorded.
    pub(super) fn keep(&mut self, part: &str, expr: Expr) -> RecordedPart {
        let Some((prefix, style)) = &self.named else {
            return RecordedPart { now: expr.clone(), past: expr };
        };
        let name = format!("{prefix}:{part}");
        let now = Expr::record(&name);
        let past = if *style == RuleStyle::Recorded { now.clone() } else { expr.clone() };
        self.all.push(RecordingRule { name, expr: expr.text().to_owned(), cost: expr.cost });
        RecordedPart { now, past }
    }

    /// Returns the window of the `count` samples before the present one.
    pub(super) fn before(&self, of: &RecordedPart, count: usize) -> SampleWindow {
        SampleWindow::new(&of.past, count, 1, self.step)
    }

    /// Returns the window of the last `count` samples, the present one included.
    pub(super) fn last(&self, of: &RecordedPart, count: usize) -> SampleWindow {
        SampleWindow::new(&of.past, count, 0, self.step)
    }

    /// Returns the window of `count` samples, of which the newest lies `back` steps back.
    pub(super) fn back(&self, of: &RecordedPart, count: usize, back: usize) -> SampleWindow {
        SampleWindow::new(&of.past, count, back, self.step)
    }

    /// Builds the time in seconds of the last sample that windows know.
    pub(super) fn now(&self) -> Expr {
        match self.named {
            Some((_, RuleStyle::Recorded)) => Expr::time(),
            // Subqueries have their samples on multiples of the step.
            _ => Expr::time().op("-", &Expr::time().with("%", self.seconds(1))),
        }
    }

    /// Returns the length of `count` steps in seconds.
    pub(super) fn seconds(&self, count: usize) -> f64 {
        self.step.times(count).as_seconds()
    }
}

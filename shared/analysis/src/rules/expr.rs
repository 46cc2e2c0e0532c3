//! PromQL that is built up piece by piece, with what its evaluation costs.

use oddity_detect::stats::enough;
use oddity_detect::time::{Span, Step, Timestamp};
use oddity_source::promql;

/// PromQL expression with its precedence and cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expr {
    text: String,
    kind: ExprKind,
    /// Samples a series that one evaluation reads: of the user's expression or of what a rule recorded.
    pub(super) cost: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExprKind {
    /// Binds tighter than any operator.
    Atom,
    /// With an operator of this precedence.
    Operation(u8),
    /// The name of a recorded series.
    Record,
}

/// Precedences of operators, all of which associate to the left.
/// Source: Prometheus documentation, "Operators", binary operator precedence.
const OR: u8 = 1;
const AND: u8 = 2;
const COMPARISON: u8 = 3;
const SUM: u8 = 4;
const PRODUCT: u8 = 5;
/// Above all of them.
const ATOM: u8 = 7;

impl Expr {
    /// Creates a number.
    pub(super) fn number(value: f64) -> Self {
        Self { text: number(value), kind: ExprKind::Atom, cost: 0 }
    }

    /// Creates the user's own expression; a scalar becomes a series without labels.
    pub(super) fn user(text: &str) -> Self {
        if let Some(selector) = promql::bare_selector(text) {
            return Self::selector(selector);
        }
        let text =
            if promql::is_scalar(text) { format!("vector({text})") } else { format!("({text})") };
        Self { text, kind: ExprKind::Atom, cost: 1 }
    }

    /// Creates a selector, with or without `offset`.
    pub(super) fn selector(text: &str) -> Self {
        Self { text: text.to_owned(), kind: ExprKind::Atom, cost: 1 }
    }

    /// Creates the name of a series that a rule has recorded.
    pub(super) fn record(name: &str) -> Self {
        Self { text: name.to_owned(), kind: ExprKind::Record, cost: 1 }
    }

    /// Creates the time of the evaluation in seconds.
    pub(super) fn time() -> Self {
        Self { text: "time()".to_owned(), kind: ExprKind::Atom, cost: 0 }
    }

    /// Creates a condition that holds from a time on, for all series; matches with `on()`.
    pub(super) fn since(time: Timestamp) -> Self {
        let text = format!("vector(time()) >= {}", time.as_seconds());
        Self { text, kind: ExprKind::Operation(COMPARISON), cost: 0 }
    }

    /// Returns whether the expression is only the name of a recorded series.
    pub(super) fn is_record(&self) -> bool {
        self.kind == ExprKind::Record
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Formats the expression as an operand of an operator that binds at least so tight.
    fn operand(&self, least: u8) -> String {
        match self.kind {
            ExprKind::Operation(precedence) if precedence < least => format!("({})", self.text),
            _ => self.text.clone(),
        }
    }

    /// Builds `self operator other`; the operator may carry `on()`.
    pub(super) fn op(&self, operator: &str, other: &Self) -> Self {
        let precedence = match operator.split(' ').next().unwrap_or_default() {
            "or" => OR,
            "and" | "unless" => AND,
            "+" | "-" => SUM,
            "*" | "/" | "%" => PRODUCT,
            _ => COMPARISON,
        };
        // `and` beside `or` stays in parentheses, which not everybody could leave out.
        let (left, right) = match (precedence, self.kind) {
            (OR, ExprKind::Operation(OR)) => (OR, COMPARISON),
            (OR, _) => (COMPARISON, COMPARISON),
            _ => (precedence, precedence + 1),
        };
        let text = format!("{} {operator} {}", self.operand(left), other.operand(right));
        Self { text, kind: ExprKind::Operation(precedence), cost: self.cost + other.cost }
    }

    /// Builds `self operator value`.
    pub(super) fn with(&self, operator: &str, value: f64) -> Self {
        self.op(operator, &Self::number(value))
    }

    /// Builds `self and other`, or `self` alone.
    pub(super) fn and(&self, other: Option<&Self>) -> Self {
        other.map_or_else(|| self.clone(), |other| self.op("and", other))
    }

    /// Builds `function(self)`.
    pub(super) fn call(&self, function: &str) -> Self {
        Self { text: format!("{function}({})", self.text), kind: ExprKind::Atom, cost: self.cost }
    }

    /// Builds `function(self, number)`.
    pub(super) fn call_with(&self, function: &str, value: f64) -> Self {
        Self {
            text: format!("{function}({}, {})", self.text, number(value)),
            kind: ExprKind::Atom,
            cost: self.cost,
        }
    }

    /// Builds `aggregation(q, self)`: a quantile over series.
    pub(super) fn quantile(&self, aggregation: &str, q: f64) -> Self {
        let text = format!("{aggregation}({}, {})", number(q), self.text);
        Self { text, kind: ExprKind::Atom, cost: self.cost }
    }

    /// Adds a label to every series.
    pub(super) fn labelled(&self, label: &str, value: &str) -> Self {
        let text = format!("label_replace({}, \"{label}\", \"{value}\", \"\", \"\")", self.text);
        Self { text, kind: ExprKind::Atom, cost: self.cost }
    }

    /// Drops NaN and infinities, which enter no baseline.
    pub(super) fn finite(&self) -> Self {
        let text = format!("({} > -Inf < +Inf)", self.operand(COMPARISON + 1));
        Self { text, kind: ExprKind::Atom, cost: self.cost }
    }
}

/// A stretch of past samples of an expression.
///
/// A subquery has its samples on multiples of the step, a recorded series where its rule was evaluated, so
/// many steps before the present evaluation. Both windows hold the same number of samples whether their range
/// is closed (Prometheus 2) or open on the left (3): a subquery of a millisecond less than `count` steps wherever
/// between two multiples it is evaluated, and a range of half a step less.
#[derive(Clone, Debug)]
pub(super) struct SampleWindow {
    range: String,
    cost: u64,
    count: usize,
    /// Seconds from the newest sample to the evaluation in PromQL, where they can differ.
    late: Option<String>,
}

impl SampleWindow {
    /// Creates a window of `count` samples of which the newest lies `back` steps back.
    pub(super) fn new(of: &Expr, count: usize, back: usize, step: Step) -> Self {
        let mut window = Self::ending(of, count, step);
        if back > 0 {
            window.range += &format!(" offset {}", step.times(back));
        }
        window
    }

    /// Creates a window of `count` samples up to and including a fixed time, which is a multiple of the step.
    pub(super) fn fixed(of: &Expr, count: usize, last: Timestamp, step: Step) -> Self {
        let mut window = Self::ending(of, count, step);
        window.range += &format!(" @ {}", last.as_seconds());
        window
    }

    fn ending(of: &Expr, count: usize, step: Step) -> Self {
        let less = |millis: u64| Span::from_millis(step.times(count.max(1)).millis() - millis);
        let is_record = of.kind == ExprKind::Record;
        let range = if is_record {
            format!("{}[{}]", of.text, less(step.millis() / 2))
        } else {
            format!("{}[{}:{step}]", of.operand(ATOM), less(1))
        };
        let late = (!is_record).then(|| match step.millis() {
            millis if millis % 1_000 == 0 => format!("time() % {}", millis / 1_000),
            millis => format!("scalar(round(vector(time() * 1000))) % {millis} / 1000"),
        });
        Self { range, cost: of.cost.saturating_mul(count as u64), count, late }
    }

    /// Builds `function(window)`, for example `avg_over_time`.
    pub(super) fn over(&self, function: &str) -> Expr {
        Expr { text: format!("{function}({})", self.range), kind: ExprKind::Atom, cost: self.cost }
    }

    /// Builds the least-squares line through the samples, continued for some seconds from the newest one, which is the last
    /// multiple of the step in a subquery without an offset.
    pub(super) fn continued(&self, seconds: f64) -> Expr {
        let late = self.late.as_ref().map(|late| format!(" - {late}")).unwrap_or_default();
        Expr {
            text: format!("predict_linear({}, {}{late})", self.range, number(seconds)),
            kind: ExprKind::Atom,
            cost: self.cost,
        }
    }

    /// Builds the quantile of the samples, interpolated.
    pub(super) fn quantile(&self, q: f64) -> Expr {
        Expr {
            text: format!("quantile_over_time({}, {})", number(q), self.range),
            kind: ExprKind::Atom,
            cost: self.cost,
        }
    }

    /// Builds a condition that holds where the window has enough samples.
    pub(super) fn enough(&self) -> Expr {
        self.over("count_over_time").with(">=", enough(self.count) as f64)
    }
}

/// Formats a number as PromQL does.
pub(super) fn number(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

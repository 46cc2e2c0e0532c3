//! Queries that keep only the samples for which a condition holds, such as the expressions of alerts.

use std::ops::Range;

use serde::Serialize;

use super::operator::{
    BinaryOperator, Precedence, constant, inside_parentheses, last_applied, operators,
};
use super::token::{Kind, Token, tokens};
use super::{shape, text_of};

/// Maximum depth of nested comparisons that are taken apart.
const MAX_LEVELS: usize = 32;

/// A query taken apart: what it is about, and the condition under which it returns samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The whole query.
    pub expr: String,
    /// Query without its condition, which returns the samples at all times.
    pub judged: String,
    /// Comparisons of the samples of [`Self::judged`], from left to right.
    pub comparisons: Vec<Comparison>,
    /// Whether the comparisons alone decide: [`Self::holds`] then tells of a sample whether the condition holds.
    pub is_local: bool,
    /// Whether the query returns 0 where the condition does not hold, instead of no sample.
    pub returns_bool: bool,
}

/// Comparison of a sample, which stands on the left, with something else.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Operator between them.
    pub operator: ComparisonOperator,
    /// Expression on the other side.
    pub other: String,
    /// Value of that expression if it is the same at all times.
    pub threshold: Option<f64>,
    /// Bytes of the whole query that the other side takes.
    pub place: Range<usize>,
}

/// Comparison operator of PromQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ComparisonOperator {
    /// Equal.
    #[serde(rename = "==")]
    Equal,
    /// Not equal.
    #[serde(rename = "!=")]
    NotEqual,
    /// Greater.
    #[serde(rename = ">")]
    Greater,
    /// Greater or equal.
    #[serde(rename = ">=")]
    GreaterOrEqual,
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// Less or equal.
    #[serde(rename = "<=")]
    LessOrEqual,
}

/// Takes a query apart at the comparisons at its top, also inside of parentheses, `and` and `unless`. Returns `None` if
/// it has none there, or unites several queries by `or`.
///
/// What remains keeps its other matching: `a > 1 and on (job) b` becomes `a and on (job) b`. Of a comparison of two
/// vectors the left one remains, of `absent(x)` the number of series of `x`.
pub fn condition(expr: &str) -> Option<Condition> {
    let all = tokens(expr);
    let found = Part::of(expr, &all, MAX_LEVELS)?;
    found.is_changed.then(|| Condition {
        expr: text_of(expr, &all).to_owned(),
        judged: found.text,
        comparisons: found.comparisons,
        is_local: found.is_local,
        returns_bool: found.returns_bool,
    })
}

/// Returns whether a query may lack samples because a condition inside of it does not hold: it has a comparison without
/// `bool`, an `unless`, or `absent`.
pub fn is_filtered(expr: &str) -> bool {
    let all = tokens(expr);
    let mut braces = 0_usize;
    all.iter().enumerate().any(|(at, token)| {
        match token.kind {
            Kind::Symbol('{') => braces += 1,
            Kind::Symbol('}') => braces = braces.saturating_sub(1),
            _ => {}
        }
        let equals = |at: usize| all.get(at).is_some_and(|next: &Token<'_>| next.is('='));
        let end = match token.kind {
            _ if braces > 0 => return false,
            Kind::Symbol('<' | '>') => at + 1 + usize::from(equals(at + 1)),
            Kind::Symbol('=' | '!') if equals(at + 1) => at + 2,
            Kind::Identifier => {
                let calls = all.get(at + 1).is_some_and(|next| next.is('('));
                return token.is_word(&["unless"]) && at > 0
                    || calls && matches!(token.text, "absent" | "absent_over_time");
            }
            _ => return false,
        };
        !all.get(end).is_some_and(|next| next.is_word(&["bool"]))
    })
}

impl Condition {
    /// Returns whether the condition holds for a sample, if it [`Self::is_local`]; never for a missing one.
    pub fn holds(&self, value: f64) -> bool {
        // Prometheus compares NaN as other numbers; here it is a sample that is missing.
        !value.is_nan() && self.comparisons.iter().all(|comparison| comparison.holds(value))
    }

    /// Returns the condition in PromQL, without what is judged: `> 0.85`.
    pub fn text(&self) -> Option<String> {
        let texts: Vec<String> = self.comparisons.iter().map(Comparison::text).collect();
        (self.is_local && !texts.is_empty()).then(|| texts.join(" and "))
    }

    /// Returns the whole query with another constant in the comparison at `index`; `None` if there is no such comparison.
    pub fn with_threshold(&self, index: usize, threshold: f64) -> Option<String> {
        let place = self.comparisons.get(index)?.place.clone();
        Some(format!("{}{threshold}{}", self.expr.get(..place.start)?, self.expr.get(place.end..)?))
    }
}

impl Comparison {
    /// Returns whether it holds for a sample; never if the other side is no constant.
    pub fn holds(&self, value: f64) -> bool {
        self.threshold.is_some_and(|threshold| self.operator.holds(value, threshold))
    }

    /// Returns the comparison in PromQL: `> 0.85`.
    pub fn text(&self) -> String {
        format!("{} {}", self.operator.text(), shape::one_line(&self.other))
    }
}

impl ComparisonOperator {
    const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
    ];

    /// Returns the operator in PromQL.
    pub fn text(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.text() == text)
    }

    /// Returns the operator that says the same with its sides exchanged.
    fn exchanged(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
        }
    }

    #[expect(clippy::float_cmp, reason = "as Prometheus compares")]
    fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Equal => value == threshold,
            Self::NotEqual => value != threshold,
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }
}

/// A part of a query without its conditions.
struct Part {
    text: String,
    comparisons: Vec<Comparison>,
    is_local: bool,
    returns_bool: bool,
    /// Whether the text differs from the original.
    is_changed: bool,
    /// Whether the original lacks samples that the text has.
    drops_samples: bool,
    /// Whether the values of the original are those of the text, so that a comparison of the one is one of the other.
    keeps_values: bool,
}

impl Part {
    fn of(expr: &str, all: &[Token<'_>], levels: usize) -> Option<Self> {
        let levels = levels.checked_sub(1)?;
        let whole = text_of(expr, all);
        if let Some(inner) = inside_parentheses(all) {
            let part = Self::of(expr, inner, levels)?;
            let text = match part.is_changed {
                true => in_parentheses(part.text),
                false => whole.to_owned(),
            };
            return Some(Self { text, ..part });
        }
        let Some(operator) = last_applied(&operators(expr, all)?) else {
            return Some(Self::absent(expr, all).unwrap_or_else(|| Self::unchanged(whole)));
        };
        let (left, right) = (&all[..operator.tokens.start], &all[operator.tokens.end..]);
        match operator.precedence {
            Precedence::Comparison => Self::comparison(expr, left, &operator, right, levels),
            Precedence::And => Self::matching(expr, left, &operator, right, levels),
            Precedence::Or => {
                let united = [left, right].map(|side| Self::of(expr, side, levels));
                let [Some(left), Some(right)] = united else { return None };
                (!left.is_changed && !right.is_changed).then(|| Self::unchanged(whole))
            }
            Precedence::Sum | Precedence::Product | Precedence::Power => {
                Some(Self::unchanged(whole))
            }
        }
    }

    fn unchanged(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            comparisons: Vec::new(),
            is_local: true,
            returns_bool: false,
            is_changed: false,
            drops_samples: false,
            keeps_values: true,
        }
    }

    fn comparison(
        expr: &str,
        left: &[Token<'_>],
        operator: &BinaryOperator<'_>,
        right: &[Token<'_>],
        levels: usize,
    ) -> Option<Self> {
        let sign = ComparisonOperator::parse(operator.text)?;
        let is_text = |side: &[Token<'_>]| side.iter().all(|token| token.kind == Kind::String);
        if is_text(left) || is_text(right) {
            return None;
        }
        let is_scalar = |side| shape::is_scalar(text_of(expr, side));
        let (kept, other, sign) = match (is_scalar(left), is_scalar(right)) {
            (true, true) => {
                let (first, last) = (left.first()?, right.last()?);
                return Some(Self::unchanged(&expr[first.at..last.end()]));
            }
            (true, false) => (right, left, sign.exchanged()),
            (false, _) => (left, right, sign),
        };
        let part = Self::of(expr, kept, levels)?;
        let threshold = constant(expr, other, levels);
        let is_local = part.is_local && part.keeps_values && threshold.is_some();
        let mut comparisons = part.comparisons;
        if part.keeps_values {
            let place = other.first()?.at..other.last()?.end();
            let other = expr[place.clone()].to_owned();
            comparisons.push(Comparison { operator: sign, other, threshold, place });
        }
        Some(Self {
            text: part.text,
            comparisons,
            is_local,
            returns_bool: operator.returns_bool,
            is_changed: true,
            drops_samples: part.drops_samples || !operator.returns_bool,
            keeps_values: part.keeps_values && !operator.returns_bool,
        })
    }

    /// Takes `and` and `unless` apart. An `unless` with a condition goes, because without the condition it would exclude
    /// more.
    fn matching(
        expr: &str,
        left: &[Token<'_>],
        operator: &BinaryOperator<'_>,
        right: &[Token<'_>],
        levels: usize,
    ) -> Option<Self> {
        let between = &expr[left.last()?.end()..right.first()?.at];
        let (part, other) = (Self::of(expr, left, levels)?, Self::of(expr, right, levels)?);
        let excludes = operator.text.eq_ignore_ascii_case("unless");
        let text = match (other.drops_samples, excludes) {
            (true, true) => part.text,
            (true, false) => format!("{}{between}{}", part.text, other.text),
            (false, _) => format!("{}{between}{}", part.text, text_of(expr, right)),
        };
        Some(Self {
            text,
            is_local: part.is_local && !other.drops_samples,
            is_changed: part.is_changed || other.drops_samples,
            drops_samples: part.drops_samples || other.drops_samples,
            ..part
        })
    }

    /// Takes `absent(x)` and `absent_over_time(x[5m])` apart.
    fn absent(expr: &str, all: &[Token<'_>]) -> Option<Self> {
        let [function, inner @ ..] = all else { return None };
        let inner = text_of(expr, inside_parentheses(inner)?);
        let text = match function.text {
            "absent" => format!("count({inner})"),
            "absent_over_time" => format!("count(count_over_time({inner}))"),
            _ => return None,
        };
        Some(Self {
            text,
            comparisons: Vec::new(),
            is_local: false,
            returns_bool: false,
            is_changed: true,
            drops_samples: true,
            keeps_values: false,
        })
    }
}

/// Puts an expression in parentheses where it may need them.
fn in_parentheses(text: String) -> String {
    let all = tokens(&text);
    let is_operand = all.first().is_some_and(|first| !first.is('-') && !first.is('+'))
        && operators(&text, &all).is_some_and(|operators| operators.is_empty());
    if is_operand { text } else { format!("({text})") }
}

#[cfg(test)]
mod tests;

//! Binary operators of an expression outside of brackets, and constants.
//! Source: Prometheus documentation, "Operators", and `promql/parser/generated_parser.y`.

use std::ops::Range;

use super::token::{Kind, Token};
use super::{after_list, after_number, closing};
use oddity_detect::time::Span;

/// Precedence of an operator; a higher one binds more tightly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precedence {
    Or,
    And,
    Comparison,
    Sum,
    Product,
    Power,
}

/// Binary operator between two operands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BinaryOperator<'a> {
    /// The operator itself: `>=`, `and`.
    pub(super) text: &'a str,
    pub(super) precedence: Precedence,
    /// Whether the modifier `bool` follows.
    pub(super) returns_bool: bool,
    /// Tokens of the operator and its modifiers.
    pub(super) tokens: Range<usize>,
}

/// Returns the binary operators outside of brackets from left to right; `None` if the tokens are no expression of
/// PromQL, or one with operators that only another language has.
pub(super) fn operators<'a>(expr: &'a str, all: &[Token<'_>]) -> Option<Vec<BinaryOperator<'a>>> {
    let (mut found, mut at, mut operand_due) = (Vec::new(), 0, true);
    while let Some(token) = all.get(at) {
        let start = at;
        at += 1;
        match token.kind {
            Kind::Number | Kind::String | Kind::Identifier if operand_due => operand_due = false,
            Kind::Identifier if token.is_word(&["by", "without"]) => at = after_list(all, at),
            Kind::Identifier if token.is_word(&["offset"]) => at = after_number(all, at),
            Kind::Identifier if token.is_word(&["keep_metric_names"]) => {}
            Kind::Symbol('(') => {
                at = behind_group(all, start)?;
                operand_due = false;
            }
            Kind::Symbol('{') => {
                at = closing(all, start, '}')? + 1;
                operand_due = false;
            }
            Kind::Symbol('[') if !operand_due => at = closing(all, start, ']')? + 1,
            Kind::Symbol('@') if !operand_due => {
                let word = all.get(at).is_some_and(|next| next.is_word(&["start", "end"]));
                at = if word { after_list(all, at + 1) } else { after_number(all, at) };
            }
            Kind::Symbol('+' | '-') if operand_due => {}
            Kind::Identifier | Kind::Symbol(_) if !operand_due => {
                let (precedence, end) = operator(all, start)?;
                let text = &expr[token.at..all[end - 1].end()];
                let (returns_bool, end) = behind_modifiers(all, end);
                at = end;
                operand_due = true;
                found.push(BinaryOperator { text, precedence, returns_bool, tokens: start..end });
            }
            _ => return None,
        }
    }
    (!operand_due).then_some(found)
}

/// Returns the operator that is applied last.
pub(super) fn last_applied<'a>(operators: &[BinaryOperator<'a>]) -> Option<BinaryOperator<'a>> {
    let lowest = operators.iter().map(|operator| operator.precedence).min()?;
    let mut of_lowest = operators.iter().filter(|operator| operator.precedence == lowest);
    // A power is the only operator that groups from the right.
    let last = match lowest {
        Precedence::Power => of_lowest.next(),
        _ => of_lowest.next_back(),
    };
    last.cloned()
}

/// Returns the tokens inside of the parentheses around all of them.
pub(super) fn inside_parentheses<'a, 't>(all: &'a [Token<'t>]) -> Option<&'a [Token<'t>]> {
    let [open, inner @ .., _] = all else { return None };
    (open.is('(') && behind_group(all, 0) == Some(all.len())).then_some(inner)
}

/// Returns the value of an expression of numbers and durations; `None` for any other, and for one that nests more than
/// `levels` deep.
pub(super) fn constant(expr: &str, all: &[Token<'_>], levels: usize) -> Option<f64> {
    let levels = levels.checked_sub(1)?;
    if let Some(inner) = inside_parentheses(all) {
        return constant(expr, inner, levels);
    }
    let last = last_applied(&operators(expr, all)?);
    match (all, last) {
        ([sign, rest @ ..], last)
            if (sign.is('-') || sign.is('+'))
                && last.as_ref().is_none_or(|last| last.precedence == Precedence::Power) =>
        {
            let value = constant(expr, rest, levels)?;
            Some(if sign.is('-') { -value } else { value })
        }
        (_, Some(last)) => {
            let left = constant(expr, &all[..last.tokens.start], levels)?;
            let right = constant(expr, &all[last.tokens.end..], levels)?;
            match last.text {
                "+" => Some(left + right),
                "-" => Some(left - right),
                "*" => Some(left * right),
                "/" => Some(left / right),
                "%" => Some(left % right),
                "^" => Some(libm::pow(left, right)),
                _ => None,
            }
        }
        ([only], None) if only.kind == Kind::Number => number(only.text),
        ([only], None) if only.is_word(&["inf"]) => Some(f64::INFINITY),
        ([only], None) if only.is_word(&["nan"]) => Some(f64::NAN),
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    match lower.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(|value| value as f64),
        None => (text.parse().ok()).or_else(|| text.parse::<Span>().ok().map(Span::as_seconds)),
    }
}

/// Returns the precedence of the operator at `at`, and the index after it.
fn operator(all: &[Token<'_>], at: usize) -> Option<(Precedence, usize)> {
    let token = &all[at];
    let then_equals = || all.get(at + 1).is_some_and(|next| next.is('=') && next.at == token.end());
    match token.kind {
        Kind::Symbol('>' | '<') => {
            Some((Precedence::Comparison, at + 1 + usize::from(then_equals())))
        }
        Kind::Symbol('=' | '!') if then_equals() => Some((Precedence::Comparison, at + 2)),
        Kind::Symbol('+' | '-') => Some((Precedence::Sum, at + 1)),
        Kind::Symbol('*' | '/' | '%') => Some((Precedence::Product, at + 1)),
        Kind::Symbol('^') => Some((Precedence::Power, at + 1)),
        _ if token.is_word(&["or"]) => Some((Precedence::Or, at + 1)),
        _ if token.is_word(&["and", "unless"]) => Some((Precedence::And, at + 1)),
        _ if token.is_word(&["atan2"]) => Some((Precedence::Product, at + 1)),
        _ => None,
    }
}

/// Returns whether `bool` is among the modifiers at `at`, and the index after them.
fn behind_modifiers(all: &[Token<'_>], mut at: usize) -> (bool, usize) {
    let mut returns_bool = false;
    while let Some(token) = all.get(at) {
        let list_follows = all.get(at + 1).is_some_and(|next| next.is('('));
        if token.is_word(&["bool"]) {
            returns_bool = true;
            at += 1;
        } else if token.is_word(&["on", "ignoring", "fill", "fill_left", "fill_right"])
            && list_follows
            || token.is_word(&["group_left", "group_right"])
        {
            at = after_list(all, at + 1);
        } else {
            break;
        }
    }
    (returns_bool, at)
}

/// Returns the index after the parentheses that open at `open`.
fn behind_group(all: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = open;
    while let Some(token) = all.get(at) {
        match token.kind {
            Kind::Symbol('(') => depth += 1,
            Kind::Symbol(')') => depth -= 1,
            Kind::Symbol('{') => at = closing(all, at, '}')?,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;

    #[test]
    fn operators_outside_of_brackets() {
        let cases: [(&str, Option<&[&str]>); 19] = [
            ("up", Some(&[])),
            ("a>=b", Some(&[">="])),
            ("a > bool on(x) group_left(y) b and c", Some(&[">", "and"])),
            ("-a + b * -c ^ 2 or d", Some(&["+", "*", "^", "or"])),
            ("and and or", Some(&["and"])),
            ("sum by (a) (x > 1) != 2", Some(&["!="])),
            ("sum(x > 1) by (a) == 2", Some(&["=="])),
            ("x{a=\"> 1\",b!=\"c\"} < 1", Some(&["<"])),
            ("max_over_time((x > 1)[1h:5m] offset -1h) % 3", Some(&["%"])),
            ("x @ end() > x @ -5 offset 1d", Some(&[">"])),
            ("x atan2 y unless ignoring (a) z", Some(&["atan2", "unless"])),
            ("a # > 1\n> 2", Some(&[">"])),
            ("a default 0", None),
            ("a > = 1", None),
            ("a >", None),
            ("a 5", None),
            ("(a", None),
            ("a)", None),
            ("", None),
        ];
        for (expr, expected) in cases {
            let found = operators(expr, &tokens(expr));
            let found = found.as_ref().map(|all| all.iter().map(|o| o.text).collect::<Vec<_>>());
            assert_eq!(found.as_deref(), expected, "{expr}");
        }
    }

    #[test]
    fn values_of_constants() {
        let cases = [
            ("5", Some(5.0)),
            ("-.5e1", Some(-5.0)),
            ("(0x1F)", Some(31.0)),
            ("1h30m", Some(5_400.0)),
            ("2 * 1024 ^ 2", Some(2_097_152.0)),
            ("-2 ^ 2", Some(-4.0)),
            ("2 ^ 3 ^ 2", Some(512.0)),
            ("10 - 4 - 3", Some(3.0)),
            ("-10 + 4", Some(-6.0)),
            ("7 % (2 + 2) / 2", Some(1.5)),
            ("+Inf", Some(f64::INFINITY)),
            ("1 > bool 0", None),
            ("time()", None),
            ("up", None),
            ("5 5", None),
            ("\"5\"", None),
            ("", None),
        ];
        for (expr, expected) in cases {
            assert_eq!(constant(expr, &tokens(expr), 9), expected, "{expr}");
        }
    }
}

//! Text to syntax tree, within bounds on its length, its nesting and its regular expressions.

use lrpar::{Lexeme, Lexer};
use promql_parser::parser::token::{
    T_ADD, T_COLON, T_LEFT_BRACKET, T_LEFT_PAREN, T_NUMBER, T_OFFSET, T_RIGHT_PAREN, T_SUB, TokenId,
};
use promql_parser::parser::{self, Expr, VectorSelector};

use super::regexes::{self, Regexes};
use super::{EvalError, cost, place};

/// Nesting that a query may have: every later stage recurses once a level.
const MAX_DEPTH: usize = 100;

/// Words that a query may have, so that no tree is too deep to be dropped.
const MAX_TOKENS: usize = 2_000;

/// Seconds from which on durations are refused: a thousand years.
const MAX_SECONDS: f64 = 3.2e10;

/// One word of a query: its kind and its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub id: TokenId,
    pub start: usize,
    pub end: usize,
}

/// A query as it is evaluated.
#[derive(Debug)]
pub(in crate::demo) struct Parsed<E = Expr> {
    /// The tree; the values of its regular expressions are numbers of `regexes`.
    pub expr: E,
    pub regexes: Regexes,
}

/// Parses a query in at most some milliseconds and megabytes, whatever it says.
///
/// # Errors
/// [`EvalError::Parse`] with the place, [`EvalError::Limit`] beyond a bound.
pub(in crate::demo) fn parse(text: &str) -> Result<Parsed, EvalError> {
    let tokens = bounded_tokens(text)?;
    let regexes = Regexes::of(text, &tokens)?;
    let expr = bounded_tree(text, &tokens, |number| regexes.matches_empty(number))?;
    Ok(Parsed { expr, regexes })
}

/// Parses a query without compiling its regular expressions: the values of these are numbers of the list of patterns.
///
/// # Errors
/// As [`parse`], but for patterns that are no regular expressions.
pub(in crate::demo) fn parse_uncompiled(text: &str) -> Result<(Expr, Vec<String>), EvalError> {
    let tokens = bounded_tokens(text)?;
    let patterns = regexes::patterns(text, &tokens)?;
    Ok((bounded_tree(text, &tokens, |_| false)?, patterns))
}

fn bounded_tokens(text: &str) -> Result<Vec<Token>, EvalError> {
    let tokens = tokens(text).map_err(|message| place::of_lexer(text, &message))?;
    if tokens.len() > MAX_TOKENS {
        return Err(EvalError::Limit(format!(
            "the query has {} words, more than {MAX_TOKENS}: split it into several queries",
            tokens.len()
        )));
    }
    check_nesting(&tokens)?;
    check_durations(text, &tokens)?;
    Ok(tokens)
}

fn bounded_tree(
    text: &str,
    tokens: &[Token],
    matches_empty: impl Fn(usize) -> bool,
) -> Result<Expr, EvalError> {
    let expr = tree(&regexes::numbered(text, tokens, &matches_empty)).map_err(|message| {
        let plain = regexes::without(text, tokens, &matches_empty);
        let message = tree(&plain).err().unwrap_or(message);
        place::of_parser(text, &plain, tokens, &message)
    })?;
    if exceeds(&expr, MAX_DEPTH) {
        return Err(too_deep());
    }
    Ok(expr)
}

/// Runs the parser, which counts as work.
pub(super) fn tree(text: &str) -> Result<Expr, String> {
    cost::parsed(text);
    parser::parse(text)
}

fn too_deep() -> EvalError {
    EvalError::Limit(format!(
        "the query nests more than {MAX_DEPTH} expressions: take parentheses and signs away"
    ))
}

/// Parses a selector alone, as `match[]` takes it.
///
/// # Errors
/// As [`parse`], and [`EvalError::Parse`] for anything but a selector.
pub(in crate::demo) fn parse_selector(text: &str) -> Result<Parsed<VectorSelector>, EvalError> {
    let Parsed { expr, regexes } = parse(text)?;
    match expr {
        Expr::VectorSelector(expr) if expr.at.is_none() && expr.offset.is_none() => {
            Ok(Parsed { expr, regexes })
        }
        _ => Err(place::at(text, 0, "expected a selector")),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let lexer = parser::lexer(text)?;
    let tokens = lexer.iter().filter_map(Result::ok).map(|lexeme| Token {
        id: lexeme.tok_id(),
        start: lexeme.span().start(),
        end: lexeme.span().end(),
    });
    Ok(tokens.collect())
}

fn check_nesting(tokens: &[Token]) -> Result<(), EvalError> {
    let mut depth = 0_usize;
    for token in tokens {
        match token.id {
            T_LEFT_PAREN => depth += 1,
            T_RIGHT_PAREN => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
    }
    Ok(())
}

/// Refuses durations in plain seconds that their type does not hold, on which the parser would panic.
fn check_durations(text: &str, tokens: &[Token]) -> Result<(), EvalError> {
    let signs = |token: &&Token| !matches!(token.id, T_ADD | T_SUB);
    for (index, token) in tokens.iter().enumerate().filter(|(_, token)| token.id == T_NUMBER) {
        let before = tokens[..index].iter().rev().find(signs).map(|token| token.id);
        if !matches!(before, Some(T_LEFT_BRACKET | T_COLON | T_OFFSET)) {
            continue;
        }
        let seconds = text[token.start..token.end].parse::<f64>().unwrap_or(f64::NAN);
        if !(0.0..MAX_SECONDS).contains(&seconds) {
            return Err(place::at(text, token.start, "duration out of range"));
        }
        if seconds == 0.0 && before != Some(T_OFFSET) {
            return Err(place::at(text, token.start, "duration must be greater than 0"));
        }
    }
    Ok(())
}

/// Returns whether the tree is deeper than `depth`.
fn exceeds(expr: &Expr, depth: usize) -> bool {
    let Some(rest) = depth.checked_sub(1) else { return true };
    match expr {
        Expr::Paren(inner) => exceeds(&inner.expr, rest),
        Expr::Unary(inner) => exceeds(&inner.expr, rest),
        Expr::Subquery(inner) => exceeds(&inner.expr, rest),
        Expr::Binary(both) => exceeds(&both.lhs, rest) || exceeds(&both.rhs, rest),
        Expr::Call(call) => call.args.args.iter().any(|arg| exceeds(arg, rest)),
        Expr::Aggregate(inner) => {
            exceeds(&inner.expr, rest)
                || inner.param.as_deref().is_some_and(|param| exceeds(param, rest))
        }
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::Extension(_) => false,
    }
}

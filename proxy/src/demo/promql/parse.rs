//! Text to syntax tree, within bounds that keep every later stage's recursion shallow.

use lrpar::{Lexeme, Lexer};
use promql_parser::parser::token::{
    T_ADD, T_COLON, T_LEFT_BRACKET, T_NUMBER, T_OFFSET, T_SUB, TokenId,
};
use promql_parser::parser::{self, Expr, VectorSelector};

use super::{EvalError, fault};

/// Nesting beyond this is refused: every later stage recurses once a level.
const MAX_DEPTH: usize = 100;

/// More tokens than this are refused, so that no tree is too deep to be dropped.
const MAX_TOKENS: usize = 2_000;

/// Longer durations are refused, in seconds: a thousand years.
const MAX_SECONDS: f64 = 3.2e10;

/// One word of a query: its kind and its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub id: TokenId,
    pub start: usize,
    pub end: usize,
}

/// # Errors
/// [`EvalError::Parse`] with the place, [`EvalError::Unsupported`] for excessive length or nesting.
pub(crate) fn parse(text: &str) -> Result<Expr, EvalError> {
    let tokens = tokens(text).map_err(|message| fault::of_lexer(text, &message))?;
    if tokens.len() > MAX_TOKENS {
        return Err(EvalError::Unsupported(format!("more than {MAX_TOKENS} words")));
    }
    check_durations(text, &tokens)?;
    let expr = parser::parse(text).map_err(|message| fault::of_parser(text, &tokens, &message))?;
    if exceeds(&expr, MAX_DEPTH) {
        return Err(EvalError::Unsupported(format!("more than {MAX_DEPTH} nested expressions")));
    }
    Ok(expr)
}

/// A selector alone, as `match[]` takes it.
///
/// # Errors
/// As [`parse`], and [`EvalError::Parse`] for anything but a selector.
pub(in crate::demo) fn parse_selector(text: &str) -> Result<VectorSelector, EvalError> {
    match parse(text)? {
        Expr::VectorSelector(selector) if selector.at.is_none() && selector.offset.is_none() => {
            Ok(selector)
        }
        _ => Err(fault::at(text, 0, "expected a selector")),
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

/// Durations in plain seconds: the parser would panic on those that its type does not hold.
fn check_durations(text: &str, tokens: &[Token]) -> Result<(), EvalError> {
    let signs = |token: &&Token| !matches!(token.id, T_ADD | T_SUB);
    for (index, token) in tokens.iter().enumerate().filter(|(_, token)| token.id == T_NUMBER) {
        let before = tokens[..index].iter().rev().find(signs).map(|token| token.id);
        if !matches!(before, Some(T_LEFT_BRACKET | T_COLON | T_OFFSET)) {
            continue;
        }
        let seconds = text[token.start..token.end].parse::<f64>().unwrap_or(f64::NAN);
        if !(0.0..MAX_SECONDS).contains(&seconds) {
            return Err(fault::at(text, token.start, "duration out of range"));
        }
        if seconds == 0.0 && before != Some(T_OFFSET) {
            return Err(fault::at(text, token.start, "duration must be greater than 0"));
        }
    }
    Ok(())
}

/// Whether the tree is deeper than `depth`.
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

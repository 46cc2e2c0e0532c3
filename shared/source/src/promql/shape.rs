//! Properties of a whole expression that matter when it is put into another one.

use super::token::{Kind, Token, tokens};
use oddity_detect::time::Span;

/// Writes an expression on one line and without comments, so that anything may follow it.
pub fn one_line(expr: &str) -> String {
    let mut out = String::with_capacity(expr.len());
    let mut end = None;
    for token in tokens(expr) {
        if end.is_some_and(|end| end < token.at) {
            out.push(' ');
        }
        out.push_str(token.text);
        end = Some(token.end());
    }
    out
}

/// Returns whether a part uses `@ start()` or `@ end()`, so that its value at a time depends on the range of the query.
pub fn depends_on_range(expr: &str) -> bool {
    tokens(expr).windows(3).any(
        |three| matches!(three, [at, word, open] if at.is('@') && word.is_word(&["start", "end"]) && open.is('(')),
    )
}

/// Returns the value of a single occurrence in the samples of an expression that counts occurrences: the inverse of its
/// window for `rate`, 1 for `increase`, also summed up and multiplied by a number. Returns 0 for anything else.
pub fn count_unit(expr: &str) -> f64 {
    let tokens = tokens(expr);
    let divides = tokens.iter().any(|token| token.is('/'));
    let sums = tokens.iter().any(|token| token.is('+') || token.is('-'));
    let mut factor = 1.0;
    for three in tokens.windows(3).filter(|three| three[1].is('*')) {
        let number = [&three[0], &three[2]].into_iter().find_map(|of| of.text.parse::<f64>().ok());
        let Some(number) = number else { return 0.0 };
        factor *= number;
    }
    let mut calls = tokens.windows(2).filter(|pair| pair[1].is('('));
    let Some(call) = calls.find(|pair| pair[0].is_word(&["rate", "increase"])) else { return 0.0 };
    if divides || sums || averages(&tokens) {
        return 0.0;
    }
    if call[0].is_word(&["increase"]) {
        return factor;
    }
    let window = tokens
        .windows(2)
        .find(|pair| pair[0].is('['))
        .and_then(|pair| pair[1].text.parse::<oddity_detect::time::Step>().ok());
    window.map_or(0.0, |window| factor / window.span().as_seconds())
}

/// Returns the longest range of an expression, such as 5 minutes in `rate(x[5m])`; zero without one. A value depends on
/// samples of that length of time before it.
pub fn longest_range(expr: &str) -> Span {
    let tokens = tokens(expr);
    let ranges = tokens.windows(2).filter(|two| two[0].is('[') && two[1].kind == Kind::Number);
    ranges.filter_map(|two| two[1].text.parse().ok()).max().unwrap_or(Span::ZERO)
}

/// Returns whether an expression divides what it does not take a quantile of, as an error ratio does.
pub fn is_quotient(expr: &str) -> bool {
    let tokens = tokens(expr);
    tokens.iter().any(|token| token.is('/')) && !averages(&tokens)
}

/// Returns the selectors of a share, as in `a{code="500"} / a`: those above and below the division of an expression that
/// divides once, has one selector on each side and no other arithmetic.
pub fn quotient(expr: &str) -> Option<(&str, &str)> {
    let tokens = tokens(expr);
    let arithmetic = tokens.iter().filter(|token| "+-*/%^".chars().any(|sign| token.is(sign)));
    let [above, below] = super::selectors(expr)[..] else { return None };
    let slash = tokens.iter().find(|token| token.is('/'))?;
    let (left, right) = (expr.get(..slash.at)?, expr.get(slash.at + 1..)?);
    // A sum over a count is a mean.
    if super::calls_function(left, "count") != super::calls_function(right, "count") {
        return None;
    }
    let at = |selector: &str| selector.as_ptr().addr() - expr.as_ptr().addr();
    let divides = at(above) < slash.at && slash.at < at(below);
    (arithmetic.count() == 1 && divides && !averages(&tokens)).then_some((above, below))
}

/// Returns whether an expression takes a quantile or a mean of a histogram, whose values are those of its observations.
pub fn takes_quantile(expr: &str) -> bool {
    let all = tokens(expr);
    all.iter().any(|token| token.is_word(&["histogram_quantile", "histogram_avg"]))
}

/// Returns whether an expression takes quantiles or means, whose values count no occurrences.
fn averages(tokens: &[Token<'_>]) -> bool {
    tokens
        .iter()
        .any(|token| token.is_word(&["histogram_quantile", "histogram_avg", "quantile", "avg"]))
}

/// Returns whether the expression is a scalar: numbers, `time()`, `pi()`, `scalar(...)` and arithmetic of them.
pub fn is_scalar(expr: &str) -> bool {
    let tokens = tokens(expr);
    let mut rest = tokens.as_slice();
    while let Some(token) = rest.first() {
        rest = &rest[1..];
        match token.kind {
            Kind::Identifier if token.is_word(&["inf", "nan", "bool", "atan2"]) => {}
            Kind::Identifier if matches!(token.text, "time" | "pi" | "scalar") => {
                let Some(behind) = behind_parentheses(rest) else { return false };
                rest = behind;
            }
            Kind::Identifier | Kind::String | Kind::Symbol('{' | '[') => return false,
            Kind::Number | Kind::Symbol(_) => {}
        }
    }
    !tokens.is_empty()
}

/// Returns the tokens after the parentheses that open here.
fn behind_parentheses<'a, 't>(tokens: &'a [Token<'t>]) -> Option<&'a [Token<'t>]> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Symbol('(') => depth += 1,
            Kind::Symbol(')') if depth == 1 => return Some(&tokens[at + 1..]),
            Kind::Symbol(')') => depth = depth.checked_sub(1)?,
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn on_one_line() {
        let cases = [
            ("up # now", "up"),
            ("sum by (job) (\n  rate(x[5m])  # why\n)\n/ 2", "sum by (job) ( rate(x[5m]) ) / 2"),
            ("a{b=\"# c\"}  !=  `x\ny`", "a{b=\"# c\"} != `x\ny`"),
            ("", ""),
        ];
        for (expr, line) in cases {
            assert_eq!(one_line(expr), line);
            assert_eq!(one_line(line), line);
        }
    }

    #[test]
    fn what_a_range_moves() {
        for expr in ["up @ end()", "rate(x[5m] @\nstart ( ))", "a + b @ END()"] {
            assert!(depends_on_range(expr), "{expr}");
        }
        for expr in ["up @ 1767225600", "start", "x{a=\"@ end()\"}", "up # @ end()", "end(x)"] {
            assert!(!depends_on_range(expr), "{expr}");
        }
    }

    #[test]
    fn the_longest_range() {
        let check = |expr: &str, seconds| {
            assert_eq!(longest_range(expr), Span::from_seconds(seconds), "{expr}");
        };
        check("up", 0);
        check("rate(x[5m])", 300);
        check("rate(x[ 1h30m ]) / rate(y[5m] offset 1d)", 5_400);
        check("max_over_time(rate(x[5m])[1h:1m])", 3_600);
        check("rate(x[300])", 300);
        check("x{a=\"[1h]\"} # [1d]", 0);
        check("x[", 0);
    }

    #[test]
    fn numbers_and_series() {
        for expr in [
            "1",
            "time() - 5m",
            "-(2 ^ pi())",
            "scalar(sum(up)) * 2",
            "1 > bool 2",
            "Inf",
            "7 atan2 2",
        ] {
            assert!(is_scalar(expr), "{expr}");
        }
        for expr in [
            "up",
            "vector(1)",
            "sum(up) * scalar(x)",
            "{a=\"b\"}",
            "time",
            "\"text\"",
            "",
            "time(",
            "1 + up",
        ] {
            assert!(!is_scalar(expr), "{expr}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"(\PC|[ \n{}()\[\]"'`\\#@,.:0-9a-e]|scalar|time|é){0,60}"#) {
            let line = one_line(&text);
            prop_assert_eq!(one_line(&line), line.as_str());
            prop_assert_eq!(is_scalar(&line), is_scalar(&text));
            prop_assert_eq!(depends_on_range(&line), depends_on_range(&text));
        }
    }
}

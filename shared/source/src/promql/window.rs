//! Selectors of an expression with the ranges that they select, and the same expression with other ranges.

use std::ops::Range;

use super::token::{Token, tokens};
use super::{after_list, after_number, selected, text_of};
use oddity_detect::time::Span;

/// An instant or range selector of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectorWindow<'a> {
    /// Text of the selector, without range, `offset` and `@`.
    pub selector: &'a str,
    /// Range in brackets; `None` for an instant selector, also inside of a subquery.
    pub window: Option<Span>,
}

/// Tokens of a selector with its range and its modifiers.
struct Place {
    selector: Range<usize>,
    /// Token in the brackets of the range.
    window: Option<usize>,
    /// Index behind range, `offset` and `@`.
    end: usize,
}

/// Returns the selectors of an expression from left to right with their ranges. A range that is no duration of
/// Prometheus counts as none.
pub fn selector_windows(expr: &str) -> Vec<SelectorWindow<'_>> {
    let tokens = tokens(expr);
    let found = places(&tokens).into_iter().map(|place| SelectorWindow {
        selector: text_of(expr, &tokens[place.selector]),
        window: place.window.and_then(|at| tokens[at].text.parse().ok()),
    });
    found.collect()
}

/// Returns the expression with other ranges. `change` gets each selector and returns its new range, `None` to leave it
/// as it is; an instant selector becomes `function` of the samples in its new range.
pub fn with_windows(
    expr: &str,
    function: &str,
    mut change: impl FnMut(SelectorWindow<'_>) -> Option<Span>,
) -> String {
    let tokens = tokens(expr);
    let (mut out, mut behind) = (String::with_capacity(expr.len()), 0);
    for Place { selector, window, end } in places(&tokens) {
        let old = SelectorWindow {
            selector: text_of(expr, &tokens[selector.clone()]),
            window: window.and_then(|at| tokens[at].text.parse().ok()),
        };
        let Some(new) = change(old) else { continue };
        match window.map(|at| &tokens[at]) {
            Some(token) => {
                out.push_str(&expr[behind..token.at]);
                out.push_str(&new.to_string());
                behind = token.end();
            }
            None => {
                let (start, stop) = (tokens[selector.start].at, tokens[selector.end - 1].end());
                let last = tokens[end - 1].end();
                out.push_str(&expr[behind..start]);
                out.push_str(&format!("{function}({}[{new}]{})", old.selector, &expr[stop..last]));
                behind = last;
            }
        }
    }
    out.push_str(&expr[behind..]);
    out
}

/// Returns where the selectors are.
fn places(tokens: &[Token<'_>]) -> Vec<Place> {
    selected(tokens).into_iter().map(|selector| place(tokens, selector)).collect()
}

fn place(tokens: &[Token<'_>], selector: Range<usize>) -> Place {
    let (mut window, mut at) = (None, selector.end);
    if let [open, _, close, ..] = &tokens[at..]
        && open.is('[')
        && close.is(']')
    {
        window = Some(at + 1);
        at += 3;
    }
    loop {
        at = match tokens.get(at) {
            Some(token) if token.is_word(&["offset"]) => after_number(tokens, at + 1),
            Some(token) if token.is('@') => match tokens.get(at + 1) {
                Some(word) if word.is_word(&["start", "end"]) => after_list(tokens, at + 2),
                _ => after_number(tokens, at + 1),
            },
            _ => return Place { selector, window, end: at },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn selectors_with_their_ranges() {
        let cases = [
            ("up", "up -"),
            ("rate(x{a=\"[1m]\"}[5m] offset 1h) / y", "x{a=\"[1m]\"} 5m, y -"),
            ("max_over_time(x[1h:1m])", "x -"),
            ("max_over_time(rate(x[2m])[1h:1m])", "x 2m"),
            ("rate(x[$__interval])", "x -"),
            ("1", ""),
        ];
        for (expr, expected) in cases {
            let found = selector_windows(expr).into_iter().map(|found| {
                let window = found.window.map_or("-".to_owned(), |window| window.to_string());
                format!("{} {window}", found.selector)
            });
            assert_eq!(found.collect::<Vec<_>>().join(", "), expected, "{expr}");
        }
    }

    #[test]
    fn other_ranges() {
        let cases = [
            ("up", "last_over_time(up[1h])"),
            (
                "sum by (a) (x{b=\"c\"} offset 5m) > 3",
                "sum by (a) (last_over_time(x{b=\"c\"}[1h] offset 5m)) > 3",
            ),
            (
                "x @ end() offset -1w / y",
                "last_over_time(x[1h] @ end() offset -1w) / last_over_time(y[1h])",
            ),
            ("rate(x[5m] offset 1h) + y", "rate(x[1h] offset 1h) + last_over_time(y[1h])"),
            ("max_over_time(x[1h:1m])", "max_over_time(last_over_time(x[1h])[1h:1m])"),
            ("1 + time()", "1 + time()"),
        ];
        for (expr, expected) in cases {
            let hour = Span::from_seconds(3_600);
            assert_eq!(with_windows(expr, "last_over_time", |_| Some(hour)), expected);
            assert_eq!(with_windows(expr, "last_over_time", |_| None), expr);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"(\PC|[ \n{}()\[\]"'`\\#@,.:0-9a-e]|by|on|offset|é){0,60}"#) {
            prop_assert_eq!(with_windows(&text, "f", |_| None), text.as_str());
            let _ = with_windows(&text, "f", |_| Some(Span::ZERO));
            let _ = selector_windows(&text);
        }
    }
}

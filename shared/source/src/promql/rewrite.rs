//! A query with other values in its matchers.

use super::token::{Kind, tokens};

/// The text with the value of every matcher replaced; `change` gets the name of the label as it is written and the
/// value as a PromQL string literal with its quotes, and gives another literal. All other text stays.
pub fn replace_matcher_values(expr: &str, mut change: impl FnMut(&str, &str) -> String) -> String {
    let tokens = tokens(expr);
    let (mut out, mut behind) = (String::with_capacity(expr.len()), 0);
    for (at, token) in tokens.iter().enumerate() {
        if token.kind != Kind::String {
            continue;
        }
        let operators =
            tokens[..at].iter().rev().take_while(|t| t.is('=') || t.is('~') || t.is('!')).count();
        let name = at.checked_sub(operators + 1).map(|at| &tokens[at]);
        let Some(name) = name
            .filter(|name| operators > 0 && matches!(name.kind, Kind::Identifier | Kind::String))
        else {
            continue;
        };
        out.push_str(&expr[behind..token.at]);
        out.push_str(&change(name.text.trim_matches(['"', '\'', '`']), token.text));
        behind = token.end();
    }
    out.push_str(&expr[behind..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_matchers_change_and_nothing_else() {
        let cases = [
            ("up", "up"),
            (
                "up{job=\"a\"} + on(job) x{a!~'b|c', \"d.e\" =~ `f`}",
                "up{job=<job>} + on(job) x{a!~<a>, \"d.e\" =~ <d.e>}",
            ),
            (
                "label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")",
                "label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")",
            ),
            ("{\"my.metric\"}", "{\"my.metric\"}"),
            ("up{job=\"a", "up{job=<job>"),
            ("=\"a\"", "=\"a\""),
        ];
        for (expr, expected) in cases {
            assert_eq!(
                replace_matcher_values(expr, |label, _| format!("<{label}>")),
                expected,
                "{expr}"
            );
        }
    }
}

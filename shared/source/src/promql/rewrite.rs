//! A query with parts of its text replaced.

use oddity_detect::series::{METRIC_NAME, label_name, quote};
use oddity_detect::time::TimeRange;

use super::selected;
use super::token::{Kind, tokens};

/// Replaces the value of every matcher. `change` gets the name of the label and the value as a PromQL string literal with
/// its quotes, and returns another literal. All other text stays.
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

/// Returns a selector without a metric name with a matcher of one; `None` if it has no braces.
pub fn with_metric_name(selector: &str, name: &str) -> Option<String> {
    let rest = selector.strip_prefix('{')?;
    Some(format!("{{{METRIC_NAME}={}, {rest}", quote(name)))
}

/// Returns the query with a matcher `label="value"` in every selector; `None` if it has no selector.
pub fn with_matcher(expr: &str, label: &str, value: &str) -> Option<String> {
    let tokens = tokens(expr);
    let matcher = format!("{}={}", label_name(label), quote(value));
    let (mut out, mut behind) = (String::with_capacity(expr.len() + matcher.len()), 0);
    for range in selected(&tokens) {
        let selector = &tokens[range];
        let last = selector.last()?;
        let before = selector.len().checked_sub(2).map(|at| &selector[at]);
        let (at, inserted) = match before {
            Some(before) if last.is('}') => {
                let comma = if before.is('{') || before.is(',') { "" } else { ", " };
                (last.at, format!("{comma}{matcher}"))
            }
            _ => (last.end(), format!("{{{matcher}}}")),
        };
        out.push_str(&expr[behind..at]);
        out.push_str(&inserted);
        behind = at;
    }
    out.push_str(&expr[behind..]);
    (behind > 0).then_some(out)
}

/// Returns the text with `@ start()` and `@ end()` as times, so that a piece of `range` gets the values of the whole.
pub fn with_absolute_times(expr: &str, range: TimeRange) -> String {
    let tokens = tokens(expr);
    let (mut out, mut behind) = (String::with_capacity(expr.len()), 0);
    for (at, four) in tokens.windows(4).enumerate() {
        let [sign, word, open, close] = four else { continue };
        if !(sign.is('@') && open.is('(') && close.is(')') && tokens[at].at >= behind) {
            continue;
        }
        let time = if word.is_word(&["start"]) {
            range.start
        } else if word.is_word(&["end"]) {
            range.end
        } else {
            continue;
        };
        out.push_str(&expr[behind..word.at]);
        out.push_str(&time.as_seconds().to_string());
        behind = close.end();
    }
    out.push_str(&expr[behind..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use oddity_detect::time::Timestamp;

    #[test]
    fn ends_of_the_range_become_times() {
        let range = TimeRange { start: Timestamp(60_000), end: Timestamp(90_500) };
        let cases = [
            ("up", "up"),
            ("up @ end()", "up @ 90.5"),
            ("a @ start() / b @ End ( )", "a @ 60 / b @ 90.5"),
            ("rate(x[5m] @ end() offset 1h)", "rate(x[5m] @ 90.5 offset 1h)"),
            ("x{a=\"@ end()\"} # @ end()", "x{a=\"@ end()\"} # @ end()"),
            ("up @ 17 + end()", "up @ 17 + end()"),
            ("up @ end(", "up @ end("),
        ];
        for (expr, expected) in cases {
            assert_eq!(with_absolute_times(expr, range), expected, "{expr}");
        }
    }

    #[test]
    fn a_matcher_joins_every_selector() {
        let cases = [
            ("up", Some("up{job=\"a\\\"b\"}")),
            ("up{}", Some("up{job=\"a\\\"b\"}")),
            ("up{x=\"}\",}", Some("up{x=\"}\",job=\"a\\\"b\"}")),
            (
                "sum(rate(a{x=\"y\"}[5m])) / b > 2 # up",
                Some("sum(rate(a{x=\"y\", job=\"a\\\"b\"}[5m])) / b{job=\"a\\\"b\"} > 2 # up"),
            ),
            ("{\"my.metric\"}", Some("{\"my.metric\", job=\"a\\\"b\"}")),
            ("vector(1)", None),
        ];
        for (expr, expected) in cases {
            assert_eq!(with_matcher(expr, "job", "a\"b").as_deref(), expected, "{expr}");
        }
        assert_eq!(with_matcher("up", "my.label", "a").as_deref(), Some("up{\"my.label\"=\"a\"}"));
    }

    #[test]
    fn a_metric_name_is_one_more_matcher() {
        let cases = [
            ("{}", Some("{__name__=\"a\\\"b\", }")),
            ("{__name__=~\"a.+\"}", Some("{__name__=\"a\\\"b\", __name__=~\"a.+\"}")),
            ("up{x=\"y\"}", None),
        ];
        for (selector, expected) in cases {
            assert_eq!(with_metric_name(selector, "a\"b").as_deref(), expected);
        }
    }

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

//! PromQL without a full parser: the selectors of an expression.
//!
//! An invalid query yields the selectors that can be recognised; Prometheus reports the error.

mod condition;
mod operator;
mod rewrite;
mod selection;
mod shape;
mod similar;
mod token;
mod window;

pub use condition::{Comparison, ComparisonOperator, Condition, condition, is_filtered};
pub use rewrite::{replace_matcher_values, with_absolute_times, with_matcher, with_metric_name};
pub use selection::{LabelMatcher, SelectorParts, calls_function, selection, selects_failures};
pub use shape::{
    count_unit, depends_on_range, is_quotient, is_scalar, longest_range, one_line, quotient,
    takes_quantile,
};
pub use similar::{UnknownMetric, unknown_metric};
pub use window::{SelectorWindow, selector_windows, with_windows};

use std::ops::Range;

use self::token::{Kind, Token, tokens};
use oddity_detect::time::Span;

/// Returns the instant selectors of an expression from left to right, such as `up` and `{job="a"}`, without range,
/// `offset` and `@`. Braces that are not closed select nothing.
pub fn selectors(expr: &str) -> Vec<&str> {
    let tokens = tokens(expr);
    selected(&tokens).into_iter().map(|range| text_of(expr, &tokens[range])).collect()
}

/// Returns the selector of an expression that is a single instant selector, apart from white space, comments and
/// parentheses around it.
pub fn bare_selector(expr: &str) -> Option<&str> {
    let tokens = tokens(expr);
    let mut inner = tokens.as_slice();
    while let [open, rest @ .., close] = inner
        && open.is('(')
        && close.is(')')
    {
        inner = rest;
    }
    let [only] = selected(inner).try_into().ok()?;
    (only == (0..inner.len())).then(|| text_of(expr, inner))
}

/// Returns the per-second rate of a bare selector over `window`; `None` for any other query.
pub fn suggest_rate(expr: &str, window: Span) -> Option<String> {
    bare_selector(expr).map(|selector| format!("rate({selector}[{window}])"))
}

/// A value that native histograms have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramQuery {
    /// Name of the value: "95th percentile".
    pub value: &'static str,
    /// Query that returns it.
    pub query: String,
}

/// Returns queries for values that native histograms have, which `expr` returns. Those of a bare selector are taken for
/// counters, and their growth over `window` is what counts.
pub fn histogram_queries(expr: &str, window: Span) -> [HistogramQuery; 3] {
    let inner = suggest_rate(expr, window).unwrap_or_else(|| one_line(expr));
    let query = |value, query| HistogramQuery { value, query };
    [
        query("95th percentile", format!("histogram_quantile(0.95, {inner})")),
        query("average", format!("histogram_avg({inner})")),
        query("count", format!("histogram_count({inner})")),
    ]
}

/// Returns whether an expression divides.
pub fn has_division(expr: &str) -> bool {
    tokens(expr).iter().any(|token| token.is('/'))
}

/// Returns the text from the first token to the last.
fn text_of<'a>(expr: &'a str, tokens: &[Token<'_>]) -> &'a str {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => &expr[first.at..last.end()],
        _ => "",
    }
}

/// Returns the token ranges of the selectors. Operands and operators alternate, and a word is a metric only in the place
/// of an operand.
fn selected(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let (mut found, mut at, mut operand_due) = (Vec::new(), 0, true);
    while let Some(token) = tokens.get(at) {
        let list_follows = tokens.get(at + 1).is_some_and(|next| next.is('('));
        let start = at;
        at += 1;
        match token.kind {
            Kind::Identifier
                if token.is_word(&["on", "ignoring", "fill", "fill_left", "fill_right"])
                    && list_follows
                    || token.is_word(&["group_left", "group_right"]) =>
            {
                at = after_list(tokens, at);
            }
            Kind::Identifier if token.is_word(&["bool"]) => {}
            Kind::Identifier if !operand_due => {
                if token.is_word(&["by", "without"]) {
                    at = after_list(tokens, at);
                } else if token.is_word(&["offset"]) {
                    at = after_number(tokens, at);
                } else {
                    // A binary operator, except this suffix of VictoriaMetrics.
                    operand_due = !token.is_word(&["keep_metric_names"]);
                }
            }
            Kind::Identifier if token.is_word(&["inf", "nan"]) => operand_due = false,
            // A function or an aggregation.
            Kind::Identifier if list_follows => {}
            Kind::Identifier if is_grouping(&tokens[at..]) => at = after_list(tokens, at + 1),
            Kind::Identifier => {
                match tokens.get(at) {
                    Some(next) if next.is('{') => match closing(tokens, at, '}') {
                        Some(close) => {
                            at = close + 1;
                            found.push(start..at);
                        }
                        None => at = tokens.len(),
                    },
                    _ => found.push(start..at),
                }
                operand_due = false;
            }
            Kind::Symbol('{') => {
                match closing(tokens, start, '}') {
                    Some(close) => {
                        at = close + 1;
                        if operand_due {
                            found.push(start..at);
                        }
                    }
                    None => at = tokens.len(),
                }
                operand_due = false;
            }
            Kind::Symbol('[') => {
                at = closing(tokens, start, ']').map_or(tokens.len(), |close| close + 1);
            }
            Kind::Symbol('@') => {
                let word = tokens.get(at).is_some_and(|next| next.is_word(&["start", "end"]));
                at = if word { after_list(tokens, at + 1) } else { after_number(tokens, at) };
            }
            Kind::Number | Kind::String | Kind::Symbol(')') => operand_due = false,
            Kind::Symbol(_) => operand_due = true,
        }
    }
    found
}

/// Returns whether the tokens start with `by (` or `without (`.
fn is_grouping(tokens: &[Token<'_>]) -> bool {
    matches!(tokens, [word, open, ..] if word.is_word(&["by", "without"]) && open.is('('))
}

/// Returns the index of the `close` after `open`; brackets of this kind do not nest.
fn closing(tokens: &[Token<'_>], open: usize, close: char) -> Option<usize> {
    (open + 1..tokens.len()).find(|at| tokens[*at].is(close))
}

/// Returns the index after the list in parentheses at `at`, if there is one.
fn after_list(tokens: &[Token<'_>], at: usize) -> usize {
    if tokens.get(at).is_some_and(|token| token.is('(')) {
        closing(tokens, at, ')').map_or(tokens.len(), |close| close + 1)
    } else {
        at
    }
}

/// Returns the index after the number at `at` and its sign.
fn after_number(tokens: &[Token<'_>], at: usize) -> usize {
    let signed = tokens.get(at).is_some_and(|token| token.is('-') || token.is('+'));
    let number = at + usize::from(signed);
    if tokens.get(number).is_some_and(|token| token.kind == Kind::Number) { number + 1 } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(expr: &str, expected: &[&str]) {
        assert_eq!(selectors(expr), expected, "{expr}");
    }

    #[test]
    fn selectors_of_operands() {
        check("up", &["up"]);
        check("job:up:sum5m", &["job:up:sum5m"]);
        check("up{job=\"a\"}", &["up{job=\"a\"}"]);
        check("up {job='}', x=~`{\\`}", &["up {job='}', x=~`{\\`}"]);
        check("{__name__=~\"a|b\"}", &["{__name__=~\"a|b\"}"]);
        check("{\"my.metric\", a=\"b\"}", &["{\"my.metric\", a=\"b\"}"]);
        check("{} + {}", &["{}", "{}"]);
        check("up{a=\"\\\"}\"} # down{}", &["up{a=\"\\\"}\"}"]);
        check("# up\ndown", &["down"]);
        check(
            "rate(a_total[5m]) / rate(b_total{x=\"y\"}[1h:30s] offset 5m)",
            &["a_total", "b_total{x=\"y\"}"],
        );
        check("-a + -b ^ 2", &["a", "b"]);
        check("1 + 0x1F + .5 + 1e-3 + Inf + NaN + 5m", &[]);
        check("\"text\"", &[]);
        check("time()", &[]);
        check("größe{a=\"ü\"} > 3", &["größe{a=\"ü\"}"]);
        check("", &[]);
    }

    #[test]
    fn keywords_and_label_lists_are_not_selectors() {
        check("sum by (job, on) (up)", &["up"]);
        check("SUM(up) BY (job)", &["up"]);
        check("sum without (job) (up) + 1", &["up"]);
        check("topk(3, a)", &["a"]);
        check("count_values(\"v\", a)", &["a"]);
        check("a and on (job) b or c unless d atan2 e", &["a", "b", "c", "d", "e"]);
        check("a * on(x, y) group_left(z) b", &["a", "b"]);
        check("a * ignoring(x) group_right b", &["a", "b"]);
        check("a + on(x) fill_left(0) fill_right(1) b", &["a", "b"]);
        check("a > bool b", &["a", "b"]);
        check("a @ end() + b @ start()", &["a", "b"]);
        check("a @ 1609746000 offset -1w + b", &["a", "b"]);
        check("a offset 5m", &["a"]);
        check("histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", &["x_bucket"]);
        check("a default 0 + rate(b[5m]) keep_metric_names + c", &["a", "b", "c"]);
    }

    #[test]
    fn words_that_are_keywords_elsewhere_can_be_metrics() {
        check("sum", &["sum"]);
        check("sum(by)", &["by"]);
        check("start + offset offset 1m", &["start", "offset"]);
        check("on{a=\"b\"}", &["on{a=\"b\"}"]);
    }

    #[test]
    fn wrong_queries_yield_what_can_be_told_apart() {
        check("a + b{x=\"", &["a"]);
        check("a[5m", &["a"]);
        check("sum by (a", &[]);
        check("a ) , b", &["a", "b"]);
        check("{", &[]);
        check("a offset @ ]", &["a"]);
    }

    #[test]
    fn a_bare_selector_gets_a_rate() {
        let cases = [
            ("a_total", Some("rate(a_total[5m])")),
            (" ( (a_total{x=\"y\"}) ) # why", Some("rate(a_total{x=\"y\"}[5m])")),
            ("{\"a.total\"}", Some("rate({\"a.total\"}[5m])")),
            ("(a) + (b)", None),
            ("a[5m]", None),
            ("a offset 1m", None),
            ("-a", None),
            ("rate(a[5m])", None),
            ("(a", None),
            ("1", None),
            ("", None),
        ];
        for (expr, expected) in cases {
            let rate = suggest_rate(expr, Span::from_seconds(300));
            assert_eq!(rate.as_deref(), expected, "{expr}");
        }
    }

    #[test]
    fn values_of_native_histograms() {
        let queries = |expr| histogram_queries(expr, Span::from_seconds(300)).map(|of| of.query);
        assert_eq!(
            queries("a{b=\"c\"}"),
            [
                "histogram_quantile(0.95, rate(a{b=\"c\"}[5m]))",
                "histogram_avg(rate(a{b=\"c\"}[5m]))",
                "histogram_count(rate(a{b=\"c\"}[5m]))",
            ]
        );
        let [quantile, ..] = queries("sum(rate(a[1m])) # all");
        assert_eq!(quantile, "histogram_quantile(0.95, sum(rate(a[1m])))");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"(\PC|[ \n{}()\[\]"'`\\#@,.:0-9a-e]|by|on|offset|é){0,60}"#) {
            let found = selectors(&text);
            let mut behind = 0;
            for selector in &found {
                let at = selector.as_ptr().addr() - text.as_ptr().addr();
                prop_assert!(at >= behind && !selector.is_empty());
                behind = at + selector.len();
            }
            if let Some(bare) = bare_selector(&text) {
                prop_assert_eq!(found, [bare]);
            }
        }

        #[test]
        fn a_selector_is_found_inside_of_functions(
            name in "[a-z_:][a-z0-9_:]{0,8}m",
            value in "[a-z{}()\\[\\]# ,]{0,8}",
        ) {
            let selector = format!("{name}{{x=\"{value}\"}}");
            let expr = format!("sum by (job) (rate({selector}[5m] offset 1h)) > 3");
            prop_assert_eq!(selectors(&expr), [selector.as_str()]);
            prop_assert_eq!(bare_selector(&selector), Some(selector.as_str()));
        }
    }
}

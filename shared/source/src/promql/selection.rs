//! The parts of a selector: metric name and label matchers.

use super::token::{Kind, Token, tokens};

/// The parts of an instant selector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectorParts {
    /// Metric name; `None` if the selector names none or matches it by a pattern.
    pub metric: Option<String>,
    /// Matchers in the order of the text, without one on a known metric name.
    pub matchers: Vec<LabelMatcher>,
}

/// A label matcher of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelMatcher {
    /// Name of the label, without quotes.
    pub label: String,
    /// Operator: `=`, `!=`, `=~` or `!~`.
    pub operator: String,
    /// Value as a PromQL string literal, with its quotes.
    pub literal: String,
}

/// Parses one of [`super::selectors`]. Parts that cannot be read are left out.
pub fn selection(selector: &str) -> SelectorParts {
    let tokens = tokens(selector);
    let mut found = SelectorParts::default();
    let mut rest = tokens.as_slice();
    if let [first, tail @ ..] = rest
        && first.kind == Kind::Identifier
    {
        found.metric = Some(first.text.to_owned());
        rest = tail;
    }
    let [open, inner @ ..] = rest else { return found };
    if !open.is('{') {
        return found;
    }
    let entries = inner.split(|token| token.is(',') || token.is('}'));
    for entry in entries {
        match entry {
            [name] if name.kind == Kind::String => found.metric = Some(unquoted(name.text)),
            [name, operator @ .., value] if value.kind == Kind::String && is_name(name) => {
                let operator: String = operator.iter().map(|token| token.text).collect();
                let label = match name.kind {
                    Kind::String => unquoted(name.text),
                    _ => name.text.to_owned(),
                };
                match (label.as_str(), operator.as_str()) {
                    ("__name__", "=") => found.metric = Some(unquoted(value.text)),
                    (_, "=" | "!=" | "=~" | "!~") => {
                        found.matchers.push(LabelMatcher {
                            label,
                            operator,
                            literal: value.text.to_owned(),
                        });
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    found
}

/// Labels whose values say whether something failed.
const OUTCOMES: [&str; 9] = [
    "code",
    "error",
    "grpc_code",
    "level",
    "outcome",
    "result",
    "severity",
    "status",
    "status_code",
];

/// Returns whether a selector names failures: a metric of errors, or a matcher such as `code="500"` or `status=~"5.."`.
pub fn selects_failures(selector: &str) -> bool {
    let selection = selection(selector);
    let fails = |name: &str| ["error", "fail", "exception"].iter().any(|word| name.contains(word));
    let failed = |matcher: &LabelMatcher| {
        let value = unquoted(&matcher.literal).to_lowercase();
        let value = value.trim_start_matches(['^', '(']);
        OUTCOMES.contains(&matcher.label.as_str())
            && matches!(matcher.operator.as_str(), "=" | "=~")
            && (value.starts_with('5') || fails(value) || matches!(value, "critical" | "fatal"))
    };
    selection.metric.is_some_and(|name| fails(&name)) || selection.matchers.iter().any(failed)
}

/// Returns whether an expression calls a function or an aggregation.
pub fn calls_function(expr: &str, function: &str) -> bool {
    tokens(expr).windows(2).any(|pair| {
        let [word, next] = pair else { return false };
        word.kind == Kind::Identifier
            && word.text == function
            && (next.is('(') || next.is_word(&["by", "without"]))
    })
}

fn is_name(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Identifier | Kind::String)
}

/// Returns the text of a literal, with the escapes that occur in names.
fn unquoted(literal: &str) -> String {
    let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    if literal.starts_with('`') {
        return inner.to_owned();
    }
    let mut out = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (true, 'n') => {
                out.push('\n');
                escaped = false;
            }
            (_, c) => {
                out.push(c);
                escaped = false;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::selectors;
    use super::*;
    use proptest::prelude::*;

    fn check(selector: &str, metric: Option<&str>, matchers: &str) {
        let found = selection(selector);
        assert_eq!(found.metric.as_deref(), metric, "{selector}");
        let written: Vec<String> = found
            .matchers
            .iter()
            .map(|m| format!("{}{}{}", m.label, m.operator, m.literal))
            .collect();
        assert_eq!(written.join(" "), matchers, "{selector}");
    }

    #[test]
    fn selectors_in_parts() {
        check("up", Some("up"), "");
        check("up{}", Some("up"), "");
        check("up{job=\"a\", code=~\"5..\",}", Some("up"), "job=\"a\" code=~\"5..\"");
        check("{__name__=\"up\", a!='b\\'c'}", Some("up"), "a!='b\\'c'");
        check("{__name__=~\"up|down\"}", None, "__name__=~\"up|down\"");
        check("{\"my.metric\", \"my.label\"!~`x,}`}", Some("my.metric"), "my.label!~`x,}`");
        check("job:up:sum{le=\"+Inf\"}", Some("job:up:sum"), "le=\"+Inf\"");
        check("up{a=}", Some("up"), "");
        check("", None, "");
    }

    #[test]
    fn calls_of_functions() {
        let expr = "sum by (rate) (irate(increase{delta=\"deriv(x)\"}[5m]))";
        for (function, called) in
            [("sum", true), ("irate", true), ("rate", false), ("increase", false), ("deriv", false)]
        {
            assert_eq!(calls_function(expr, function), called, "{function}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"(\PC|[ \n{}()\[\]"'`\\#@,.:=!~0-9a-e]|é){0,60}"#) {
            selection(&text);
            for selector in selectors(&text) {
                selection(selector);
            }
        }
    }
}

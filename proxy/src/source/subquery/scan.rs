//! Subqueries by brackets and operators, in any dialect of PromQL, however long and however deep.

use std::ops::Add;

use oddity_detect::time::Span;

/// Words that end an operand, in lower case.
const OPERATORS: [&str; 4] = ["and", "or", "unless", "atan2"];

/// Steps of subqueries.
#[derive(Clone, Copy, Default)]
struct Steps {
    /// Number of steps where the expression is evaluated once.
    once: u64,
    /// Number of steps where it is evaluated over the window of the query; a subquery around it has a window of its
    /// own instead.
    over_window: u64,
}

impl Add for Steps {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            once: self.once.saturating_add(other.once),
            over_window: self.over_window.saturating_add(other.over_window),
        }
    }
}

/// Steps read so far inside one pair of parentheses.
#[derive(Default)]
struct Group {
    /// Steps of the operands before the one that is being read.
    before: Steps,
    /// Steps of the operand that is being read.
    operand: Steps,
    /// Whether a sign belongs to the `offset` or `@` before it.
    modifier: bool,
}

impl Group {
    fn total(&self) -> Steps {
        self.before + self.operand
    }

    fn end_operand(&mut self) {
        self.before = self.total();
        self.operand = Steps::default();
    }

    fn enclose(&mut self, range: u64, step: u64, window: u64) {
        let inner = self.operand.once;
        self.operand = Steps {
            once: nest(range, step, inner),
            over_window: nest(window.saturating_add(range), step, inner),
        };
    }
}

/// Returns the steps of all subqueries of `expr` over a window; a range that cannot be read counts nothing, and a step
/// that cannot is `usual`. Lengths are in milliseconds. A subquery is taken to be around everything before it in its
/// operand.
pub(super) fn count(expr: &str, window: u64, usual: u64) -> u64 {
    let mut outer: Vec<Group> = Vec::new();
    let mut group = Group::default();
    let mut rest = expr;
    while let Some(c) = rest.chars().next() {
        let here = rest;
        rest = &rest[c.len_utf8()..];
        let modifier = std::mem::take(&mut group.modifier);
        match c {
            '#' => {
                rest = after_comment(rest);
                group.modifier = modifier;
            }
            '"' | '\'' | '`' => rest = after_string(rest, c),
            '(' | '{' => outer.push(std::mem::take(&mut group)),
            ')' | '}' => {
                let inner = group.total();
                group = outer.pop().unwrap_or_default();
                group.operand = group.operand + inner;
            }
            '[' => {
                let (text, end) = bracket(rest);
                rest = end;
                if let Some((range, step)) = text.split_once(':')
                    && let Some(range) = millis(range)
                {
                    group.enclose(range, millis(step).unwrap_or(usual), window);
                }
            }
            '@' => group.modifier = true,
            '+' | '-' if modifier => {}
            ',' | '+' | '-' | '*' | '/' | '%' | '^' | '<' | '>' | '!' => group.end_operand(),
            '=' if rest.starts_with('=') => group.end_operand(),
            c if is_of_word(c) => {
                let end = here.find(|c| !is_of_word(c)).unwrap_or(here.len());
                let word = &here[..end];
                rest = &here[end..];
                if OPERATORS.iter().any(|operator| word.eq_ignore_ascii_case(operator)) {
                    group.end_operand();
                }
                group.modifier = word.eq_ignore_ascii_case("offset");
            }
            c if c.is_whitespace() => group.modifier = modifier,
            _ => {}
        }
    }
    // What was never closed counts too.
    outer.iter().fold(group.total(), |sum, group| sum + group.total()).over_window
}

/// Returns the steps of a subquery over `range` milliseconds around an expression that has `inner` steps itself.
fn nest(range: u64, step: u64, inner: u64) -> u64 {
    (range / step.max(1)).max(1).saturating_mul(inner.max(1))
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '.')
}

fn after_comment(text: &str) -> &str {
    text.find(['\n', '\r']).map_or("", |end| &text[end + 1..])
}

fn after_string(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            _ if c == quote => return &text[index + c.len_utf8()..],
            _ => {}
        }
    }
    ""
}

/// Returns what is between brackets, without comments, and what follows.
fn bracket(mut text: &str) -> (String, &str) {
    let mut inside = String::new();
    loop {
        match text.find([']', '#']) {
            Some(index) if text.as_bytes()[index] == b'#' => {
                inside.push_str(&text[..index]);
                text = after_comment(&text[index..]);
            }
            Some(index) => return (inside + &text[..index], &text[index + 1..]),
            None => return (inside + text, ""),
        }
    }
}

/// Reads a duration or a number of seconds, with decimals.
fn millis(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(span) = text.parse::<Span>() {
        return Some(span.millis());
    }
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..unit].parse().ok()?;
    let unit: Span = format!("1{}", &text[unit..]).parse().ok()?;
    // A cast from a float saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let millis = (number * unit.millis() as f64) as u64;
    Some(millis)
}

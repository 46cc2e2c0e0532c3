//! Subqueries by their brackets alone, in any dialect of PromQL, however long and however deep.

use oddity_detect::time::Span;

use super::nest;

/// Steps inside one pair of parentheses.
#[derive(Default)]
struct Group {
    /// Of the arguments before the last comma.
    before: u64,
    /// Of the argument that is being read.
    here: u64,
}

impl Group {
    fn total(&self) -> u64 {
        self.before.saturating_add(self.here)
    }
}

/// Steps of all subqueries of `expr`; a range that cannot be read counts nothing, and a step that cannot is `usual`,
/// in milliseconds. A subquery is taken to be around everything before it in its argument.
pub(super) fn count(expr: &str, usual: u64) -> u64 {
    let mut outer: Vec<Group> = Vec::new();
    let mut group = Group::default();
    let mut rest = expr;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '#' => rest = after(rest, '\n'),
            '"' | '\'' | '`' => rest = after_string(rest, c),
            '(' | '{' => outer.push(std::mem::take(&mut group)),
            ')' | '}' => {
                let inner = group.total();
                group = outer.pop().unwrap_or_default();
                group.here = group.here.saturating_add(inner);
            }
            ',' => group = Group { before: group.total(), here: 0 },
            '[' => {
                let (text, end) = bracket(rest);
                rest = end;
                if let Some((range, step)) = text.split_once(':')
                    && let Some(range) = millis(range)
                {
                    group.here = nest(range, millis(step).unwrap_or(usual), group.here);
                }
            }
            _ => {}
        }
    }
    // What was never closed counts too.
    outer.iter().fold(group.total(), |sum, group| sum.saturating_add(group.total()))
}

fn after(text: &str, end: char) -> &str {
    text.split_once(end).map_or("", |(_, rest)| rest)
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

/// What is between brackets, without comments, and what follows.
fn bracket(mut text: &str) -> (String, &str) {
    let mut inside = String::new();
    loop {
        match text.find([']', '#']) {
            Some(index) if text.as_bytes()[index] == b'#' => {
                inside.push_str(&text[..index]);
                text = after(&text[index..], '\n');
            }
            Some(index) => return (inside + &text[..index], &text[index + 1..]),
            None => return (inside + text, ""),
        }
    }
}

/// A duration or a number of seconds, with decimals.
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

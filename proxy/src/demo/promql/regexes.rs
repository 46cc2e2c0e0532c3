//! Regular expressions of a query, within bounds: their compiled form can be a million times as long as the text.

use promql_parser::parser::token::{T_EQL_REGEX, T_NEQ_REGEX, T_STRING};
use promql_parser::util::unquote_string;
use regex::{Regex, RegexBuilder};

use super::parse::Token;
use super::{EvalError, cost, place};

/// Number of regular expressions that the matchers of a query may have.
const MAX_REGEXES: usize = 32;

/// Bytes that one pattern may have.
const MAX_PATTERN_BYTES: usize = 1 << 10;

/// Bytes that one compiled pattern may take.
const MAX_COMPILED_BYTES: usize = 256 << 10;

/// The regular expressions of a query's matchers in their order, apart from its text.
#[derive(Debug, Default)]
pub(in crate::demo) struct Regexes(Vec<Regex>);

/// A regular expression in a query.
struct Place<'a> {
    operator: &'a Token,
    literal: &'a Token,
}

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PatternError {
    /// A text that is no regular expression.
    #[error("illegal regex for {0}")]
    Illegal(String),
    /// A pattern of so many bytes, which are too many.
    #[error(
        "a regular expression has {0} bytes, and the demo source takes {MAX_PATTERN_BYTES}: shorten it"
    )]
    Long(usize),
    /// A pattern whose compiled form is too large.
    #[error(
        "the regular expression {0} takes more than 256 KiB when compiled: repeat less, and write [a-z0-9] for \\w"
    )]
    Large(String),
}

/// Compiles a pattern that must match a whole value.
///
/// # Errors
/// [`PatternError`].
pub(super) fn compile(pattern: &str) -> Result<Regex, PatternError> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(PatternError::Long(pattern.len()));
    }
    let build = |pattern: &str| {
        cost::compiled();
        RegexBuilder::new(&format!("^(?s:{pattern})$")).size_limit(MAX_COMPILED_BYTES).build()
    };
    let built = match build(pattern) {
        Err(regex::Error::Syntax(_)) => build(&with_plain_braces(pattern)),
        other => other,
    };
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => PatternError::Large(format!("{pattern:?}")),
        _ => PatternError::Illegal(pattern.to_owned()),
    })
}

/// Escapes the braces that repeat nothing, which Go takes for themselves.
fn with_plain_braces(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.char_indices();
    while let Some((index, c)) = chars.next() {
        match c {
            '\\' => {
                plain.push(c);
                plain.extend(chars.next().map(|(_, c)| c));
            }
            '{' if !repeats(&pattern[index + 1..]) => plain.push_str("\\{"),
            c => plain.push(c),
        }
    }
    plain
}

/// Returns whether the text after a brace makes it a repetition: `2}`, `2,}` or `2,3}`.
fn repeats(rest: &str) -> bool {
    let Some((inside, _)) = rest.split_once('}') else { return false };
    let (low, high) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

impl Regexes {
    /// Compiles the patterns among the words of a query.
    ///
    /// # Errors
    /// [`EvalError::Parse`] for what is no regular expression, [`EvalError::Limit`] for too many or too large ones.
    pub(super) fn of(text: &str, tokens: &[Token]) -> Result<Self, EvalError> {
        let places: Vec<Place<'_>> = places(tokens).collect();
        Self::check_number(places.len())?;
        let compiled = places.iter().map(|Place { literal, .. }| {
            let pattern = unquoted(text, literal)?;
            compile(&pattern).map_err(|error| match error {
                PatternError::Illegal(_) => place::at(text, literal.start, &error.to_string()),
                _ => EvalError::Limit(error.to_string()),
            })
        });
        Ok(Self(compiled.collect::<Result<_, _>>()?))
    }

    /// Refuses more regular expressions than a request may have.
    ///
    /// # Errors
    /// [`EvalError::Limit`].
    pub(in crate::demo) fn check_number(number: usize) -> Result<(), EvalError> {
        if number <= MAX_REGEXES {
            return Ok(());
        }
        Err(EvalError::Limit(format!(
            "the query has {number} regular expressions, and the demo source takes {MAX_REGEXES}: join them, as in job=~\"a|b\""
        )))
    }

    pub(in crate::demo) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether the pattern of this number matches the empty string.
    pub(super) fn matches_empty(&self, number: usize) -> bool {
        self.0.get(number).is_some_and(|regex| regex.is_match(""))
    }

    /// Returns the pattern that the parser was given this value for.
    pub(super) fn get(&self, value: &str) -> Option<&Regex> {
        self.0.get(value.trim_end_matches('|').parse::<usize>().ok()?)
    }
}

/// Returns the patterns among the words of a query as they are matched, without compiling them.
///
/// # Errors
/// [`EvalError::Parse`] for a string with an invalid escape.
pub(super) fn patterns(text: &str, tokens: &[Token]) -> Result<Vec<String>, EvalError> {
    places(tokens).map(|Place { literal, .. }| unquoted(text, literal)).collect()
}

fn unquoted(text: &str, literal: &Token) -> Result<String, EvalError> {
    unquote_string(&text[literal.start..literal.end])
        .map_err(|message| place::at(text, literal.start, &message))
}

/// Returns the query with the number of each pattern in its place, which the parser compiles instead. It matches
/// the empty string if the pattern does.
pub(super) fn numbered(
    text: &str,
    tokens: &[Token],
    matches_empty: impl Fn(usize) -> bool,
) -> String {
    let mut numbered = String::with_capacity(text.len());
    let mut copied = 0;
    for (number, Place { literal, .. }) in places(tokens).enumerate() {
        numbered.push_str(&text[copied..literal.start]);
        let or_empty = if matches_empty(number) { "|" } else { "" };
        numbered.push_str(&format!("\"{number}{or_empty}\""));
        copied = literal.end;
    }
    numbered + &text[copied..]
}

/// Returns the query without regular expressions, every other word at its byte: what is wrong with it elsewhere
/// is wrong with this as well.
pub(super) fn without(
    text: &str,
    tokens: &[Token],
    matches_empty: impl Fn(usize) -> bool,
) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut copied = 0;
    for (number, Place { operator, literal }) in places(tokens).enumerate() {
        plain.push_str(&text[copied..operator.start]);
        plain.push_str(if operator.id == T_EQL_REGEX { "= " } else { "!=" });
        plain.push_str(&text[operator.end..literal.start]);
        copied = literal.start;
        if matches_empty(number) {
            plain.push_str("\"\"");
            plain.extend(std::iter::repeat_n(' ', literal.end - literal.start - 2));
            copied = literal.end;
        }
    }
    plain + &text[copied..]
}

fn places(tokens: &[Token]) -> impl Iterator<Item = Place<'_>> {
    tokens.windows(2).filter_map(|pair| match pair {
        [operator, literal]
            if matches!(operator.id, T_EQL_REGEX | T_NEQ_REGEX) && literal.id == T_STRING =>
        {
            Some(Place { operator, literal })
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_values_as_in_go() {
        let cases = [
            ("a|b", "b", true),
            ("a|b", "ab", false),
            (".*", "a\nb", true),
            ("a{2}", "aa", true),
            ("a{b}", "a{b}", true),
            ("a{,2}", "a{,2}", true),
            ("\\w+", "node_1", true),
            ("(?i)NODE", "node", true),
        ];
        for (pattern, value, matches) in cases {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(regex.is_match(value), matches, "{pattern} {value}");
        }
    }

    #[test]
    fn large_patterns_are_refused() {
        let cases = [
            ("\\w{200}".to_owned(), "more than 256 KiB"),
            ("(a{1000}){1000}".to_owned(), "more than 256 KiB"),
            ("\\w{200}{x}".to_owned(), "more than 256 KiB"),
            ("a".repeat(2_000), "has 2000 bytes"),
            ("(".to_owned(), "illegal regex for ("),
        ];
        for (pattern, expected) in cases {
            let message = compile(&pattern).expect_err(&pattern).to_string();
            assert!(message.contains(expected), "{pattern:.20}: {message}");
        }
    }
}

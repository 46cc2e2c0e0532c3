//! Where a query is wrong. `promql-parser` says what, not where, so the place is searched: an LR parser
//! stops at the first word that no query can continue with, and words up to there can be completed.

use promql_parser::parser;
use promql_parser::parser::token::{
    T_DURATION, T_EOF, T_IDENTIFIER, T_LEFT_BRACE, T_LEFT_BRACKET, T_LEFT_PAREN,
    T_METRIC_IDENTIFIER, T_NUMBER, T_RIGHT_BRACE, T_RIGHT_BRACKET, T_RIGHT_PAREN, T_STRING,
    TokenType,
};

use super::EvalError;
use super::parse::Token;

/// What `promql-parser` says of a text that its grammar does not cover.
const SYNTAX: &str = "invalid promql query";

/// What may follow the first words of a query, before its brackets are closed and after.
const INNER: [&str; 8] = ["", " x", " 1", " \"x\"", " 5m", " = \"x\"", " (x)", " ()"];
const OUTER: [&str; 4] = ["", " x", " (x)", " (x) x"];

/// So many characters or words are looked back over for the start of a fault.
const REACH: usize = 128;

/// A fault at a byte of the text, with line and column counted in characters from 1.
pub(super) fn at(text: &str, byte: usize, message: &str) -> EvalError {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    EvalError::Parse { line, column, message: in_prometheus_words(message) }
}

/// A fault that the lexer found: where the longest unbroken run of beginnings that show it starts,
/// or at the end where something was left open.
pub(super) fn of_lexer(text: &str, message: &str) -> EvalError {
    let open = ["unclosed", "end of input", "at the end", "not terminated"];
    let shows = |end: usize| parser::lexer(&text[..end]).is_err_and(|other| other == message);
    let place = text
        .char_indices()
        .rev()
        .take(REACH)
        .take_while(|(start, c)| shows(start + c.len_utf8()))
        .last()
        .map(|(start, _)| start)
        .filter(|_| !open.iter().any(|part| message.contains(part)));
    at(text, place.unwrap_or(text.len()), message)
}

/// A fault that the parser found.
pub(super) fn of_parser(text: &str, tokens: &[Token], message: &str) -> EvalError {
    let words: Vec<Token> = tokens.iter().copied().filter(|token| token.id != T_EOF).collect();
    if message == SYNTAX {
        let first = partition(words.len(), |count| completes(text, &words[..count], None));
        return match words.get(first) {
            Some(word) => at(text, word.start, &format!("unexpected {}", described(text, *word))),
            None => at(text, text.len(), "unexpected end of input"),
        };
    }
    if message.contains("end of input") {
        return at(text, text.len(), message);
    }
    let last = partition(words.len(), |count| !completes(text, &words[..count], Some(message)));
    let Some(last) = words.get(last).map(|_| last) else { return at(text, 0, message) };
    let earliest = (last + 1).saturating_sub(REACH);
    let first = (earliest..=last)
        .rev()
        .find(|first| completes(text, &words[*first..=last], Some(message)))
        .unwrap_or(last);
    at(text, words[first].start, message)
}

/// How many words can be taken with `holds` true, which once false stays so.
fn partition(len: usize, holds: impl Fn(usize) -> bool) -> usize {
    let counts: Vec<usize> = (1..=len).collect();
    counts.partition_point(|count| holds(*count))
}

/// Whether some completion of these words is grammatical and, if asked, meets just this fault.
fn completes(text: &str, words: &[Token], fault: Option<&str>) -> bool {
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return fault.is_none() };
    let Some(closers) = closers(words) else { return false };
    let begun = &text[first.start..last.end];
    INNER.iter().any(|inner| {
        OUTER.iter().any(|outer| {
            let result = parser::parse(&format!("{begun}{inner}{closers}{outer}"));
            match (result, fault) {
                (Ok(_), fault) => fault.is_none(),
                (Err(message), None) => message != SYNTAX && !lexes_badly(begun, inner),
                (Err(message), Some(fault)) => message == fault,
            }
        })
    })
}

/// Whether the words with what is added do not even lex; their own brackets may be open.
fn lexes_badly(begun: &str, inner: &str) -> bool {
    let open =
        |message: &String| message.starts_with("unclosed") || message.contains("end of input");
    parser::lexer(&format!("{begun}{inner}")).is_err_and(|message| !open(&message))
}

/// What closes the brackets that are open; `None` if they are crossed.
fn closers(words: &[Token]) -> Option<String> {
    let mut open = Vec::new();
    for word in words {
        match word.id {
            T_LEFT_PAREN => open.push(')'),
            T_LEFT_BRACE => open.push('}'),
            T_LEFT_BRACKET => open.push(']'),
            T_RIGHT_PAREN if open.pop() != Some(')') => return None,
            T_RIGHT_BRACE if open.pop() != Some('}') => return None,
            T_RIGHT_BRACKET if open.pop() != Some(']') => return None,
            _ => {}
        }
    }
    Some(open.into_iter().rev().collect())
}

/// A word as Prometheus' messages describe it.
fn described(text: &str, word: Token) -> String {
    let source = &text[word.start..word.end];
    match word.id {
        T_IDENTIFIER | T_METRIC_IDENTIFIER => format!("identifier {source:?}"),
        T_NUMBER => format!("number {source:?}"),
        T_DURATION => format!("duration {source:?}"),
        T_STRING => format!("string {source:?}"),
        id if TokenType::new(id).is_operator() => format!("<op:{source}>"),
        id if TokenType::new(id).is_aggregator() => format!("<aggr:{source}>"),
        _ if source.starts_with(|c: char| c.is_ascii_alphabetic()) => format!("<{source}>"),
        _ => format!("{source:?}"),
    }
}

/// The parser's message with Prometheus' quotes and names of types.
fn in_prometheus_words(message: &str) -> String {
    let words = [
        ("type matrix", "type range vector"),
        ("type vector", "type instant vector"),
        ("got matrix", "got range vector"),
        ("got vector", "got instant vector"),
    ];
    let message = words.iter().fold(message.to_owned(), |text, (from, to)| text.replace(from, to));
    if message.starts_with("unexpected") { message } else { message.replace('\'', "\"") }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn a_fault_has_a_place_and_a_reason() {
        let cases = [
            ("up up", "1:4: parse error: unexpected identifier \"up\""),
            ("sum(up", "1:7: parse error: unclosed left parenthesis"),
            ("up + ", "1:6: parse error: unexpected end of input"),
            ("up * / up", "1:6: parse error: unexpected <op:/>"),
            ("up{job=}", "1:8: parse error: unexpected \"}\""),
            ("foo(up)", "1:1: parse error: unknown function with name \"foo\""),
            (
                "1 + rate(up)",
                "1:5: parse error: expected type range vector in call to function \"rate\", got instant vector",
            ),
            ("sum(up) by (job) by (job)", "1:18: parse error: unexpected <by>"),
            ("up{a=\"b\"} + \"abc", "1:13: parse error: unterminated quoted string"),
            ("up and 1", "1:1: parse error: set operator \"and\" not allowed"),
            (
                "rate(up[5m], 3)",
                "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 2",
            ),
            ("sum by (job (up)", "1:17: parse error: unclosed left parenthesis"),
            ("sum by (job (up))", "1:13: parse error: unexpected \"(\""),
            ("up offset", "1:10: parse error: unexpected end of input"),
            ("up ?", "1:4: parse error: unexpected character: '?'"),
            ("up[5m", "1:6: parse error: unexpected end of input inside brackets"),
            ("up[1e99]", "1:4: parse error: "),
            ("up offset 1e30", "1:11: parse error: duration out of range"),
            ("up\n+ + )", "2:5: parse error: unexpected right parenthesis"),
            ("", "1:1: parse error: no expression found in input"),
            ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ];
        for (text, expected) in cases {
            let message = parse(text).expect_err(text).to_string();
            assert!(message.starts_with(expected), "{text}\n is {message}\nnot {expected}");
        }
    }

    #[test]
    fn deep_and_long_queries_are_refused_without_a_crash() {
        let deep = |open: &str, close: &str| open.repeat(5_000) + "1" + &close.repeat(5_000);
        for text in
            [deep("(", ")"), deep("-", ""), deep("1+", ""), deep("", "+1"), deep("abs(", ")")]
        {
            assert!(parse(&text).expect_err("too deep").to_string().contains("does not support"));
        }
        let message = parse(&format!("{}1{}", "(".repeat(150), ")".repeat(150)));
        assert!(message.expect_err("too deep").to_string().contains("nested"));
    }
}

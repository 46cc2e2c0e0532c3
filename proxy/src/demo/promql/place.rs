//! Where a query is wrong, in lines and columns, and what is wrong with it in Prometheus' words.

use promql_parser::parser;
use promql_parser::parser::token::{
    T_DURATION, T_EOF, T_IDENTIFIER, T_METRIC_IDENTIFIER, T_NUMBER, T_STRING, TokenType,
};

use super::EvalError;
use super::parse::{Token, tree};
use super::syntax::{Chain, WrongWord, outline};

/// Message of `promql-parser` about a text that its grammar does not cover.
const SYNTAX: &str = "invalid promql query";

/// Characters that are looked back over for the start of what the lexer refuses.
const REACH: usize = 128;

/// Number of parses after which the place found so far has to do; each takes a millisecond or two of a long query.
const MAX_PARSES: usize = 64;

/// Makes an error at a byte of the text, with line and column counted in characters from 1.
pub(super) fn at(text: &str, byte: usize, message: &str) -> EvalError {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    EvalError::Parse { line, column, message: in_prometheus_words(message) }
}

/// Places an error of the lexer: where the longest unbroken run of beginnings that show it starts, or at the end where
/// something was left open.
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

/// Places an error of the parser. `parsed` is `text` with patterns that are as long but quickly compiled.
pub(super) fn of_parser(text: &str, parsed: &str, tokens: &[Token], message: &str) -> EvalError {
    let words: Vec<Token> = tokens.iter().copied().filter(|token| token.id != T_EOF).collect();
    if message.contains("end of input") {
        return at(text, text.len(), message);
    }
    match outline(&words) {
        Err(WrongWord(index)) => match words.get(index) {
            Some(word) if message == SYNTAX => {
                at(text, word.start, &format!("unexpected {}", described(text, *word)))
            }
            Some(word) => at(text, word.start, message),
            None if message == SYNTAX => at(text, text.len(), "unexpected end of input"),
            None => at(text, text.len(), message),
        },
        Ok(_) if message == SYNTAX => at(text, 0, message),
        Ok(chain) => at(text, Search { parsed, message, parses: 0 }.place(&chain), message),
    }
}

/// Looks for the smallest part of a query that is wrong in the same way as the whole.
struct Search<'a> {
    parsed: &'a str,
    message: &'a str,
    parses: usize,
}

impl Search<'_> {
    fn shows(&mut self, start: usize, end: usize) -> bool {
        self.parses += 1;
        tree(&self.parsed[start..end]).is_err_and(|message| message == self.message)
    }

    fn is_over(&self) -> bool {
        self.parses >= MAX_PARSES
    }

    /// Returns the first byte of the wrong part of `chain`, which is wrong somewhere.
    fn place(&mut self, chain: &Chain) -> usize {
        let operands = &chain.operands;
        let begin = operands.first().map_or(0, |operand| operand.start);
        // The first operand with which the error is there: what is wrong stays so, whatever follows.
        let ends: Vec<usize> = operands.iter().map(|operand| operand.end).collect();
        let last = match operands.len() {
            1 => 0,
            _ => ends.partition_point(|end| !self.is_over() && !self.shows(begin, *end)),
        };
        let Some(operand) = operands.get(last) else { return begin };
        if self.is_over() {
            return begin;
        }
        if operands.len() == 1 || self.shows(operand.start, operand.end) {
            if operand.start != operand.unsigned && !self.shows(operand.unsigned, operand.end) {
                return operand.start;
            }
            let mut inside = operand.inside.iter();
            let wrong = inside.find(|chain| {
                let (Some(first), Some(last)) = (chain.operands.first(), chain.operands.last())
                else {
                    return false;
                };
                !self.is_over() && self.shows(first.start, last.end)
            });
            return match wrong {
                Some(chain) if !self.is_over() => self.place(chain),
                _ => operand.unsigned,
            };
        }
        // It takes operands before it as well: as few as can be.
        let wrong = (0..last)
            .rev()
            .find(|first| self.is_over() || self.shows(operands[*first].start, operand.end));
        wrong.filter(|_| !self.is_over()).map_or(begin, |first| operands[first].start)
    }
}

/// Describes a word as Prometheus' messages do.
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

/// Gives the parser's message Prometheus' quotes and names of types.
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
    fn an_error_has_a_place_and_a_reason() {
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
            let message = parse(&text).expect_err("too deep").to_string();
            assert!(message.contains("more than"), "{message}");
        }
        let message = parse(&format!("{}1{}", "(".repeat(150), ")".repeat(150)));
        assert!(message.expect_err("too deep").to_string().contains("nests more than"));
    }
}

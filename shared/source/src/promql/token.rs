//! Tokens of PromQL; any text can be split.
//! Source: Prometheus `promql/parser/lex.go`.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Metric, label, function or keyword; may have colons.
    Identifier,
    /// A number or a duration.
    Number,
    /// String in any of the three quotes, which are included.
    String,
    /// One character: a bracket, a comma, or part of an operator.
    Symbol(char),
}

#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Offset of the first byte.
    pub(super) at: usize,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.at + self.text.len()
    }

    pub(super) fn is(&self, symbol: char) -> bool {
        self.kind == Kind::Symbol(symbol)
    }

    /// Returns whether this is one of `words`, in any case.
    pub(super) fn is_word(&self, words: &[&str]) -> bool {
        self.kind == Kind::Identifier
            && words.iter().any(|word| self.text.eq_ignore_ascii_case(word))
    }
}

/// Splits text into tokens without white space and comments.
pub(super) fn tokens(expr: &str) -> Vec<Token<'_>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(first) = expr[at..].chars().next() {
        let rest = &expr[at..];
        let (kind, len) = match first {
            '#' => (None, rest.find('\n').unwrap_or(rest.len())),
            '"' | '\'' | '`' => (Some(Kind::String), string_len(rest, first)),
            c if c.is_whitespace() => (None, c.len_utf8()),
            c if c.is_ascii_digit() => (Some(Kind::Number), number_len(rest)),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                (Some(Kind::Number), number_len(rest))
            }
            c if is_identifier(c) => {
                (Some(Kind::Identifier), rest.find(|c| !is_identifier(c)).unwrap_or(rest.len()))
            }
            c => (Some(Kind::Symbol(c)), c.len_utf8()),
        };
        if let Some(kind) = kind {
            found.push(Token { kind, text: &rest[..len], at });
        }
        at += len;
    }
    found
}

fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == ':'
}

/// Returns the length of a string with both quotes; the whole text if the second is missing. Backquotes have no escapes.
fn string_len(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == quote {
            return at + 1;
        } else {
            escaped = c == '\\' && quote != '`';
        }
    }
    text.len()
}

/// Returns the length of a decimal or hexadecimal number or a duration, without its sign.
fn number_len(text: &str) -> usize {
    let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let mut last = ' ';
    text.find(|c: char| {
        let exponent_sign = matches!(c, '+' | '-') && matches!(last, 'e' | 'E') && !hexadecimal;
        last = c;
        !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || exponent_sign)
    })
    .unwrap_or(text.len())
}

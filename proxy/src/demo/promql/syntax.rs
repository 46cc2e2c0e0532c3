//! The outline of a query: its operands and what they enclose, and the first word that no query can continue with.
//!
//! `promql-parser` says what is wrong with a query, not where. One pass over the words finds a wrong word; the outline
//! tells which part of a query whose words are right must be the wrong one. Precedence makes no difference to either.

use promql_parser::parser::token::{
    T_ADD, T_AT, T_ATAN2, T_BOOL, T_BY, T_COLON, T_COMMA, T_DURATION, T_END, T_EOF, T_EQL,
    T_EQL_REGEX, T_FILL, T_FILL_LEFT, T_FILL_RIGHT, T_GROUP_LEFT, T_GROUP_RIGHT, T_IDENTIFIER,
    T_IGNORING, T_LAND, T_LEFT_BRACE, T_LEFT_BRACKET, T_LEFT_PAREN, T_LOR, T_LUNLESS,
    T_METRIC_IDENTIFIER, T_NEQ, T_NEQ_REGEX, T_NUMBER, T_OFFSET, T_ON, T_RIGHT_BRACE,
    T_RIGHT_BRACKET, T_RIGHT_PAREN, T_START, T_STRING, T_SUB, T_WITHOUT, TokenId, TokenType,
};

use super::parse::Token;

/// Operands with operators between them.
#[derive(Debug)]
pub(super) struct Chain {
    pub operands: Vec<Operand>,
}

/// An operand by its bytes, and the expressions inside its parentheses.
#[derive(Debug)]
pub(super) struct Operand {
    /// First byte, that of a sign included.
    pub start: usize,
    /// First byte after the signs.
    pub unsigned: usize,
    pub end: usize,
    pub inside: Vec<Chain>,
}

/// The number of the first wrong word; that of words if the last one is not the last of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WrongWord(pub usize);

/// Reads the words of a query.
///
/// # Errors
/// [`WrongWord`] if they are not one.
pub(super) fn outline(words: &[Token]) -> Result<Chain, WrongWord> {
    let mut reader = Reader { words, at: 0 };
    let chain = reader.chain()?;
    reader.skip(|id| id == T_EOF);
    if reader.at == words.len() { Ok(chain) } else { Err(WrongWord(reader.at)) }
}

struct Reader<'a> {
    words: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<TokenId> {
        self.words.get(self.at).map(|word| word.id)
    }

    /// Passes a word of this kind, and says whether there was one.
    fn skip(&mut self, is: impl Fn(TokenId) -> bool) -> bool {
        let found = self.peek().is_some_and(is);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, is: impl Fn(TokenId) -> bool) -> Result<(), WrongWord> {
        if self.skip(is) { Ok(()) } else { Err(WrongWord(self.at)) }
    }

    fn chain(&mut self) -> Result<Chain, WrongWord> {
        let mut operands = vec![self.operand()?];
        while self.skip(is_binary) {
            self.matching()?;
            operands.push(self.operand()?);
        }
        Ok(Chain { operands })
    }

    /// Passes the words that may stand between an operator and its right operand.
    fn matching(&mut self) -> Result<(), WrongWord> {
        self.skip(|id| id == T_BOOL);
        if self.skip(|id| matches!(id, T_ON | T_IGNORING)) {
            self.labels()?;
            let grouped = self.skip(|id| matches!(id, T_GROUP_LEFT | T_GROUP_RIGHT));
            if grouped && self.peek() == Some(T_LEFT_PAREN) {
                self.labels()?;
            }
        }
        if self.skip(|id| id == T_FILL) {
            return self.fill_value();
        }
        if self.skip(|id| id == T_FILL_LEFT) {
            self.fill_value()?;
            return if self.skip(|id| id == T_FILL_RIGHT) { self.fill_value() } else { Ok(()) };
        }
        if self.skip(|id| id == T_FILL_RIGHT) {
            self.fill_value()?;
            return if self.skip(|id| id == T_FILL_LEFT) { self.fill_value() } else { Ok(()) };
        }
        Ok(())
    }

    fn fill_value(&mut self) -> Result<(), WrongWord> {
        self.expect(|id| id == T_LEFT_PAREN)?;
        self.skip(is_sign);
        self.expect(|id| id == T_NUMBER)?;
        self.expect(|id| id == T_RIGHT_PAREN)
    }

    fn labels(&mut self) -> Result<(), WrongWord> {
        self.expect(|id| id == T_LEFT_PAREN)?;
        while !self.skip(|id| id == T_RIGHT_PAREN) {
            self.expect(is_label)?;
            if !self.skip(|id| id == T_COMMA) {
                return self.expect(|id| id == T_RIGHT_PAREN);
            }
        }
        Ok(())
    }

    fn operand(&mut self) -> Result<Operand, WrongWord> {
        let start = self.byte();
        while self.skip(is_sign) {}
        let unsigned = self.byte();
        let mut inside = Vec::new();
        let Some(id) = self.peek() else { return Err(WrongWord(self.at)) };
        match id {
            T_LEFT_PAREN => {
                self.at += 1;
                inside.push(self.chain()?);
                self.expect(|id| id == T_RIGHT_PAREN)?;
            }
            T_NUMBER | T_DURATION | T_STRING => self.at += 1,
            T_LEFT_BRACE => self.matchers()?,
            _ => {
                self.expect(is_name)?;
                let called = self.peek() == Some(T_LEFT_PAREN)
                    && (is_aggregator(id) || matches!(id, T_IDENTIFIER | T_START | T_END));
                if called {
                    inside = self.arguments()?;
                    if is_aggregator(id) && self.skip(|id| matches!(id, T_BY | T_WITHOUT)) {
                        self.labels()?;
                    }
                } else if is_aggregator(id) && self.skip(|id| matches!(id, T_BY | T_WITHOUT)) {
                    self.labels()?;
                    inside = self.arguments()?;
                } else if self.peek() == Some(T_LEFT_BRACE) {
                    self.matchers()?;
                }
            }
        }
        self.suffixes()?;
        let end = self.words[..self.at].last().map_or(start, |word| word.end);
        Ok(Operand { start, unsigned, end, inside })
    }

    /// Returns the first byte of the next word.
    fn byte(&self) -> usize {
        self.words.get(self.at).map_or(0, |word| word.start)
    }

    fn arguments(&mut self) -> Result<Vec<Chain>, WrongWord> {
        self.expect(|id| id == T_LEFT_PAREN)?;
        let mut all = Vec::new();
        if self.skip(|id| id == T_RIGHT_PAREN) {
            return Ok(all);
        }
        loop {
            all.push(self.chain()?);
            if !self.skip(|id| id == T_COMMA) {
                self.expect(|id| id == T_RIGHT_PAREN)?;
                return Ok(all);
            }
        }
    }

    fn matchers(&mut self) -> Result<(), WrongWord> {
        self.expect(|id| id == T_LEFT_BRACE)?;
        while !self.skip(|id| id == T_RIGHT_BRACE) {
            let alone = self.skip(|id| id == T_STRING);
            if !alone {
                self.expect(|id| id == T_IDENTIFIER)?;
            }
            let compares = |id| matches!(id, T_EQL | T_NEQ | T_EQL_REGEX | T_NEQ_REGEX);
            if self.skip(compares) {
                self.expect(|id| id == T_STRING)?;
            } else if !alone {
                return Err(WrongWord(self.at));
            }
            if self.skip(|id| id == T_LOR) {
                if self.peek() == Some(T_RIGHT_BRACE) {
                    return Err(WrongWord(self.at));
                }
            } else if !self.skip(|id| id == T_COMMA) {
                return self.expect(|id| id == T_RIGHT_BRACE);
            }
        }
        Ok(())
    }

    /// Ranges, subqueries, `offset` and `@`.
    fn suffixes(&mut self) -> Result<(), WrongWord> {
        let is_length = |id| matches!(id, T_DURATION | T_NUMBER);
        loop {
            if self.skip(|id| id == T_LEFT_BRACKET) {
                self.expect(is_length)?;
                if self.skip(|id| id == T_COLON) {
                    self.skip(is_length);
                }
                self.expect(|id| id == T_RIGHT_BRACKET)?;
            } else if self.skip(|id| id == T_OFFSET) {
                self.skip(is_sign);
                self.expect(is_length)?;
            } else if self.skip(|id| id == T_AT) {
                if self.skip(|id| matches!(id, T_START | T_END)) {
                    self.expect(|id| id == T_LEFT_PAREN)?;
                    self.expect(|id| id == T_RIGHT_PAREN)?;
                } else {
                    self.skip(is_sign);
                    self.expect(is_length)?;
                }
            } else {
                return Ok(());
            }
        }
    }
}

fn is_sign(id: TokenId) -> bool {
    matches!(id, T_ADD | T_SUB)
}

fn is_aggregator(id: TokenId) -> bool {
    TokenType::new(id).is_aggregator()
}

/// Returns whether it is an operator between operands, which those of matchers and `@` are not.
fn is_binary(id: TokenId) -> bool {
    TokenType::new(id).is_operator() && !matches!(id, T_EQL_REGEX | T_NEQ_REGEX | T_AT)
}

/// Returns whether it can be the name of a metric or of a function.
fn is_name(id: TokenId) -> bool {
    is_aggregator(id)
        || matches!(
            id,
            T_IDENTIFIER
                | T_METRIC_IDENTIFIER
                | T_BY
                | T_WITHOUT
                | T_FILL
                | T_FILL_LEFT
                | T_FILL_RIGHT
                | T_LAND
                | T_LOR
                | T_LUNLESS
                | T_OFFSET
                | T_START
                | T_END
        )
}

/// Returns whether it can be a label in a list of them.
fn is_label(id: TokenId) -> bool {
    let keyword = matches!(id, T_BOOL | T_GROUP_LEFT | T_GROUP_RIGHT | T_IGNORING | T_ON | T_ATAN2);
    id == T_STRING || keyword || (is_name(id) && id != T_WITHOUT)
}

//! A scanner over the bytes of a JSON reply: it checks the grammar, copies only what it must, and
//! tells a reply that ended early from one that is wrong.

use std::borrow::Cow;

use super::ReplyError;

/// Maximum depth of nested objects and arrays in a reply.
pub const MAX_DEPTH: usize = 128;

pub(super) type Result<T> = std::result::Result<T, ReplyError>;

/// A reader of one JSON value after another; each method leaves the position behind the value it read.
pub(super) struct Scanner<'a> {
    body: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0, depth: 0 }
    }

    /// Returns the next byte that is not white space without consuming it.
    pub(super) fn peek(&mut self) -> Result<u8> {
        while let Some(&byte) = self.body.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(ReplyError::Cut { bytes: self.body.len() })
    }

    /// Creates the error for a problem here; at the end of the bytes that is [`ReplyError::Cut`].
    pub(super) fn fail(&self, problem: impl Into<String>) -> ReplyError {
        if self.at >= self.body.len() {
            ReplyError::Cut { bytes: self.body.len() }
        } else {
            ReplyError::Shape { problem: problem.into(), at: self.at }
        }
    }

    /// Checks that nothing but white space follows.
    pub(super) fn end(&mut self) -> Result<()> {
        match self.peek() {
            Ok(_) => Err(self.fail("unexpected data after the end of the response")),
            Err(_) => Ok(()),
        }
    }

    /// Reads an object by calling `member` with each key; `member` must read the value.
    pub(super) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<()>,
    ) -> Result<()> {
        self.open(b'{', "an object")?;
        if self.peek()? != b'}' {
            loop {
                if self.peek()? != b'"' {
                    return Err(self.fail("expected a quoted key"));
                }
                let key = self.string()?;
                self.expect(b':')?;
                member(self, &key)?;
                if self.peek()? == b'}' {
                    break;
                }
                self.expect(b',')?;
            }
        }
        self.close();
        Ok(())
    }

    /// Reads an array by calling `element` at the start of each element; `element` must read it.
    pub(super) fn array(&mut self, mut element: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.open(b'[', "a list")?;
        if self.peek()? != b']' {
            loop {
                element(self)?;
                if self.peek()? == b']' {
                    break;
                }
                self.expect(b',')?;
            }
        }
        self.close();
        Ok(())
    }

    /// Reads a string, borrowed unless it has escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>> {
        if self.peek()? != b'"' {
            return Err(self.expected("a string"));
        }
        let (start, mut escaped) = (self.at, false);
        self.at += 1;
        loop {
            match self.body.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(0x20..) => self.at += 1,
                Some(_) => return Err(self.fail("a control character inside a string")),
                None => return Err(ReplyError::Cut { bytes: self.body.len() }),
            }
        }
        self.at += 1;
        let wrong = |problem| ReplyError::Shape { problem, at: start };
        if escaped {
            serde_json::from_slice(&self.body[start..self.at])
                .map(Cow::Owned)
                .map_err(|_| wrong("an unknown escape sequence".to_owned()))
        } else {
            std::str::from_utf8(&self.body[start + 1..self.at - 1])
                .map(Cow::Borrowed)
                .map_err(|_| wrong("a string that is not UTF-8".to_owned()))
        }
    }

    /// Reads a boolean.
    pub(super) fn boolean(&mut self) -> Result<bool> {
        match self.peek()? {
            b't' => self.literal(b"true").map(|()| true),
            b'f' => self.literal(b"false").map(|()| false),
            _ => Err(self.expected("true or false")),
        }
    }

    /// Skips any value after checking it, and returns its bytes.
    pub(super) fn skip(&mut self) -> Result<&'a [u8]> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'{' => self.object(|scanner, _| scanner.skip().map(drop))?,
            b'[' => self.array(|scanner| scanner.skip().map(drop))?,
            b'"' => drop(self.string()?),
            b't' | b'f' => drop(self.boolean()?),
            b'n' => self.literal(b"null")?,
            _ => drop(self.number()?),
        }
        Ok(&self.body[start..self.at])
    }

    /// Returns the offset of the next byte.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Returns the bytes that have not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.body.get(self.at..).unwrap_or(&[])
    }

    /// Skips bytes that were read through [`Self::rest`].
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Skips a value and returns its start, from which [`Self::again`] reads it.
    pub(super) fn later(&mut self) -> Result<usize> {
        self.peek()?;
        let start = self.at;
        self.skip()?;
        Ok(start)
    }

    /// Reads the value at `start`, then returns to the present position.
    pub(super) fn again<T>(
        &mut self,
        start: usize,
        read: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let at = std::mem::replace(&mut self.at, start);
        let value = read(self)?;
        self.at = at;
        Ok(value)
    }

    /// Reads a number as text.
    pub(super) fn number(&mut self) -> Result<&'a str> {
        let first = self.peek()?;
        if first != b'-' && !first.is_ascii_digit() {
            return Err(self.expected("a number"));
        }
        let start = self.at;
        if first == b'-' {
            self.at += 1;
        }
        if self.body.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.body.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.body.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.body.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        std::str::from_utf8(&self.body[start..self.at])
            .map_err(|_| self.fail("a number that is not ASCII"))
    }

    fn digits(&mut self) -> Result<()> {
        match self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => Err(self.fail("expected a digit")),
            count => {
                self.at += count;
                Ok(())
            }
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<()> {
        for byte in word {
            if self.body.get(self.at) != Some(byte) {
                return Err(self.fail("an unknown literal"));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Consumes the opening bracket of `what`.
    pub(super) fn open(&mut self, bracket: u8, what: &str) -> Result<()> {
        if self.peek()? != bracket {
            return Err(self.expected(what));
        }
        if self.depth == MAX_DEPTH {
            return Err(ReplyError::TooDeep);
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Consumes a closing bracket that was peeked.
    pub(super) fn close(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    /// Consumes one byte of punctuation.
    pub(super) fn expect(&mut self, byte: u8) -> Result<()> {
        if self.peek()? != byte {
            return Err(self.fail(format!("expected \"{}\"", char::from(byte))));
        }
        self.at += 1;
        Ok(())
    }

    /// Creates the error that `what` is missing here and something else was found.
    pub(super) fn expected(&self, what: &str) -> ReplyError {
        let found = match self.body.get(self.at) {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "a string",
            Some(b'n') => "null",
            Some(b't' | b'f') => "a boolean",
            Some(b'-' | b'0'..=b'9') => "a number",
            _ => "something else",
        };
        self.fail(format!("expected {what}, found {found}"))
    }
}

/// Returns the beginning of a text, short enough for a message.
pub(super) fn excerpt(text: &str) -> &str {
    &text[..text.floor_char_boundary(60)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_has_a_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Scanner::new(nested(MAX_DEPTH).as_bytes()).skip().is_ok());
        for text in [nested(MAX_DEPTH + 1), "{\"a\":".repeat(1_000_000)] {
            assert_eq!(Scanner::new(text.as_bytes()).skip(), Err(ReplyError::TooDeep));
        }
    }

    #[test]
    fn skipping_checks_the_grammar() {
        let fine = ["{}", "[]", "null", "true", " -0.5e+3", "\"\\\"\"", "{\"a\" : [1, {} ]}"];
        for text in fine {
            assert_eq!(Scanner::new(text.as_bytes()).skip(), Ok(text.trim().as_bytes()), "{text}");
        }
        let wrong = ["{a:1}", "[1,]", "{\"a\":1,}", "nil", "+1", "[1 2]", "\"\u{1}\"", "'a'"];
        for text in wrong {
            let result = Scanner::new(text.as_bytes()).skip();
            assert!(matches!(result, Err(ReplyError::Shape { .. })), "{text}: {result:?}");
        }
        let result = Scanner::new(b"\"\xff\"").skip();
        assert!(matches!(result, Err(ReplyError::Shape { at: 0, .. })), "{result:?}");
    }
}

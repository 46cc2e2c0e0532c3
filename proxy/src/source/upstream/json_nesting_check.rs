//! Streaming check of a JSON object: bounded nesting, and whether the object is complete.
//!
//! It finds brackets and strings alone, 64 bytes at a time; a JSON parser would read every value of an answer that is only
//! passed on.

use wide::u8x64;

use crate::source::error::SourceError;

/// Maximum nesting; answers of Prometheus need 6.
const MAX_DEPTH: u32 = 128;

/// State of the check of one JSON object, fed piece by piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct JsonNestingCheck {
    depth: u32,
    in_string: bool,
    escaped: bool,
    closed: bool,
}

/// Bytes that are no JSON object, are nested too deep, or follow its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JsonNestingError;

impl From<JsonNestingError> for SourceError {
    fn from(_: JsonNestingError) -> Self {
        Self::NotPrometheus
    }
}

impl JsonNestingCheck {
    /// Reads the next piece, which may end anywhere.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<(), JsonNestingError> {
        let (blocks, rest) = piece.as_chunks();
        for block in blocks {
            if !self.skip(block) {
                self.read(block)?;
            }
        }
        self.read(rest)
    }

    /// Reads a block at once. Returns false if its bytes must be read one by one: it contains a backslash, or could close the
    /// object or nest too deep.
    fn skip(&mut self, block: &Block) -> bool {
        let quotes = equal(block, 0, b'"');
        // Behind an odd number of quotes, each byte's flag is set.
        let mut strings = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            strings ^= strings << shift;
        }
        if self.in_string {
            strings = !strings;
        }
        let opens = equal(block, CASE, b'{') & !strings;
        let closes = equal(block, CASE, b'}') & !strings;
        let (opened, closed) = (opens.count_ones(), closes.count_ones());
        let plain = !self.escaped && equal(block, 0, b'\\') == 0;
        if !plain || self.depth <= closed || self.depth + opened > MAX_DEPTH {
            return false;
        }
        self.in_string = strings >> 63 == 1;
        self.depth = self.depth + opened - closed;
        true
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), JsonNestingError> {
        for byte in bytes {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ if self.closed || (self.depth == 0 && *byte != b'{') => {
                    return Err(JsonNestingError);
                }
                b'"' => self.in_string = true,
                b'{' | b'[' if self.depth == MAX_DEPTH => return Err(JsonNestingError),
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    self.closed = self.depth == 0;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns whether the object has been closed.
    pub(super) fn is_complete(self) -> bool {
        self.closed
    }
}

/// Bit that tells a bracket from a brace.
const CASE: u8 = 0x20;

/// Bytes that are compared at once, one for each bit of the result.
type Block = [u8; 64];

/// Returns a flag for each byte that equals `byte` once the bits of `case` are set in it.
fn equal(block: &Block, case: u8, byte: u8) -> u64 {
    (u8x64::new(*block) | u8x64::splat(case)).simd_eq(u8x64::splat(byte)).to_bitmask()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Blocks and single bytes give the same result, wherever the pieces are cut.
        #[test]
        fn blocks_and_bytes_agree(
            text in r#"([\[\]{}" \\x]{0,20}|[\[\]" ,1]{0,90}|\[1,"2"\],){0,8}"#,
            deep in 0_usize..130,
            cut in 0_usize..300,
        ) {
            let text = format!("{}{text}", "{".repeat(deep));
            let (mut fast, mut slow) = (JsonNestingCheck::default(), JsonNestingCheck::default());
            let cut = cut.min(text.len());
            let found = fast.feed(&text.as_bytes()[..cut]).and_then(|()| fast.feed(&text.as_bytes()[cut..]));
            prop_assert_eq!(found, slow.read(text.as_bytes()));
            if found.is_ok() {
                prop_assert_eq!(fast, slow);
            }
        }
    }

    #[test]
    fn an_object_is_complete_at_its_last_brace_however_it_is_cut() {
        let text = br#" {"status":"success","data":{"a":["}","\"]",1]}} "#;
        for cut in 0..=text.len() {
            let mut shape = JsonNestingCheck::default();
            shape.feed(&text[..cut]).unwrap();
            assert_eq!(shape.is_complete(), cut >= text.len() - 1, "{cut}");
            shape.feed(&text[cut..]).unwrap();
            assert!(shape.is_complete());
        }
    }

    #[test]
    fn other_texts_are_malformed() {
        let deep = format!("{{\"a\":{}", "[".repeat(200));
        for text in ["<html>", "[1]", "null", "{}{}", "{} x", "}", &deep] {
            assert_eq!(
                JsonNestingCheck::default().feed(text.as_bytes()),
                Err(JsonNestingError),
                "{text}"
            );
        }
    }
}

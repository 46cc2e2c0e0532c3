//! A watch on JSON that passes by in pieces: how deep it nests, and whether it came to its end.

use crate::fault::Fault;

/// Deeper nesting than this is refused; Prometheus' own answers need 6.
const MAX_DEPTH: u32 = 128;

/// What has been seen of one JSON object so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    depth: u32,
    in_string: bool,
    escaped: bool,
    closed: bool,
}

/// The bytes are no JSON object: nested too deep, or something follows its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl From<Malformed> for Fault {
    fn from(_: Malformed) -> Self {
        Self::NotPrometheus
    }
}

impl Shape {
    /// Reads the next piece; it may end anywhere.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<(), Malformed> {
        let (words, rest) = piece.as_chunks::<8>();
        for word in words {
            if !self.skip(u64::from_le_bytes(*word)) {
                self.read(word)?;
            }
        }
        self.read(rest)
    }

    /// Eight bytes at once, or false if they must be looked at one by one: they hold a backslash, or could close the
    /// object or nest too deep.
    fn skip(&mut self, word: u64) -> bool {
        let quotes = equal(word, b'"');
        // The case bit tells brackets from braces.
        let folded = word | splat(0x20);
        let (opens, closes) = (equal(folded, b'{'), equal(folded, b'}'));
        // Behind an odd number of quotes, each one's flag is set.
        let mut strings = quotes ^ (quotes << 8);
        strings ^= strings << 16;
        strings ^= strings << 32;
        if self.in_string {
            strings ^= splat(0x80);
        }
        let (opened, closed) = (count(opens & !strings), count(closes & !strings));
        let plain = !self.escaped && equal(word, b'\\') == 0;
        if !plain || self.depth <= closed || self.depth + opened > MAX_DEPTH {
            return false;
        }
        self.in_string = strings >> 63 == 1;
        self.depth = self.depth + opened - closed;
        true
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
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
                _ if self.closed || (self.depth == 0 && *byte != b'{') => return Err(Malformed),
                b'"' => self.in_string = true,
                b'{' | b'[' if self.depth == MAX_DEPTH => return Err(Malformed),
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

    /// Whether the object has been closed.
    pub(super) fn is_complete(self) -> bool {
        self.closed
    }
}

/// `byte` in each of eight places.
const fn splat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The highest bit of each byte of `word` that equals `byte`.
fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ splat(byte);
    let low = splat(0x7f);
    !(((differs & low) + low) | differs | low)
}

/// How many flags are set.
fn count(flags: u64) -> u32 {
    ((flags >> 7).wrapping_mul(splat(1)) >> 56) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Eight bytes at once and byte by byte see the same, wherever the pieces are cut.
        #[test]
        fn words_and_bytes_agree(
            text in r#"[\[\]{}" \\x]{0,80}"#,
            deep in 0_usize..130,
            cut in 0_usize..80,
        ) {
            let text = format!("{}{text}", "{".repeat(deep));
            let (mut fast, mut slow) = (Shape::default(), Shape::default());
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
            let mut shape = Shape::default();
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
            assert_eq!(Shape::default().feed(text.as_bytes()), Err(Malformed), "{text}");
        }
    }
}

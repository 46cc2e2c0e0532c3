//! A watch on JSON that passes by in pieces: how deep it nests, and whether it came to its end.

/// What has been seen of one JSON object so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    most: u32,
    depth: u32,
    in_string: bool,
    escaped: bool,
    closed: bool,
}

/// The bytes are no JSON object: nested too deep, or something follows its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Shape {
    /// Nothing seen yet; nesting deeper than `most` will be refused.
    pub(super) fn new(most: u32) -> Self {
        Self { most, depth: 0, in_string: false, escaped: false, closed: false }
    }

    /// Reads the next piece; it may end anywhere.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<(), Malformed> {
        for byte in piece {
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
                b'{' | b'[' if self.depth == self.most => return Err(Malformed),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_complete_at_its_last_brace_however_it_is_cut() {
        let text = br#" {"status":"success","data":{"a":["}","\"]",1]}} "#;
        for cut in 0..=text.len() {
            let mut shape = Shape::new(128);
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
            assert_eq!(Shape::new(128).feed(text.as_bytes()), Err(Malformed), "{text}");
        }
    }
}

//! Streaming check that an answer is UTF-8.

use std::str::from_utf8;

/// Maximum bytes of a character.
const MAX_CHARACTER: usize = 4;

/// State of the check, fed piece by piece: the beginning of a character that a piece cut.
#[derive(Default)]
pub(super) struct Utf8Check {
    cut: Vec<u8>,
}

/// Bytes that are no UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Utf8Error;

impl Utf8Check {
    /// Reads the next piece, which may end anywhere.
    pub(super) fn feed(&mut self, mut piece: &[u8]) -> Result<(), Utf8Error> {
        while !self.cut.is_empty() {
            let Some((first, rest)) = piece.split_first() else { return Ok(()) };
            self.cut.push(*first);
            piece = rest;
            match from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) if error.error_len().is_none() && self.cut.len() < MAX_CHARACTER => {}
                Err(_) => return Err(Utf8Error),
            }
        }
        match from_utf8(piece) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_none() => {
                self.cut.extend_from_slice(&piece[error.valid_up_to()..]);
                Ok(())
            }
            Err(_) => Err(Utf8Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_may_be_cut_and_wrong_bytes_are_found_wherever_a_piece_ends() {
        for (text, valid) in [
            ("a€🦀ü".as_bytes(), true),
            (b"a\xff b", false),
            (b"a\xe2\x82 b", false),
            (b"\xc0\x80", false),
            (b"\xed\xa0\x80", false),
        ] {
            for cut in 0..=text.len() {
                for second in cut..=text.len() {
                    let mut check = Utf8Check::default();
                    let pieces = [&text[..cut], &text[cut..second], &text[second..]];
                    let found = pieces.iter().try_for_each(|piece| check.feed(piece));
                    assert_eq!(found.is_ok(), valid, "{text:?} {cut} {second}");
                }
            }
        }
    }
}

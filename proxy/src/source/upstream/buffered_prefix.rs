//! Beginning of an answer, held back until it has been checked.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Minimum bytes of a piece; smaller ones are joined, since each costs memory and a source may send a million of one byte.
const MIN_PIECE: usize = 1 << 10;

/// Pieces in the order of arrival, not joined, so that a large answer is not in memory twice.
#[derive(Default)]
pub(super) struct BufferedPrefix {
    pieces: VecDeque<Bytes>,
    small: BytesMut,
    bytes: usize,
}

impl BufferedPrefix {
    /// Appends a piece.
    pub(super) fn push(&mut self, piece: Bytes) {
        self.bytes += piece.len();
        if piece.len() < MIN_PIECE {
            self.small.extend_from_slice(&piece);
        } else {
            self.close_small();
            self.pieces.push_back(piece);
        }
    }

    /// Returns the number of bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    /// Returns whether it begins with a successful status, which comes first in every known implementation.
    pub(super) fn is_success(&self) -> bool {
        let all = self.pieces.iter().flatten().chain(&self.small).copied();
        let visible = all.filter(|byte| !byte.is_ascii_whitespace());
        visible.take(19).eq(*br#"{"status":"success""#)
    }

    /// Joins all pieces into one.
    pub(super) fn joined(self) -> Bytes {
        let mut pieces = self.into_pieces();
        match pieces.len() {
            0 | 1 => pieces.pop_front().unwrap_or_default(),
            _ => pieces.make_contiguous().concat().into(),
        }
    }

    /// Returns the pieces in order.
    pub(super) fn into_pieces(mut self) -> VecDeque<Bytes> {
        self.close_small();
        self.pieces
    }

    fn close_small(&mut self) {
        if !self.small.is_empty() {
            self.pieces.push_back(self.small.split().freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_keep_their_order() {
        let text = br#"{"status":"success","data":"#.repeat(200);
        for sizes in [vec![1], vec![5_000], vec![1, 2_000], vec![2_000, 1, 1], vec![text.len()]] {
            let mut prefix = BufferedPrefix::default();
            let mut rest = Bytes::from(text.clone());
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                prefix.push(rest.split_to(rest.len().min(*size)));
            }
            assert!(prefix.is_success() && prefix.len() == text.len());
            let pieces = prefix.into_pieces();
            assert!(pieces.len() <= 1 + 2 * text.len().div_ceil(MIN_PIECE), "{sizes:?}");
            assert_eq!(pieces.into_iter().flatten().collect::<Vec<_>>(), text, "{sizes:?}");
        }
        assert!(
            !BufferedPrefix::default().is_success()
                && BufferedPrefix::default().joined().is_empty()
        );
    }
}

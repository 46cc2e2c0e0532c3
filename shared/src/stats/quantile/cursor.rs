//! A place in a window that keeps up with its changes.

use super::Change;
use super::bits::Bits;

/// A rank, and how many members of the window are below it.
#[derive(Clone, Copy, Default)]
pub(super) struct Cursor {
    rank: u32,
    below: usize,
}

impl Cursor {
    /// Counts anew after a change of the window.
    #[inline]
    pub(super) fn follow(&mut self, change: Change) {
        self.below += usize::from(change.come < self.rank);
        self.below -= usize::from(change.gone < self.rank);
    }

    /// Moves to the member that has `order` members below it.
    #[inline]
    pub(super) fn seek(&mut self, bits: &Bits, order: usize) {
        while self.below > order {
            self.back(bits);
        }
        while let Some(rank) = bits.next(self.rank) {
            self.rank = rank;
            if self.below >= order {
                break;
            }
            self.rank += 1;
            self.below += 1;
        }
    }

    /// Moves to the member before.
    #[inline]
    fn back(&mut self, bits: &Bits) {
        self.rank = bits.previous(self.rank).unwrap_or(0);
        self.below -= 1;
    }

    #[inline]
    fn forth(&mut self, bits: &Bits) {
        self.rank = bits.next(self.rank + 1).unwrap_or(self.rank);
        self.below += 1;
    }

    /// Where it is.
    #[inline]
    pub(super) fn rank(self) -> usize {
        self.rank as usize
    }

    /// The rank of the member after this one; this one at the end.
    #[inline]
    pub(super) fn next(self, bits: &Bits) -> usize {
        bits.next(self.rank + 1).unwrap_or(self.rank) as usize
    }

    #[inline]
    fn previous(self, bits: &Bits) -> Option<usize> {
        bits.previous(self.rank).map(|rank| rank as usize)
    }
}

/// Of the distances of the `count` members from `centre`, their median, the two middle ones for it to be
/// interpolated between (the same one twice for an odd count).
///
/// The nearer half of the members is one stretch of them, from `first` to `last`; both are moved on from where
/// they stood for the window before.
#[inline]
pub(super) fn deviations(
    sorted: &[f64],
    bits: &Bits,
    centre: f64,
    count: usize,
    first: &mut Cursor,
    last: &mut Cursor,
) -> (f64, f64) {
    let half = count.div_ceil(2);
    let distance = |rank: usize| (sorted[rank] - centre).abs();
    let start = first.below.min(count - half);
    first.seek(bits, start);
    last.seek(bits, start + half - 1);
    // The next members outside of the stretch, infinitely far where there is none.
    let beyond = |last: &Cursor| {
        if last.below + 1 < count { distance(last.next(bits)) } else { f64::INFINITY }
    };
    let before = |first: &Cursor| first.previous(bits).map_or(f64::INFINITY, |rank| distance(rank));
    let (mut left, mut right) = (before(first), beyond(last));
    while right < distance(first.rank()) {
        left = distance(first.rank());
        first.forth(bits);
        last.forth(bits);
        right = beyond(last);
    }
    while left < distance(last.rank()) {
        right = distance(last.rank());
        first.back(bits);
        last.back(bits);
        left = before(first);
    }
    let low = distance(first.rank()).max(distance(last.rank()));
    (low, if count % 2 == 0 { left.min(right) } else { low })
}

//! A set of small whole numbers, a byte each: eight of them are looked through at once, and one comes or goes without a
//! look at its neighbours.

/// Eight flags.
type FlagWord = [u8; 8];

/// Number of flags that are looked through at once.
const EIGHT: usize = size_of::<FlagWord>();

/// Number of unused flags before and after the numbers.
const MARGIN: usize = EIGHT;

/// Set of 16-bit numbers, one flag for each, so that no place in the set need be checked.
pub(super) struct Flags([u8; (1 << 16) + 2 * MARGIN]);

impl Flags {
    /// Creates an empty set.
    pub(super) fn new() -> Box<Self> {
        Box::new(Self([0; _]))
    }

    /// Removes all numbers below `limit`.
    pub(super) fn clear(&mut self, limit: u16) {
        self.0[MARGIN..][..limit as usize].fill(0);
    }

    /// Adds a number.
    #[inline(always)]
    pub(super) fn insert(&mut self, number: u16) {
        self.0[number as usize + MARGIN] = 1;
    }

    /// Removes a number.
    #[inline(always)]
    pub(super) fn remove(&mut self, number: u16) {
        self.0[number as usize + MARGIN] = 0;
    }

    /// Returns the flags from this place on, the first in the lowest byte.
    #[inline(always)]
    fn eight(&self, place: usize) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|at| self.0[place + at]))
    }

    /// Returns the smallest number from `from` on; `u16::MAX` if there is none.
    #[inline(always)]
    pub(super) fn next(&self, mut from: u16) -> u16 {
        loop {
            let eight = self.eight(from as usize + MARGIN);
            if eight != 0 {
                return from + (eight.trailing_zeros() / u8::BITS) as u16;
            }
            let Some(beyond) = from.checked_add(EIGHT as u16) else { return u16::MAX };
            from = beyond;
        }
    }

    /// Returns the largest number below `before`; 0 if there is none.
    #[inline(always)]
    pub(super) fn previous(&self, mut before: u16) -> u16 {
        loop {
            let eight = self.eight(before as usize + MARGIN - EIGHT);
            if eight != 0 {
                return before - 1 - (eight.leading_zeros() / u8::BITS) as u16;
            }
            let Some(below) = before.checked_sub(EIGHT as u16) else { return 0 };
            before = below;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn as_an_ordered_set(
            changes in prop::collection::vec((0_u16..640, prop::bool::weighted(0.8)), 0..900),
            asked in prop::collection::vec(0_u16..700, 20),
            last in any::<bool>(),
        ) {
            let (mut flags, mut set) = (Flags::new(), BTreeSet::new());
            for (number, come) in changes.into_iter().chain([(u16::MAX, last)]) {
                if come {
                    flags.insert(number);
                    set.insert(number);
                } else {
                    flags.remove(number);
                    set.remove(&number);
                }
            }
            for at in asked.into_iter().chain([0, 1, 63, 64, 65, 639, 640, u16::MAX]) {
                let next = set.range(at..).next().copied().unwrap_or(u16::MAX);
                prop_assert_eq!(flags.next(at), next);
                prop_assert_eq!(flags.previous(at), set.range(..at).last().copied().unwrap_or(0));
            }
        }
    }
}

//! A set of whole numbers below a limit, as bits, with a second set of the words that are not empty: so that the
//! way to the next number is short where numbers are rare.

#[derive(Clone, Debug)]
pub(super) struct Bits {
    words: Vec<u64>,
    /// A bit for each word that has one.
    filled: Vec<u64>,
}

impl Bits {
    /// The empty set of numbers below `limit`.
    pub(super) fn new(limit: usize) -> Self {
        let words = limit.div_ceil(64);
        Self { words: vec![0; words], filled: vec![0; words.div_ceil(64)] }
    }

    #[inline]
    pub(super) fn insert(&mut self, number: u32) {
        let word = (number / 64) as usize;
        self.words[word] |= 1 << (number % 64);
        self.filled[word / 64] |= 1 << (word % 64);
    }

    #[inline]
    pub(super) fn remove(&mut self, number: u32) {
        let word = (number / 64) as usize;
        self.words[word] &= !(1 << (number % 64));
        let empty = u64::from(self.words[word] == 0);
        self.filled[word / 64] &= !(empty << (word % 64));
    }

    /// The smallest number from `from` on.
    #[inline]
    pub(super) fn next(&self, from: u32) -> Option<u32> {
        let word = (from / 64) as usize;
        let here = self.words.get(word)? >> (from % 64);
        if here != 0 {
            return Some(from + here.trailing_zeros());
        }
        let after = word + 1;
        let mut group = after / 64;
        let mut filled = *self.filled.get(group)? >> (after % 64) << (after % 64);
        while filled == 0 {
            group += 1;
            filled = *self.filled.get(group)?;
        }
        let word = group * 64 + filled.trailing_zeros() as usize;
        Some(word as u32 * 64 + self.words[word].trailing_zeros())
    }

    /// The largest number below `before`.
    #[inline]
    pub(super) fn previous(&self, before: u32) -> Option<u32> {
        let last = before.checked_sub(1)?;
        let word = (last / 64) as usize;
        let here = self.words.get(word)? << (63 - last % 64);
        if here != 0 {
            return Some(last - here.leading_zeros());
        }
        let mut group = word / 64;
        let mut filled = self.filled[group] & ((1 << (word % 64)) - 1);
        while filled == 0 {
            group = group.checked_sub(1)?;
            filled = self.filled[group];
        }
        let word = group * 64 + 63 - filled.leading_zeros() as usize;
        Some(word as u32 * 64 + 63 - self.words[word].leading_zeros())
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
            changes in prop::collection::vec((0_u32..9_000, any::<bool>()), 0..60),
            asked in prop::collection::vec(0_u32..9_100, 20),
        ) {
            let (mut bits, mut set) = (Bits::new(9_000), BTreeSet::new());
            for (number, come) in changes {
                if come {
                    bits.insert(number);
                    set.insert(number);
                } else {
                    bits.remove(number);
                    set.remove(&number);
                }
            }
            for at in asked.into_iter().chain([0, 64, 4_096, 8_999]) {
                prop_assert_eq!(bits.next(at), set.range(at..).next().copied());
                prop_assert_eq!(bits.previous(at.min(9_000)), set.range(..at.min(9_000)).last().copied());
            }
        }
    }
}

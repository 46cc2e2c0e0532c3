//! A set of small whole numbers as bits.

#[derive(Clone, Debug)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// The empty set of numbers below `limit`.
    pub(super) fn new(limit: usize) -> Self {
        Self { words: vec![0; limit.div_ceil(64)] }
    }

    pub(super) fn clear(&mut self) {
        self.words.fill(0);
    }

    #[inline(always)]
    pub(super) fn insert(&mut self, number: u32) {
        self.words[(number / 64) as usize] |= 1 << (number % 64);
    }

    #[inline(always)]
    pub(super) fn remove(&mut self, number: u32) {
        self.words[(number / 64) as usize] &= !(1 << (number % 64));
    }

    /// The smallest number from `from` on; the limit or more if there is none.
    #[inline(always)]
    pub(super) fn next(&self, from: u32) -> u32 {
        let mut word = from / 64;
        let here = self.words.get(word as usize).map_or(0, |bits| bits >> (from % 64));
        if here != 0 {
            return from + here.trailing_zeros();
        }
        loop {
            word += 1;
            match self.words.get(word as usize) {
                Some(0) => {}
                Some(bits) => return word * 64 + bits.trailing_zeros(),
                None => return word * 64,
            }
        }
    }

    /// The largest number below `before`; 0 if there is none.
    #[inline(always)]
    pub(super) fn previous(&self, before: u32) -> u32 {
        let Some(last) = before.checked_sub(1) else { return 0 };
        let mut word = last / 64;
        let here = self.words.get(word as usize).map_or(0, |bits| bits << (63 - last % 64));
        if here != 0 {
            return last - here.leading_zeros();
        }
        while word > 0 {
            word -= 1;
            let bits = self.words[word as usize];
            if bits != 0 {
                return word * 64 + 63 - bits.leading_zeros();
            }
        }
        0
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
            changes in prop::collection::vec((0_u32..640, prop::bool::weighted(0.8)), 0..900),
            asked in prop::collection::vec(0_u32..700, 20),
        ) {
            let (mut bits, mut set) = (Bits::new(640), BTreeSet::new());
            for (number, come) in changes {
                if come {
                    bits.insert(number);
                    set.insert(number);
                } else {
                    bits.remove(number);
                    set.remove(&number);
                }
            }
            for at in asked.into_iter().chain([0, 1, 63, 64, 65, 639, 640]) {
                match set.range(at..).next() {
                    Some(next) => prop_assert_eq!(bits.next(at), *next),
                    None => prop_assert!(bits.next(at) >= 640),
                }
                prop_assert_eq!(bits.previous(at.min(640)), set.range(..at).last().copied().unwrap_or(0));
            }
        }
    }
}

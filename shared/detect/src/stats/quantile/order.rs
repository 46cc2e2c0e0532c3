//! Radix sort of samples.
//!
//! Method: radix sort (Knuth, "The Art of Computer Programming", volume 3, 5.2.5) by the leading bits in which the
//! samples differ, kept in one word with where each is; then what is still equal anew by the bits that follow.

/// Number of bits of a word that hold the index of a sample.
const INDEX_BITS: u32 = 31;

/// Number of bits by which samples are distributed at once.
const DIGIT: u32 = 11;
/// Number of times that samples are distributed.
const DIGITS: u32 = 3;

/// Minimum number of samples for a radix sort; fewer are sorted by comparison.
const MIN_RADIX: usize = 256;

/// Returns the indices of the finite samples, in ascending order of value, then of time. There may be 2^31 samples.
pub(super) fn order(values: &[f64]) -> Vec<u32> {
    let finite = values.iter().zip(0..).filter(|(value, _)| value.is_finite());
    let mut words: Vec<u64> = finite.map(|(_, place)| place).collect();
    let mut spare = vec![0; words.len()];
    sort(&mut words, &mut spare, values);
    words.into_iter().map(|word| place(word) as u32).collect()
}

/// Returns the index of a sample.
fn place(word: u64) -> usize {
    (word & ((1 << INDEX_BITS) - 1)) as usize
}

/// Sorts words that hold indices of samples, in the order of time where samples are equal. `spare` is as long.
fn sort(words: &mut [u64], spare: &mut [u64], values: &[f64]) {
    let key = |word: u64| ascending(values[place(word)]);
    if words.len() < MIN_RADIX {
        words.sort_unstable_by_key(|word| (key(*word), place(*word)));
        return;
    }
    let ends =
        |(least, most): (u64, u64), word: &u64| (least.min(key(*word)), most.max(key(*word)));
    let (least, most) = words.iter().fold((u64::MAX, 0), ends);
    let differ = u64::BITS - (most - least).leading_zeros();
    let dropped = differ.saturating_sub(DIGIT * DIGITS);
    for word in words.iter_mut() {
        *word = ((key(*word) - least) >> dropped) << INDEX_BITS | place(*word) as u64;
    }
    for digit in 0..DIGITS {
        if INDEX_BITS + digit * DIGIT < INDEX_BITS + differ - dropped {
            distribute(words, spare, INDEX_BITS + digit * DIGIT);
            words.copy_from_slice(spare);
        }
    }
    if dropped > 0 {
        for equal in words.chunk_by_mut(|a, b| a >> INDEX_BITS == b >> INDEX_BITS) {
            if equal.len() > 1 {
                sort(equal, &mut spare[..equal.len()], values);
            }
        }
    }
}

/// Distributes words by one digit, in their order.
fn distribute(words: &[u64], sorted: &mut [u64], shift: u32) {
    let digit = |word: u64| (word >> shift) as usize % (1 << DIGIT);
    let mut ends = [0_u32; 1 << DIGIT];
    for word in words {
        ends[digit(*word)] += 1;
    }
    let mut before = 0;
    for end in &mut ends {
        (*end, before) = (before, before + *end);
    }
    for word in words {
        let next = &mut ends[digit(*word)];
        sorted[*next as usize] = *word;
        *next += 1;
    }
}

/// Maps a finite number to an integer of the same order; both zeros are one.
fn ascending(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

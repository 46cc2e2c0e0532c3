//! Sorts samples.
//!
//! Method: radix sort (Knuth, "The Art of Computer Programming", volume 3, 5.2.5) by the leading bits in which the
//! samples differ, kept in one word with where each is; then what is still equal anew by the bits that follow.

/// How many bits of a word tell where a sample is.
const INDEX_BITS: u32 = 31;

/// Bits by which samples are distributed at once, and how often.
const DIGIT: u32 = 11;
const DIGITS: u32 = 3;

/// Fewer are compared instead.
const MIN_RADIX: usize = 256;

/// Where the finite samples are, in ascending order of value, then of time. There may be 2^31 samples.
pub(super) fn order(values: &[f64]) -> Vec<u32> {
    let finite = values.iter().zip(0..).filter(|(value, _)| value.is_finite());
    let mut words: Vec<u64> = finite.map(|(_, place)| place).collect();
    let mut spare = vec![0; words.len()];
    sort(&mut words, &mut spare, values);
    words.into_iter().map(|word| place(word) as u32).collect()
}

fn place(word: u64) -> usize {
    (word & ((1 << INDEX_BITS) - 1)) as usize
}

/// Sorts words that tell the places of samples, in the order of time where those are equal. `spare` is as long.
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

/// Sorts by one digit, in the order in which they come where that is equal.
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

/// A whole number that orders as the values do; zeros are equal.
fn ascending(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

//! Runs a target on the inputs of its corpus, and then on changed and joined ones for some seconds.
//!
//! An input on which the target panics is written into the corpus, where each later run begins with it: committed, it
//! is a test. Stable Rust shows no coverage, so the corpus should hold one of everything.
#![allow(clippy::panic, clippy::expect_used, reason = "this is a part of tests")]

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::{Rng, RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

/// Seconds for each target; changed inputs are tried for so long.
pub const SECONDS: &str = "ODDITY_FUZZ_SECONDS";

/// Where the changes begin; the same number makes the same changes.
pub const SEED: &str = "ODDITY_FUZZ_SEED";

/// At most so many changes make one input from another.
const CHANGES: u32 = 6;

/// Longer inputs are cut: what goes wrong goes wrong on short ones too, and sooner.
const LONGEST: usize = 4_096;

/// Tries `target` on `corpus/NAME`, and on changes that know the `words` of its language.
///
/// # Panics
/// If the target does, after the input has been written down.
pub fn run(name: &str, words: &[&str], target: impl Fn(&[u8])) {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus")).join(name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("a corpus")
        .map(|entry| entry.expect("an input").path())
        .collect();
    files.sort();
    let corpus: Vec<_> = files.iter().map(|file| fs::read(file).expect("an input")).collect();
    let check = |input: &[u8]| {
        if catch_unwind(AssertUnwindSafe(|| target(input))).is_err() {
            let mut hasher = DefaultHasher::new();
            input.hash(&mut hasher);
            let file = folder.join(format!("found-{:016x}", hasher.finish()));
            fs::write(&file, input).expect("the input is kept");
            panic!("{name} fails on {}: {:?}", file.display(), String::from_utf8_lossy(input));
        }
    };
    corpus.iter().for_each(|input| check(input));
    let number = |variable, usual| {
        std::env::var(variable).map_or(usual, |text| text.parse().expect("a whole number"))
    };
    let mut dice = Pcg64Mcg::seed_from_u64(number(SEED, 1));
    let end = Instant::now() + Duration::from_secs(number(SECONDS, 2));
    // A slow machine tries fewer, but some.
    loop {
        for _ in 0..64 {
            check(&changed(&corpus, words, &mut dice));
        }
        if Instant::now() >= end {
            break;
        }
    }
    assert!(!corpus.is_empty(), "{name}: no corpus");
}

fn changed(corpus: &[Vec<u8>], words: &[&str], dice: &mut impl Rng) -> Vec<u8> {
    let any = |dice: &mut _| pick(corpus, dice).clone();
    let mut input = any(dice);
    for _ in 0..dice.random_range(1..=CHANGES) {
        let at = dice.random_range(0..=input.len());
        let end = (at + dice.random_range(0..16)).min(input.len());
        match dice.random_range(0..8) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..end)),
            2 => input.insert(at, dice.random()),
            3 => drop(input.splice(at..end, pick(words, dice).bytes())),
            4 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << dice.random_range(0..8);
                }
            }
            5 => {
                let piece = input[at..end].repeat(dice.random_range(1..64));
                drop(input.splice(at..at, piece));
            }
            6 => {
                let other = any(dice);
                let from = dice.random_range(0..=other.len());
                drop(input.splice(at.., other[from..].iter().copied()));
            }
            _ => {
                let digits = dice.random::<u64>().to_string();
                drop(input.splice(at..end, digits[..dice.random_range(1..=digits.len())].bytes()));
            }
        }
        input.truncate(LONGEST);
    }
    input
}

fn pick<'a, T>(all: &'a [T], dice: &mut impl Rng) -> &'a T {
    &all[dice.random_range(0..all.len())]
}

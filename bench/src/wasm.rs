//! Functions that Node calls. Strings are a pointer in the high and a length in the low 32 bits, and are never freed.
#![allow(
    unsafe_code,
    reason = "a name to export under is unsafe to give, as another might have it"
)]

use std::cell::RefCell;

use crate::case::{self, Case};
use crate::parity;

thread_local! {
    static CASES: RefCell<Vec<Case>> = const { RefCell::new(Vec::new()) };
}

/// Creates the cases and returns a line of name, samples and parts for each.
#[unsafe(no_mangle)]
pub extern "C" fn cases() -> u64 {
    let all = case::all();
    let lines = all
        .iter()
        .map(|case| format!("{}\t{}\t{}\n", case.name, case.samples, case.parts))
        .collect();
    CASES.set(all);
    text(lines)
}

/// Runs a part of a case.
#[unsafe(no_mangle)]
pub extern "C" fn run(case: usize, part: usize) {
    CASES.with_borrow_mut(|cases| {
        if let Some(case) = cases.get_mut(case) {
            (case.work)(part);
        }
    });
}

/// Returns [`parity::report`].
#[unsafe(no_mangle)]
pub extern "C" fn digests() -> u64 {
    text(parity::report())
}

fn text(text: String) -> u64 {
    let text = text.leak();
    (text.as_ptr() as u64) << 32 | text.len() as u64
}

//! Counts of what takes time when a query is parsed, for fuzzing alone.

use std::cell::Cell;

/// Work on this thread since it was last asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Number of runs of the parser.
    pub parses: u64,
    /// Bytes of text that the parser was given.
    pub parsed_bytes: u64,
    /// Number of patterns that were compiled, those that turned out too large included.
    pub patterns: u64,
}

thread_local! {
    static COST: Cell<Cost> = const { Cell::new(Cost { parses: 0, parsed_bytes: 0, patterns: 0 }) };
}

/// Returns the work since the last call on this thread.
pub fn take() -> Cost {
    COST.take()
}

pub(super) fn parsed(text: &str) {
    add(|cost| {
        cost.parses += 1;
        cost.parsed_bytes += text.len() as u64;
    });
}

pub(super) fn compiled() {
    add(|cost| cost.patterns += 1);
}

fn add(change: impl FnOnce(&mut Cost)) {
    let mut cost = COST.get();
    change(&mut cost);
    COST.set(cost);
}

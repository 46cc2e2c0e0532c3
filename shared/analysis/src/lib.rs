//! Analyses of what a range query answered: settings, words, explanations, rules and reports; pure functions without I/O.
//!
//! Modules in reading order; each knows only those above it.

pub mod analysis;

pub mod explain;

pub mod words;

pub mod knowledge;

pub mod api;

pub mod related;

pub mod rules;

pub mod view_state;

pub mod report;

pub mod assistant;

pub mod findings;

#[cfg(test)]
#[path = "../../detect/src/stats/testing.rs"]
mod testing;

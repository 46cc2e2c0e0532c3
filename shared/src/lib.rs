//! Detection, events and reports of Oddity: pure functions without I/O, clock, threads or browser.
//!
//! Modules in reading order; each knows only those above it.

pub mod time;

pub mod series;

pub mod query;

pub mod prometheus;

pub mod promql;

pub mod api;

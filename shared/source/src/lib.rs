//! Range queries to Prometheus and its answers: pure functions without I/O.
//!
//! Modules in reading order; each knows only those above it.

pub mod promql;

mod interval;

pub mod note;

pub mod query;

pub mod prometheus;

pub mod catalog;

pub mod plan;

pub mod unit;

//! Detection, events and reports of Oddity: pure functions without I/O, clock, threads or browser.
//!
//! Modules in reading order; each knows only those above it.

pub mod time;

pub mod series;

pub mod query;

pub mod promql;

pub mod prometheus;

pub mod plan;

pub mod unit;

pub mod stats;

pub mod seasonality;

pub mod detect;

pub mod event;

pub mod analysis;

pub mod words;

pub mod explain;

pub mod knowledge;

pub mod api;

pub mod related;

pub mod rules;

pub mod panel;

pub mod report;

pub mod prompt;

pub mod findings;

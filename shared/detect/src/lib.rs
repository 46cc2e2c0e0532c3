//! Detection of anomalies in time series: pure functions without I/O, clock, threads or browser.
//!
//! Modules in reading order; each knows only those above it.

pub mod time;

pub mod series;

pub mod stats;

pub mod seasonality;

pub mod detect;

pub mod event;

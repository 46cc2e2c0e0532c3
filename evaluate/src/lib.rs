//! Evaluates the detectors on labelled data. The product does not depend on this crate.
//!
//! Modules in reading order: recordings are read, a detector judges them, and its scores are written as CSV or compared with
//! the labels, as the Numenta Anomaly Benchmark does and row by row.

pub mod data;

pub mod settings;

pub mod verdict;

pub mod scores;

pub mod nab;

pub mod labelled;

pub mod planted;

pub mod worlds;

pub mod report;

//! Measures the detectors of `shared` on labelled data. The product does not depend on it.
//!
//! Modules in reading order: recordings are read, a detector judges them, and what it says is written as
//! CSV or held against the labels, as the Numenta Anomaly Benchmark does and row by row.

pub mod data;

pub mod settings;

pub mod verdict;

pub mod scores;

pub mod nab;

pub mod labelled;

pub mod planted;

pub mod report;

//! Measures the detectors of `shared` on labelled data. The product does not depend on it.
//!
//! Modules in reading order: recordings are read, a detector judges them, and what it says is held
//! against the labels in two ways, as the Numenta Anomaly Benchmark does and sample by sample.

pub mod data;

pub mod verdict;

pub mod nab;

pub mod labelled;

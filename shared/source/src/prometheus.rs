//! Decodes replies of Prometheus: bytes in, series on a grid or a [`ReplyError`] out.
//!
//! Source: Prometheus documentation, "HTTP API". Keys may come in any order and unknown ones are ignored, so servers
//! that add their own (VictoriaMetrics, Thanos, Mimir) work too.

mod data;
mod envelope;
mod error;
mod loaded;
mod matrix;
mod metadata;
mod sample;
mod scan;
mod vector;

pub use data::decode_data;
pub use error::{ErrorPosition, ReplyError};
pub use loaded::{ConditionSamples, Loaded, LoadedCondition, LongPastSeries, Stitcher};
pub use matrix::{MAX_SAMPLES_TOTAL, Matrix, decode_matrix};
pub use metadata::{decode_is_counter, described_names};
pub use scan::MAX_DEPTH;
pub use vector::{Sample, Vector, decode_vector};

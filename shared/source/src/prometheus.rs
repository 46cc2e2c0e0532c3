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
pub use metadata::{
    HISTOGRAM_PARTS, MetadataEntry, decode_is_counter, decode_metadata, described_names,
    without_counter_ending,
};
pub use scan::MAX_DEPTH;
pub use vector::{Sample, Vector, decode_vector};

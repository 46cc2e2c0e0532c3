//! What Prometheus answers, as data: bytes in, series on a grid or a [`ReplyError`] out.
//!
//! Source of every shape: Prometheus documentation, "HTTP API". Keys may come in any order, unknown
//! ones are passed over, so servers that add their own (VictoriaMetrics, Thanos, Mimir) fit too.

mod envelope;
mod error;
mod loaded;
mod matrix;
mod sample;
mod scan;
mod vector;
mod wire;

pub use error::{ErrorPosition, ReplyError};
pub use loaded::{Loaded, Stitcher};
pub use matrix::{MAX_SAMPLES_TOTAL, Matrix, decode_matrix};
pub use scan::MAX_DEPTH;
pub use vector::{Sample, Vector, decode_vector};
pub use wire::{BuildInfo, LabelValues, Metadata, MetricMetadata, decode_data};

//! The chart: Plotly draws axes and lines when data or view change; a canvas below it draws band,
//! expectation and marks, which follow every move of a slider.

mod decimate;
mod figure;
mod geometry;
mod overlay;
mod picture;
mod plotly;
mod tooltip;
mod view;

pub use view::{Chart, download};

use shared::time::TimeRange;

/// Colours of the page's theme, as CSS writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Palette {
    data: String,
    band: String,
    odd: String,
    text: String,
    muted: String,
    line: String,
    surface: String,
}

/// The part of the range that is drawn, in milliseconds since 1970.
fn span(range: TimeRange) -> (f64, f64) {
    (range.start.0 as f64, (range.end.0.max(range.start.0 + 1)) as f64)
}

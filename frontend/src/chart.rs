//! The chart: Plotly draws axes and lines when data or zoom change; canvases below it draw band, expected values and
//! marks, which follow every move of a slider.

mod heat_strip;
mod overlay;
mod plotly;
mod threshold;
mod tooltip;
mod view;

pub use heat_strip::HeatStrip;
pub use view::{Chart, download, picture};

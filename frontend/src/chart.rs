//! The chart: Plotly draws axes and lines when data or view change; a canvas below it draws band,
//! expectation and marks, which follow every move of a slider.

mod overlay;
mod plotly;
mod tooltip;
mod view;

pub use view::{Chart, download};

#![doc = include_str!("../README.md")]

pub mod time;

pub mod series;

pub mod stats;

pub mod seasonality;

pub mod detect;

pub mod event;

pub use detect::{Detection, Detector, DetectorInput, Param};
pub use event::{Event, OnsetCache, Rule, SeriesSamples, events};
pub use series::{Grid, Labels, Series};
pub use time::{Span, Step, Timestamp};

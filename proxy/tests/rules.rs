//! Exported rules give the numbers of the detection wherever they are evaluated.

mod duration;
mod evaluation;
mod parity;
mod promtool;
pub(crate) mod samples;
mod source;

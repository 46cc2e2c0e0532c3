//! Exported rules give the numbers of the detection wherever they are evaluated.

mod parity;
mod samples;
mod source;

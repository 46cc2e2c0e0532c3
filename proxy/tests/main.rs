//! The server as its clients and its upstreams see it, over real sockets.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy takes the helpers of these tests for production code"
)]

mod binary;
mod faults;
mod forwarding;
mod origins;
mod paths;
mod prometheus;
mod support;

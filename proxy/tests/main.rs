//! The server as its clients and its upstreams see it, over real sockets, and its demo source.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy takes the helpers of these tests for production code"
)]

mod binary;
mod demo_answers;
mod demo_detection;
mod demo_parity;
mod demo_robustness;
mod faults;
mod forwarding;
mod origins;
mod paths;
mod prometheus;
mod rules;
mod support;

//! The server as its clients and its upstreams see it, over real sockets, and its demo source.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy takes the helpers of these tests for production code"
)]

mod access;
mod assistant;
mod binary;
mod bounds;
mod checks;
mod conditions;
mod demo_answers;
mod demo_detection;
mod demo_limits;
mod demo_parity;
mod demo_robustness;
mod detect;
mod explained;
mod faults;
mod forwarding;
mod frozen;
mod healthy;
mod hosts;
mod kinds;
mod knowledge;
mod lifecycle;
mod lifetimes;
mod log;
mod notify;
mod openapi;
mod origins;
mod outages;
mod paths;
mod prometheus;
mod rules;
mod sampling;
mod scope;
mod secrets;
mod security;
mod sources;
mod support;
mod tls;

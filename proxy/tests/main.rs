//! The server as its clients and its upstreams see it, over real sockets.

mod binary;
mod faults;
mod forwarding;
mod origins;
mod paths;
mod prometheus;
mod support;

//! Connections of clients, and which requests of theirs may enter.

pub mod auth;
pub mod body;
pub mod connection;
pub mod guard;
pub mod rate_limit;
pub mod server;
pub mod worker;

//! Connections to other servers: sources, targets of notifications and the language model.

pub mod client;
pub mod pool;
pub mod tls;

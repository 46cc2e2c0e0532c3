//! Connections to other servers: sources, receivers of notifications and the language model.

pub mod pool;
pub mod tls;

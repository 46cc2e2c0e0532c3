//! The server: it serves the page and forwards its queries, so that secrets stay here.

pub mod endpoint;
pub mod error;

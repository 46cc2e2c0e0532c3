//! The server: it serves the page and forwards its queries, so that secrets stay here.

pub mod demo;
pub mod endpoint;
pub mod error;

//! What the page is made of: its files, the knowledge base and the description of the routes.

pub mod assets;
pub mod knowledge;
pub mod openapi;

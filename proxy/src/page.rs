//! Files of the page, the knowledge base, and the OpenAPI description of the routes.

pub mod assets;
pub mod knowledge;
pub mod openapi;

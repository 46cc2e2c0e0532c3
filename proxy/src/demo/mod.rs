//! The built-in source that needs no Prometheus.

use serde_json::json;
use shared::api::Example;
use shared::time::Timestamp;

use crate::endpoint::{Endpoint, Params};
use crate::error::ApiError;

/// A source whose series are computed.
pub struct Demo;

/// What a question is answered with.
pub struct Answer {
    /// The envelope's `data`.
    pub data: serde_json::Value,
    /// The envelope's `warnings`.
    pub warnings: Vec<String>,
}

impl Demo {
    /// A source whose planted events lie before `anchor`.
    pub fn new(_anchor: Timestamp) -> Self {
        Self
    }

    /// Answers as Prometheus would at `now`.
    ///
    /// # Errors
    /// As Prometheus: `bad_data` for a wrong question.
    pub fn answer(
        &self,
        endpoint: &Endpoint,
        _params: &Params,
        _now: Timestamp,
    ) -> Result<Answer, ApiError> {
        match endpoint {
            Endpoint::BuildInfo => Ok(Answer {
                data: json!({ "version": env!("CARGO_PKG_VERSION") }),
                warnings: Vec::new(),
            }),
            _ => Err(ApiError::bad_data("the demo source answers status/buildinfo only")),
        }
    }

    /// Queries worth showing to a newcomer.
    pub fn examples() -> Vec<Example> {
        Vec::new()
    }
}

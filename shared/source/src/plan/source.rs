//! Instant queries of a plan, of which no one is needed: what fails is a reason in words.

use std::fmt::Display;

use super::{ApiRequest, seconds};
use crate::prometheus::{ReplyError, Vector, decode_vector};
use oddity_detect::time::Timestamp;

/// A source that is asked one request after another.
pub(super) struct Source<S> {
    pub(super) send: S,
}

impl<S> Source<S> {
    /// Evaluates an expression at a time, by default at the time of the source's own clock.
    ///
    /// # Errors
    /// The reason in words.
    pub(super) async fn instant<E>(
        &mut self,
        query: String,
        time: Option<Timestamp>,
    ) -> Result<Vector, String>
    where
        S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
        E: From<ReplyError> + Display,
    {
        let mut parameters = vec![("query", query)];
        parameters.extend(time.map(|time| ("time", seconds(time))));
        let request = ApiRequest { endpoint: "query", parameters };
        let body = (self.send)(request).await.map_err(|error| error.to_string())?;
        decode_vector(&body).map_err(|error| error.to_string())
    }

    /// Returns the only value of an expression; `None` if it has none or fails.
    pub(super) async fn value<E>(&mut self, query: String, time: Option<Timestamp>) -> Option<f64>
    where
        S: AsyncFnMut(ApiRequest) -> Result<Vec<u8>, E>,
        E: From<ReplyError> + Display,
    {
        let reply = self.instant(query, time).await.ok()?;
        reply.samples.first().map(|sample| sample.value).filter(|value| value.is_finite())
    }
}

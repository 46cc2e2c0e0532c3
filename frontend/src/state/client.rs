//! Requests to the server, and their errors.

use gloo_net::http::{Request as Http, RequestBuilder, Response};
use oddity_analysis::api::{form, source_path};
use oddity_source::plan::{ApiRequest, FetchPlan, FetchProgress};
use oddity_source::prometheus::{ErrorPosition, Loaded, ReplyError, decode_data};
use oddity_source::query::QueryError;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use web_sys::AbortSignal;

use crate::text;

/// The reason why a request failed; each message says what to check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The query cannot be sent.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// The source returned an error or an unusable reply.
    #[error("{0}")]
    Reply(#[from] ReplyError),
    /// The link names a source that the server does not have.
    #[error("unknown source \"{0}\": select one from the list")]
    UnknownSource(String),
    /// The server does not respond.
    #[error("{}", text::UNREACHABLE)]
    Unreachable,
    /// The server returned an error status without a message.
    #[error("the Oddity server returned status {0}: see its log")]
    Status(u16),
    /// The response has an unexpected form.
    #[error("{}", text::UNREADABLE)]
    Unreadable,
    /// The browser lacks a feature.
    #[error("{}", text::OLD_BROWSER)]
    OldBrowser,
}

impl LoadError {
    /// Returns the headline of the message.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Query(_) => "Invalid query",
            Self::UnknownSource(_) => "Unknown source",
            Self::Reply(ReplyError::Prometheus { error_type, .. }) => match error_type.as_str() {
                "bad_data" => "Invalid query",
                "timeout" => "Query timed out",
                "unavailable" => "Source unavailable",
                _ => "The query failed",
            },
            Self::Reply(_) => "Unexpected response",
            Self::Unreachable => "Connection failed",
            Self::Status(_) | Self::Unreadable => "Server error",
            Self::OldBrowser => "Unsupported browser",
        }
    }

    /// Returns whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Reply(ReplyError::Prometheus { error_type, .. }) => {
                !matches!(error_type.as_str(), "bad_data" | "execution")
            }
            Self::Reply(ReplyError::Cut { .. }) | Self::Unreachable | Self::Status(_) => true,
            Self::Reply(_)
            | Self::Query(_)
            | Self::UnknownSource(_)
            | Self::Unreadable
            | Self::OldBrowser => false,
        }
    }

    /// Returns the position of the error in the query, if known.
    pub fn position(&self) -> Option<ErrorPosition> {
        match self {
            Self::Reply(error) => error.position(),
            _ => None,
        }
    }
}

/// Begins a GET request to the server, with the header that a page of another origin cannot send.
pub(super) fn own_get(path: &str) -> RequestBuilder {
    Http::get(path).header("X-Oddity", "1")
}

/// Fetches an answer of a source, with an error of the source in it.
pub(super) async fn bytes(path: &str) -> Result<Vec<u8>, LoadError> {
    body(own_get(path).send().await.map_err(|_| LoadError::Unreachable)?).await
}

/// Reads an answer of a source, with an error of the source in it.
pub(super) async fn body(answer: Response) -> Result<Vec<u8>, LoadError> {
    let (status, ok) = (answer.status(), answer.ok());
    let body = answer.binary().await.map_err(|_| LoadError::Unreachable)?;
    if body.is_empty() && !ok { Err(LoadError::Status(status)) } else { Ok(body) }
}

/// Fetches JSON from a route of the server.
pub(super) async fn get<T: DeserializeOwned>(path: &str) -> Result<T, LoadError> {
    let reply = own_get(path).send().await.map_err(|_| LoadError::Unreachable)?;
    if !reply.ok() {
        return Err(LoadError::Status(reply.status()));
    }
    reply.json().await.map_err(|_| LoadError::Unreadable)
}

/// Sends JSON to a route of the server and returns the response once its status is known to be a success.
pub(super) async fn send(
    path: &str,
    body: &impl Serialize,
    signal: Option<&AbortSignal>,
) -> Result<Response, LoadError> {
    let request = Http::post(path).abort_signal(signal).json(body);
    let reply = request.map_err(|_| LoadError::OldBrowser)?.send().await;
    let reply = reply.map_err(|_| LoadError::Unreachable)?;
    if reply.ok() {
        return Ok(reply);
    }
    let body = reply.binary().await.unwrap_or_default();
    match decode_data::<IgnoredAny>(&body) {
        Err(error @ ReplyError::Prometheus { .. }) => Err(error.into()),
        _ => Err(LoadError::Status(reply.status())),
    }
}

/// Fetches what a plan asks for.
pub(super) async fn load(
    source: &str,
    plan: FetchPlan,
    signal: &AbortSignal,
    report: impl Fn(FetchProgress),
) -> Result<Loaded, LoadError> {
    let loaded = plan.run(async |request| post(source, signal, request).await, report).await?;
    Ok(Loaded { source: Some(source.to_owned()), ..loaded })
}

pub(super) async fn post(
    source: &str,
    signal: &AbortSignal,
    request: ApiRequest,
) -> Result<Vec<u8>, LoadError> {
    let parameters = form(&request.parameters);
    let path = format!("{}/api/v1/{}", source_path(source), request.endpoint);
    let sent = if request.is_get() {
        own_get(&format!("{path}?{parameters}")).abort_signal(Some(signal)).build()
    } else {
        Http::post(&path)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .abort_signal(Some(signal))
            .body(parameters)
    };
    let sent = sent.map_err(|_| LoadError::OldBrowser)?;
    let reply: Response = sent.send().await.map_err(|_| LoadError::Unreachable)?;
    let status = reply.status();
    let body = reply.binary().await.map_err(|_| ReplyError::Cut { bytes: 0 })?;
    if body.is_empty() && !reply.ok() {
        return Err(LoadError::Status(status));
    }
    Ok(body)
}

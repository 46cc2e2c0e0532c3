//! What the page asks its server, and how it says what went wrong.

use gloo_net::http::{Request as Http, Response};
use oddity_analysis::api::{form, source_path};
use oddity_source::plan::{ApiRequest, FetchPlan, FetchProgress};
use oddity_source::prometheus::{ErrorPosition, Loaded, ReplyError, decode_data};
use oddity_source::query::QueryError;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use web_sys::AbortSignal;

/// Why there is nothing to show; each message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The question itself.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// What the source answered.
    #[error("{0}")]
    Reply(#[from] ReplyError),
    /// The link names a source that this server does not have.
    #[error("this server has no source \"{0}\": choose one from the list")]
    UnknownSource(String),
    /// The proxy does not answer.
    #[error("the Oddity server does not answer: is it still running, and is the network up?")]
    Unreachable,
    /// The proxy answers something else.
    #[error("the Oddity server answered with status {0} and nothing else: see its log")]
    Status(u16),
    /// The answer is not what this page expects.
    #[error("the answer cannot be read: is the page older than its server? Reload it.")]
    Unreadable,
    /// The browser lacks something.
    #[error("this browser is too old for Oddity")]
    OldBrowser,
}

impl LoadError {
    /// The headline over the message.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Query(_) | Self::UnknownSource(_) => "This cannot be asked",
            Self::Reply(ReplyError::Prometheus { error_type, .. }) => match error_type.as_str() {
                "bad_data" => "The query is not right",
                "timeout" => "It took too long",
                "unavailable" => "The source cannot be reached",
                _ => "The query failed",
            },
            Self::Reply(_) => "The answer cannot be used",
            Self::Unreachable | Self::Status(_) | Self::Unreadable | Self::OldBrowser => {
                "No connection"
            }
        }
    }

    /// Whether the same question may succeed later.
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

    /// Where in the query the fault is.
    pub fn position(&self) -> Option<ErrorPosition> {
        match self {
            Self::Reply(error) => error.position(),
            _ => None,
        }
    }
}

/// What a route of the server itself answers.
pub(super) async fn get<T: DeserializeOwned>(path: &str) -> Result<T, LoadError> {
    let reply = Http::get(path).send().await.map_err(|_| LoadError::Unreachable)?;
    if !reply.ok() {
        return Err(LoadError::Status(reply.status()));
    }
    reply.json().await.map_err(|_| LoadError::Unreadable)
}

/// Sends JSON to a route of the server itself; its answer has begun and is no error.
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
    plan.run(async |request| post(source, signal, request).await, report).await
}

pub(super) async fn post(
    source: &str,
    signal: &AbortSignal,
    request: ApiRequest,
) -> Result<Vec<u8>, LoadError> {
    let body = form(&request.parameters);
    let path = format!("{}/api/v1/{}", source_path(source), request.endpoint);
    let reply: Response = Http::post(&path)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .abort_signal(Some(signal))
        .body(body)
        .map_err(|_| LoadError::OldBrowser)?
        .send()
        .await
        .map_err(|_| LoadError::Unreachable)?;
    let status = reply.status();
    let body = reply.binary().await.map_err(|_| ReplyError::Cut { bytes: 0 })?;
    if body.is_empty() && !reply.ok() {
        return Err(LoadError::Status(status));
    }
    Ok(body)
}

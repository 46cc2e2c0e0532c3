//! What can go wrong between this server and a source, and how a client is told.

use std::time::Duration;

use axum::http::StatusCode;
use oddity_detect::time::Span;

use crate::error::{ApiError, ErrorType, RejectionReason};
use crate::outbound::client::{CONNECT_TIMEOUT, connect_failure};
use crate::outbound::pool::SendError;

/// A question that a source did not answer as Prometheus would. No message holds an address or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Too many questions at once.
    #[error("is busy with other queries: try again in a moment")]
    Busy,
    /// No connection, and why.
    #[error("cannot be reached: {0}")]
    Unreachable(&'static str),
    /// Nothing, or not all, came in time.
    #[error("did not answer within {}: shorten the range, choose a longer step or ask for fewer series",
        Span::from_millis(u64::try_from(.0.as_millis()).unwrap_or(u64::MAX)))]
    Timeout(Duration),
    /// 401 or 403.
    #[error("refused the credentials of this server (status {}): check the ones configured for it", .0.as_u16())]
    Credentials(StatusCode),
    /// 3xx; redirects are not followed.
    #[error("answered with a redirect (status {}): configure the address that it leads to", .0.as_u16())]
    Redirect(StatusCode),
    /// An answer with status 200 that is not Prometheus' JSON.
    #[error("answered with something else than Prometheus' JSON")]
    NotPrometheus,
    /// Another status without Prometheus' JSON.
    #[error("answered with status {} and no reason that can be read: it may be starting or overloaded", .0.as_u16())]
    Status(StatusCode),
    /// The answer ended too early.
    #[error(
        "broke off in the middle of its answer: try again, and look at its log if that does not help"
    )]
    Cut,
    /// The answer exceeds the limit of this many bytes.
    #[error("answered with more than {} MiB: ask for fewer series, a shorter range or a longer step", .0 >> 20)]
    TooLarge(usize),
}

impl SourceError {
    /// A word for metrics and logs.
    pub fn class(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Unreachable(_) => "unreachable",
            Self::Timeout(_) => "timeout",
            Self::Credentials(_) => "credentials",
            Self::Redirect(_) => "redirect",
            Self::NotPrometheus => "not_prometheus",
            Self::Status(_) => "status",
            Self::Cut => "cut",
            Self::TooLarge(_) => "too_large",
        }
    }

    /// The reply to a client about source `id`, whose address is configured in `url_setting`.
    pub fn reply(self, id: &str, url_setting: &str) -> ApiError {
        let (status, error_type) = match self {
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, ErrorType::Unavailable),
            Self::Timeout(_) => (StatusCode::GATEWAY_TIMEOUT, ErrorType::Timeout),
            _ => (StatusCode::BAD_GATEWAY, ErrorType::Unavailable),
        };
        let advice = match self {
            Self::Unreachable(_) => format!("; check {url_setting} and that Prometheus runs"),
            Self::NotPrometheus | Self::Redirect(_) | Self::Status(StatusCode::NOT_FOUND) => {
                format!(
                    "; check {url_setting}: it must lead to Prometheus itself, with its path prefix"
                )
            }
            _ => String::new(),
        };
        let message = format!("the source \"{id}\" {self}{advice}");
        let reason = (self == Self::Busy).then_some(RejectionReason::Busy);
        ApiError { reason, ..ApiError::failed(status, error_type, message) }
    }
}

impl From<SendError> for SourceError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Connect(error) => Self::Unreachable(connect_failure(error.as_ref())),
            SendError::ConnectTimeout => Self::Unreachable(CONNECT_TIMEOUT),
            SendError::Exchange(_) => Self::Cut,
        }
    }
}

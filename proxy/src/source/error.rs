//! Errors between this server and a source, and the responses that clients get for them.

use std::time::Duration;

use axum::http::StatusCode;
use oddity_detect::time::Span;

use crate::error::{ApiError, ErrorType, RejectionReason};
use crate::outbound::client::{CONNECT_TIMEOUT, connect_failure};
use crate::outbound::pool::SendError;

/// Failed request to a source. No message contains an address or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Too many concurrent queries.
    #[error("has too many concurrent queries: try again in a moment")]
    Busy,
    /// No connection, with the reason.
    #[error("cannot be reached: {0}")]
    Unreachable(&'static str),
    /// No complete answer in time.
    #[error("did not answer within {}: use a shorter range, a longer step or fewer series",
        Span::from_millis(u64::try_from(.0.as_millis()).unwrap_or(u64::MAX)))]
    Timeout(Duration),
    /// Status 401 or 403.
    #[error("rejected the configured credentials (status {}): check them", .0.as_u16())]
    Credentials(StatusCode),
    /// Status 401 for a request without a tenant.
    #[error("needs a tenant")]
    Tenant,
    /// Bytes that are no UTF-8.
    #[error("answered with text that is not valid UTF-8: look for the label value in its exporter")]
    NotUtf8,
    /// Status 3xx; redirects are not followed.
    #[error("answered with a redirect (status {}): configure the final address instead", .0.as_u16())]
    Redirect(StatusCode),
    /// Status 200 without the JSON of Prometheus.
    #[error("did not answer with the JSON of the Prometheus API")]
    NotPrometheus,
    /// Other status without the JSON of Prometheus.
    #[error("answered with status {} and no error message: it may be starting or overloaded", .0.as_u16())]
    Status(StatusCode),
    /// Truncated answer.
    #[error("closed the connection before its answer was complete: try again, or check its log")]
    Cut,
    /// Answer larger than the limit, in bytes.
    #[error("answered with more than {} MiB, the limit answer_bytes: use fewer series, such as sum by (job) (...), a shorter \
             range or a longer step", .0 >> 20)]
    TooLarge(usize),
}

impl SourceError {
    /// Returns the class of the error as metrics and logs name it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Unreachable(_) => "unreachable",
            Self::Timeout(_) => "timeout",
            Self::Credentials(_) => "credentials",
            Self::Tenant => "tenant",
            Self::NotUtf8 => "not_utf8",
            Self::Redirect(_) => "redirect",
            Self::NotPrometheus => "not_prometheus",
            Self::Status(_) => "status",
            Self::Cut => "cut",
            Self::TooLarge(_) => "too_large",
        }
    }

    /// Returns the response for a client of source `id`, whose address is configured in `url_setting`.
    pub fn reply(self, id: &str, url_setting: &str) -> ApiError {
        let (status, error_type) = match self {
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, ErrorType::Unavailable),
            Self::Timeout(_) => (StatusCode::GATEWAY_TIMEOUT, ErrorType::Timeout),
            // It answers: asking again changes nothing.
            Self::TooLarge(_) => (StatusCode::BAD_GATEWAY, ErrorType::Execution),
            _ => (StatusCode::BAD_GATEWAY, ErrorType::Unavailable),
        };
        let advice = match self {
            Self::Unreachable(_) => format!("; check {url_setting} and that Prometheus is running"),
            Self::Tenant => {
                "; set PROMETHEUS_ORG_ID, or headers = { X-Scope-OrgID = \"...\" } of the [[source]]"
                    .to_owned()
            }
            Self::NotPrometheus | Self::Redirect(_) | Self::Status(StatusCode::NOT_FOUND) => {
                format!(
                    "; check {url_setting}: it must be the address of Prometheus, with its path prefix"
                )
            }
            _ => String::new(),
        };
        let message = format!("source \"{id}\" {self}{advice}");
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

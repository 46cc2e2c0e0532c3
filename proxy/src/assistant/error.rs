//! Errors between this server and a language model, and what people read about them.

use std::time::Duration;

use axum::http::StatusCode;
use oddity_analysis::api::ChatEvent;
use oddity_detect::time::Span;

use crate::error::{ApiError, ErrorType, RejectionReason};

/// Reason for an answer that did not come, or not whole. No message holds an address, a secret or a word of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssistantError {
    /// No connection was opened: why, and the setting that holds the address.
    #[error("the language model cannot be reached: {0}; check {1} and that it runs")]
    Unreachable(&'static str, &'static str),
    /// No byte arrived for this long.
    #[error("the language model sent nothing for {}: it may be loading or overloaded; try again", words(*.0))]
    Silent(Duration),
    /// The answer was not whole after this long.
    #[error("the language model took longer than {}: ask for less, or raise `total` of [llm.limits]", words(*.0))]
    TooSlow(Duration),
    /// Status 401 or 403.
    #[error("the provider refused this server's key (status {}): check OPENAI_API_KEY", .0.as_u16())]
    Credentials(StatusCode),
    /// Status 429, with the seconds to wait if the provider named them.
    #[error("the provider accepts no more requests at the moment{}", wait(*.0))]
    Busy(Option<u64>),
    /// Status 402, or 429 because the account has no credit.
    #[error("the provider's quota is used up: check its plan and billing")]
    Quota,
    /// Status 404, or an error that says so; holds the setting with the address.
    #[error("the provider does not know the model or the address: check OPENAI_MODEL and {0}")]
    NotFound(&'static str),
    /// The messages do not fit into the model's context.
    #[error(
        "the question is too long for the model: start a new conversation, or lower `prompt_tokens` of [llm.limits] to fit its context"
    )]
    TooLong,
    /// Another status of 4xx.
    #[error("the provider refused the question (status {}): check model, temperature and token_field of [llm]", .0.as_u16())]
    Refused(StatusCode),
    /// Status 3xx; redirects are not followed.
    #[error("the provider answered with a redirect (status {}): configure the address that it leads to", .0.as_u16())]
    Redirect(StatusCode),
    /// Another status.
    #[error("the provider failed (status {}): try again in a while", .0.as_u16())]
    Status(StatusCode),
    /// An error that the provider tells within its stream.
    #[error("the provider ended its answer with an error: try again")]
    InStream,
    /// The response is no stream of chat completions; holds the setting with the address.
    #[error(
        "the server at the configured address does not offer the chat completions API: check {0}, which usually ends in /v1"
    )]
    NotChat(&'static str),
    /// An event exceeds this limit of bytes.
    #[error("the provider sent more than {} KiB in one event, which no answer needs", .0 >> 10)]
    TooLarge(usize),
    /// The stream ended before the answer did.
    #[error(
        "the connection to the language model broke off in the middle of its answer: try again"
    )]
    Cut,
}

impl AssistantError {
    /// Returns the value of the label `outcome` in metrics and logs.
    pub fn class(self) -> &'static str {
        match self {
            Self::Unreachable(..) => "unreachable",
            Self::Silent(_) => "silent",
            Self::TooSlow(_) => "timeout",
            Self::Credentials(_) => "credentials",
            Self::Busy(_) => "provider_busy",
            Self::Quota => "quota",
            Self::NotFound(_) => "not_found",
            Self::TooLong => "too_long",
            Self::Refused(_) => "provider_refused",
            Self::Redirect(_) => "redirect",
            Self::Status(_) => "status",
            Self::InStream => "in_stream",
            Self::NotChat(_) => "not_chat",
            Self::TooLarge(_) => "too_large",
            Self::Cut => "cut",
        }
    }

    /// Returns whether the provider has worked on an answer, which costs.
    pub fn is_charged(self) -> bool {
        matches!(
            self,
            Self::Silent(_) | Self::TooSlow(_) | Self::InStream | Self::TooLarge(_) | Self::Cut
        )
    }

    fn kind(self) -> (StatusCode, ErrorType) {
        match self {
            Self::Silent(_) | Self::TooSlow(_) => (StatusCode::GATEWAY_TIMEOUT, ErrorType::Timeout),
            Self::Busy(_) | Self::Quota => (StatusCode::TOO_MANY_REQUESTS, ErrorType::Unavailable),
            Self::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, ErrorType::BadData),
            _ => (StatusCode::BAD_GATEWAY, ErrorType::Unavailable),
        }
    }

    /// Returns the response for an answer that has not begun.
    pub fn reply(self) -> ApiError {
        let (status, error_type) = self.kind();
        let failed = ApiError::failed(status, error_type, self.to_string());
        ApiError { retry_after: self.retry_after(), ..failed }
    }

    /// Returns the last event of an answer that has begun.
    pub fn event(self) -> ChatEvent {
        let (_, error_type) = self.kind();
        ChatEvent::Failed {
            error_type: error_type.name().to_owned(),
            error: self.to_string(),
            retry_after: self.retry_after(),
        }
    }

    /// Returns the seconds after which the same question can succeed, where that is known.
    fn retry_after(self) -> Option<u64> {
        match self {
            Self::Busy(after) => after,
            _ => None,
        }
    }

    /// Classifies a response that is no answer. Of the body, only the code of its error is looked at.
    pub fn of_reply(
        status: StatusCode,
        retry_after: Option<u64>,
        body: &[u8],
        setting: &'static str,
    ) -> Self {
        let code = error_code(body);
        match status.as_u16() {
            _ if code == ErrorCode::TooLong => Self::TooLong,
            _ if code == ErrorCode::Quota => Self::Quota,
            401 | 403 => Self::Credentials(status),
            402 => Self::Quota,
            404 => Self::NotFound(setting),
            _ if code == ErrorCode::NoModel => Self::NotFound(setting),
            413 => Self::TooLong,
            429 | 503 => Self::Busy(retry_after),
            300..400 => Self::Redirect(status),
            400..500 => Self::Refused(status),
            200 => Self::NotChat(setting),
            _ => Self::Status(status),
        }
    }

    /// Classifies an error within a stream.
    pub fn of_error(body: &[u8], setting: &'static str) -> Self {
        match error_code(body) {
            ErrorCode::TooLong => Self::TooLong,
            ErrorCode::Quota => Self::Quota,
            ErrorCode::NoModel => Self::NotFound(setting),
            ErrorCode::Other => Self::InStream,
        }
    }
}

/// Code of a provider's error, as far as people can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrorCode {
    TooLong,
    Quota,
    NoModel,
    Other,
}

/// Finds the code of an error by its words, because providers do not agree on the form of errors.
fn error_code(body: &[u8]) -> ErrorCode {
    let text = String::from_utf8_lossy(&body[..body.len().min(4_096)]).to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&[
        "context_length_exceeded",
        "exceed_context_size",
        "exceeds the available context",
        "maximum context length",
        "context window",
        "prompt is too long",
    ]) {
        ErrorCode::TooLong
    } else if has(&["insufficient_quota", "billing"]) {
        ErrorCode::Quota
    } else if has(&["model_not_found", "model not found", "no such model"]) {
        ErrorCode::NoModel
    } else {
        ErrorCode::Other
    }
}

fn words(time: Duration) -> Span {
    Span::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn wait(after: Option<u64>) -> String {
    match after {
        Some(seconds) => format!(": try again in {}", Span::from_seconds(seconds).words()),
        None => ": try again in a while".to_owned(),
    }
}

/// A limit of this server that a question exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Too many answers at once: their maximum number.
    #[error(
        "the limit of {0} concurrent answers of the language model is reached: try again in a moment"
    )]
    Concurrent(usize),
    /// Too many questions in a minute: their maximum number, and the seconds to wait.
    #[error(
        "the limit of {0} questions a minute to the language model is reached: try again in {1} s"
    )]
    Rate(usize, u64),
    /// No tokens are left today: their number in a day, and the seconds until midnight UTC.
    #[error(
        "today's budget of {0} tokens for the language model is used up: it resets at midnight UTC"
    )]
    Budget(u64, u64),
}

impl LimitError {
    /// Returns the value of the label `outcome` in metrics.
    pub fn class(self) -> &'static str {
        self.reason().label()
    }

    fn reason(self) -> RejectionReason {
        match self {
            Self::Concurrent(_) => RejectionReason::Busy,
            Self::Rate(..) => RejectionReason::Rate,
            Self::Budget(..) => RejectionReason::Budget,
        }
    }

    /// Returns the response to the client.
    pub fn reply(self) -> ApiError {
        let seconds = match self {
            Self::Concurrent(_) => 5,
            Self::Rate(_, after) | Self::Budget(_, after) => after,
        };
        ApiError::too_many(self.reason(), self.to_string(), seconds)
    }
}

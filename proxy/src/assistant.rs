//! The assistant: conversations with the one language model that the operator configures, within limits.
//!
//! An answer comes back as lines of [`ChatEvent`](oddity_analysis::api::ChatEvent). The model has no tools, and nothing
//! that a client sends reaches it but the messages.

mod budget;
pub mod completion;
pub mod error;
mod meters;
pub mod sse;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use oddity_analysis::api::{
    self, ChatMessage, ChatRequest, ChatRole, LanguageModel, MAX_CHAT_MESSAGES,
};
use oddity_analysis::assistant::cost_of;
use reqwest::Client;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use self::budget::TokenBudget;
use self::completion::{CompletionLimits, CompletionReader};
use self::error::LimitError;
use self::stream::{AnswerDeadlines, AnswerStream, TokenCharge};
use crate::clock::now;
use crate::config::reload::Reload;
use crate::config::{AssistantSettings, ConfigError, Limits, TokenField};
use crate::error::{ApiError, RejectionReason};
use crate::http::body::{self, ExpectedBody};
use crate::http::rate_limit::RateLimiter;
use crate::metrics::Metrics;
use crate::outbound::client::RemoteServer;

/// The configured language model, with its limits and counters.
pub struct Assistant {
    about: LanguageModel,
    settings: AssistantSettings,
    /// Address of chat completions.
    url: Url,
    /// Client that is made anew when the files of the key or of TLS change.
    client: Reload<Client>,
    answer_slots: Arc<Semaphore>,
    rate: RateLimiter,
    budget: Arc<TokenBudget>,
    metrics: Arc<Metrics>,
}

impl Assistant {
    /// Creates the assistant; nothing is sent yet.
    ///
    /// # Errors
    /// [`ConfigError`] for files of TLS or the key with wrong contents.
    pub fn open(
        settings: &AssistantSettings,
        limits: &Limits,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, ConfigError> {
        let mut url = settings.url.clone();
        url.set_path(&format!("{}/chat/completions", url.path().trim_end_matches('/')));
        let files = settings.authorization.file().into_iter().chain(settings.tls.files());
        let files = files.map(std::path::Path::to_owned).collect();
        let (settings_of_client, connect_timeout) = (settings.clone(), limits.connect_timeout);
        let make_client = move || client(&settings_of_client, connect_timeout);
        Ok(Self {
            about: LanguageModel {
                provider: settings.provider.clone(),
                model: settings.model.clone(),
                prompt_tokens: settings.limits.prompt_tokens.get(),
                answer_tokens: settings.limits.answer_tokens.get(),
            },
            client: Reload::new(files, make_client)?,
            answer_slots: Arc::new(Semaphore::new(settings.limits.concurrent.get())),
            rate: RateLimiter::new(settings.limits.per_minute),
            budget: Arc::new(TokenBudget::new(
                settings.limits.daily_tokens,
                meters::register(metrics),
            )),
            metrics: metrics.clone(),
            settings: settings.clone(),
            url,
        })
    }

    /// Updates the metrics; to be called every few seconds.
    pub fn upkeep(&self) {
        self.budget.update(now());
    }

    /// Returns the body of the request to the provider: of the client's only the messages.
    fn body(&self, chat: &ChatRequest) -> String {
        let AssistantSettings { model, temperature, token_field, limits, .. } = &self.settings;
        let mut body = json!({
            "model": model,
            "messages": chat.messages,
            "stream": true,
            "stream_options": { "include_usage": true },
            "n": 1,
        });
        let field = match token_field {
            TokenField::MaxTokens => "max_tokens",
            TokenField::MaxCompletionTokens => "max_completion_tokens",
        };
        body[field] = limits.answer_tokens.get().into();
        if let Some(temperature) = temperature {
            body["temperature"] = (*temperature).into();
        }
        body.to_string()
    }

    /// Reserves one of the concurrent answers, and tokens of the budget.
    fn admit(&self, prompt: u64) -> Result<TokenCharge, LimitError> {
        let limits = &self.settings.limits;
        let answer_slots = self.answer_slots.clone();
        let permit = answer_slots
            .try_acquire_owned()
            .map_err(|_| LimitError::Concurrent(limits.concurrent.get()))?;
        let tokens = prompt.saturating_add(u64::from(limits.answer_tokens.get()));
        let mut reservation = self.budget.reserve(tokens, now())?;
        if let Err(wait) = self.rate.try_acquire(std::time::Instant::now()) {
            reservation.settle(0);
            let seconds = wait.as_secs_f64().ceil() as u64;
            return Err(LimitError::Rate(limits.per_minute.get(), seconds.max(1)));
        }
        let (metrics, outcome) = (self.metrics.clone(), "disconnected");
        Ok(TokenCharge { reservation, metrics, _permit: permit, prompt, answer: 0, outcome })
    }

    async fn answer(&self, chat: &ChatRequest) -> Result<Response, ApiError> {
        let limits = &self.settings.limits;
        let prompt = cost_of(&chat.messages);
        let charge = self.admit(prompt as u64).map_err(|refusal| {
            meters::count_outcome(&self.metrics, refusal.class());
            refusal.reply()
        })?;
        let deadlines = AnswerDeadlines {
            idle: limits.idle,
            total: limits.total,
            end: Instant::now() + limits.total,
        };
        let setting = self.settings.url_setting;
        let body = self.body(chat);
        let limits = CompletionLimits {
            // A token of the prompt holds at least one byte.
            prompt_tokens: body.len() as u64,
            answer_tokens: limits.answer_tokens.get(),
            event_bytes: limits.event_bytes,
        };
        let request = self.client.get().post(self.url.clone()).body(body);
        let reader = CompletionReader::new(limits, setting);
        let stream = AnswerStream::start(request, reader, deadlines, charge, setting).await;
        let stream = stream.map_err(|error| {
            tracing::info!(class = error.class(), "the language model did not answer");
            error.reply()
        })?;
        // Buffers of a reverse proxy would hold the words back.
        let headers = [("content-type", "application/x-ndjson"), ("x-accel-buffering", "no")];
        Ok((headers, stream.into_body()).into_response())
    }
}

fn client(settings: &AssistantSettings, connect_timeout: Duration) -> Result<Client, ConfigError> {
    let server = RemoteServer {
        section: "[llm]",
        url_setting: settings.url_setting,
        url: &settings.url,
        tls: &settings.tls,
        connect_timeout,
    };
    let headers = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (ACCEPT, HeaderValue::from_static("text/event-stream")),
    ]);
    server.client(headers, settings.authorization.value()?)
}

/// Handles `GET /api/llm`.
pub async fn show(State(assistant): State<Option<Arc<Assistant>>>) -> Json<api::AssistantInfo> {
    Json(api::AssistantInfo { model: assistant.map(|assistant| assistant.about.clone()) })
}

/// Handles `POST /api/llm/chat`.
///
/// # Errors
/// [`ApiError`] for what is not a conversation, and for a model that does not begin to answer.
pub async fn chat(
    State(assistant): State<Option<Arc<Assistant>>>,
    request: Request,
) -> Result<Response, ApiError> {
    let assistant = assistant.ok_or_else(|| {
        ApiError::not_found(
            "no language model is configured: set OPENAI_API_KEY, or OPENAI_BASE_URL and OPENAI_MODEL",
        )
    })?;
    let limits = &assistant.settings.limits;
    let expected = ExpectedBody {
        media: "application/json",
        name: "the messages",
        bytes: limits.body_bytes,
        wait: limits.body_wait,
    };
    let wrong = "the body must be of the form {\"messages\": [{\"role\", \"content\"}]}";
    let (_, chat): (_, ChatRequest) = body::json(request, expected, wrong).await?;
    check(&chat.messages, assistant.about.prompt_tokens as usize)?;
    assistant.answer(&chat).await
}

/// Checks that a model would accept the conversation, and that it is within the limit of tokens.
fn check(messages: &[ChatMessage], max_tokens: usize) -> Result<(), ApiError> {
    let wrong = |message: &str| Err(ApiError::bad_data(message));
    if messages.len() > MAX_CHAT_MESSAGES {
        return wrong(&format!(
            "`messages` has more than {MAX_CHAT_MESSAGES} messages: leave the oldest out"
        ));
    }
    if messages.last().is_none_or(|last| last.role != ChatRole::User) {
        return wrong("`messages` must end with one of the role `user`");
    }
    if messages.iter().skip(1).any(|message| message.role == ChatRole::System) {
        return wrong("in `messages` only the first one may have the role `system`");
    }
    if messages.iter().any(|message| message.content.trim().is_empty()) {
        return wrong("`messages` has one without content: leave it out");
    }
    let tokens = cost_of(messages);
    if tokens > max_tokens {
        let message = format!(
            "the messages have about {tokens} tokens, more than {max_tokens}: shorten them, or raise `prompt_tokens` of \
             [llm.limits]"
        );
        return Err(ApiError::refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            RejectionReason::Size,
            message,
        ));
    }
    Ok(())
}

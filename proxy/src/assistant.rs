//! The language model: a question goes to the one API that the operator names, within limits, and its answer comes back
//! as lines of [`ChatEvent`](oddity_analysis::api::ChatEvent). It has no tools.

mod budget;
pub mod completion;
pub mod error;
mod meters;
pub mod sse;
mod stream;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use oddity_analysis::api::{
    self, ChatMessage, ChatRequest, ChatRole, LanguageModel, MAX_CHAT_MESSAGES,
};
use oddity_analysis::assistant::cost_of;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use self::budget::TokenBudget;
use self::completion::CompletionReader;
use self::error::LimitError;
use self::stream::{AnswerDeadlines, AnswerStream, TokenCharge};
use crate::AppState;
use crate::clock::now;
use crate::config::reload::Reload;
use crate::config::{AssistantSettings, ConfigError, Limits, TokenField};
use crate::error::{ApiError, RejectionReason};
use crate::http::body::{self, ExpectedBody};
use crate::http::rate_limit::RateLimiter;
use crate::metrics::Metrics;
use crate::outbound::tls;

/// The configured language model.
pub struct Assistant {
    about: LanguageModel,
    settings: AssistantSettings,
    /// Where completions are asked for.
    url: Url,
    /// Made anew when the files of the key or of TLS change.
    client: Reload<ModelClient>,
    answer_slots: Arc<Semaphore>,
    rate: RateLimiter,
    budget: Arc<TokenBudget>,
    metrics: Arc<Metrics>,
}

/// How it is reached.
#[derive(Clone)]
struct ModelClient {
    client: Client,
    authorization: Option<HeaderValue>,
}

impl Assistant {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// [`ConfigError`] for files of TLS or the key that do not hold what they should.
    pub fn open(
        settings: &AssistantSettings,
        limits: &Limits,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, ConfigError> {
        let mut url = settings.url.clone();
        url.set_path(&format!("{}/chat/completions", url.path().trim_end_matches('/')));
        let files = settings.authorization.file().into_iter().chain(settings.tls.files());
        let files = files.map(std::path::Path::to_owned).collect();
        let (client_settings, connect) = (settings.clone(), limits.connect_timeout);
        let make = move || {
            let wrong = |problem: String| ConfigError::Setting {
                setting: client_settings.url_setting.to_owned(),
                problem,
            };
            let tls =
                tls::client_config("tls of [llm]", &client_settings.url, &client_settings.tls)?;
            let client = Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .referer(false)
                .connect_timeout(connect)
                .http1_only()
                // An answer takes seconds: a connection that is kept saves nothing and may be stale.
                .pool_max_idle_per_host(0)
                .user_agent(concat!("oddity/", env!("CARGO_PKG_VERSION")))
                .tls_backend_preconfigured(tls)
                .build()
                .map_err(|error| wrong(error.without_url().to_string()))?;
            Ok(ModelClient { client, authorization: client_settings.authorization.value()? })
        };
        Ok(Self {
            about: LanguageModel {
                provider: settings.provider.clone(),
                model: settings.model.clone(),
                prompt_tokens: settings.limits.prompt_tokens.get(),
                answer_tokens: settings.limits.answer_tokens.get(),
            },
            client: Reload::new(files, make)?,
            answer_slots: Arc::new(Semaphore::new(settings.limits.concurrent.get())),
            rate: RateLimiter::new(settings.limits.per_minute),
            budget: Arc::new(TokenBudget::new(settings.limits.daily_tokens, meters::open(metrics))),
            metrics: metrics.clone(),
            settings: settings.clone(),
            url,
        })
    }

    /// Brings the metrics up to date; to be called every few seconds.
    pub fn upkeep(&self) {
        self.budget.look(now());
    }

    /// The request: of the client only the words of the messages.
    fn request(&self, chat: &ChatRequest) -> RequestBuilder {
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
        let ModelClient { client, authorization } = self.client.get();
        let request = client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("accept", "text/event-stream")
            .body(body.to_string());
        match authorization {
            Some(value) => request.header(AUTHORIZATION, value),
            None => request,
        }
    }

    /// A place, and tokens of the budget.
    fn admit(&self, prompt: u64) -> Result<TokenCharge, LimitError> {
        let limits = &self.settings.limits;
        let answer_slots = self.answer_slots.clone();
        let permit = answer_slots
            .try_acquire_owned()
            .map_err(|_| LimitError::Concurrent(limits.concurrent.get()))?;
        let tokens = prompt + u64::from(limits.answer_tokens.get());
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
            meters::outcome(&self.metrics, refusal.class());
            refusal.reply()
        })?;
        let setting = self.settings.url_setting;
        let answer = CompletionReader::new(limits.answer_tokens.get(), limits.event_bytes, setting);
        let times = AnswerDeadlines {
            idle: limits.idle,
            total: limits.total,
            end: Instant::now() + limits.total,
        };
        let stream = AnswerStream::begin(self.request(chat), answer, times, charge, setting).await;
        let stream = stream.map_err(|fault| {
            tracing::info!(class = fault.class(), "the language model did not answer");
            fault.reply()
        })?;
        // Buffers of a reverse proxy would hold the words back.
        let headers = [("content-type", "application/x-ndjson"), ("x-accel-buffering", "no")];
        Ok((headers, stream.into_body()).into_response())
    }
}

/// `GET /api/llm`.
pub async fn show(State(state): State<Arc<AppState>>) -> Json<api::AssistantInfo> {
    Json(api::AssistantInfo {
        model: state.assistant.as_ref().map(|assistant| assistant.about.clone()),
    })
}

/// `POST /api/llm/chat`.
///
/// # Errors
/// [`ApiError`] for what is not a conversation, and for a model that does not begin to answer.
pub async fn chat(
    State(state): State<Arc<AppState>>,
    request: Request,
) -> Result<Response, ApiError> {
    let assistant = state.assistant.as_ref().ok_or_else(|| {
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
    let wrong = "the body is no {\"messages\": [{\"role\", \"content\"}]}";
    let (_, chat): (_, ChatRequest) = body::json(request, expected, wrong).await?;
    check(&chat.messages, assistant.about.prompt_tokens as usize)?;
    assistant.answer(&chat).await
}

/// A conversation that a model understands, and that is paid for.
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

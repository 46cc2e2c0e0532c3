//! The stream of one answer, and the errors that end it.

use js_sys::{Reflect, Uint8Array};
use leptos::prelude::Set;
use oddity_analysis::api::{ChatEvent, ChatEventReader, ChatRequest, EndReason};
use oddity_analysis::assistant::Revealer;
use oddity_source::prometheus::ReplyError;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader};

use super::{Assistant, AssistantStatus};
use crate::state::{LoadError, client};
use crate::text;

/// The reason why there is no complete answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerError {
    /// Headline of the message.
    pub title: &'static str,
    /// Message in sentences: what happened and what to change.
    pub text: String,
}

impl AnswerError {
    fn new(error_type: &str, text: String) -> Self {
        let title = match error_type {
            "timeout" => "Request timed out",
            "bad_data" | "not_found" => "Invalid request",
            _ => "No answer",
        };
        Self { title, text }
    }

    fn broken(message: &str) -> Self {
        Self { title: "Answer interrupted", text: message.to_owned() }
    }
}

impl From<LoadError> for AnswerError {
    fn from(error: LoadError) -> Self {
        let text = sentence(&error.to_string());
        match error {
            LoadError::Reply(ReplyError::Prometheus { error_type, .. }) => {
                Self::new(&error_type, text)
            }
            _ => Self::new("", text),
        }
    }
}

/// Sends the messages and adds the answer to the conversation piece by piece.
pub(super) async fn answer(
    assistant: Assistant,
    body: &ChatRequest,
    mut revealer: Revealer,
    signal: &AbortSignal,
) -> Result<EndReason, AnswerError> {
    let cut = || AnswerError::broken(text::INTERRUPTED_ANSWER);
    let reply = client::send("/api/llm/chat", body, Some(signal)).await?;
    let reader: ReadableStreamDefaultReader =
        reply.body().and_then(|body| body.get_reader().dyn_into().ok()).ok_or_else(cut)?;
    let mut lines = ChatEventReader::default();
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(|_| cut())?;
        if signal.aborted() {
            return Err(cut());
        }
        let get = |name: &str| Reflect::get(&piece, &JsValue::from_str(name)).ok();
        if get("done").is_none_or(|done| done.is_truthy()) {
            return Err(cut());
        }
        let bytes = get("value").map(|value| Uint8Array::new(&value).to_vec()).unwrap_or_default();
        let events = lines.feed(&bytes).map_err(|error| AnswerError::broken(&error.to_string()))?;
        for event in events {
            match event {
                ChatEvent::Start => assistant.status.set(AssistantStatus::Answering),
                ChatEvent::Text { text } => assistant.add(&text, &revealer.feed(&text)),
                ChatEvent::End { reason, .. } => {
                    assistant.add("", &revealer.finish());
                    return Ok(reason);
                }
                ChatEvent::Failed { error_type, error, .. } => {
                    assistant.add("", &revealer.finish());
                    return Err(AnswerError::new(&error_type, sentence(&error)));
                }
            }
        }
    }
}

fn sentence(text: &str) -> String {
    let end = if text.ends_with(['.', '?']) { "" } else { "." };
    format!("{}{end}", oddity_analysis::words::capitalised(text))
}

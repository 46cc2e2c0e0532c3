//! The provider's stream of chat completions, read into our own events, of which exactly one is the last.
//!
//! Source: OpenAI's API reference, "The chat completion chunk object".

use axum::http::StatusCode;
use oddity_analysis::api::{ChatEvent, EndReason, TokenUsage};
use oddity_analysis::assistant::estimate;
use serde::Deserialize;
use serde_json::Value;

use super::error::AssistantError;
use super::sse::EventStreamParser;

/// Maximum number of bytes of an answer for each token that it may have; a provider that sends more ignores the limit.
const MAX_BYTES_PER_TOKEN: usize = 32;

/// Limits on what a provider may send and count.
#[derive(Clone, Copy, Debug)]
pub struct CompletionLimits {
    /// Maximum number of tokens that the prompt can have; a provider that counts more is not believed.
    pub prompt_tokens: u64,
    /// Maximum number of tokens of the answer.
    pub answer_tokens: u32,
    /// Maximum number of bytes of one event of the stream.
    pub event_bytes: usize,
}

/// Reader of a stream of chat completions: takes the provider's bytes, returns events.
#[derive(Debug)]
pub struct CompletionReader {
    events: EventStreamParser,
    /// Why the answer ended, once the provider has said so.
    reason: Option<EndReason>,
    usage: Option<TokenUsage>,
    /// Number of pieces of text so far.
    pieces: u64,
    /// Tokens of the text so far, estimated from its letters.
    estimated: u64,
    /// Bytes of the text so far.
    bytes: usize,
    limits: CompletionLimits,
    /// Setting that holds the address, for messages.
    setting: &'static str,
    /// Whether the last event was returned.
    is_over: bool,
}

/// The fields of a chunk that matter.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<ProviderUsage>,
    error: Option<Value>,
    object: Option<Value>,
    message: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    #[serde(default)]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct ProviderUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

impl CompletionReader {
    /// Creates a reader; `setting` names the setting that holds the address.
    pub fn new(limits: CompletionLimits, setting: &'static str) -> Self {
        Self {
            events: EventStreamParser::new(limits.event_bytes),
            reason: None,
            usage: None,
            pieces: 0,
            estimated: 0,
            bytes: 0,
            limits,
            setting,
            is_over: false,
        }
    }

    /// Returns whether the last event was returned.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Returns the provider's count, as far as it is possible at all; `None` before it is known.
    pub fn usage(&self) -> Option<TokenUsage> {
        self.usage
    }

    /// Returns the number of tokens of the text so far, estimated from above.
    pub fn tokens(&self) -> u64 {
        self.pieces.max(self.estimated)
    }

    /// Returns the events that these bytes complete; nothing after the last one.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<ChatEvent> {
        let mut all = Vec::new();
        if self.is_over {
            return all;
        }
        let mut events = std::mem::replace(&mut self.events, EventStreamParser::new(0));
        let fed = events.feed(bytes, |data| {
            self.take(data, &mut all);
            !self.is_over
        });
        self.events = events;
        if fed.is_err() && !self.is_over {
            self.fail(AssistantError::TooLarge(self.limits.event_bytes), &mut all);
        }
        all
    }

    /// Returns the last event once the provider's stream has ended, in order or not; `None` if it was returned before.
    pub fn end(&mut self) -> Option<ChatEvent> {
        let mut all = Vec::new();
        if !self.is_over {
            match self.reason {
                Some(_) => self.finish(&mut all),
                None => self.fail(AssistantError::Cut, &mut all),
            }
        }
        all.pop()
    }

    /// Ends the answer with an error and returns its event; `None` if the last event was returned before.
    pub fn abort(&mut self, error: AssistantError) -> Option<ChatEvent> {
        let mut all = Vec::new();
        if !self.is_over {
            self.fail(error, &mut all);
        }
        all.pop()
    }

    fn take(&mut self, data: &[u8], all: &mut Vec<ChatEvent>) {
        if data.trim_ascii() == b"[DONE]" {
            // Some servers say no more than that.
            self.reason.get_or_insert(EndReason::Stop);
            return self.finish(all);
        }
        let Ok(chunk) = serde_json::from_slice::<Chunk>(data) else {
            return self.fail(AssistantError::NotChat(self.setting), all);
        };
        let bare_error = chunk.choices.is_empty()
            && chunk.usage.is_none()
            && (chunk.object.as_ref().is_some_and(|object| object == "error")
                || chunk.message.is_some());
        if chunk.error.is_some_and(|error| !error.is_null()) || bare_error {
            return self.fail(AssistantError::of_error(data, self.setting), all);
        }
        if let Some(usage) = chunk.usage {
            // A provider that counts more tokens than there can be would spend the budget of the day at once.
            let max_answer = self.tokens().max(self.limits.answer_tokens.into());
            self.usage = Some(TokenUsage {
                prompt_tokens: usage.prompt_tokens.min(self.limits.prompt_tokens),
                answer_tokens: usage.completion_tokens.min(max_answer),
            });
        }
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            if let Some(text) = choice.delta.content.filter(|text| !text.is_empty()) {
                self.pieces += 1;
                self.estimated += estimate(&text) as u64;
                self.bytes = self.bytes.saturating_add(text.len());
                if self.bytes > self.max_bytes() {
                    self.reason = Some(EndReason::Length);
                    return self.finish(all);
                }
                if self.reason.is_none() {
                    all.push(ChatEvent::Text { text });
                }
            }
            if let Some(reason) = choice.finish_reason {
                self.reason.get_or_insert(match reason.as_str() {
                    "length" => EndReason::Length,
                    "content_filter" => EndReason::Filtered,
                    _ => EndReason::Stop,
                });
            }
        }
    }

    fn max_bytes(&self) -> usize {
        (self.limits.answer_tokens as usize).saturating_mul(MAX_BYTES_PER_TOKEN)
    }

    fn finish(&mut self, all: &mut Vec<ChatEvent>) {
        self.is_over = true;
        let reason = self.reason.unwrap_or(EndReason::Stop);
        all.push(ChatEvent::End { reason, usage: self.usage });
    }

    fn fail(&mut self, error: AssistantError, all: &mut Vec<ChatEvent>) {
        self.is_over = true;
        all.push(error.event());
    }
}

/// Returns whether the head of a response announces a stream of events.
pub fn is_stream(status: StatusCode, content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    status == StatusCode::OK && kind.eq_ignore_ascii_case("text/event-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{text}}}}}]}}\n\n")
    }

    const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

    fn limits(prompt_tokens: u64, answer_tokens: u32, event_bytes: usize) -> CompletionLimits {
        CompletionLimits { prompt_tokens, answer_tokens, event_bytes }
    }

    /// Returns the events of a stream in short, joined.
    fn read(stream: &str) -> String {
        let mut answer = CompletionReader::new(limits(30, 4, 500), "OPENAI_BASE_URL");
        let mut all = answer.feed(stream.as_bytes());
        all.extend(answer.end());
        assert!(
            answer.is_over() && answer.end().is_none() && answer.feed(b"data: x\n\n").is_empty()
        );
        assert_eq!(all.iter().filter(|event| event.is_last()).count(), 1, "{all:?}");
        let words: Vec<String> = all
            .into_iter()
            .map(|event| match event {
                ChatEvent::Start => "start".to_owned(),
                ChatEvent::Text { text } => text,
                ChatEvent::End { reason, usage: None } => format!("{reason:?}"),
                ChatEvent::End { reason, usage: Some(usage) } => {
                    format!("{reason:?} {}+{}", usage.prompt_tokens, usage.answer_tokens)
                }
                ChatEvent::Failed { error_type, error, .. } => format!("{error_type}: {error}"),
            })
            .collect();
        words.join("|")
    }

    #[test]
    fn every_stream_ends_once() {
        let usage =
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n";
        let (a, b) = (text("\"a\""), text("\" b\""));
        let cut = "unavailable: the connection to the language model broke off in the middle of its answer: try again";
        let broken = "unavailable: the provider ended its answer with an error: try again";
        let other = "unavailable: the server at the configured address does not offer the chat completions API: check \
                     OPENAI_BASE_URL, which usually ends in /v1";
        let too_long = "bad_data: the question is too long for the model: start a new conversation, or lower `prompt_tokens` of \
                        [llm.limits] to fit its context";
        let cases = [
            (format!("{a}{b}{STOP}{usage}data: [DONE]\n\n"), "a| b|Stop 9+2".to_owned()),
            // Counts that cannot be.
            (
                format!("{STOP}{}", usage.replace('9', "18446744073709551615")),
                "Stop 30+2".to_owned(),
            ),
            (
                format!("{STOP}{}", usage.replace('2', "18446744073709551615")),
                "Stop 9+4".to_owned(),
            ),
            // Without [DONE], without a reason, without anything.
            (format!("{a}{STOP}"), "a|Stop".to_owned()),
            (format!("{a}data: [DONE]\n\n"), "a|Stop".to_owned()),
            (a.clone(), format!("a|{cut}")),
            (String::new(), cut.to_owned()),
            (format!("{a}{}", &b[..20]), format!("a|{cut}")),
            (STOP.replace("stop", "length"), "Length".to_owned()),
            (STOP.replace("stop", "content_filter"), "Filtered".to_owned()),
            (STOP.replace("stop", "tool_calls"), "Stop".to_owned()),
            // What is not for us.
            (format!("{}{}{STOP}", text("null"), text("\"\"")), "Stop".to_owned()),
            (format!("{}{STOP}", a.replace("\"index\":0", "\"index\":1")), "Stop".to_owned()),
            (format!("{STOP}{a}data: [DONE]\n\n"), "Stop".to_owned()),
            (": ping\n\ndata: {\"choices\":[]}\n\ndata: [DONE]\n\n".to_owned(), "Stop".to_owned()),
            // Faults.
            (
                format!("{a}data: {{\"error\":{{\"message\":\"SECRET\"}}}}\n\n{b}"),
                format!("a|{broken}"),
            ),
            (format!("{a}error: {{\"error\":\"SECRET\"}}\n\n"), format!("a|{broken}")),
            ("data: {\"object\":\"error\",\"message\":\"x\"}\n\n".to_owned(), broken.to_owned()),
            (
                "data: {\"error\":{\"code\":\"context_length_exceeded\"}}\n\n".to_owned(),
                too_long.to_owned(),
            ),
            ("data: <html>\n\n".to_owned(), other.to_owned()),
            ("data: {\"choices\":3}\n\n".to_owned(), other.to_owned()),
            (
                format!("data: {}\n\n", "x".repeat(600)),
                "unavailable: the provider sent more than 0 KiB in one event, which no answer needs"
                    .to_owned(),
            ),
            // More text than tokens can hold.
            (format!("{}{b}", text(&format!("\"{}\"", "y".repeat(129)))), "Length".to_owned()),
        ];
        for (stream, expected) in cases {
            assert_eq!(read(&stream), expected, "{stream}");
        }
    }

    #[test]
    fn tokens_are_counted_while_the_provider_says_nothing_of_them() {
        let mut answer = CompletionReader::new(limits(30, 1_024, 1_000), "x");
        answer.feed(text("\"a\"").repeat(3).as_bytes());
        assert_eq!((answer.tokens(), answer.usage()), (3, None));
        answer.feed(text("\"1234567890\"").as_bytes());
        assert_eq!(answer.tokens(), 13);
    }

    #[test]
    fn letters_may_be_split_anywhere() {
        let stream = format!("{}{STOP}", text("\"zwölf 🔥 \\u00fc\""));
        for size in 1..9 {
            let mut answer = CompletionReader::new(limits(30, 99, 500), "x");
            let all: Vec<_> =
                stream.as_bytes().chunks(size).flat_map(|piece| answer.feed(piece)).collect();
            assert_eq!(all, [ChatEvent::Text { text: "zwölf 🔥 ü".to_owned() }]);
            assert!(matches!(answer.end(), Some(ChatEvent::End { .. })));
        }
    }
}

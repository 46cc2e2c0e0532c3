//! Conversations with the assistant, the configured language model: what the page sends, and the lines that come back.

use serde::{Deserialize, Serialize};

/// Maximum number of messages in one [`ChatRequest`].
pub const MAX_CHAT_MESSAGES: usize = 100;

/// Answer to `GET /api/llm`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct AssistantInfo {
    /// The language model; absent if none is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "LanguageModel"))]
    pub model: Option<LanguageModel>,
}

/// The language model as the browser may know it: never its address or its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct LanguageModel {
    /// Name of its operator, for people.
    pub provider: String,
    /// Name of the model at its provider.
    pub model: String,
    /// Maximum number of tokens in a prompt.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub prompt_tokens: u32,
    /// Maximum number of tokens in an answer.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub answer_tokens: u32,
}

/// Body of `POST /api/llm/chat`: the messages and nothing else. All that costs is set by the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChatRequest {
    /// The conversation, oldest message first; the last one is the user's.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_CHAT_MESSAGES)))]
    pub messages: Vec<ChatMessage>,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChatMessage {
    /// Author of the message.
    pub role: ChatRole,
    /// Text of the message.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub content: String,
}

/// Author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ChatRole {
    /// Instructions for the model; only the first message may have this role.
    System,
    /// The person who asks.
    User,
    /// The model.
    Assistant,
}

/// One line of the answer, as JSON with a line feed (`application/x-ndjson`).
///
/// Exactly one line is [`ChatEvent::End`] or [`ChatEvent::Failed`], and it is the last; an answer without it was cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ChatEvent {
    /// The model begins to answer.
    Start,
    /// The next piece of the answer, never empty.
    Text {
        /// Text to append to the pieces before.
        text: String,
    },
    /// The end of an answer that did not fail.
    End {
        /// Why the answer ended.
        reason: EndReason,
        /// Tokens that the answer took; `None` if the provider did not tell.
        usage: Option<TokenUsage>,
    },
    /// The end of an answer that broke off.
    Failed {
        /// Type of the error as in Prometheus' API: `timeout`, `unavailable`, `bad_data`.
        #[serde(rename = "errorType")]
        error_type: String,
        /// Message for people that says what to change.
        error: String,
        /// Seconds after which the same request can succeed, where that is known.
        #[serde(default, rename = "retryAfter", skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The model finished.
    Stop,
    /// The answer reached the maximum number of tokens.
    Length,
    /// The provider's content filter held back the rest.
    Filtered,
}

/// Number of tokens of one question and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    /// Tokens of the messages.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub answer_tokens: u64,
}

impl ChatEvent {
    /// Returns whether no event follows this one.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::End { .. } | Self::Failed { .. })
    }

    /// Returns the event as one line of JSON, with its line feed.
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// Reader of events from bytes that come in pieces of any size.
#[derive(Debug, Default)]
pub struct ChatEventReader {
    incomplete_line: Vec<u8>,
}

/// A line that is no [`ChatEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer cannot be read: the page may be older than its server. Reload it.")]
pub struct ChatEventError;

impl ChatEventReader {
    /// Returns the events that these bytes complete.
    ///
    /// # Errors
    /// [`ChatEventError`] at the first line that is no event.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<ChatEvent>, ChatEventError> {
        self.incomplete_line.extend_from_slice(bytes);
        let Some(end) = self.incomplete_line.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(Vec::new());
        };
        let rest = self.incomplete_line.split_off(end + 1);
        let lines = std::mem::replace(&mut self.incomplete_line, rest);
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).map_err(|_| ChatEventError)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all() -> Vec<ChatEvent> {
        let usage = Some(TokenUsage { prompt_tokens: 900, answer_tokens: 12 });
        let failed = |retry_after| ChatEvent::Failed {
            error_type: "timeout".to_owned(),
            error: "wait".to_owned(),
            retry_after,
        };
        vec![
            ChatEvent::Start,
            ChatEvent::Text { text: "zwölf\n\"Häuser\" 🔥".to_owned() },
            ChatEvent::End { reason: EndReason::Stop, usage },
            ChatEvent::End { reason: EndReason::Length, usage: None },
            failed(Some(9)),
            failed(None),
        ]
    }

    #[test]
    fn events_are_lines_of_json() {
        let lines: Vec<_> = all().iter().map(ChatEvent::to_line).collect();
        let expected = [
            "{\"event\":\"start\"}\n",
            "{\"event\":\"text\",\"text\":\"zwölf\\n\\\"Häuser\\\" 🔥\"}\n",
            "{\"event\":\"end\",\"reason\":\"stop\",\"usage\":{\"prompt_tokens\":900,\"answer_tokens\":12}}\n",
            "{\"event\":\"end\",\"reason\":\"length\",\"usage\":null}\n",
            "{\"event\":\"failed\",\"errorType\":\"timeout\",\"error\":\"wait\",\"retryAfter\":9}\n",
            "{\"event\":\"failed\",\"errorType\":\"timeout\",\"error\":\"wait\"}\n",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["{}", "x", "{\"event\":\"text\"}", "{\"event\":\"other\"}", "\u{fffd}"] {
            assert_eq!(
                ChatEventReader::default().feed(format!("{line}\n").as_bytes()),
                Err(ChatEventError)
            );
        }
        // The page asks for nothing that costs.
        for body in [
            r#"{"messages":[],"model":"big"}"#,
            r#"{"messages":[],"max_tokens":1e9}"#,
            r#"{"messages":[{"role":"tool","content":""}]}"#,
            r#"{"messages":[{"role":"user","content":"","tool_calls":[]}]}"#,
            "{}",
        ] {
            assert!(serde_json::from_str::<ChatRequest>(body).is_err(), "{body}");
        }
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same_events(sizes in proptest::collection::vec(1..40_usize, 1..60)) {
            let bytes: Vec<u8> = all().iter().flat_map(|event| event.to_line().into_bytes()).collect();
            let (mut lines, mut found, mut rest) = (ChatEventReader::default(), Vec::new(), bytes.as_slice());
            for size in sizes.iter().cycle() {
                let (piece, later) = rest.split_at((*size).min(rest.len()));
                found.extend(lines.feed(piece).unwrap());
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, all());
        }
    }
}

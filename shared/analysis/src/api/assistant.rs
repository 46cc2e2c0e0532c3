//! A conversation with a language model: what the page sends, and the lines that come back.

use serde::{Deserialize, Serialize};

/// Answer to `GET /api/llm`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssistantInfo {
    /// `None` where none is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<LanguageModel>,
}

/// The language model as the browser may know it: never its address or its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageModel {
    /// Who runs it, for a person.
    pub provider: String,
    /// Its name there.
    pub model: String,
    /// Tokens that a prompt should have at most.
    pub prompt_tokens: u32,
    /// Tokens that an answer has at most.
    pub answer_tokens: u32,
}

/// Body of `POST /api/llm/chat`: the messages and nothing else. All that costs is set by the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatRequest {
    /// Oldest first; the last one is the user's.
    pub messages: Vec<ChatMessage>,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatMessage {
    /// Whose it is.
    pub role: ChatRole,
    /// What it says.
    pub content: String,
}

/// Whose a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    /// Says what the model is for; the first message, if any.
    System,
    /// The person who asks.
    User,
    /// The model.
    Assistant,
}

/// One line of the answer, as JSON with a line feed (`application/x-ndjson`). The last one is [`ChatEvent::End`] or
/// [`ChatEvent::Failed`], and there is exactly one of those; without it the answer was cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ChatEvent {
    /// The model begins to answer.
    Start,
    /// The next piece of the answer, never empty.
    Text {
        /// To be put behind the pieces before.
        text: String,
    },
    /// The answer is complete, as far as `reason` says.
    End {
        /// Why it ended.
        reason: EndReason,
        /// What it took, as far as the provider told.
        usage: Option<TokenUsage>,
    },
    /// It broke off.
    Failed {
        /// As in Prometheus' errors: `timeout`, `unavailable`, `bad_data`.
        #[serde(rename = "errorType")]
        error_type: String,
        /// What to change, for a person.
        error: String,
        /// Seconds after which the same can succeed, where that is known.
        #[serde(default, rename = "retryAfter", skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The model had said all.
    Stop,
    /// It reached the limit of tokens.
    Length,
    /// The provider held back the rest.
    Filtered,
}

/// Tokens by the provider's count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    /// Of the messages.
    pub prompt_tokens: u64,
    /// Of the answer.
    pub answer_tokens: u64,
}

impl ChatEvent {
    /// Whether nothing follows.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::End { .. } | Self::Failed { .. })
    }

    /// As a line.
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// Reads events from bytes that come in pieces of any size.
#[derive(Debug, Default)]
pub struct ChatEventReader {
    rest: Vec<u8>,
}

/// A line that is no [`ChatEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer cannot be read: is the page older than its server? Reload it.")]
pub struct ChatEventError;

impl ChatEventReader {
    /// The events that these bytes complete.
    ///
    /// # Errors
    /// [`ChatEventError`] at the first line that is none.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<ChatEvent>, ChatEventError> {
        self.rest.extend_from_slice(bytes);
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(Vec::new());
        };
        let rest = self.rest.split_off(end + 1);
        let lines = std::mem::replace(&mut self.rest, rest);
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

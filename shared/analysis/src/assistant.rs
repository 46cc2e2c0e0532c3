//! Prompts for the language model: facts that were computed here, in a frame that no label can close.
//!
//! It sees no series beyond a sketch of the worst event. What it answers is an opinion: its numbers are held against the
//! facts, and its text is shown as what it is.

mod facts;
pub mod frame;
mod numbers;
mod pseudonyms;
mod section;
mod tokens;

pub use numbers::KnownNumbers;
pub use pseudonyms::{Pseudonyms, Revealer};
pub use section::{AssistantAnswer, section};
pub use tokens::estimate;

use crate::analysis::Analysis;
use crate::api::{ChatMessage, ChatRole};
use crate::knowledge::ExplainedEvent;
use crate::related::{ComparisonWindows, RelatedSeries};
use crate::words::{Clock, prompt as words};

/// Tokens around each message that providers add.
const OVERHEAD: usize = 8;

/// Tokens that the facts have at least; a question that leaves fewer is too long.
const MIN_FACT_TOKENS: usize = 300;

/// Task of the assistant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssistantTask {
    /// A text for the users of a service.
    Summary,
    /// Hypotheses, and what to do next.
    #[default]
    Causes,
    /// Explanation in plain language.
    Plain,
    /// Whatever the person asks.
    Question,
}

impl AssistantTask {
    /// All tasks in the order of a list.
    pub const ALL: [Self; 4] = [Self::Causes, Self::Summary, Self::Plain, Self::Question];

    /// Returns the name of the task for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Summary => "Summary for a status page",
            Self::Causes => "Possible causes and what to do",
            Self::Plain => "Explanation in plain language",
            Self::Question => "A question of my own",
        }
    }

    /// Returns the short name of the task, for addresses and lists.
    pub fn id(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Causes => "causes",
            Self::Plain => "plain",
            Self::Question => "question",
        }
    }

    /// Returns the task of a short name, `None` for an unknown one.
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.id() == id)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Summary => words::SUMMARY,
            Self::Causes => words::CAUSES,
            Self::Plain => words::PLAIN,
            Self::Question => words::QUESTION,
        }
    }
}

/// Everything that a prompt is made from beside the analysis.
#[derive(Clone, Debug)]
pub struct PromptRequest<'a> {
    /// Task of the assistant.
    pub task: AssistantTask,
    /// The person's words, for [`AssistantTask::Question`].
    pub question: &'a str,
    /// Answers so far, each with the question that followed it.
    pub turns: &'a [ConversationTurn],
    /// Whether pseudonyms are sent instead of the values of labels.
    pub pseudonyms: bool,
    /// Tokens of all messages together, by [`estimate`].
    pub budget: usize,
    /// Name of the source.
    pub source: &'a str,
    /// Format and zone of times.
    pub clock: Clock,
    /// Related series and the windows in which they were compared, where they were looked for.
    pub related: Option<(&'a RelatedSeries, &'a ComparisonWindows)>,
}

/// An answer and the question that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationTurn {
    /// The answer as it came, with pseudonyms.
    pub answer: String,
    /// Question that followed the answer.
    pub question: String,
}

/// Ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// In order: what the model is for, task and facts, and what was said since.
    pub messages: Vec<ChatMessage>,
    /// Tokens of all of it, estimated from above.
    pub tokens: usize,
    /// Facts that did not fit.
    pub left_out: usize,
    /// Earlier questions with their answers that did not fit.
    pub forgotten: usize,
    /// By which names of the answer are turned back.
    pub pseudonyms: Pseudonyms,
    /// Numbers that an answer may contain.
    pub known: KnownNumbers,
}

/// Reason why there is no prompt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// There is nothing to ask about.
    #[error("Run a query first: there is nothing to ask about yet.")]
    Nothing,
    /// [`AssistantTask::Question`] without one.
    #[error("Type a question first.")]
    NoQuestion,
    /// Question that leaves no room for facts.
    #[error(
        "The question is too long for the model: about {tokens} tokens, at most {most}. Shorten it."
    )]
    TooLong {
        /// Tokens of the question.
        tokens: usize,
        /// Maximum number of tokens of a question.
        most: usize,
    },
}

/// Builds the messages. `explained` are the worst events, worst first. What matters least is left out until all fits.
///
/// # Errors
/// If there is no question or it is too long.
pub fn prompt(
    analysis: &Analysis,
    explained: &[ExplainedEvent<'_>],
    ask: &PromptRequest<'_>,
) -> Result<Prompt, PromptError> {
    if analysis.detected.loaded.series.is_empty() {
        return Err(PromptError::Nothing);
    }
    let mut pseudonyms = if ask.pseudonyms { Pseudonyms::hiding() } else { Pseudonyms::default() };
    let facts = facts::facts(analysis, explained, ask, &mut pseudonyms);
    let system = words::system(frame::OPEN, frame::CLOSE, pseudonyms.is_active());
    let first_question = match (ask.task, ask.question.trim()) {
        (AssistantTask::Question, "") => return Err(PromptError::NoQuestion),
        (AssistantTask::Question, question) => {
            format!("\n\nThe question: {}", typed(&pseudonyms.hide(question)))
        }
        _ => String::new(),
    };
    let turns: Vec<ConversationTurn> = ask
        .turns
        .iter()
        .map(|turn| ConversationTurn {
            answer: turn.answer.clone(),
            question: typed(&pseudonyms.hide(turn.question.trim())),
        })
        .collect();
    if turns.iter().any(|turn| turn.question.is_empty()) {
        return Err(PromptError::NoQuestion);
    }

    let around = format!("{}\n\n{}\n\n{}", ask.task.words(), words::left_out(999), first_question);
    let fixed = cost(&system) + cost(&around) + estimate(frame::OPEN) + estimate(frame::CLOSE);
    let last = turns.last().map_or(0, |turn| cost(&turn.question));
    let room = ask.budget.saturating_sub(fixed + last);
    if room < MIN_FACT_TOKENS {
        let typed = estimate(&first_question) + last;
        let most = (ask.budget + typed).saturating_sub(fixed + last + MIN_FACT_TOKENS);
        return Err(PromptError::TooLong { tokens: typed, most });
    }
    // What was said last matters most; facts keep at least half of the room.
    let (mut kept, mut said) = (0, 0);
    for (at, turn) in turns.iter().enumerate().rev() {
        let question = if at + 1 == turns.len() { 0 } else { cost(&turn.question) };
        let more = cost(&turn.answer) + question;
        if said + more > room / 2 {
            break;
        }
        (kept, said) = (kept + 1, said + more);
    }
    if kept == 0 && !turns.is_empty() {
        said = cost(words::UNREPEATED);
    }
    let (chosen, left_out) = facts::fitting(&facts, room - said);
    let framed = frame::framed(chosen.iter().map(|fact| fact.text.as_str()));
    let note =
        if left_out == 0 { String::new() } else { format!("\n\n{}", words::left_out(left_out)) };
    let task = format!("{}\n\n{framed}{note}{first_question}", ask.task.words());

    let mut messages = vec![say(ChatRole::System, system), say(ChatRole::User, task)];
    let forgotten = turns.len() - kept;
    for (at, turn) in turns.iter().enumerate().skip(forgotten.min(turns.len().saturating_sub(1))) {
        if at >= forgotten {
            messages.push(say(ChatRole::Assistant, turn.answer.clone()));
        } else {
            messages.push(say(ChatRole::Assistant, words::UNREPEATED.to_owned()));
        }
        messages.push(say(ChatRole::User, turn.question.clone()));
    }
    let mut known = KnownNumbers::default();
    for fact in &chosen {
        known.add(&pseudonyms.reveal(&fact.text));
    }
    for text in facts::derived(explained) {
        known.add(&text);
    }
    known.add(ask.question);
    for turn in ask.turns {
        known.add(&turn.question);
    }
    let tokens = messages.iter().map(|message| cost(&message.content)).sum();
    Ok(Prompt { messages, tokens, left_out, forgotten, pseudonyms, known })
}

/// Estimates the tokens of all messages of a conversation from above.
pub fn cost_of(messages: &[ChatMessage]) -> usize {
    messages.iter().map(|message| cost(&message.content)).sum()
}

fn cost(text: &str) -> usize {
    estimate(text) + OVERHEAD
}

fn say(role: ChatRole, content: String) -> ChatMessage {
    ChatMessage { role, content }
}

/// Makes a typed text inert, with its line breaks; it cannot be taken for facts either.
fn typed(text: &str) -> String {
    text.lines().map(frame::inert).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;

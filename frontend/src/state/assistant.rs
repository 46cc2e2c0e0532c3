//! The conversation with the language model. It is kept while the user looks at other results, and stays about the
//! analysis with which it began.

mod stream;

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::analysis::Analysis;
use oddity_analysis::api::{AssistantInfo, ChatRequest, EndReason, LanguageModel};
use oddity_analysis::assistant::{
    AssistantAnswer, AssistantTask, ConversationTurn, Prompt, PromptError, PromptRequest, Revealer,
    prompt,
};
use oddity_analysis::knowledge::explain_worst;
use oddity_analysis::report::{MAX_EXPLAINED, ReportSection};
use oddity_detect::time::Timestamp;

use super::abort_handle::AbortHandle;
use super::{PtrEq, RelatedResult, State, client};
use crate::browser::clock;
use stream::answer;

pub use stream::AnswerError;

/// The signals of the assistant.
#[derive(Clone, Copy)]
pub struct Assistant {
    /// Configured language model; `None` if there is none or it is not known yet.
    pub model: RwSignal<Option<LanguageModel>>,
    /// Task of the next conversation.
    pub task: RwSignal<AssistantTask>,
    /// Whether the next conversation hides label values.
    pub pseudonyms: RwSignal<bool>,
    /// Text that is typed and not sent yet.
    pub draft: RwSignal<String>,
    /// Current conversation; `None` before the first question.
    pub conversation: RwSignal<Option<Conversation>>,
    /// Questions with their answers, oldest first.
    pub exchanges: RwSignal<Vec<Exchange>>,
    /// Status of the current question.
    pub status: RwSignal<AssistantStatus>,
    /// Error of the last answer; `None` if it is complete.
    pub failure: RwSignal<Option<AnswerError>>,
    /// Whether the conversation is part of the report.
    pub reported: RwSignal<bool>,
    request: AbortHandle,
}

/// The context that all questions of a conversation share.
#[derive(Clone, PartialEq)]
pub struct Conversation {
    /// Analysis that the conversation is about.
    pub analysis: PtrEq<Analysis>,
    /// Related changes that were known at the start.
    pub related: Option<RelatedResult>,
    /// Task of the first question.
    pub task: AssistantTask,
    /// First question; empty if the task is enough.
    pub question: String,
    /// Whether label values are hidden.
    pub pseudonyms: bool,
}

/// A question with its answer.
#[derive(Clone, PartialEq)]
pub struct Exchange {
    /// Question that the user typed; empty if the task is enough.
    pub question: String,
    /// Answer as it arrived.
    pub raw: String,
    /// Answer as it is shown, with label values in place of pseudonyms.
    pub shown: String,
    /// Prompt that was sent.
    pub prompt: PtrEq<Prompt>,
    /// Time at which the question was sent.
    pub at: Timestamp,
    /// End of the answer; `None` while it arrives.
    pub ended: Option<AnswerEnd>,
}

/// The end of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerEnd {
    /// Ended by the provider.
    Whole(EndReason),
    /// Stopped by the user.
    Stopped,
    /// Interrupted by an error.
    Broken,
}

/// The status of the current question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssistantStatus {
    /// No question is being answered.
    #[default]
    Idle,
    /// The question was sent.
    Waiting,
    /// The answer is arriving.
    Answering,
}

impl Assistant {
    pub(super) fn new() -> Self {
        Self {
            model: RwSignal::new(None),
            task: RwSignal::new(AssistantTask::default()),
            pseudonyms: RwSignal::new(false),
            draft: RwSignal::new(String::new()),
            conversation: RwSignal::new(None),
            exchanges: RwSignal::new(Vec::new()),
            status: RwSignal::new(AssistantStatus::Idle),
            failure: RwSignal::new(None),
            reported: RwSignal::new(false),
            request: AbortHandle::new(),
        }
    }

    /// Stops the current answer; the part that arrived stays.
    pub fn stop(self) {
        self.request.stop();
        if self.status.get_untracked() != AssistantStatus::Idle {
            self.end(AnswerEnd::Stopped);
        }
    }

    /// Deletes the conversation.
    pub fn start_over(self) {
        self.stop();
        self.conversation.set(None);
        self.exchanges.set(Vec::new());
        self.failure.set(None);
        self.reported.set(false);
    }

    /// Adds a piece to the current answer.
    fn add(self, raw: &str, shown: &str) {
        self.exchanges.update(|exchanges| {
            if let Some(last) = exchanges.last_mut() {
                last.raw.push_str(raw);
                last.shown.push_str(shown);
            }
        });
    }

    /// Ends the current answer. The question of an empty answer goes back to the text field.
    fn end(self, ended: AnswerEnd) {
        let mut unanswered = None;
        self.exchanges.update(|exchanges| match exchanges.last_mut() {
            Some(last) if last.raw.is_empty() && !matches!(ended, AnswerEnd::Whole(_)) => {
                unanswered = exchanges.pop();
            }
            Some(last) => last.ended = Some(ended),
            None => {}
        });
        if let Some(Exchange { question, .. }) = unanswered {
            if self.draft.read_untracked().is_empty() {
                self.draft.set(question);
            }
            if self.exchanges.read_untracked().is_empty() {
                self.conversation.set(None);
            }
        }
        self.status.set(AssistantStatus::Idle);
    }

    fn fail(self, failure: AnswerError) {
        self.failure.set(Some(failure));
        self.end(AnswerEnd::Broken);
    }
}

pub(super) fn follow(state: State) {
    spawn_local(async move {
        if let Ok(AssistantInfo { model }) = client::get("/api/llm").await {
            state.assistant.model.set(model);
        }
    });
}

impl State {
    /// Returns the next prompt, or the reason why there is none; `None` while an answer arrives.
    pub fn next_prompt(self) -> Option<Result<Prompt, PromptError>> {
        let assistant = self.assistant;
        let model = assistant.model.get()?;
        if assistant.status.get() != AssistantStatus::Idle {
            return None;
        }
        let begun = assistant.conversation.get();
        let draft = assistant.draft.get();
        let (analysis, turns) = match &begun {
            Some(conversation) => {
                let exchanges = assistant.exchanges.read();
                let questions = exchanges.iter().skip(1).map(|exchange| exchange.question.as_str());
                let answers = exchanges.iter().map(|exchange| exchange.raw.clone());
                let turns =
                    answers.zip(questions.chain([draft.as_str()])).map(|(answer, question)| {
                        ConversationTurn { answer, question: question.to_owned() }
                    });
                (conversation.analysis.clone(), turns.collect::<Vec<_>>())
            }
            None => (self.throttled_analysis.get()?, Vec::new()),
        };
        let (related, task, question, pseudonyms) = match begun {
            Some(Conversation { related, task, question, pseudonyms, .. }) => {
                (related, task, question, pseudonyms)
            }
            None => (self.related_shown(), assistant.task.get(), draft, assistant.pseudonyms.get()),
        };
        let (knowledge, metadata) = (self.knowledge.get(), self.metadata.read());
        let explained = explain_worst(&analysis, MAX_EXPLAINED, knowledge.as_deref(), &metadata);
        let explained: Vec<_> = explained.into_iter().map(|one| self.weighed(one)).collect();
        let source = self.source.get().map(|source| source.name).unwrap_or_default();
        let ask = PromptRequest {
            task,
            question: &question,
            turns: &turns,
            pseudonyms,
            budget: model.prompt_tokens as usize,
            source: &source,
            clock: self.clock(),
            related: related.as_ref().and_then(RelatedResult::known),
        };
        Some(prompt(&analysis, &explained, &ask))
    }

    /// Sends a prompt of [`Self::next_prompt`].
    pub fn send(self, prompt: Prompt) {
        let assistant = self.assistant;
        let Some(shown) = self.throttled_analysis.get_untracked() else { return };
        if assistant.status.get_untracked() != AssistantStatus::Idle {
            return;
        }
        let signal = match assistant.request.start() {
            Ok(signal) => signal,
            Err(error) => return assistant.failure.set(Some(error.into())),
        };
        let mut question = assistant.draft.get_untracked().trim().to_owned();
        if assistant.conversation.read_untracked().is_none() {
            let (task, pseudonyms) =
                (assistant.task.get_untracked(), assistant.pseudonyms.get_untracked());
            if task != AssistantTask::Question {
                question.clear();
            }
            let (analysis, related) = (shown, untrack(|| self.related_shown()));
            let question = question.clone();
            let conversation = Conversation { analysis, related, task, question, pseudonyms };
            assistant.conversation.set(Some(conversation));
        }
        let body = ChatRequest { messages: prompt.messages.clone() };
        let revealer = Revealer::new(prompt.pseudonyms.clone());
        assistant.failure.set(None);
        assistant.draft.set(String::new());
        assistant.status.set(AssistantStatus::Waiting);
        assistant.exchanges.update(|exchanges| {
            exchanges.push(Exchange {
                question,
                raw: String::new(),
                shown: String::new(),
                prompt: PtrEq::new(prompt),
                at: clock::now(),
                ended: None,
            });
        });
        spawn_local(async move {
            let answered = answer(assistant, &body, revealer, &signal).await;
            // `stop` has ended it already.
            if signal.aborted() {
                return;
            }
            match answered {
                Ok(reason) => assistant.end(AnswerEnd::Whole(reason)),
                Err(failure) => assistant.fail(failure),
            }
        });
    }

    /// Returns whether the conversation is about another analysis than the current one.
    pub fn assistant_outdated(self) -> bool {
        let shown = self.throttled_analysis.get();
        self.assistant
            .conversation
            .read()
            .as_ref()
            .is_some_and(|one| Some(&one.analysis) != shown.as_ref())
    }

    /// Returns the section of the report; `None` if the user did not add it or the conversation is outdated.
    pub fn assistant_section(self) -> Option<ReportSection> {
        let assistant = self.assistant;
        if !assistant.reported.get() || self.assistant_outdated() {
            return None;
        }
        let (conversation, exchanges) = (assistant.conversation.get()?, assistant.exchanges.read());
        let exchanges: Vec<&Exchange> =
            exchanges.iter().filter(|one| one.ended.is_some()).collect();
        let last = exchanges.last()?;
        let opinion = AssistantAnswer {
            model: assistant.model.get()?,
            at: last.at,
            task: conversation.task,
            tokens: last.prompt.tokens,
            pseudonyms: conversation.pseudonyms,
            said: exchanges.iter().map(|one| (one.question.clone(), one.shown.clone())).collect(),
            unknown: exchanges.iter().flat_map(|one| one.unknown()).collect(),
        };
        Some(oddity_analysis::assistant::section(&opinion, self.clock()))
    }
}

impl Exchange {
    /// Returns the numbers of the answer that no fact supports, each once.
    pub fn unknown(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for place in self.prompt.known.unknown(&self.shown) {
            let number = self.shown.get(place).unwrap_or_default().to_owned();
            if !all.contains(&number) {
                all.push(number);
            }
        }
        all
    }
}

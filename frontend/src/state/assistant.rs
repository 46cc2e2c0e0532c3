//! The conversation with the language model: what is asked, how it comes in, and what became of it. It is kept while
//! other results are looked at, and stays about the analysis that it began with.

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

/// The signals of a conversation.
#[derive(Clone, Copy)]
pub struct Assistant {
    /// The language model; `None` where none is configured, or it is not known yet.
    pub model: RwSignal<Option<LanguageModel>>,
    /// What the next conversation is to be about.
    pub task: RwSignal<AssistantTask>,
    /// Whether the next conversation hides values of labels.
    pub pseudonyms: RwSignal<bool>,
    /// What is typed and not sent yet.
    pub draft: RwSignal<String>,
    /// What is being exchanges; `None` before anything was asked.
    pub conversation: RwSignal<Option<Conversation>>,
    /// Questions with their answers, oldest first.
    pub exchanges: RwSignal<Vec<Exchange>>,
    /// Whether something is on its way.
    pub status: RwSignal<AssistantStatus>,
    /// Why the last question was not answered, or not whole.
    pub failure: RwSignal<Option<AnswerError>>,
    /// Whether it is a part of the report.
    pub reported: RwSignal<bool>,
    request: AbortHandle,
}

/// What all questions of a conversation have in common.
#[derive(Clone, PartialEq)]
pub struct Conversation {
    /// What it is about.
    pub analysis: PtrEq<Analysis>,
    /// What was known to have moved beside an event.
    pub beside: Option<RelatedResult>,
    /// What was asked first.
    pub task: AssistantTask,
    /// The first question, for a task that has one.
    pub question: String,
    /// Whether values of labels are hidden.
    pub pseudonyms: bool,
}

/// A question with its answer.
#[derive(Clone, PartialEq)]
pub struct Exchange {
    /// What the person typed; empty where the task says it.
    pub question: String,
    /// The answer as it came.
    pub raw: String,
    /// The answer as it is shown, with values in place of pseudonyms.
    pub shown: String,
    /// What was sent.
    pub prompt: PtrEq<Prompt>,
    /// When.
    pub at: Timestamp,
    /// How it ended; `None` while it comes.
    pub ended: Option<AnswerEnd>,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerEnd {
    /// As the provider says.
    Whole(EndReason),
    /// The person stopped it.
    Stopped,
    /// It broke off.
    Broken,
}

/// Where the present question is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssistantStatus {
    /// There is none.
    #[default]
    Idle,
    /// It was sent.
    Waiting,
    /// Its answer comes.
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

    /// Ends the present answer; what came of it stays.
    pub fn stop(self) {
        self.request.stop();
        if self.status.get_untracked() != AssistantStatus::Idle {
            self.end(AnswerEnd::Stopped);
        }
    }

    /// Forgets what was exchanges.
    pub fn start_over(self) {
        self.stop();
        self.conversation.set(None);
        self.exchanges.set(Vec::new());
        self.failure.set(None);
        self.reported.set(false);
    }

    /// Adds a piece of the present answer.
    fn add(self, raw: &str, shown: &str) {
        self.exchanges.update(|exchanges| {
            if let Some(last) = exchanges.last_mut() {
                last.raw.push_str(raw);
                last.shown.push_str(shown);
            }
        });
    }

    /// An answer without a word is none: its question goes back to where it was typed.
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
    /// What would be sent next, or why nothing can be; `None` while an answer comes.
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
        let (beside, task, question, pseudonyms) = match begun {
            Some(Conversation { beside, task, question, pseudonyms, .. }) => {
                (beside, task, question, pseudonyms)
            }
            None => (self.related_shown(), assistant.task.get(), draft, assistant.pseudonyms.get()),
        };
        let (knowledge, metadata) = (self.knowledge.get(), self.metadata.read());
        let explained = explain_worst(&analysis, MAX_EXPLAINED, knowledge.as_deref(), &metadata);
        let source = self.source.get().map(|source| source.name).unwrap_or_default();
        let ask = PromptRequest {
            task,
            question: &question,
            turns: &turns,
            pseudonyms,
            budget: model.prompt_tokens as usize,
            source: &source,
            clock: self.clock(),
            related: beside.as_ref().and_then(RelatedResult::known),
        };
        Some(prompt(&analysis, &explained, &ask))
    }

    /// Sends what [`Self::next_prompt`] showed.
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
            let (analysis, beside) = (shown, untrack(|| self.related_shown()));
            let question = question.clone();
            let conversation = Conversation { analysis, beside, task, question, pseudonyms };
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
            // Who stopped it has ended it.
            if signal.aborted() {
                return;
            }
            match answered {
                Ok(reason) => assistant.end(AnswerEnd::Whole(reason)),
                Err(failure) => assistant.fail(failure),
            }
        });
    }

    /// Whether the conversation is about another analysis than the one that is shown.
    pub fn assistant_outdated(self) -> bool {
        let shown = self.throttled_analysis.get();
        self.assistant
            .conversation
            .read()
            .as_ref()
            .is_some_and(|one| Some(&one.analysis) != shown.as_ref())
    }

    /// The conversation as a part of the report, if that is wanted and it is about what the report is about.
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
    /// Numbers of the answer that no fact gives, each once.
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

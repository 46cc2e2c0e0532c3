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

use super::running::Running;
use super::{Beside, Same, State, client, clock};
use stream::answer;

pub use stream::Failure;

/// The signals of a conversation.
#[derive(Clone, Copy)]
pub struct Talk {
    /// The language model; `None` where none is configured, or it is not known yet.
    pub model: RwSignal<Option<LanguageModel>>,
    /// What the next conversation is to be about.
    pub task: RwSignal<AssistantTask>,
    /// Whether the next conversation hides values of labels.
    pub pseudonyms: RwSignal<bool>,
    /// What is typed and not sent yet.
    pub draft: RwSignal<String>,
    /// What is being said; `None` before anything was asked.
    pub conversation: RwSignal<Option<Conversation>>,
    /// Questions with their answers, oldest first.
    pub said: RwSignal<Vec<Exchange>>,
    /// Whether something is on its way.
    pub status: RwSignal<Status>,
    /// Why the last question was not answered, or not whole.
    pub failure: RwSignal<Option<Failure>>,
    /// Whether it is a part of the report.
    pub reported: RwSignal<bool>,
    asking: Running,
}

/// What all questions of a conversation have in common.
#[derive(Clone, PartialEq)]
pub struct Conversation {
    /// What it is about.
    pub analysis: Same<Analysis>,
    /// What was known to have moved beside an event.
    pub beside: Option<Beside>,
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
    pub prompt: Same<Prompt>,
    /// When.
    pub at: Timestamp,
    /// How it ended; `None` while it comes.
    pub ended: Option<Ended>,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As the provider says.
    Whole(EndReason),
    /// The person stopped it.
    Stopped,
    /// It broke off.
    Broken,
}

/// Where the present question is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// There is none.
    #[default]
    Idle,
    /// It was sent.
    Waiting,
    /// Its answer comes.
    Answering,
}

impl Talk {
    pub(super) fn new() -> Self {
        Self {
            model: RwSignal::new(None),
            task: RwSignal::new(AssistantTask::default()),
            pseudonyms: RwSignal::new(false),
            draft: RwSignal::new(String::new()),
            conversation: RwSignal::new(None),
            said: RwSignal::new(Vec::new()),
            status: RwSignal::new(Status::Idle),
            failure: RwSignal::new(None),
            reported: RwSignal::new(false),
            asking: Running::new(),
        }
    }

    /// Ends the present answer; what came of it stays.
    pub fn stop(self) {
        self.asking.stop();
        if self.status.get_untracked() != Status::Idle {
            self.end(Ended::Stopped);
        }
    }

    /// Forgets what was said.
    pub fn begin_anew(self) {
        self.stop();
        self.conversation.set(None);
        self.said.set(Vec::new());
        self.failure.set(None);
        self.reported.set(false);
    }

    /// Adds a piece of the present answer.
    fn add(self, raw: &str, shown: &str) {
        self.said.update(|said| {
            if let Some(last) = said.last_mut() {
                last.raw.push_str(raw);
                last.shown.push_str(shown);
            }
        });
    }

    /// An answer without a word is none: its question goes back to where it was typed.
    fn end(self, ended: Ended) {
        let mut unanswered = None;
        self.said.update(|said| match said.last_mut() {
            Some(last) if last.raw.is_empty() && !matches!(ended, Ended::Whole(_)) => {
                unanswered = said.pop();
            }
            Some(last) => last.ended = Some(ended),
            None => {}
        });
        if let Some(Exchange { question, .. }) = unanswered {
            if self.draft.read_untracked().is_empty() {
                self.draft.set(question);
            }
            if self.said.read_untracked().is_empty() {
                self.conversation.set(None);
            }
        }
        self.status.set(Status::Idle);
    }

    fn fail(self, failure: Failure) {
        self.failure.set(Some(failure));
        self.end(Ended::Broken);
    }
}

pub(super) fn follow(state: State) {
    spawn_local(async move {
        if let Ok(AssistantInfo { model }) = client::get("/api/llm").await {
            state.talk.model.set(model);
        }
    });
}

impl State {
    /// What would be sent next, or why nothing can be; `None` while an answer comes.
    pub fn next_prompt(self) -> Option<Result<Prompt, PromptError>> {
        let talk = self.talk;
        let model = talk.model.get()?;
        if talk.status.get() != Status::Idle {
            return None;
        }
        let begun = talk.conversation.get();
        let draft = talk.draft.get();
        let (analysis, turns) = match &begun {
            Some(conversation) => {
                let said = talk.said.read();
                let questions = said.iter().skip(1).map(|exchange| exchange.question.as_str());
                let answers = said.iter().map(|exchange| exchange.raw.clone());
                let turns =
                    answers.zip(questions.chain([draft.as_str()])).map(|(answer, question)| {
                        ConversationTurn { answer, question: question.to_owned() }
                    });
                (conversation.analysis.clone(), turns.collect::<Vec<_>>())
            }
            None => (self.told.get()?, Vec::new()),
        };
        let (beside, task, question, pseudonyms) = match begun {
            Some(Conversation { beside, task, question, pseudonyms, .. }) => {
                (beside, task, question, pseudonyms)
            }
            None => (self.beside_told(), talk.task.get(), draft, talk.pseudonyms.get()),
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
            related: beside.as_ref().and_then(Beside::known),
        };
        Some(prompt(&analysis, &explained, &ask))
    }

    /// Sends what [`Self::next_prompt`] showed.
    pub fn send(self, prompt: Prompt) {
        let talk = self.talk;
        let Some(told) = self.told.get_untracked() else { return };
        if talk.status.get_untracked() != Status::Idle {
            return;
        }
        let signal = match talk.asking.start() {
            Ok(signal) => signal,
            Err(error) => return talk.failure.set(Some(error.into())),
        };
        let mut question = talk.draft.get_untracked().trim().to_owned();
        if talk.conversation.read_untracked().is_none() {
            let (task, pseudonyms) = (talk.task.get_untracked(), talk.pseudonyms.get_untracked());
            if task != AssistantTask::Question {
                question.clear();
            }
            let (analysis, beside) = (told, untrack(|| self.beside_told()));
            let question = question.clone();
            let conversation = Conversation { analysis, beside, task, question, pseudonyms };
            talk.conversation.set(Some(conversation));
        }
        let body = ChatRequest { messages: prompt.messages.clone() };
        let revealer = Revealer::new(prompt.pseudonyms.clone());
        talk.failure.set(None);
        talk.draft.set(String::new());
        talk.status.set(Status::Waiting);
        talk.said.update(|said| {
            said.push(Exchange {
                question,
                raw: String::new(),
                shown: String::new(),
                prompt: Same::new(prompt),
                at: clock::now(),
                ended: None,
            });
        });
        spawn_local(async move {
            let answered = answer(talk, &body, revealer, &signal).await;
            // Who stopped it has ended it.
            if signal.aborted() {
                return;
            }
            match answered {
                Ok(reason) => talk.end(Ended::Whole(reason)),
                Err(failure) => talk.fail(failure),
            }
        });
    }

    /// Whether the conversation is about another analysis than the one that is shown.
    pub fn talk_outdated(self) -> bool {
        let told = self.told.get();
        self.talk
            .conversation
            .read()
            .as_ref()
            .is_some_and(|one| Some(&one.analysis) != told.as_ref())
    }

    /// The conversation as a part of the report, if that is wanted and it is about what the report is about.
    pub fn opinion(self) -> Option<ReportSection> {
        let talk = self.talk;
        if !talk.reported.get() || self.talk_outdated() {
            return None;
        }
        let (conversation, said) = (talk.conversation.get()?, talk.said.read());
        let said: Vec<&Exchange> = said.iter().filter(|one| one.ended.is_some()).collect();
        let last = said.last()?;
        let opinion = AssistantAnswer {
            model: talk.model.get()?,
            at: last.at,
            task: conversation.task,
            tokens: last.prompt.tokens,
            pseudonyms: conversation.pseudonyms,
            said: said.iter().map(|one| (one.question.clone(), one.shown.clone())).collect(),
            unknown: said.iter().flat_map(|one| one.unknown()).collect(),
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

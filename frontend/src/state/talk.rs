//! The conversation with the language model: what is asked, how it comes in, and what became of it. It is kept while
//! other results are looked at, and stays about the analysis that it began with.

use gloo_net::http::{Request as Http, Response};
use js_sys::{Reflect, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;
use shared::analysis::Analysis;
use shared::api::{Chat, ChatEvent, ChatLines, EndReason, LanguageModel, Llm};
use shared::knowledge::explained_worst;
use shared::prompt::{Ask, Opinion, Prompt, PromptError, Revealer, Task, Turn, prompt};
use shared::report::{MOST_EXPLAINED, Section};
use shared::time::Timestamp;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, ReadableStreamDefaultReader};

use super::{Same, State, clock};

/// The signals of a conversation.
#[derive(Clone, Copy)]
pub struct Talk {
    /// The language model; `None` where none is configured, or it is not known yet.
    pub model: RwSignal<Option<LanguageModel>>,
    /// What the next conversation is to be about.
    pub task: RwSignal<Task>,
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
    abort: StoredValue<Option<AbortController>, LocalStorage>,
}

/// What all questions of a conversation have in common.
#[derive(Clone, PartialEq)]
pub struct Conversation {
    /// What it is about.
    pub analysis: Same<Analysis>,
    /// What was asked first.
    pub task: Task,
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

/// Why there is no answer; `text` says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The headline.
    pub title: &'static str,
    /// The sentence.
    pub text: String,
}

impl Failure {
    fn new(error_type: &str, text: String) -> Self {
        let title = match error_type {
            "timeout" => "It took too long",
            "bad_data" | "not_found" => "This cannot be asked",
            _ => "No answer",
        };
        Self { title, text }
    }

    fn broken(text: &str) -> Self {
        Self { title: "The answer broke off", text: text.to_owned() }
    }
}

impl Talk {
    pub(super) fn new() -> Self {
        Self {
            model: RwSignal::new(None),
            task: RwSignal::new(Task::default()),
            pseudonyms: RwSignal::new(false),
            draft: RwSignal::new(String::new()),
            conversation: RwSignal::new(None),
            said: RwSignal::new(Vec::new()),
            status: RwSignal::new(Status::Idle),
            failure: RwSignal::new(None),
            reported: RwSignal::new(false),
            abort: StoredValue::new_local(None),
        }
    }

    /// Ends the present answer; what came of it stays.
    pub fn stop(self) {
        if let Some(controller) = self.abort.try_update_value(Option::take).flatten() {
            controller.abort();
        }
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
        let reply = Http::get("/api/llm").send().await;
        if let Ok(reply) = reply
            && reply.ok()
            && let Ok(found) = reply.json::<Llm>().await
        {
            state.talk.model.set(found.model);
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
                let turns = answers
                    .zip(questions.chain([draft.as_str()]))
                    .map(|(answer, question)| Turn { answer, question: question.to_owned() });
                (conversation.analysis.clone(), turns.collect::<Vec<_>>())
            }
            None => (self.told.get()?, Vec::new()),
        };
        let (task, question, pseudonyms) = match begun {
            Some(Conversation { task, question, pseudonyms, .. }) => (task, question, pseudonyms),
            None => (talk.task.get(), draft, talk.pseudonyms.get()),
        };
        let (knowledge, metadata) = (self.knowledge.get(), self.metadata.read());
        let explained = explained_worst(&analysis, MOST_EXPLAINED, knowledge.as_deref(), &metadata);
        let source = self.source.get().map(|source| source.name).unwrap_or_default();
        let ask = Ask {
            task,
            question: &question,
            turns: &turns,
            pseudonyms,
            budget: model.prompt_tokens as usize,
            source: &source,
            clock: self.clock(),
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
        let Ok(controller) = AbortController::new() else {
            let text = "this browser is too old for Oddity".to_owned();
            return talk.failure.set(Some(Failure::new("", text)));
        };
        let mut question = talk.draft.get_untracked().trim().to_owned();
        if talk.conversation.read_untracked().is_none() {
            let (task, pseudonyms) = (talk.task.get_untracked(), talk.pseudonyms.get_untracked());
            if task != Task::Question {
                question.clear();
            }
            let conversation =
                Conversation { analysis: told, task, question: question.clone(), pseudonyms };
            talk.conversation.set(Some(conversation));
        }
        let signal = controller.signal();
        talk.abort.set_value(Some(controller));
        let body = Chat { messages: prompt.messages.clone() };
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
    pub fn opinion(self) -> Option<Section> {
        let talk = self.talk;
        if !talk.reported.get() || self.talk_outdated() {
            return None;
        }
        let (conversation, said) = (talk.conversation.get()?, talk.said.read());
        let said: Vec<&Exchange> = said.iter().filter(|one| one.ended.is_some()).collect();
        let last = said.last()?;
        let opinion = Opinion {
            model: talk.model.get()?,
            at: last.at,
            task: conversation.task,
            tokens: last.prompt.tokens,
            pseudonyms: conversation.pseudonyms,
            said: said.iter().map(|one| (one.question.clone(), one.shown.clone())).collect(),
            unknown: said.iter().flat_map(|one| one.unknown()).collect(),
        };
        Some(shared::prompt::section(&opinion, self.clock()))
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

/// Sends the messages and adds the answer piece by piece.
async fn answer(
    talk: Talk,
    body: &Chat,
    mut revealer: Revealer,
    signal: &AbortSignal,
) -> Result<EndReason, Failure> {
    let cut = || {
        Failure::broken(
            "The connection to the Oddity server broke off. What came is kept; ask again.",
        )
    };
    let down = || {
        Failure::new(
            "",
            "The Oddity server does not answer: is it still running, and is the network up?"
                .to_owned(),
        )
    };
    let reply = Http::post("/api/llm/chat")
        .abort_signal(Some(signal))
        .json(body)
        .map_err(|_| down())?
        .send()
        .await
        .map_err(|_| down())?;
    if !reply.ok() {
        return Err(refusal(&reply).await);
    }
    let reader: ReadableStreamDefaultReader =
        reply.body().and_then(|body| body.get_reader().dyn_into().ok()).ok_or_else(cut)?;
    let mut lines = ChatLines::default();
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
        let events = lines.feed(&bytes).map_err(|error| Failure::broken(&error.to_string()))?;
        for event in events {
            match event {
                ChatEvent::Start => talk.status.set(Status::Answering),
                ChatEvent::Text { text } => talk.add(&text, &revealer.feed(&text)),
                ChatEvent::End { reason, .. } => {
                    talk.add("", &revealer.finish());
                    return Ok(reason);
                }
                ChatEvent::Failed { error_type, error, .. } => {
                    talk.add("", &revealer.finish());
                    return Err(Failure::new(&error_type, sentence(&error)));
                }
            }
        }
    }
}

/// What the server says instead of an answer.
async fn refusal(reply: &Response) -> Failure {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "errorType")]
        error_type: String,
        error: String,
    }
    let status = reply.status();
    match reply.json::<Envelope>().await {
        Ok(Envelope { error_type, error }) => Failure::new(&error_type, sentence(&error)),
        Err(_) => Failure::new(
            "",
            format!(
                "The Oddity server answered with status {status} and nothing else: see its log."
            ),
        ),
    }
}

fn sentence(text: &str) -> String {
    format!("{}.", shared::words::capitalised(text.trim_end_matches('.')))
}

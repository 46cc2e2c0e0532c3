//! A language model's opinion: what it is sent, its answer as it is written, and questions about that.

mod answer;
mod preview;

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::LanguageModel;
use oddity_analysis::assistant::AssistantTask;
use web_sys::KeyboardEvent;

use crate::save::copy;
use crate::state::{State, Status};
use answer::Answer;
use preview::Preview;

/// The whole of it, for a model that is configured.
#[component]
pub fn Explain() -> impl IntoView {
    let state = expect_context::<State>();
    let model = move || state.talk.model.get();
    move || model().map(|model| view! { <Conversation model=model/> })
}

#[component]
fn Conversation(
    /// Who is asked.
    model: LanguageModel,
) -> impl IntoView {
    let state = expect_context::<State>();
    let talk = state.talk;
    let next = Memo::new(move |_| state.next_prompt());
    let begun = Memo::new(move |_| talk.conversation.read().is_some());
    let count = Memo::new(move |_| talk.said.read().len());
    let idle = Memo::new(move |_| talk.status.get() == Status::Idle);
    let outdated = Memo::new(move |_| state.talk_outdated());
    let send = move || {
        if let Some(Ok(prompt)) = next.get_untracked() {
            state.send(prompt);
        }
    };
    let status = move || match talk.status.get() {
        Status::Waiting => "Waiting for the first word…",
        Status::Answering => "Answering…",
        Status::Idle if count.get() > 0 => "The answer is complete.",
        Status::Idle => "",
    };
    let failure = move || {
        talk.failure.get().map(|failure| {
            view! {
                <div class="notice error" role="alert"><b>{failure.title}</b><span>{failure.text}</span></div>
            }
        })
    };
    let name = format!("{}, {}", model.provider, model.model);
    view! {
        <div class="talk">
            <p class="sub">
                "The facts that Oddity computed go to " <b>{name.clone()}</b>
                ". What comes back is its opinion: numbers that are not in the facts are marked."
            </p>
            <Show when=move || outdated.get()>
                <div class="notice warning" role="status">
                    <b>"About an earlier analysis"</b>
                    <span>"What is shown has changed since. The conversation stays about what it began with and is no part of the report."</span>
                    <button class="chip small" type="button" on:click=move |_| talk.begin_anew()>"Ask about the present one"</button>
                </div>
            </Show>
            <Show when=move || !begun.get()><First send=send/></Show>
            <For each=move || 0..count.get() key=|at| *at let:at>
                <Answer exchange=Memo::new(move |_| talk.said.read().get(at).cloned())/>
            </For>
            <p class="sub" role="status" aria-live="polite">{status}</p>
            {failure}
            <Show when=move || !idle.get()>
                <div class="talk-bar"><button class="chip" type="button" on:click=move |_| talk.stop()>"Stop"</button></div>
            </Show>
            <Show when=move || begun.get() && idle.get()><Further send=send/></Show>
            <Preview next=next name=name/>
        </div>
    }
}

/// What to ask first.
#[component]
fn First(
    /// Sends it.
    send: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = expect_context::<State>();
    let talk = state.talk;
    let tasks = AssistantTask::ALL.map(|task| {
        view! { <option value=task.id() selected=move || talk.task.get() == task>{task.name()}</option> }
    });
    let own = move || talk.task.get() == AssistantTask::Question;
    view! {
        <div class="talk-bar">
            <label class="chip">
                <select
                    aria-label="What to ask"
                    on:change=move |event| if let Some(task) = AssistantTask::of(&event_target_value(&event)) { talk.task.set(task) }
                >
                    {tasks}
                </select>
            </label>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || talk.pseudonyms.get()
                    on:change=move |event| talk.pseudonyms.set(event_target_checked(&event))
                />
                " Hide values of labels"
            </label>
            <Show when=move || !own()><Send name="Ask" send=send/></Show>
        </div>
        <Show when=own><Question label="Your question" send=send name="Ask"/></Show>
    }
}

/// Questions about the answers, and what to do with them.
#[component]
fn Further(
    /// Sends a question.
    send: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = expect_context::<State>();
    let talk = state.talk;
    let copied = RwSignal::new("Copy");
    let to_clipboard = move |_| {
        let said = talk.said.read_untracked();
        let text = said.iter().map(|one| one.shown.trim()).collect::<Vec<_>>().join("\n\n");
        spawn_local(async move {
            copied.set(if copy(&text).await { "Copied" } else { "Not allowed here" });
            set_timeout(move || copied.set("Copy"), std::time::Duration::from_secs(2));
        });
    };
    view! {
        <Question label="A question about this" send=send name="Send"/>
        <div class="talk-bar">
            <button class="chip" type="button" on:click=to_clipboard>{move || copied.get()}</button>
            <button
                class="chip"
                type="button"
                aria-pressed=move || talk.reported.get().to_string()
                disabled=move || state.talk_outdated()
                on:click=move |_| talk.reported.update(|reported| *reported = !*reported)
            >
                {move || if talk.reported.get() { "In the report" } else { "Add to report" }}
            </button>
            <button class="chip" type="button" on:click=move |_| talk.begin_anew()>"New conversation"</button>
        </div>
    }
}

/// A question in the person's own words; Enter sends it.
#[component]
fn Question(
    /// Says what it is.
    label: &'static str,
    /// Sends it.
    send: impl Fn() + Copy + Send + Sync + 'static,
    /// Of the button.
    name: &'static str,
) -> impl IntoView {
    let talk = expect_context::<State>().talk;
    let keys = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            send();
        }
    };
    view! {
        <div class="talk-question">
            <textarea
                rows="2"
                aria-label=label
                placeholder=label
                prop:value=move || talk.draft.get()
                on:input=move |event| talk.draft.set(event_target_value(&event))
                on:keydown=keys
            ></textarea>
            <Send name=name send=send/>
        </div>
    }
}

/// Sends what is shown below.
#[component]
fn Send(
    /// What it says.
    name: &'static str,
    /// What it does.
    send: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = expect_context::<State>();
    let ready = Memo::new(move |_| matches!(state.next_prompt(), Some(Ok(_))));
    view! {
        <button class="chip primary" type="button" disabled=move || !ready.get() on:click=move |_| send()>{name}</button>
    }
}

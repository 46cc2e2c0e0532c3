//! The assistant: the prompt that is sent to a language model, its answers as they arrive, and follow-up questions.

mod answer;
mod preview;

use leptos::prelude::*;
use oddity_analysis::api::LanguageModel;
use oddity_analysis::assistant::AssistantTask;
use web_sys::KeyboardEvent;

use super::copy_button::CopyButton;
use crate::state::{AssistantStatus, State};
use crate::text;
use answer::Answer;
use preview::Preview;

/// The assistant tab; empty if no model is configured.
#[component]
pub fn AssistantTab() -> impl IntoView {
    let state = expect_context::<State>();
    let model = move || state.assistant.model.get();
    move || model().map(|model| view! { <Conversation model=model/> })
}

#[component]
fn Conversation(
    /// The configured language model.
    model: LanguageModel,
) -> impl IntoView {
    let state = expect_context::<State>();
    let assistant = state.assistant;
    let next = Memo::new(move |_| state.next_prompt());
    let begun = Memo::new(move |_| assistant.conversation.read().is_some());
    let count = Memo::new(move |_| assistant.exchanges.read().len());
    let idle = Memo::new(move |_| assistant.status.get() == AssistantStatus::Idle);
    let outdated = Memo::new(move |_| state.assistant_outdated());
    let send = move || {
        if let Some(Ok(prompt)) = next.get_untracked() {
            state.send(prompt);
        }
    };
    let status = move || match assistant.status.get() {
        AssistantStatus::Waiting => "Waiting for the model…",
        AssistantStatus::Answering => "Answering…",
        AssistantStatus::Idle if count.get() > 0 => "The answer is complete.",
        AssistantStatus::Idle => "",
    };
    let failure = move || {
        assistant.failure.get().map(|failure| {
            view! {
                <div class="notice error" role="alert"><b>{failure.title}</b><span>{failure.text}</span></div>
            }
        })
    };
    let name = format!("{}, {}", model.provider, model.model);
    view! {
        <div class="assistant">
            <p class="sub">
                "Sends the computed facts to " <b>{name.clone()}</b> {text::PARTIAL_TRUST}
            </p>
            <Show when=move || outdated.get()>
                <div class="notice warning" role="status">
                    <b>"About earlier results"</b>
                    <span>{text::EARLIER_CONVERSATION}</span>
                    <button class="chip small" type="button" on:click=move |_| assistant.start_over()>"Ask about the current results"</button>
                </div>
            </Show>
            <Show when=move || !begun.get()><FirstQuestion send=send/></Show>
            <For each=move || 0..count.get() key=|at| *at let:at>
                <Answer exchange=Memo::new(move |_| assistant.exchanges.read().get(at).cloned())/>
            </For>
            <p class="sub" role="status" aria-live="polite">{status}</p>
            {failure}
            <Show when=move || !idle.get()>
                <div class="assistant-bar"><button class="chip" type="button" on:click=move |_| assistant.stop()>"Stop"</button></div>
            </Show>
            <Show when=move || begun.get() && idle.get()><FollowUp send=send/></Show>
            <Preview next=next name=name/>
        </div>
    }
}

/// The form for the first question.
#[component]
fn FirstQuestion(
    /// Sends the question.
    send: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = expect_context::<State>();
    let assistant = state.assistant;
    let tasks = AssistantTask::ALL.map(|task| {
        view! { <option value=task.id() selected=move || assistant.task.get() == task>{task.name()}</option> }
    });
    let own = move || assistant.task.get() == AssistantTask::Question;
    view! {
        <div class="assistant-bar">
            <label class="chip">
                <select
                    aria-label="What to ask"
                    on:change=move |event| if let Some(task) = AssistantTask::of(&event_target_value(&event)) { assistant.task.set(task) }
                >
                    {tasks}
                </select>
            </label>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || assistant.pseudonyms.get()
                    on:change=move |event| assistant.pseudonyms.set(event_target_checked(&event))
                />
                " Hide label values"
            </label>
            <Show when=move || !own()><SendButton name="Ask" send=send/></Show>
        </div>
        <Show when=own><QuestionBox label="Your question" send=send name="Ask"/></Show>
    }
}

/// The form for follow-up questions, and actions on the answers.
#[component]
fn FollowUp(
    /// Sends the question.
    send: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = expect_context::<State>();
    let assistant = state.assistant;
    let answers = move || {
        let exchanges = assistant.exchanges.read_untracked();
        Some(exchanges.iter().map(|one| one.shown.trim()).collect::<Vec<_>>().join("\n\n"))
    };
    view! {
        <QuestionBox label="Follow-up question" send=send name="Send"/>
        <div class="assistant-bar">
            <CopyButton text=answers/>
            <button
                class="chip"
                type="button"
                aria-pressed=move || assistant.reported.get().to_string()
                disabled=move || state.assistant_outdated()
                on:click=move |_| assistant.reported.update(|reported| *reported = !*reported)
            >
                {move || if assistant.reported.get() { "In the report" } else { "Add to report" }}
            </button>
            <button class="chip" type="button" on:click=move |_| assistant.start_over()>"New conversation"</button>
        </div>
    }
}

/// A text field for a question; Enter sends it.
#[component]
fn QuestionBox(
    /// Accessible name and placeholder.
    label: &'static str,
    /// Sends the question.
    send: impl Fn() + Copy + Send + Sync + 'static,
    /// Label of the button.
    name: &'static str,
) -> impl IntoView {
    let assistant = expect_context::<State>().assistant;
    let keys = move |event: KeyboardEvent| {
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            send();
        }
    };
    view! {
        <div class="assistant-question">
            <textarea
                rows="2"
                aria-label=label
                placeholder=label
                prop:value=move || assistant.draft.get()
                on:input=move |event| assistant.draft.set(event_target_value(&event))
                on:keydown=keys
            ></textarea>
            <SendButton name=name send=send/>
        </div>
    }
}

/// A button that sends the prompt that is previewed.
#[component]
fn SendButton(
    /// Label of the button.
    name: &'static str,
    /// Sends the question.
    send: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = expect_context::<State>();
    let ready = Memo::new(move |_| matches!(state.next_prompt(), Some(Ok(_))));
    view! {
        <button class="chip primary" type="button" disabled=move || !ready.get() on:click=move |_| send()>{name}</button>
    }
}

//! Notifications: a button, and the dialog that previews and sends one.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::api::{
    Delivery, DeliveryOutcome, Notification, NotificationPreview, TargetKind,
};

use crate::state::{LoadError, State};
use crate::text;

/// Outcome of an attempt to send, in words.
#[derive(Clone, Debug, PartialEq)]
enum SendOutcome {
    Sent(String),
    Failed(String),
}

/// A button that opens the dialog; nothing if no target is configured.
#[component]
pub fn SendNotice(
    /// Heading of the dialog, such as "Send this event".
    name: &'static str,
    /// Returns the notification when the dialog opens; `None` if there is nothing to send any more.
    #[prop(into)]
    notice: Callback<(), Option<Notification>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let made = RwSignal::new(None::<Notification>);
    view! {
        <Show when=move || !state.targets.read().is_empty()>
            <button class="chip" type="button" on:click=move |_| made.set(notice.run(()))>"Send…"</button>
            {move || made.get().map(|notice| view! { <SendDialog name=name notice=notice close=move || made.set(None)/> })}
        </Show>
    }
}

#[component]
fn SendDialog(
    /// Heading of the dialog.
    name: &'static str,
    /// Notification to send.
    notice: Notification,
    /// Called when the dialog is closed.
    close: impl Fn() + 'static,
) -> impl IntoView {
    let state = expect_context::<State>();
    let dialog = NodeRef::<html::Dialog>::new();
    let target = RwSignal::new(first(state));
    let preview = RwSignal::new(None::<Result<NotificationPreview, LoadError>>);
    let (busy, said) = (RwSignal::new(false), RwSignal::new(None::<SendOutcome>));
    let notice = StoredValue::new(notice);
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    Effect::new(move |_| {
        let id = target.get();
        said.set(None);
        preview.set(None);
        spawn_local(async move {
            let found = state.preview(&id, &notice.get_value()).await;
            // The user may have chosen another target meanwhile.
            if target.try_get_untracked() == Some(id) {
                preview.set(Some(found));
            }
        });
    });
    let again = move || matches!(&*preview.read(), Some(Ok(preview)) if preview.duplicate);
    let name_of = move || {
        let id = target.get_untracked();
        let targets = state.targets.read_untracked();
        targets
            .iter()
            .find(|target| target.id == id)
            .map_or(id.clone(), |target| target.name.clone())
    };
    let done = move |name: String, what: &'static str, reply: Result<Delivery, LoadError>| {
        let _ = busy.try_set(false);
        let _ = said.try_set(Some(match reply {
            Ok(Delivery { outcome: DeliveryOutcome::Sent, attempts }) => {
                let tries =
                    if attempts > 1 { format!(" (attempt {attempts})") } else { String::new() };
                SendOutcome::Sent(format!("{what} to {name}{tries}."))
            }
            Ok(Delivery { outcome: DeliveryOutcome::Duplicate, .. }) => {
                SendOutcome::Sent(format!("Already sent to {name}; nothing was sent."))
            }
            Err(error) => SendOutcome::Failed(error.to_string()),
        }));
    };
    let send = move |_| {
        let (id, name) = (target.get_untracked(), name_of());
        let notice = Notification { again: untrack(again), ..notice.get_value() };
        busy.set(true);
        said.set(None);
        spawn_local(async move {
            let reply = state.notify(&id, &notice).await;
            if reply.is_ok() {
                let _ = preview.try_update(|preview| {
                    if let Some(Ok(preview)) = preview {
                        preview.duplicate = true;
                    }
                });
            }
            done(name, "Sent", reply);
        });
    };
    let test = move |_| {
        let (id, name) = (target.get_untracked(), name_of());
        busy.set(true);
        said.set(None);
        spawn_local(async move {
            let reply = state.notify_test(&id).await;
            done(name, "Test message sent", reply);
        });
    };
    let options = state
        .targets
        .get_untracked()
        .into_iter()
        .map(|target| {
            let kind = match target.kind {
                TargetKind::Webhook => "webhook",
                TargetKind::Slack => "Slack",
                TargetKind::Alertmanager => "Alertmanager",
            };
            let same = target.name.eq_ignore_ascii_case(kind);
            let name = if same { target.name } else { format!("{} ({kind})", target.name) };
            view! { <option value=target.id>{name}</option> }
        })
        .collect_view();
    view! {
        <dialog class="send" node_ref=dialog aria-labelledby="send" on:close=move |_| close()>
            <form method="dialog">
                <h2 id="send">{name}</h2>
                <label class="to">
                    "To "
                    <select class="chip" on:change:target=move |event| target.set(event.target().value())>{options}</select>
                    <button class="chip" type="button" title=text::TEST_HELP disabled=move || busy.get() on:click=test>"Test"</button>
                </label>
                {move || match preview.get() {
                    None => view! { <p class="sub">"Loading the preview…"</p> }.into_any(),
                    Some(Err(error)) => view! { <p class="problem" role="alert">{error.to_string()}</p> }.into_any(),
                    Some(Ok(preview)) => view! {
                        <pre class="message" tabindex="0" aria-label="Message preview">{preview.text}</pre>
                        <details>
                            <summary>"JSON payload"</summary>
                            <pre class="message" tabindex="0" aria-label="JSON">{preview.body}</pre>
                        </details>
                    }.into_any(),
                }}
                <p class="outcome" role="status" class:problem=move || matches!(*said.read(), Some(SendOutcome::Failed(_)))>
                    {move || match said.get() {
                        _ if busy.get() => text::SENDING.to_owned(),
                        Some(SendOutcome::Sent(outcome) | SendOutcome::Failed(outcome)) => outcome,
                        None if again() => text::ALREADY_SENT.to_owned(),
                        None => String::new(),
                    }}
                </p>
                <div class="actions">
                    <button class="chip primary" type="button" disabled=move || busy.get() || !matches!(*preview.read(), Some(Ok(_))) on:click=send>
                        {move || if again() { "Send again" } else { "Send" }}
                    </button>
                    <button class="chip" type="submit">"Close"</button>
                </div>
            </form>
        </dialog>
    }
}

fn first(state: State) -> String {
    let targets = state.targets.read_untracked();
    targets.first().map(|target| target.id.clone()).unwrap_or_default()
}

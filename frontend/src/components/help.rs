use leptos::html;
use leptos::prelude::*;

use crate::state::State;

const SHORTCUTS: [(&str, &str); 7] = [
    ("Enter", "run the query"),
    ("Shift + Enter", "new line in the query"),
    ("Ctrl or Cmd + Enter", "run the query, whatever is open"),
    ("/", "go to the query"),
    ("Esc", "close a list, or leave a field"),
    ("Drag over the chart", "zoom in; a double click shows the whole range"),
    ("?", "this list"),
];

/// The shortcuts, in a dialog of the browser, which keeps focus inside and closes on Escape.
#[component]
pub fn Help(
    /// Whether it is shown.
    open: RwSignal<bool>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let no_model = move || state.assistant.model.read().is_none();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let (Some(dialog), true) = (dialog.get(), open.get())
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    view! {
        <dialog node_ref=dialog aria-labelledby="help" on:close=move |_| open.set(false)>
            <form method="dialog">
                <h2 id="help">"Shortcuts"</h2>
                <dl>
                    {SHORTCUTS
                        .into_iter()
                        .map(|(keys, what)| view! { <div><dt><kbd>{keys}</kbd></dt><dd>{what}</dd></div> })
                        .collect_view()}
                </dl>
                <Show when=move || state.targets.read().is_empty()>
                    <p class="sub">"Events and reports can be sent to Slack, Alertmanager or a webhook, once the operator of this server has configured one."</p>
                </Show>
                <Show when=no_model>
                    <p class="sub">
                        "A language model can comment on what is found: start the server with OPENAI_API_KEY, or with OPENAI_BASE_URL and OPENAI_MODEL for one of your own."
                    </p>
                </Show>
                <button class="chip" type="submit">"Close"</button>
            </form>
        </dialog>
    }
}

use leptos::html;
use leptos::prelude::*;

use crate::state::State;
use crate::text;

const SHORTCUTS: [(&str, &str); 10] = [
    ("Enter", "run the query"),
    ("Shift + Enter", "new line in the query"),
    ("Ctrl or Cmd + Enter", "run the query, even with an open list"),
    ("/", "focus the query"),
    ("Arrow up in an empty query", "recent queries and saved views"),
    ("Ctrl or Cmd + Z", "undo a change of query or settings"),
    ("Ctrl or Cmd + Shift + Z", "make it again"),
    ("Esc", "close a list or leave a field"),
    ("Drag over the chart", "zoom in; double-click resets the zoom"),
    ("?", "show this list"),
];

/// The help: keyboard shortcuts and optional features, in a native dialog, which traps focus and closes on Escape.
#[component]
pub fn Help(
    /// Whether the dialog is open.
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
                <h2 id="help">"Keyboard shortcuts"</h2>
                <dl>
                    {SHORTCUTS
                        .into_iter()
                        .map(|(keys, what)| view! { <div><dt><kbd>{keys}</kbd></dt><dd>{what}</dd></div> })
                        .collect_view()}
                </dl>
                <Show when=move || state.targets.read().is_empty()>
                    <p class="sub">{text::NO_TARGETS}</p>
                </Show>
                <Show when=no_model>
                    <p class="sub">{text::NO_MODEL}</p>
                </Show>
                <button class="chip" type="submit">"Close"</button>
            </form>
        </dialog>
    }
}

use leptos::html;
use leptos::prelude::*;
use oddity_analysis::api::source_path;
use wasm_bindgen::closure::Closure;

use super::editor::Editor;
use super::live::{LiveStatus, RefreshChoice};
use super::range::{RangeChoice, StepChoice};
use crate::state::State;

/// The query bar: expression, range and step. Text that has not been run is kept here alone.
#[component]
pub fn QueryBar() -> impl IntoView {
    let state = expect_context::<State>();
    let place = NodeRef::<html::Div>::new();
    type Callbacks = (Closure<dyn Fn(String)>, Closure<dyn Fn()>);
    let editor = StoredValue::new_local(None::<(Editor, Callbacks)>);
    let with_editor = move |act: &dyn Fn(&Editor)| {
        editor.with_value(|editor| {
            if let Some((editor, _)) = editor {
                act(editor);
            }
        });
    };
    let api_path =
        move || state.source.get().map(|source| source_path(&source.id)).unwrap_or_default();
    Effect::new(move |_| {
        let Some(place) = place.get() else { return };
        let run = Closure::<dyn Fn(String)>::new(move |text: String| state.run(&text));
        let recall = Closure::<dyn Fn()>::new(move || state.history_open.set(true));
        let made = untrack(|| {
            Editor::create(&place, &state.panel.read().expr, &api_path(), &run, &recall)
        });
        editor.set_value(Some((made, (run, recall))));
    });
    Effect::new(move |_| {
        let expr = state.panel.read().expr.clone();
        with_editor(&|editor| editor.set_value(&expr));
    });
    Effect::new(move |_| {
        let path = api_path();
        with_editor(&|editor| editor.set_api_path(&path));
    });
    Effect::new(move |_| {
        let error = state.error.get();
        let message = error.as_ref().map(ToString::to_string).unwrap_or_default();
        let position = error.and_then(|error| error.position());
        with_editor(&|editor| editor.mark_error(position, &message));
    });
    on_cleanup(move || with_editor(&Editor::destroy));

    let run = move |_| with_editor(&|editor| state.run(&editor.value()));
    view! {
        <section class="ask" aria-label="Query">
            <div class="editor" node_ref=place></div>
            <RangeChoice/>
            <StepChoice/>
            <RefreshChoice/>
            {move || match state.progress.get().or_else(|| state.judged.get()) {
                None => view! { <button class="run" type="button" on:click=run>"Run"</button> }.into_any(),
                Some(progress) => view! {
                    <button class="run cancel" type="button" on:click=move |_| state.cancel()>
                        {if progress.total > 1 { format!("Cancel {}/{}", progress.done, progress.total) } else { "Cancel".to_owned() }}
                    </button>
                }
                .into_any(),
            }}
            <LiveStatus/>
        </section>
    }
}

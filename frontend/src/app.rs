//! The layout: query above, results below, detector settings beside them.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use crate::chart::HeatStrip;
use crate::components::{
    ChartCard, Facts, Header, Help, History, JudgingProgress, Notices, Preview, QueryBar, Results,
    SeriesList, Start, Tuning,
};
use crate::state::State;
use crate::text;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let state = State::new();
    provide_context(state);
    let help = RwSignal::new(false);
    let keys =
        window_event_listener(leptos::ev::keydown, move |event| shortcut(state, &event, help));
    on_cleanup(move || keys.remove());
    let asked = Memo::new(move |_| !state.panel.read().expr.trim().is_empty());
    let found = Memo::new(move |_| {
        state.loaded.read().as_ref().is_some_and(|loaded| !loaded.series.is_empty())
    });
    let several = Memo::new(move |_| {
        state.loaded.read().as_ref().is_some_and(|loaded| loaded.series.len() > 1)
    });
    let shown = Memo::new(move |_| state.loaded.read().is_some());

    view! {
        <Header help=help/>
        <QueryBar/>
        <Notices/>
        <Show when=move || asked.get() fallback=Start>
            <Show when=move || shown.get() fallback=Waiting>
                <main id="workbench" class:stale=move || state.replaces.get()>
                    <div class="column">
                        <ChartCard/>
                        <Show when=move || several.get()>
                            <HeatStrip/>
                        </Show>
                        <Show when=move || found.get()>
                            <Results/>
                        </Show>
                    </div>
                    <aside aria-label="Detector and series">
                        <Tuning/>
                        <Show when=move || found.get()>
                            <Facts/>
                            <SeriesList/>
                        </Show>
                    </aside>
                </main>
            </Show>
        </Show>
        <JudgingProgress/>
        <Help open=help/>
        <History/>
    }
}

/// A placeholder for the first result, with what is waited for; the start page if nothing is asked and nothing failed.
#[component]
fn Waiting() -> impl IntoView {
    let state = expect_context::<State>();
    let waiting = Memo::new(move |_| state.busy.get() || state.sources.read().is_none());
    let failed = Memo::new(move |_| state.error.read().is_some());
    let judges = Memo::new(move |_| state.judged.read().is_some());
    let waits_for = move || {
        let progress = state.progress.get().unwrap_or_default();
        text::waiting(state.source.read().as_ref().map(|source| source.name.as_str()), progress)
    };
    // What failed is told above.
    let nothing = || view! { <main class="start"></main> };
    let idle = move || view! { <Show when=move || !failed.get() fallback=nothing><Start/></Show> };
    view! {
        <Show when=move || waiting.get() fallback=idle>
            <main class="start" aria-busy="true">
                <Show when=move || judges.get() fallback=move || view! { <div class="card skeleton" role="status">{waits_for}</div> }>
                    <Preview/>
                </Show>
            </main>
        </Show>
    }
}

/// Handles the keyboard shortcuts: `/` focuses the query, `?` shows the help, Escape leaves a field, Ctrl or Cmd + Z undoes.
fn shortcut(state: State, event: &KeyboardEvent, help: RwSignal<bool>) {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    let typing = target.is_content_editable()
        || matches!(target.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA");
    if event.alt_key() {
        return;
    }
    if event.ctrl_key() || event.meta_key() {
        // A field of text undoes what is typed there.
        let has_text = typing && !target.matches("select, [type=range]").unwrap_or_default();
        let is_z = event.key().eq_ignore_ascii_case("z");
        if is_z && !has_text {
            event.prevent_default();
            if event.shift_key() { state.redo() } else { state.undo() }
        }
        return;
    }
    match event.key().as_str() {
        // The editor has its own use for it.
        "Escape" if typing && !target.is_content_editable() => {
            let _ = target.blur();
        }
        "?" if !typing => help.set(true),
        "/" if !typing => {
            let editor = document().query_selector("[role=textbox]").ok().flatten();
            if let Some(editor) = editor.and_then(|editor| editor.dyn_into::<HtmlElement>().ok()) {
                event.prevent_default();
                let _ = editor.focus();
            }
        }
        _ => {}
    }
}

mod metrics;
mod rules;

use leptos::prelude::*;
use oddity_analysis::api::SourceKind;

use crate::state::{LoadError, State};
use crate::text;
use metrics::Metrics;
use rules::Rules;

/// The page before the first query: what the source offers, or the examples of the demo, and recent queries.
#[component]
pub fn Start() -> impl IntoView {
    let state = expect_context::<State>();
    let examples = move || state.source.get().map(|source| source.examples).unwrap_or_default();
    let search = RwSignal::new(String::new());
    let is_real = Memo::new(move |_| {
        state.source.read().as_ref().is_some_and(|source| source.kind != SourceKind::Demo)
    });
    Effect::new(move |_| {
        if let Some(source) = state.source.get().filter(|_| is_real.get()) {
            state.load_catalog(&source);
        }
    });
    view! {
        <main class="start">
            <section class="card empty">
                <h2>"No data queried yet"</h2>
                <p>{move || if is_real.get() { text::START_WITH_METRICS } else { text::START }}</p>
                {move || {
                    let examples = examples();
                    (!examples.is_empty()).then(|| view! {
                        <h3>"Examples"</h3>
                        <ul class="examples">
                            {examples.into_iter().map(|example| offer(state, example.expr, example.about)).collect_view()}
                        </ul>
                    })
                }}
                {move || {
                    let recent = state.recent.get();
                    (!recent.is_empty()).then(|| view! {
                        <h3>"Recent queries"</h3>
                        <ul class="examples">
                            {recent.into_iter().take(6).map(|expr| offer(state, expr, String::new())).collect_view()}
                        </ul>
                    })
                }}
            </section>
            <Show when=move || is_real.get()>
                <Metrics search=search/>
                <Rules search=search/>
            </Show>
        </main>
    }
}

/// Returns an error as a notice.
fn failure(error: &LoadError) -> impl IntoView + use<> {
    view! { <p class="notice error"><b>{error.title()}</b> <span>{error.to_string()}</span></p> }
}

/// Returns a button that runs a query.
fn offer(state: State, expr: String, about: String) -> impl IntoView {
    let shown = expr.clone();
    view! {
        <li>
            <button type="button" class="example" on:click=move |_| state.run(&expr)>
                <code>{shown}</code>
                <span class="sub">{about}</span>
            </button>
        </li>
    }
}

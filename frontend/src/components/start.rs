use leptos::prelude::*;

use crate::state::State;
use crate::text;

/// The page before the first query: examples and recent queries.
#[component]
pub fn Start() -> impl IntoView {
    let state = expect_context::<State>();
    let examples = move || state.source.get().map(|source| source.examples).unwrap_or_default();
    let query = move |expr: String, about: String| {
        let shown = expr.clone();
        view! {
            <li>
                <button type="button" class="example" on:click=move |_| state.run(&expr)>
                    <code>{shown}</code>
                    <span class="sub">{about}</span>
                </button>
            </li>
        }
    };
    view! {
        <main class="start">
            <section class="card empty">
                <h2>"No data queried yet"</h2>
                <p>{text::START}</p>
                {move || {
                    let examples = examples();
                    (!examples.is_empty()).then(|| view! {
                        <h3>"Examples"</h3>
                        <ul class="examples">
                            {examples.into_iter().map(|example| query(example.expr, example.about)).collect_view()}
                        </ul>
                    })
                }}
                {move || {
                    let recent = state.recent.get();
                    (!recent.is_empty()).then(|| view! {
                        <h3>"Recent queries"</h3>
                        <ul class="examples">
                            {recent.into_iter().take(6).map(|expr| query(expr, String::new())).collect_view()}
                        </ul>
                    })
                }}
            </section>
        </main>
    }
}

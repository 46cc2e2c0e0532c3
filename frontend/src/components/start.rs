use leptos::prelude::*;

use crate::state::State;

/// Before the first question: what could be asked.
#[component]
pub fn Start() -> impl IntoView {
    let state = expect_context::<State>();
    let examples = move || state.source.get().map(|source| source.examples).unwrap_or_default();
    let query = move |expr: String, about: String| {
        let text = expr.clone();
        view! {
            <li>
                <button type="button" class="example" on:click=move |_| state.run(&expr)>
                    <code>{text}</code>
                    <span class="sub">{about}</span>
                </button>
            </li>
        }
    };
    view! {
        <main class="start">
            <section class="card empty">
                <h2>"No data queried yet"</h2>
                <p>
                    "Type a PromQL query above and press " <kbd>"Enter"</kbd>
                    ". Oddity shows what is odd in it; the sliders re-detect while you drag them."
                </p>
                {move || {
                    let examples = examples();
                    (!examples.is_empty()).then(|| view! {
                        <h3>"Try one of these"</h3>
                        <ul class="examples">
                            {examples.into_iter().map(|example| query(example.expr, example.about)).collect_view()}
                        </ul>
                    })
                }}
                {move || {
                    let recent = state.recent.get();
                    (!recent.is_empty()).then(|| view! {
                        <h3>"Asked before"</h3>
                        <ul class="examples">
                            {recent.into_iter().take(6).map(|expr| query(expr, String::new())).collect_view()}
                        </ul>
                    })
                }}
            </section>
        </main>
    }
}

use leptos::prelude::*;

use crate::state::State;
use crate::text;

/// The progress of a judging that takes a while, over the page so that nothing moves.
#[component]
pub fn JudgingProgress() -> impl IntoView {
    let state = expect_context::<State>();
    let judges = Memo::new(move |_| state.judged.read().is_some());
    let progress = move || state.judged.get().unwrap_or_default();
    let words = move || {
        let progress = progress();
        text::judged(progress.done, progress.total)
    };
    view! {
        <Show when=move || judges.get()>
            <section class="judging card" aria-label="Judging">
                <label for="judging">{words}</label>
                <progress id="judging" max=move || progress().total value=move || progress().done></progress>
                <button class="link" type="button" on:click=move |_| state.cancel()>"Cancel judging"</button>
            </section>
        </Show>
    }
}

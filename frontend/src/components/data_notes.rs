use leptos::prelude::*;
use oddity_source::note::DataNote;

use crate::state::State;

/// Shows remarks about the data of the query, with a button that mends each where there is one.
#[component]
pub fn DataNotes() -> impl IntoView {
    let state = expect_context::<State>();
    let notes = Memo::new(move |_| {
        state.throttled_analysis.get().map(|analysis| analysis.notes()).unwrap_or_default()
    });
    let lines = move || {
        let mut notes = notes.get().into_iter();
        let first = notes.next()?;
        let rest: Vec<DataNote> = notes.collect();
        let more = (!rest.is_empty()).then(|| {
            let count = rest.len();
            let rest = rest.into_iter().map(|note| view! { <DataNoteLine note/> }).collect_view();
            view! {
                <details>
                    <summary>{format!("{count} more about the data")}</summary>
                    {rest}
                </details>
            }
        });
        Some(view! { <DataNoteLine note=first/> {more} })
    };
    view! { <div class="data-notes" role="status">{lines}</div> }
}

/// One remark, with a button that applies its fix.
#[component]
fn DataNoteLine(
    /// The remark to show.
    note: DataNote,
) -> impl IntoView {
    let state = expect_context::<State>();
    let fix = note.fix.map(|fix| {
        let label = fix.label.clone();
        let query = fix.query.clone().map(|query| view! { ": " <code>{query}</code> });
        view! {
            <button class="chip small" type="button" on:click=move |_| state.apply(&fix)>
                {label} {query}
            </button>
        }
    });
    view! { <p><span>{note.text} "."</span> {fix}</p> }
}

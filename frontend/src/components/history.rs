use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::view_state::SavedView;
use oddity_source::catalog::contains_all;

use crate::browser::download::save_text;
use crate::state::State;
use crate::text;

/// Number of recent queries that are listed at once.
const MAX_LISTED: usize = 30;

/// The recent queries, to search, and the saved views, in a native dialog.
#[component]
pub fn History() -> impl IntoView {
    let state = expect_context::<State>();
    let open = state.history_open;
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            (true, false) => {
                let _ = dialog.show_modal();
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    view! {
        <dialog node_ref=dialog class="history" aria-labelledby="history" on:close=move |_| open.set(false)>
            <h2 id="history">"Queries and views"</h2>
            <Show when=move || open.get()>
                <Recent/>
                <Saved/>
            </Show>
            <form method="dialog"><button class="chip" type="submit">"Close"</button></form>
        </dialog>
    }
}

/// The recent queries; Enter runs the first that is found.
#[component]
fn Recent() -> impl IntoView {
    let state = expect_context::<State>();
    let wanted = RwSignal::new(String::new());
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    let found = Memo::new(move |_| {
        let wanted = wanted.read().to_lowercase();
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let fits = |expr: &&String| contains_all(expr, &words);
        state.recent.read().iter().filter(fits).take(MAX_LISTED).cloned().collect::<Vec<_>>()
    });
    let run = move |expr: &str| {
        state.history_open.set(false);
        state.run(expr);
    };
    view! {
        <form
            on:submit=move |event| {
                event.prevent_default();
                if let Some(first) = found.get_untracked().first() {
                    run(first);
                }
            }
        >
            <input
                type="search"
                aria-label="Search recent queries"
                placeholder="Search recent queries"
                node_ref=field
                prop:value=move || wanted.get()
                on:input:target=move |event| wanted.set(event.target().value())
            />
        </form>
        <ul class="examples" aria-label="Recent queries">
            {move || found.get().into_iter().map(|expr| {
                let shown = expr.clone();
                view! {
                    <li><button type="button" class="example" on:click=move |_| run(&expr)><code>{shown}</code></button></li>
                }
            }).collect_view()}
        </ul>
        {move || found.read().is_empty().then(|| view! {
            <p class="sub">{if state.recent.read().is_empty() { text::NO_RECENT } else { text::NONE_FOUND }}</p>
        })}
    }
}

/// The saved views: to open, save, delete, export and import.
#[component]
fn Saved() -> impl IntoView {
    let state = expect_context::<State>();
    let name = RwSignal::new(String::new());
    let said = RwSignal::new(None::<Result<String, String>>);
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let result = state.save_view(&name.read_untracked());
        if result.is_ok() {
            name.set(String::new());
        }
        said.set(Some(result.map_err(|error| error.to_string())));
    };
    let import = move |event: web_sys::Event| {
        let input = event_target::<web_sys::HtmlInputElement>(&event);
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        spawn_local(async move {
            let result = state.import_views(&file).await;
            said.set(Some(result.map_err(|error| error.to_string())));
            // The same file can be chosen again.
            input.set_value("");
        });
    };
    let export = move |_| {
        if let Ok(json) = state.views.read_untracked().to_json() {
            save_text(&json, "application/json", "oddity-views.json");
        }
    };
    let item = move |SavedView { name, view }: SavedView| {
        let (shown, delete) = (name.clone(), name.clone());
        view! {
            <li class="saved">
                <button type="button" class="example" on:click=move |_| {
                    state.history_open.set(false);
                    state.open_view(&view);
                }>{shown}</button>
                <button type="button" class="chip small" aria-label=format!("Delete {name}") on:click=move |_| {
                    let result = state.delete_view(&delete);
                    said.set(Some(result.map_err(|error| error.to_string())));
                }>"Delete"</button>
            </li>
        }
    };
    view! {
        <h3>"Saved views"</h3>
        <form class="save" on:submit=save>
            <input
                type="text"
                aria-label="Name of this view"
                placeholder="Name of this view"
                prop:value=move || name.get()
                on:input:target=move |event| name.set(event.target().value())
            />
            <button class="chip primary" type="submit">"Save view"</button>
        </form>
        <ul class="examples" aria-label="Saved views">
            {move || state.views.get().views.into_iter().map(item).collect_view()}
        </ul>
        <div class="save">
            <button class="chip" type="button" disabled=move || state.views.read().views.is_empty() on:click=export>"Export"</button>
            <label class="chip import">"Import" <input type="file" accept=".json,application/json" on:change=import/></label>
        </div>
        {move || said.get().map(|said| match said {
            Ok(said) => view! { <p class="sub" role="status">{said}</p> }.into_any(),
            Err(said) => view! { <p class="problem" role="alert">{said}</p> }.into_any(),
        })}
    }
}

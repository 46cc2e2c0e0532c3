use leptos::prelude::*;
use oddity_analysis::api::SourceKind;
use oddity_detect::time::TimeRange;

use super::copy_button::CopyButton;
use crate::state::State;
use crate::text;

/// The header: name, source, link, time zone, theme and help.
#[component]
pub fn Header(
    /// Whether the help is open.
    help: RwSignal<bool>,
) -> impl IntoView {
    let state = expect_context::<State>();
    view! {
        <header>
            <h1 class="brand">
                <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
                    <path class="pulse" d="M1 13h5l2-3 3 6 2.5-12 2.5 9h5"/>
                    <circle cx="13.5" cy="4" r="2.6"/>
                </svg>
                "Oddity"
            </h1>
            <SourceChoice/>
            <div class="grow"></div>
            <button class="chip" type="button" title=text::HISTORY_HELP on:click=move |_| state.history_open.set(true)>"History"</button>
            <div class="undo">
                <button class="chip square" type="button" aria-label="Undo" title=text::UNDO_HELP
                    disabled=move || !state.history.can_undo.get() on:click=move |_| state.undo()>"↶"</button>
                <button class="chip square" type="button" aria-label="Redo" title=text::REDO_HELP
                    disabled=move || !state.history.can_redo.get() on:click=move |_| state.redo()>"↷"</button>
            </div>
            <CopyButton text=move || Some(state.link()) label="Share" copied="Link copied" help=text::SHARE_HELP/>
            <button
                class="chip"
                type="button"
                title=text::TIME_ZONE_HELP
                on:click=move |_| state.adjust(|panel| panel.local_time = !panel.local_time)
            >
                {move || {
                    let now = state.now();
                    let shown = state.loaded.read().as_ref().map(|loaded| loaded.query.judged());
                    state.clock().zones(shown.unwrap_or(TimeRange { start: now, end: now }))
                }}
            </button>
            <button class="chip" type="button" title=text::THEME_HELP on:click=move |_| state.next_theme()>
                <span class="wide">"Theme: "</span> {move || state.theme.get().name()}
            </button>
            <button class="chip square" type="button" aria-label="Keyboard shortcuts" on:click=move |_| help.set(true)>"?"</button>
        </header>
    }
}

/// The choice of the source; its name alone if there is only one.
#[component]
fn SourceChoice() -> impl IntoView {
    let state = expect_context::<State>();
    let kind = |kind| match kind {
        SourceKind::Demo => "built-in",
        SourceKind::Prometheus => "Prometheus",
        SourceKind::VictoriaMetrics => "VictoriaMetrics",
    };
    move || {
        let sources = state.sources.read().as_ref()?.as_ref().ok()?.sources.clone();
        let chosen = state.source.get();
        let about = chosen.as_ref().map(|source| kind(source.kind));
        let choice = if sources.len() == 1 {
            view! { <span>{sources[0].name.clone()}</span> }.into_any()
        } else {
            let id = chosen.map(|source| source.id);
            let options = sources
                .into_iter()
                .map(|source| {
                    let selected = Some(&source.id) == id.as_ref();
                    view! { <option value=source.id.clone() selected=selected>{source.name.clone()}</option> }
                })
                .collect_view();
            view! {
                <select
                    aria-label="Source"
                    on:change:target=move |event| {
                        let id = event.target().value();
                        state.navigate(|panel| panel.source = Some(id));
                    }
                >
                    {options}
                </select>
            }
            .into_any()
        };
        Some(view! {
            <div class="chip source"><i class="dot" aria-hidden="true"></i>{choice}<span class="sub">{about}</span></div>
        })
    }
}

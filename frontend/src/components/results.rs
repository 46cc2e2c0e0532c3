use leptos::prelude::*;
use shared::panel::Tab;

use super::events::Events;
use super::report::Report;
use crate::state::State;

/// What is below the chart, one of them open.
#[component]
pub fn Results() -> impl IntoView {
    let state = expect_context::<State>();
    let open = Memo::new(move |_| state.panel.read().tab);
    let count = Memo::new(move |_| {
        state.analysis.read().as_ref().map_or(0, |analysis| analysis.event_count())
    });
    let tab = move |tab: Tab, id: &'static str, name: &'static str| {
        view! {
            <button
                type="button"
                role="tab"
                id=format!("tab-{id}")
                aria-controls=format!("panel-{id}")
                aria-selected=move || (open.get() == tab).to_string()
                tabindex=move || if open.get() == tab { "0" } else { "-1" }
                on:click=move |_| state.adjust(|panel| panel.tab = tab)
                on:keydown=move |event| {
                    if matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight") {
                        let other = if tab == Tab::Events { Tab::Report } else { Tab::Events };
                        state.adjust(|panel| panel.tab = other);
                        let id = if other == Tab::Events { "tab-events" } else { "tab-report" };
                        super::focus_by_id(id);
                    }
                }
            >
                {name}
                {(tab == Tab::Events).then(|| view! { " " <span>{move || count.get()}</span> })}
            </button>
        }
    };
    view! {
        <section class="card results" aria-label="Results">
            <div class="tabs" role="tablist" aria-label="Results">
                {tab(Tab::Events, "events", "Events")}
                {tab(Tab::Report, "report", "Report")}
            </div>
            {move || match open.get() {
                Tab::Events => view! {
                    <div role="tabpanel" id="panel-events" aria-labelledby="tab-events" tabindex="0"><Events/></div>
                }.into_any(),
                Tab::Report => view! {
                    <div role="tabpanel" id="panel-report" aria-labelledby="tab-report" tabindex="0"><Report/></div>
                }.into_any(),
            }}
        </section>
    }
}

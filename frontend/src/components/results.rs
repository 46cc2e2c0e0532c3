use leptos::prelude::*;
use shared::panel::Tab;

use super::events::Events;
use super::report::Report;
use super::rules::Rules;
use crate::state::State;

/// The results with their ids and names, as they stand beside each other.
const TABS: [(Tab, &str, &str); 3] = [
    (Tab::Events, "events", "Events"),
    (Tab::Report, "report", "Report"),
    (Tab::Rules, "rules", "Rules"),
];

/// What is below the chart, one of them open.
#[component]
pub fn Results() -> impl IntoView {
    let state = expect_context::<State>();
    let open = Memo::new(move |_| state.panel.read().tab);
    let count =
        Memo::new(move |_| state.told.read().as_ref().map_or(0, |analysis| analysis.event_count()));
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
                    let at = TABS.iter().position(|(known, ..)| *known == tab).unwrap_or_default();
                    let at = match event.key().as_str() {
                        "ArrowRight" => (at + 1) % TABS.len(),
                        "ArrowLeft" => (at + TABS.len() - 1) % TABS.len(),
                        "Home" => 0,
                        "End" => TABS.len() - 1,
                        _ => return,
                    };
                    event.prevent_default();
                    let (other, id, _) = TABS[at];
                    state.adjust(|panel| panel.tab = other);
                    super::focus_by_id(&format!("tab-{id}"));
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
                {TABS.into_iter().map(|(known, id, name)| tab(known, id, name)).collect_view()}
            </div>
            {move || match open.get() {
                Tab::Events => view! {
                    <div role="tabpanel" id="panel-events" aria-labelledby="tab-events" tabindex="0"><Events/></div>
                }.into_any(),
                Tab::Report => view! {
                    <div role="tabpanel" id="panel-report" aria-labelledby="tab-report" tabindex="0"><Report/></div>
                }.into_any(),
                Tab::Rules => view! {
                    <div role="tabpanel" id="panel-rules" aria-labelledby="tab-rules" tabindex="0"><Rules/></div>
                }.into_any(),
            }}
        </section>
    }
}

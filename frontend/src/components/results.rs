use leptos::prelude::*;
use oddity_analysis::view_state::ResultTab;

use super::assistant::AssistantTab;
use super::events::Events;
use super::report::Report;
use super::rules::Rules;
use crate::state::State;

/// Tabs in order: value, id and name.
const TABS: [(ResultTab, &str, &str); 4] = [
    (ResultTab::Events, "events", "Events"),
    (ResultTab::Report, "report", "Report"),
    (ResultTab::Rules, "rules", "Rules"),
    (ResultTab::Assistant, "assistant", "Assistant"),
];

/// The tabs below the chart.
#[component]
pub fn Results() -> impl IntoView {
    let state = expect_context::<State>();
    // Without a language model there is no assistant tab.
    let has_assistant = Memo::new(move |_| state.assistant.model.read().is_some());
    let open = Memo::new(move |_| match state.panel.read().tab {
        ResultTab::Assistant if !has_assistant.get() => ResultTab::Events,
        tab => tab,
    });
    let tabs = move || {
        let count = TABS.len() - usize::from(!has_assistant.get());
        TABS.into_iter().take(count)
    };
    let count = Memo::new(move |_| {
        state.throttled_analysis.read().as_ref().map_or(0, |analysis| analysis.event_count())
    });
    let tab = move |tab: ResultTab, id: &'static str, name: &'static str| {
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
                    let count = untrack(tabs).count();
                    let at = TABS.iter().position(|(known, ..)| *known == tab).unwrap_or_default();
                    let at = match event.key().as_str() {
                        "ArrowRight" => (at + 1) % count,
                        "ArrowLeft" => (at + count - 1) % count,
                        "Home" => 0,
                        "End" => count - 1,
                        _ => return,
                    };
                    event.prevent_default();
                    let (other, id, _) = TABS[at];
                    state.adjust(|panel| panel.tab = other);
                    super::focus_by_id(&format!("tab-{id}"));
                }
            >
                {name}
                {(tab == ResultTab::Events).then(|| view! { " " <span>{move || count.get()}</span> })}
            </button>
        }
    };
    view! {
        <section class="card results" aria-label="Results">
            <div class="tabs" role="tablist" aria-label="Results">
                {move || tabs().map(|(known, id, name)| tab(known, id, name)).collect_view()}
            </div>
            {move || match open.get() {
                ResultTab::Events => view! {
                    <div role="tabpanel" id="panel-events" aria-labelledby="tab-events" tabindex="0"><Events/></div>
                }.into_any(),
                ResultTab::Report => view! {
                    <div role="tabpanel" id="panel-report" aria-labelledby="tab-report" tabindex="0"><Report/></div>
                }.into_any(),
                ResultTab::Rules => view! {
                    <div role="tabpanel" id="panel-rules" aria-labelledby="tab-rules" tabindex="0"><Rules/></div>
                }.into_any(),
                ResultTab::Assistant => view! {
                    <div role="tabpanel" id="panel-assistant" aria-labelledby="tab-assistant" tabindex="0"><AssistantTab/></div>
                }.into_any(),
            }}
        </section>
    }
}

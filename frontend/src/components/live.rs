use leptos::prelude::*;
use oddity_analysis::view_state::{REFRESHES, RangeSelection};
use oddity_detect::event::SeverityLevel;
use oddity_detect::time::Span;

use crate::state::State;
use crate::text;

/// The choice of how often the samples are refreshed; none for a fixed range.
#[component]
pub fn RefreshChoice() -> impl IntoView {
    let state = expect_context::<State>();
    let chosen = Memo::new(move |_| state.panel.read().refresh);
    let is_fixed =
        Memo::new(move |_| matches!(state.panel.read().range, RangeSelection::Between(_)));
    let options = move || {
        let now = chosen.get();
        let mut all: Vec<Span> = REFRESHES.iter().filter_map(|text| text.parse().ok()).collect();
        all.extend(now.filter(|interval| !all.contains(interval)));
        all.into_iter()
            .map(|interval| {
                let text = interval.to_string();
                view! { <option value=text.clone() selected=now == Some(interval)>{format!("Refresh {text}")}</option> }
            })
            .collect_view()
    };
    view! {
        <select
            class="chip"
            aria-label="Refresh"
            disabled=move || is_fixed.get()
            title=move || if is_fixed.get() { text::NO_REFRESH_HELP } else { text::REFRESH_HELP }
            on:change:target=move |event| {
                let interval = event.target().value().parse().ok();
                state.navigate(|panel| panel.refresh = interval);
            }
        >
            <option value="" selected=move || chosen.get().is_none()>"Refresh off"</option>
            {options}
        </select>
    }
}

/// The age of the samples that are refreshed, the last failure, and the choice of what the browser tells.
#[component]
pub fn LiveStatus() -> impl IntoView {
    let state = expect_context::<State>();
    let live = state.live;
    let is_live = Memo::new(move |_| live.interval.read().is_some());
    let age = move || live.updated_at.get().map(|at| text::updated(live.now.get().since(at)));
    let failure = Memo::new(move |_| live.failed.get().map(|failed| failed.error.to_string()));
    let next = move || live.next().map(text::next_try);
    let levels = move || {
        let now = state.alerts.level.get();
        SeverityLevel::ALL
            .into_iter()
            .map(|level| {
                let name = level.name();
                view! { <option value=name selected=now == Some(level)>{text::alerts_from(level)}</option> }
            })
            .collect_view()
    };
    view! {
        <Show when=move || is_live.get()>
            <div class="live">
                {move || failure.get().map(|error| view! {
                    <span class="problem" role="status">{text::refresh_failed(&error)}</span>
                    <span class="sub">{next}</span>
                })}
                <span class="sub age">{age}</span>
                {move || state.alerts.problem.get().map(|problem| view! { <span class="problem" role="alert">{problem}</span> })}
                <select
                    class="chip small"
                    aria-label="Notifications of the browser"
                    title=text::ALERTS_HELP
                    on:change:target=move |event| {
                        state.alerts.choose(SeverityLevel::named(&event.target().value()));
                    }
                >
                    <option value="" selected=move || state.alerts.level.get().is_none()>"No notifications"</option>
                    {levels}
                </select>
            </div>
        </Show>
    }
}

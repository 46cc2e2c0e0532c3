use leptos::prelude::*;
use oddity_analysis::view_state::{RANGES, RangeSelection};
use oddity_detect::time::{Span, Step};

use crate::state::State;
use crate::text;

const STEPS: [&str; 11] = ["15s", "30s", "1m", "2m", "5m", "10m", "15m", "30m", "1h", "2h", "6h"];

/// The choice of the time range: relative or fixed.
#[component]
pub fn RangeChoice() -> impl IntoView {
    let state = expect_context::<State>();
    let open = RwSignal::new(false);
    let chosen = Memo::new(move |_| state.panel.read().range);
    let options = move || {
        let now = chosen.get();
        let mut spans: Vec<Span> = RANGES.iter().filter_map(|text| text.parse().ok()).collect();
        if let RangeSelection::Last(span) = now
            && !spans.contains(&span)
        {
            spans.push(span);
        }
        spans
            .into_iter()
            .map(|span| {
                let selected = now == RangeSelection::Last(span);
                view! { <option value=span.to_string() selected=selected>{format!("Last {}", span.words())}</option> }
            })
            .collect_view()
    };
    let choose = move |value: String| {
        if value == "fixed" {
            open.set(true);
        } else if let Ok(span) = value.parse() {
            open.set(false);
            state.navigate(|panel| {
                panel.range = RangeSelection::Last(span);
                panel.zoom = None;
            });
        }
    };
    view! {
        <div class="range">
            <select class="chip" aria-label="Range" on:change:target=move |event| choose(event.target().value())>
                {options}
                <option value="fixed" selected=move || open.get() || matches!(chosen.get(), RangeSelection::Between(_))>"Custom range…"</option>
            </select>
            {move || match chosen.get() {
                RangeSelection::Last(_) => None,
                RangeSelection::Between(range) => Some(view! {
                    <button
                        class="chip"
                        type="button"
                        title="Edit range"
                        aria-expanded=move || open.get().to_string()
                        on:click=move |_| open.update(|open| *open = !*open)
                    >
                        {state.clock().from_to(range.start, range.end)}
                    </button>
                }),
            }}
            <Show when=move || open.get()>
                <FixedRange open=open/>
            </Show>
        </div>
    }
}

/// A form for a fixed range; typed text stays if it cannot be read.
#[component]
fn FixedRange(
    /// Whether the form is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let (from, to) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let chosen = Memo::new(move |_| {
        let panel = state.panel.read();
        (panel.range, panel.local_time)
    });
    Effect::new(move |_| {
        let range = chosen.get().0.at(state.now());
        from.set(state.clock().editable(range.start));
        to.set(state.clock().editable(range.end));
    });
    let problem = RwSignal::new(None::<String>);
    let apply = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (from, to) = (from.get_untracked(), to.get_untracked());
        match RangeSelection::typed(&from, &to, state.now(), untrack(|| state.clock())) {
            Ok(range) => {
                problem.set(None);
                open.set(false);
                state.navigate(|panel| {
                    panel.range = range;
                    panel.zoom = None;
                });
            }
            Err(error) => problem.set(Some(error.to_string())),
        }
    };
    let zone = move || if state.panel.read().local_time { "browser time" } else { "UTC" };
    let field = move |label: &'static str, value: RwSignal<String>| {
        view! {
            <label>
                <span>{label} " (" {zone} ")"</span>
                <input
                    type="text"
                    spellcheck="false"
                    prop:value=move || value.get()
                    on:input:target=move |event| value.set(event.target().value())
                />
            </label>
        }
    };
    view! {
        <form
            class="fixed-range"
            on:submit=apply
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    open.set(false);
                }
            }
        >
            {field("From", from)}
            {field("To", to)}
            <p class="sub">{text::RANGE_HELP}</p>
            <div class="pair">
                <button class="chip primary" type="submit">"Apply"</button>
                <button class="chip" type="button" on:click=move |_| open.set(false)>"Close"</button>
            </div>
            {move || problem.get().map(|text| view! { <p class="problem" role="alert">{text}</p> })}
        </form>
    }
}

/// The choice of the step; "auto" shows the chosen step.
#[component]
pub fn StepChoice() -> impl IntoView {
    let state = expect_context::<State>();
    let chosen = Memo::new(move |_| state.panel.read().step);
    let automatic = Memo::new(move |_| match state.loaded.read().as_ref() {
        Some(loaded) if chosen.get().is_none() => format!("Step {}, auto", loaded.query.step),
        _ => "Step auto".to_owned(),
    });
    let options = move || {
        let now = chosen.get();
        let mut steps: Vec<Step> = STEPS.iter().filter_map(|text| text.parse().ok()).collect();
        steps.extend(now.filter(|step| !steps.contains(step)));
        steps
            .into_iter()
            .map(|step| view! { <option value=step.to_string() selected=now == Some(step)>{format!("Step {step}")}</option> })
            .collect_view()
    };
    view! {
        <select
            class="chip"
            aria-label="Step"
            on:change:target=move |event| {
                let step = event.target().value().parse().ok();
                state.navigate(|panel| panel.step = step);
            }
        >
            <option value="" selected=move || chosen.get().is_none()>{move || automatic.get()}</option>
            {options}
        </select>
    }
}

//! The list of detectors, grouped by the kind of anomaly they find.

use leptos::html;
use leptos::prelude::*;
use oddity_detect::detect::{About, Detector, DetectorGroup};
use wasm_bindgen::JsCast;
use web_sys::{FocusEvent, KeyboardEvent, Node};

use crate::components::focus_by_id;
use crate::state::State;
use crate::text;

/// A button with the current detector; it opens a list with a sentence on each.
#[component]
pub fn Detectors() -> impl IntoView {
    let state = expect_context::<State>();
    let present = Memo::new(move |_| state.settings.read().detector.about());
    let open = RwSignal::new(false);
    // A pointer selects an option and closes the list; arrow keys select one option after another and keep it open.
    let pressed = StoredValue::new(false);
    let area = NodeRef::<html::Div>::new();
    let close = move || {
        open.set(false);
        focus_by_id("detector");
    };
    let keys = move |event: KeyboardEvent| {
        pressed.set_value(false);
        if open.get_untracked() && matches!(event.key().as_str(), "Escape" | "Enter") {
            event.prevent_default();
            close();
        }
    };
    let left = move |event: FocusEvent| {
        let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
        let inside = area.get_untracked().is_some_and(|area| area.contains(to.as_ref()));
        if !inside {
            open.set(false);
        }
    };
    let toggle = move |_| {
        open.update(|open| *open = !*open);
        if open.get_untracked() {
            let id = radio(present.get_untracked());
            request_animation_frame(move || focus_by_id(&id));
        }
    };
    let option = move |detector: Detector| {
        let about = detector.about();
        let (id, summary) = (radio(about), format!("{}-summary", radio(about)));
        view! {
            <label class="option">
                <input
                    type="radio"
                    name="detector"
                    id=id
                    aria-describedby=summary.clone()
                    aria-label=about.name
                    prop:checked=move || present.get().id == about.id
                    on:change=move |_| state.judge_with(detector)
                    on:click=move |_| if pressed.get_value() { close() }
                />
                <b>{about.name}</b>
                <span class="sub" id=summary>{about.summary}{(!about.causal).then_some(text::LOOKING_BACK)}</span>
            </label>
        }
    };
    let groups = DetectorGroup::ALL
        .into_iter()
        .map(|group| {
            view! {
                <fieldset>
                    <legend>{group.name()}</legend>
                    {group.detectors().map(option).collect_view()}
                </fieldset>
            }
        })
        .collect_view();
    view! {
        <div class="detectors" node_ref=area on:keydown=keys on:focusout=left>
            <button
                class="chip choice"
                type="button"
                id="detector"
                aria-labelledby="tuning detector"
                aria-expanded=move || open.get().to_string()
                aria-controls="detectors"
                on:click=toggle
            >
                {move || present.get().name}
            </button>
            <div
                class="menu"
                id="detectors"
                role="radiogroup"
                aria-labelledby="tuning"
                tabindex="-1"
                hidden=move || !open.get()
                on:pointerdown=move |_| pressed.set_value(true)
            >
                {groups}
            </div>
        </div>
        <p class="sub about">
            {move || present.get().summary}
            {move || if present.get().causal { text::PAST_ONLY } else { text::LOOKING_BACK }}
        </p>
    }
}

fn radio(about: &About) -> String {
    format!("detector-{}", about.id)
}

//! The settings: detector, its parameters, and the rule for events.

mod detectors;
mod fields;
mod params;
mod rule;

use leptos::prelude::*;
use oddity_analysis::analysis::Settings;
use oddity_detect::detect::Detector;

use crate::state::State;
use detectors::Detectors;
use params::Params;
use rule::{Advanced, RuleFields, Sensitivity};

/// The card with all settings, the most important first.
#[component]
pub fn Tuning() -> impl IntoView {
    let state = expect_context::<State>();
    view! {
        <section class="card" aria-labelledby="tuning">
            <div class="card-head">
                <h2 id="tuning">"Detector"</h2>
                <button
                    class="link"
                    type="button"
                    disabled=move || *state.settings.read() == Settings::of(Detector::default())
                    on:click=move |_| state.tune(Settings::of(Detector::default()))
                >
                    "Reset"
                </button>
            </div>
            <Detectors/>
            <Sensitivity/>
            <Params/>
            <RuleFields/>
            <Advanced/>
        </section>
    }
}

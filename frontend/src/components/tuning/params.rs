//! Fields for the parameters of a detector, made from its description.

use leptos::prelude::*;
use oddity_detect::detect::{Param, ParamKind};

use super::fields::{NumberBounds, NumberField, Segments, count_slider};
use crate::state::State;

/// Maximum number of choices that are shown side by side; more become a list.
const MAX_SEGMENTS: usize = 3;

/// The parameters of the current detector.
#[component]
pub fn Params() -> impl IntoView {
    let state = expect_context::<State>();
    let detector = Memo::new(move |_| state.settings.read().detector.about());
    move || {
        let params = detector.get().params;
        params.iter().map(|param| field(state, param)).collect_view()
    }
}

fn field(state: State, param: &'static Param) -> AnyView {
    let value = move || {
        let params = state.settings.read().detector.params();
        params
            .iter()
            .find(|(known, _)| known.id == param.id)
            .map_or(param.default, |(_, value)| *value)
    };
    let tune = move |value: f64| {
        let mut settings = state.settings.get_untracked();
        settings.detector = settings.detector.with(param.id, value);
        state.tune(settings);
    };
    match param.kind {
        ParamKind::Samples | ParamKind::Count => count_slider(
            state,
            param.label,
            param.help,
            (param.min as usize, param.max as usize),
            param.kind == ParamKind::Samples,
            move || value() as usize,
            move |settings, count| {
                settings.detector = settings.detector.with(param.id, count as f64);
            },
        )
        .into_any(),
        ParamKind::Number => view! {
            <NumberField
                label=param.label
                help=param.help
                numbers=NumberBounds { min: param.min, max: param.max, empty: param.unset() }
                value=Signal::derive(value)
                keep=Callback::new(tune)
            />
        }
        .into_any(),
        ParamKind::Choice(words) if words.len() <= MAX_SEGMENTS => view! {
            <Segments
                label=param.label
                help=param.help
                words=words
                chosen=Signal::derive(move || value() as usize)
                choose=Callback::new(move |at: usize| tune(at as f64))
            />
        }
        .into_any(),
        ParamKind::Choice(words) => choice(param, words, value, tune).into_any(),
    }
}

fn choice(
    param: &'static Param,
    words: &'static [&'static str],
    value: impl Fn() -> f64 + Copy + Send + Sync + 'static,
    tune: impl Fn(f64) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let options = words
        .iter()
        .enumerate()
        .map(|(at, word)| {
            view! { <option value=at selected=move || value() as usize == at>{*word}</option> }
        })
        .collect_view();
    view! {
        <label class="field typed" title=param.help>
            <span>{param.label}</span>
            <select
                class="chip"
                on:change:target=move |event| {
                    if let Ok(at) = event.target().value().parse() {
                        tune(at);
                    }
                }
            >
                {options}
            </select>
        </label>
    }
}

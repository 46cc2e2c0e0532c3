//! Settings of the rule that turns scores into events.

use leptos::prelude::*;
use oddity_analysis::analysis::Settings;
use oddity_analysis::words;
use oddity_detect::detect::{Param, ParamKind, Quantity};
use oddity_detect::event::{RULE_SETTINGS, RuleControl, RuleSetting};
use oddity_source::unit::Unit;

use super::fields::{NumberBounds, NumberField, Segments, count_slider, setting_slider};
use crate::state::State;
use crate::text;

/// Least and most sensitive threshold of the slider, as multiples of the detector's default.
const ENDS: (f64, f64) = (5.0, 0.375);

/// Largest minimum deviation that can be entered.
const MAX_DEVIATION: f64 = 1e15;

fn quantity(state: State) -> Memo<Quantity> {
    Memo::new(move |_| {
        let detected = state.detected.read();
        let first = detected.as_ref().and_then(|detected| detected.series.first());
        first.map_or(Quantity::Value, |found| found.detection.quantity)
    })
}

/// The slider that moves threshold and alert score together; nothing for a detector with bounds that the user sets.
#[component]
pub fn Sensitivity() -> impl IntoView {
    let state = expect_context::<State>();
    let detector = Memo::new(move |_| state.settings.read().detector.about());
    let quantity = quantity(state);
    let cost = move || {
        let analysis = state.throttled_analysis.read();
        analysis.as_ref().and_then(|analysis| analysis.past_alerts()).map(words::past_alerts)
    };
    move || {
        let usual = detector.get().threshold;
        let threshold = move || state.settings.read().rule.threshold;
        (usual > 0.0).then(|| {
            let slider = setting_slider(
                state,
                "Sensitivity",
                text::SENSITIVITY_HELP,
                (usual * ENDS.0, usual * ENDS.1),
                false,
                threshold,
                move || words::score(quantity.get(), threshold()),
                |settings, value| settings.rule = settings.rule_at(value),
            );
            view! {
                {slider}
                {move || cost().map(|cost| view! { <p class="sub past-alerts">{cost}"."</p> })}
            }
        })
    }
}

/// The settings of the rule that are always visible.
#[component]
pub fn RuleFields() -> impl IntoView {
    let state = expect_context::<State>();
    let shown = RULE_SETTINGS.iter().filter(|setting| !setting.advanced);
    shown.map(|setting| rule_field(state, setting)).collect_view()
}

/// Settings that few people need, hidden at first.
#[component]
pub fn Advanced() -> impl IntoView {
    let state = expect_context::<State>();
    view! {
        <details>
            <summary>"Advanced"</summary>
            {RULE_SETTINGS
                .iter()
                .filter(|setting| setting.advanced)
                .map(|setting| rule_field(state, setting))
                .collect_view()}
            <label class="field check">
                <input
                    type="checkbox"
                    aria-describedby="clean-help"
                    prop:checked=move || state.settings.read().clean
                    on:change:target=move |event| {
                        let mut settings = state.settings.get_untracked();
                        settings.clean = event.target().checked();
                        state.tune(settings);
                    }
                />
                <span>"Exclude flagged samples from the baseline"</span>
                <span class="sub" id="clean-help">{text::CLEAN_HELP}</span>
            </label>
        </details>
    }
}

/// Creates the control of one setting of the rule from its description.
fn rule_field(state: State, setting: &'static RuleSetting) -> AnyView {
    let Param { label, help, min, .. } = setting.param;
    let value = move || setting.get(&state.settings.read().rule);
    match setting.control {
        RuleControl::Threshold => threshold(state, setting).into_any(),
        RuleControl::Number => typed(state, setting, 1.0).into_any(),
        RuleControl::Percent => typed(state, setting, 100.0).into_any(),
        RuleControl::Samples(most) => count_slider(
            state,
            label,
            help,
            (min as usize, most),
            true,
            move || value() as usize,
            |settings, count| setting.set(&mut settings.rule, count as f64),
        )
        .into_any(),
        RuleControl::Choice => {
            let ParamKind::Choice(words) = setting.param.kind else { return ().into_any() };
            let choose = move |at: usize| {
                let mut settings = state.settings.get_untracked();
                setting.set(&mut settings.rule, at as f64);
                state.tune(settings);
            };
            view! {
                <Segments
                    label=label
                    help=help
                    words=words
                    chosen=Signal::derive(move || value() as usize)
                    choose=Callback::new(choose)
                />
            }
            .into_any()
        }
    }
}

/// Creates a slider for one threshold of a detector whose alert score differs from its score.
fn threshold(state: State, setting: &'static RuleSetting) -> impl IntoView {
    let apart = Memo::new(move |_| {
        let detected = state.detected.read();
        let first = detected.as_ref().and_then(|detected| detected.series.first());
        first.is_some_and(|found| found.detection.alerts.is_some())
    });
    let usual = Memo::new(move |_| setting.get(&Settings::of(state.settings.read().detector).rule));
    let value = move || setting.get(&state.settings.read().rule);
    move || {
        let usual = usual.get();
        apart.get().then(|| {
            setting_slider(
                state,
                setting.param.label,
                setting.param.help,
                (usual * ENDS.0, usual * ENDS.1),
                false,
                value,
                move || Unit::Plain.format(value()),
                |settings, value| setting.set(&mut settings.rule, value),
            )
        })
    }
}

/// Creates a field for a number that is shown `factor` times as large as it is stored.
fn typed(state: State, setting: &'static RuleSetting, factor: f64) -> impl IntoView {
    let value = move || setting.get(&state.settings.read().rule) * factor;
    let keep = move |number: f64| {
        let mut settings = state.settings.get_untracked();
        setting.set(&mut settings.rule, number / factor);
        state.tune(settings);
    };
    view! {
        <NumberField
            label=setting.param.label
            help=setting.param.help
            numbers=NumberBounds { min: setting.param.min, max: MAX_DEVIATION, empty: setting.param.default }
            value=Signal::derive(value)
            keep=Callback::new(keep)
        />
    }
}

//! From which score on something is an event, and what else it takes.

use leptos::prelude::*;
use oddity_analysis::analysis::Settings;
use oddity_analysis::words;
use oddity_detect::detect::Quantity;
use oddity_detect::event::{Rule, Sides};
use oddity_source::unit::Unit;

use super::fields::{NumberBounds, NumberField, Segments, count_slider, setting_slider};
use crate::state::State;

/// Insensitive and sensitive end of a threshold, as multiples of the detector's own.
const ENDS: (f64, f64) = (5.0, 0.375);

/// Beyond this no series has a scale.
const MAX_DEVIATION: f64 = 1e15;

fn quantity(state: State) -> Memo<Quantity> {
    Memo::new(move |_| {
        let detected = state.detected.read();
        let first = detected.as_ref().and_then(|detected| detected.series.first());
        first.map_or(Quantity::Value, |found| found.detection.quantity)
    })
}

/// Moves threshold and alert together; not there for a detector whose bounds are typed.
#[component]
pub fn Sensitivity() -> impl IntoView {
    let state = expect_context::<State>();
    let detector = Memo::new(move |_| state.settings.read().detector.about());
    let quantity = quantity(state);
    move || {
        let usual = detector.get().threshold;
        let threshold = move || state.settings.read().rule.threshold;
        (usual > 0.0).then(|| {
            setting_slider(
                state,
                "Sensitivity",
                "From which score on a sample is odd. To the right: smaller scores, so more is found.",
                (usual * ENDS.0, usual * ENDS.1),
                false,
                threshold,
                move || words::score(quantity.get(), threshold()),
                |settings, value| settings.rule = settings.rule_at(value),
            )
        })
    }
}

/// How long an event must last.
#[component]
pub fn Length() -> impl IntoView {
    let state = expect_context::<State>();
    count_slider(
        state,
        "At least this long",
        "Events of fewer samples are left out, as an alert with `for` would leave them out.",
        (1, 120),
        true,
        move || state.settings.read().rule.min_samples,
        |settings, count| settings.rule.min_samples = count,
    )
}

/// On which side an event must lie.
#[component]
pub fn Direction() -> impl IntoView {
    const SIDES: [Sides; 3] = [Sides::Up, Sides::Down, Sides::Both];
    let state = expect_context::<State>();
    let chosen = move || {
        let sides = state.settings.read().rule.sides;
        SIDES.iter().position(|known| *known == sides).unwrap_or_default()
    };
    let choose = move |at: usize| {
        let mut settings = state.settings.get_untracked();
        settings.rule.sides = SIDES[at];
        state.tune(settings);
    };
    view! {
        <Segments
            label="Direction"
            help="On which side of the expectation something is odd."
            words=&["up", "down", "both"]
            chosen=Signal::derive(chosen)
            choose=Callback::new(choose)
        />
    }
}

/// What few people need.
#[component]
pub fn Advanced() -> impl IntoView {
    let state = expect_context::<State>();
    view! {
        <details>
            <summary>"Advanced"</summary>
            <Thresholds/>
            {deviation(
                state,
                "Smallest deviation",
                "Deviations smaller than this never count, in the unit of the series.",
                1.0,
                |rule| &mut rule.min_deviation,
            )}
            {deviation(
                state,
                "Smallest deviation, %",
                "Deviations smaller than this share of the expected value never count.",
                100.0,
                |rule| &mut rule.min_relative,
            )}
            {count_slider(
                state,
                "Bridge pauses",
                "Pauses of at most so many samples do not end an event.",
                (0, 60),
                true,
                move || state.settings.read().rule.merge_gap,
                |settings, count| settings.rule.merge_gap = count,
            )}
            {count_slider(
                state,
                "Hold-off",
                "An event may only begin with a score above all scores of so many samples before it.",
                (0, 500),
                true,
                move || state.settings.read().rule.cooldown,
                |settings, count| settings.rule.cooldown = count,
            )}
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
                <span>"Flagged samples leave the baseline"</span>
                <span class="sub" id="clean-help">"Not exportable: a Prometheus rule cannot do that."</span>
            </label>
        </details>
    }
}

/// Both halves of the sensitivity, for a detector whose alerts are not its scores.
#[component]
fn Thresholds() -> impl IntoView {
    let state = expect_context::<State>();
    let apart = Memo::new(move |_| {
        let detected = state.detected.read();
        let first = detected.as_ref().and_then(|detected| detected.series.first());
        first.is_some_and(|found| found.detection.alerts.is_some())
    });
    let usual = Memo::new(move |_| {
        let settings = state.settings.read();
        Settings::of(settings.detector).rule
    });
    let slider = move |label, help, usual: f64, get: fn(&Rule) -> f64, set: fn(&mut Rule, f64)| {
        let value = move || get(&state.settings.read().rule);
        setting_slider(
            state,
            label,
            help,
            (usual * ENDS.0, usual * ENDS.1),
            false,
            value,
            move || Unit::Plain.format(value()),
            move |settings, value| set(&mut settings.rule, value),
        )
    };
    move || {
        let usual = usual.get();
        apart.get().then(|| {
            view! {
                {slider(
                    "Flag from",
                    "From which score on a sample is flagged. Flagged samples extend an event.",
                    usual.threshold,
                    |rule| rule.threshold,
                    |rule, value| rule.threshold = value,
                )}
                {slider(
                    "Alert from",
                    "From which strength on an alert opens an event.",
                    usual.alert_threshold,
                    |rule| rule.alert_threshold,
                    |rule, value| rule.alert_threshold = value,
                )}
            }
        })
    }
}

fn deviation(
    state: State,
    label: &'static str,
    help: &'static str,
    factor: f64,
    field: fn(&mut Rule) -> &mut f64,
) -> impl IntoView {
    let value = move || {
        let mut rule = state.settings.read().rule;
        *field(&mut rule) * factor
    };
    let keep = move |number: f64| {
        let mut settings = state.settings.get_untracked();
        *field(&mut settings.rule) = number / factor;
        state.tune(settings);
    };
    view! {
        <NumberField
            label=label
            help=help
            numbers=NumberBounds { min: 0.0, max: MAX_DEVIATION, empty: 0.0 }
            value=Signal::derive(value)
            keep=Callback::new(keep)
        />
    }
}

use leptos::prelude::*;
use shared::analysis::Settings;
use shared::detect::Detector;
use shared::event::{Rule, Sides};
use shared::unit::Unit;

use super::slider::Slider;
use crate::state::State;

/// Insensitive and sensitive end of the threshold, in standard deviations.
const THRESHOLDS: (f64, f64) = (20.0, 1.5);

/// Detector, its parameters, and what counts as an event.
#[component]
pub fn Tuning() -> impl IntoView {
    let state = expect_context::<State>();
    let detector = Memo::new(move |_| state.settings.read().detector.about());
    let choices = move || {
        Detector::all()
            .map(|choice| {
                let about = choice.about();
                let pressed = move || (detector.get().id == about.id).to_string();
                view! {
                    <button
                        type="button"
                        aria-pressed=pressed
                        title=about.summary
                        on:click=move |_| {
                            let usual = Settings::of(choice).rule;
                            let Settings { rule, clean, .. } = state.settings.get_untracked();
                            let rule = Rule { threshold: usual.threshold, alert: usual.alert, ..rule };
                            state.tune(Settings { detector: choice, rule, clean });
                        }
                    >
                        {about.name}
                    </button>
                }
            })
            .collect_view()
    };
    let params = move || {
        let about = detector.get();
        about
            .params
            .iter()
            .map(|param| {
                let value = move || {
                    let params = state.settings.read().detector.params();
                    params
                        .iter()
                        .find(|(known, _)| known.id == param.id)
                        .map_or(param.default, |(_, value)| *value)
                };
                count_slider(
                    state,
                    param.label,
                    param.help,
                    (param.least as usize, param.most as usize),
                    move || value() as usize,
                    move |settings, count| {
                        settings.detector = settings.detector.with(param.id, count as f64);
                    },
                )
            })
            .collect_view()
    };
    let threshold = move || state.settings.read().rule.threshold;
    let sensitivity = setting_slider(
        state,
        "Sensitivity",
        "From how many standard deviations on a sample is odd. To the right: fewer, so more is found.",
        THRESHOLDS,
        false,
        threshold,
        move || format!("{} σ", Unit::Plain.format(threshold())),
        |settings, value| settings.rule.threshold = value,
    );
    let at_least = count_slider(
        state,
        "At least this long",
        "Events of fewer samples are left out, as an alert with `for` would leave them out.",
        (1, 120),
        move || state.settings.read().rule.at_least,
        |settings, count| settings.rule.at_least = count,
    );
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
            <div class="seg" role="group" aria-label="Detector">{choices}</div>
            <p class="sub about">{move || detector.get().summary} " Causal: only the past judges."</p>
            {sensitivity}
            {params}
            {at_least}
            <Direction/>
            <details>
                <summary>"Advanced"</summary>
                <Deviations/>
                {count_slider(
                    state,
                    "Bridge pauses",
                    "Pauses of at most so many samples do not end an event.",
                    (0, 60),
                    move || state.settings.read().rule.bridge,
                    |settings, count| settings.rule.bridge = count,
                )}
                {count_slider(
                    state,
                    "Hold-off",
                    "An event may only begin with a score above all scores of so many samples before it.",
                    (0, 500),
                    move || state.settings.read().rule.hold_off,
                    |settings, count| settings.rule.hold_off = count,
                )}
            </details>
        </section>
    }
}

/// A slider over a count of samples, with the time that they last.
fn count_slider(
    state: State,
    label: &'static str,
    help: &'static str,
    bounds: (usize, usize),
    value: impl Fn() -> usize + Copy + Send + Sync + 'static,
    set: impl Fn(&mut Settings, usize) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let words = move || {
        let count = value();
        match state.loaded.read().as_ref() {
            Some(loaded) if count > 0 => {
                format!("{} · {count}", loaded.query.step.times(count).words())
            }
            _ => count.to_string(),
        }
    };
    let set = move |settings: &mut Settings, count: f64| set(settings, count.max(0.0) as usize);
    let bounds = (bounds.0 as f64, bounds.1 as f64);
    setting_slider(state, label, help, bounds, true, move || value() as f64, words, set)
}

/// A slider over one number of the settings.
#[allow(clippy::too_many_arguments)]
fn setting_slider(
    state: State,
    label: &'static str,
    help: &'static str,
    bounds: (f64, f64),
    whole: bool,
    value: impl Fn() -> f64 + Send + Sync + 'static,
    words: impl Fn() -> String + Send + Sync + 'static,
    set: impl Fn(&mut Settings, f64) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let changed = move |value: f64| {
        let mut settings = state.settings.get_untracked();
        set(&mut settings, value);
        settings
    };
    view! {
        <Slider
            label=label
            help=help
            bounds=bounds
            whole=whole
            value=Signal::derive(value)
            words=Signal::derive(words)
            drag=Callback::new(move |value| state.drag(changed(value)))
            keep=Callback::new(move |value| state.tune(changed(value)))
        />
    }
}

#[component]
fn Direction() -> impl IntoView {
    let state = expect_context::<State>();
    let choices = [("up", Sides::Up), ("down", Sides::Down), ("both", Sides::Both)]
        .into_iter()
        .map(|(name, sides)| {
            view! {
                <button
                    type="button"
                    aria-pressed=move || (state.settings.read().rule.sides == sides).to_string()
                    on:click=move |_| {
                        let mut settings = state.settings.get_untracked();
                        settings.rule.sides = sides;
                        state.tune(settings);
                    }
                >
                    {name}
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="field plain"><span id="direction">"Direction"</span></div>
        <div class="seg" role="group" aria-labelledby="direction">{choices}</div>
    }
}

/// Beyond this no series has a scale.
const MOST_DEVIATION: f64 = 1e15;

/// Without the last digits, which a factor of 100 may have disturbed.
fn shown(value: f64) -> String {
    let digits = format!("{value:.12e}");
    digits.parse::<f64>().unwrap_or(value).to_string()
}

/// The smallest deviations that count, typed because their scale is that of the series.
#[component]
fn Deviations() -> impl IntoView {
    let field = |label: &'static str,
                 help: &'static str,
                 factor: f64,
                 get: fn(&Rule) -> f64,
                 set: fn(&mut Rule, f64)| {
        let state = expect_context::<State>();
        let problem = RwSignal::new(false);
        let keep = move |text: String| {
            let text = text.trim();
            let number = if text.is_empty() { Some(0.0) } else { text.parse::<f64>().ok() };
            let number = number.filter(|number| (0.0..=MOST_DEVIATION).contains(number));
            problem.set(number.is_none());
            if let Some(number) = number {
                let mut settings = state.settings.get_untracked();
                set(&mut settings.rule, number / factor);
                state.tune(settings);
            }
        };
        view! {
            <label class="field typed" title=help>
                <span>{label}</span>
                <input
                    type="text"
                    inputmode="decimal"
                    aria-invalid=move || problem.get().to_string()
                    prop:value=move || shown(get(&state.settings.read().rule) * factor)
                    on:change:target=move |event| keep(event.target().value())
                />
                <span class="problem" role="alert">
                    {move || if problem.get() { "Write a number from 0 to 1e15." } else { "" }}
                </span>
            </label>
        }
    };
    view! {
        {field(
            "Smallest deviation",
            "Deviations smaller than this never count, in the unit of the series.",
            1.0,
            |rule| rule.min_deviation,
            |rule, value| rule.min_deviation = value,
        )}
        {field(
            "Smallest deviation, %",
            "Deviations smaller than this share of the expected value never count.",
            100.0,
            |rule| rule.min_relative,
            |rule, value| rule.min_relative = value,
        )}
    }
}

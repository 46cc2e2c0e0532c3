//! Sliders, number fields and choices for the settings.

use leptos::prelude::*;
use oddity_analysis::analysis::Settings;
use oddity_source::unit::Unit;

use crate::components::slider::Slider;
use crate::state::State;

/// Creates a slider for a count; counts of samples are shown with their duration.
pub fn count_slider(
    state: State,
    label: &'static str,
    help: &'static str,
    bounds: (usize, usize),
    samples: bool,
    value: impl Fn() -> usize + Copy + Send + Sync + 'static,
    set: impl Fn(&mut Settings, usize) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let words = move || {
        let count = value();
        let number = Unit::Plain.format(count as f64);
        match state.loaded.read().as_ref() {
            Some(loaded) if samples && count > 0 => {
                format!("{} · {number}", loaded.query.step.times(count).words())
            }
            _ => number,
        }
    };
    let set = move |settings: &mut Settings, count: f64| set(settings, count.max(0.0) as usize);
    let bounds = (bounds.0 as f64, bounds.1 as f64);
    setting_slider(state, label, help, bounds, true, move || value() as f64, words, set)
}

/// Creates a slider for one number of the settings.
#[allow(clippy::too_many_arguments)]
pub fn setting_slider(
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

/// The numbers that a field accepts.
#[derive(Clone, Copy, Debug)]
pub struct NumberBounds {
    /// Smallest accepted number.
    pub min: f64,
    /// Largest accepted number.
    pub max: f64,
    /// Value of an empty field.
    pub empty: f64,
}

impl NumberBounds {
    fn parse(self, text: &str) -> Option<f64> {
        match text.trim() {
            "" => Some(self.empty),
            text => text.parse().ok().filter(|number| (self.min..=self.max).contains(number)),
        }
    }

    fn accepts(self) -> String {
        if self.min.is_infinite() || self.max.is_infinite() {
            "Enter a number, or leave the field empty for no limit.".to_owned()
        } else {
            format!("Enter a number from {} to {}.", plain(self.min), plain(self.max))
        }
    }
}

/// Formats a bound: `1e15` rather than its fifteen zeros.
fn plain(number: f64) -> String {
    if number.abs() >= 1e6 { format!("{number:e}") } else { number.to_string() }
}

/// A text field for a number whose range is too wide for a slider. An infinite value is shown as an empty field.
#[component]
pub fn NumberField(
    /// Label of the field.
    label: &'static str,
    /// Tooltip: the effect in a sentence.
    help: &'static str,
    /// Accepted numbers.
    numbers: NumberBounds,
    /// Current value.
    value: Signal<f64>,
    /// Called with each accepted number.
    keep: Callback<f64>,
) -> impl IntoView {
    let problem = RwSignal::new(false);
    let keep = move |text: String| {
        let number = numbers.parse(&text);
        problem.set(number.is_none());
        if let Some(number) = number {
            keep.run(number);
        }
    };
    view! {
        <label class="field typed" title=help>
            <span>{label}</span>
            <input
                type="text"
                inputmode="decimal"
                aria-invalid=move || problem.get().to_string()
                prop:value=move || shown(value.get())
                on:change:target=move |event| keep(event.target().value())
            />
            <span class="problem" role="alert">
                {move || if problem.get() { numbers.accepts() } else { String::new() }}
            </span>
        </label>
    }
}

/// Formats a value without its last digits, which a factor of 100 may have changed; infinity is empty.
fn shown(value: f64) -> String {
    if value.is_infinite() {
        return String::new();
    }
    let digits = format!("{value:.12e}");
    digits.parse::<f64>().unwrap_or(value).to_string()
}

/// A choice between a few words.
#[component]
pub fn Segments(
    /// Label of the field.
    label: &'static str,
    /// Tooltip: the effect in a sentence.
    help: &'static str,
    /// Words to choose from.
    words: &'static [&'static str],
    /// Index of the chosen word.
    chosen: Signal<usize>,
    /// Called with the index of another word.
    choose: Callback<usize>,
) -> impl IntoView {
    let buttons = words
        .iter()
        .enumerate()
        .map(|(at, word)| {
            view! {
                <button
                    type="button"
                    aria-pressed=move || (chosen.get() == at).to_string()
                    on:click=move |_| choose.run(at)
                >
                    {*word}
                </button>
            }
        })
        .collect_view();
    view! {
        <div class="field plain" title=help><span>{label}</span></div>
        <div class="seg" role="group" aria-label=label>{buttons}</div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_numbers() {
        let some = NumberBounds { min: 0.0, max: 1e15, empty: 0.0 };
        let any = NumberBounds { min: f64::NEG_INFINITY, max: f64::INFINITY, empty: f64::INFINITY };
        let cases = [
            (some, "", Some(0.0)),
            (some, " 2.5 ", Some(2.5)),
            (some, "-1", None),
            (some, "1e16", None),
            (some, "NaN", None),
            (some, "much", None),
            (any, "", Some(f64::INFINITY)),
            (any, "-12", Some(-12.0)),
        ];
        for (numbers, text, number) in cases {
            assert_eq!(numbers.parse(text), number, "{text}");
        }
        assert_eq!(some.accepts(), "Enter a number from 0 to 1e15.");
        assert_eq!(shown(0.1 + 0.2), "0.3");
        assert_eq!(shown(f64::NEG_INFINITY), "");
    }
}

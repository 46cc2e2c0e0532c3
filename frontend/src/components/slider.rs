use leptos::prelude::*;

/// Positions of a slider, so that each step of it is about the same change in proportion.
const POSITIONS: f64 = 200.0;

/// A slider over counts or numbers. While it is dragged `drag` is called, at the end `keep`.
#[component]
pub fn Slider(
    /// What it sets.
    label: &'static str,
    /// What that does, in a sentence.
    help: &'static str,
    /// Bounds; the left one may be the larger.
    bounds: (f64, f64),
    /// Whether only whole numbers count.
    whole: bool,
    /// Present value.
    value: Signal<f64>,
    /// The present value in words.
    words: Signal<String>,
    /// Shows a value for now.
    drag: Callback<f64>,
    /// Keeps a value.
    keep: Callback<f64>,
) -> impl IntoView {
    let at = move |position: f64| {
        let value = from_position(bounds, position);
        if whole { value.round() } else { (value * 100.0).round() / 100.0 }
    };
    let id = format!("slider-{}", label.to_ascii_lowercase().replace(' ', "-"));
    view! {
        <div class="field" title=help>
            <label for=id.clone()>{label}</label>
            <output for=id.clone()>{move || words.get()}</output>
            <input
                id=id
                type="range"
                min="0"
                max=POSITIONS
                step="1"
                aria-valuetext=move || words.get()
                prop:value=move || to_position(bounds, value.get()).round()
                on:input:target=move |event| drag.run(at(event.target().value_as_number()))
                on:change:target=move |event| keep.run(at(event.target().value_as_number()))
            />
        </div>
    }
}

/// Bounds are shifted so that zero has a logarithm.
fn shift(bounds: (f64, f64)) -> f64 {
    if bounds.0.min(bounds.1) < 1.0 { 1.0 } else { 0.0 }
}

fn from_position(bounds: (f64, f64), position: f64) -> f64 {
    let by = shift(bounds);
    let (low, high) = ((bounds.0 + by).ln(), (bounds.1 + by).ln());
    (low + (high - low) * position / POSITIONS).exp() - by
}

fn to_position(bounds: (f64, f64), value: f64) -> f64 {
    let by = shift(bounds);
    let (low, high) = ((bounds.0 + by).ln(), (bounds.1 + by).ln());
    ((value + by).max(f64::MIN_POSITIVE).ln() - low) / (high - low) * POSITIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_values_agree() {
        for bounds in [(5.0, 2_000.0), (20.0, 1.5), (0.0, 100.0)] {
            for position in [0.0, 50.0, 133.0, POSITIONS] {
                let value = from_position(bounds, position);
                assert!(
                    (to_position(bounds, value) - position).abs() < 1e-6,
                    "{bounds:?} {position}"
                );
            }
            assert!((from_position(bounds, 0.0) - bounds.0).abs() < 1e-9);
            assert!((from_position(bounds, POSITIONS) - bounds.1).abs() < 1e-9);
        }
    }
}

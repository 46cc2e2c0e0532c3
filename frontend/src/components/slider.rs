use leptos::prelude::*;

/// Number of positions of a slider; each step changes the value by about the same proportion.
const POSITIONS: f64 = 200.0;

/// A logarithmic slider. It calls `drag` while it is dragged and `keep` when it is released.
#[component]
pub fn Slider(
    /// Label of the slider.
    label: &'static str,
    /// Tooltip: the effect in a sentence.
    help: &'static str,
    /// Values at the left and right end; the left one may be the larger.
    bounds: (f64, f64),
    /// Whether values are whole numbers.
    whole: bool,
    /// Current value.
    value: Signal<f64>,
    /// Current value in words.
    words: Signal<String>,
    /// Called with each value while the slider is dragged.
    drag: Callback<f64>,
    /// Called with the value when the slider is released.
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

/// Returns the offset of values in the logarithm, so that zero has one.
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

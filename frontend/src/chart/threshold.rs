//! Lines at the thresholds of the query's condition, which can be dragged.

use leptos::prelude::*;
use oddity_figure::{AxisRanges, thresholds};
use oddity_source::promql::{Comparison, one_line};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, PointerEvent};

use crate::state::State;
use crate::text;

/// Number of steps of a dragged threshold over the height of the value axis.
const STEPS: f64 = 200.0;

/// A threshold that is dragged.
#[derive(Clone, Copy, PartialEq)]
struct Drag {
    index: usize,
    threshold: f64,
}

/// A line at each constant that the query compares with.
#[component]
pub(super) fn Thresholds(
    /// Ranges of the axes.
    ranges: RwSignal<Option<AxisRanges>>,
    /// Width and height of the chart, in pixels.
    size: RwSignal<(f64, f64)>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let dragged = RwSignal::new(None::<Drag>);
    move || {
        let (ranges, analysis) = (ranges.get()?, state.analysis.get()?);
        let all = analysis.condition()?.condition.comparisons.clone();
        let shown: Vec<_> = thresholds(&analysis, ranges)
            .filter_map(|(shown, threshold)| {
                let index = all.iter().position(|comparison| comparison == shown)?;
                Some((index, shown.clone(), threshold))
            })
            .collect();
        let lines = shown.into_iter().map(|(index, comparison, threshold)| {
            line(state, ranges, size, dragged, index, comparison, threshold)
        });
        Some(lines.collect_view())
    }
}

fn line(
    state: State,
    ranges: AxisRanges,
    size: RwSignal<(f64, f64)>,
    dragged: RwSignal<Option<Drag>>,
    index: usize,
    comparison: Comparison,
    threshold: f64,
) -> impl IntoView {
    let area = move || ranges.values_area(size.get());
    let now = move || match dragged.get() {
        Some(drag) if drag.index == index => drag.threshold,
        _ => threshold,
    };
    let place = move || {
        let area = area();
        format!("--x: {:.0}px; --w: {:.0}px; --y: {:.1}px", area.left, area.width, area.y(now()))
    };
    let operator = comparison.operator.text();
    let label = move || match dragged.get() {
        Some(drag) if drag.index == index => format!("{operator} {}", drag.threshold),
        _ => format!("{operator} {}", one_line(&comparison.other)),
    };
    let spoken = label.clone();
    let (low, high) = ranges.values;
    let step = 10_f64.powf(((high - low) / STEPS).log10().floor());
    let press = move |event: PointerEvent| {
        // Neither Plotly's zoom nor the selection of an event begins here.
        event.stop_propagation();
        event.prevent_default();
        let target =
            event.current_target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        if target.is_some_and(|target| target.set_pointer_capture(event.pointer_id()).is_ok()) {
            dragged.set(Some(Drag { index, threshold }));
        }
    };
    let follow = move |event: PointerEvent| {
        let is_dragged = dragged.read_untracked().is_some_and(|drag| drag.index == index);
        let target =
            event.current_target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        let frame = target.and_then(|target| target.offset_parent());
        let Some(frame) = frame.filter(|_| is_dragged) else { return };
        event.stop_propagation();
        let y = f64::from(event.client_y()) - frame.get_bounding_client_rect().top();
        let value = untrack(area).value_at(y).clamp(low, high);
        dragged.set(Some(Drag { index, threshold: rounded(value, step) }));
    };
    let release = move |_: PointerEvent| {
        let Some(drag) = dragged.get_untracked() else { return };
        dragged.set(None);
        if drag.threshold != threshold {
            state.set_threshold(index, drag.threshold);
        }
    };
    let nudge = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowUp" => step,
            "ArrowDown" => -step,
            _ => return,
        };
        event.prevent_default();
        state.set_threshold(index, rounded(threshold + by, step));
    };
    view! {
        <div
            class="threshold"
            style=place
            role="slider"
            tabindex="0"
            aria-orientation="vertical"
            aria-label="Threshold of the query"
            aria-valuemin=low
            aria-valuemax=high
            aria-valuenow=now
            aria-valuetext=spoken
            title=text::THRESHOLD_HELP
            on:pointerdown=press
            on:pointermove=follow
            on:pointerup=release
            on:pointercancel=move |_| dragged.set(None)
            on:keydown=nudge
        >
            <span>{label}</span>
        </div>
    }
}

/// Returns the multiple of `step`, a power of ten, that is nearest to a value, with no more digits than it needs.
fn rounded(value: f64, step: f64) -> f64 {
    let decimals = (-step.log10()).round().max(0.0) as usize;
    let near = (value / step).round() * step;
    format!("{near:.decimals$}").parse().unwrap_or(near)
}

use leptos::prelude::*;
use shared::detect::Quantity;
use shared::report::words;

use crate::chart::{Chart, download};
use crate::state::State;

/// The finding in words, and the chart.
#[component]
pub fn ChartCard() -> impl IntoView {
    let state = expect_context::<State>();
    let headline = move || state.analysis.get().map(|analysis| words::headline(&analysis));
    let scope = move || {
        let analysis = state.analysis.get().filter(|analysis| !analysis.ranking.is_empty())?;
        let name = analysis.detected.detector.about().name;
        let focus = analysis.of_series(state.focus.get()).filter(|_| analysis.ranking.len() > 1);
        let shown = focus.map(|ranked| format!(" Shown: {}.", analysis.series(ranked).1.name));
        Some(format!(
            "{}, step {}. Detector: {}.{}",
            words::scope(&analysis),
            analysis.detected.loaded.query.step,
            name.to_lowercase(),
            shown.unwrap_or_default()
        ))
    };
    let strip = move || {
        let analysis = state.analysis.get()?;
        let ranked = analysis.of_series(state.focus.get())?;
        let quantity = analysis.series(ranked).1.detection.quantity;
        (quantity != Quantity::Value).then(|| format!("below: {}", words::quantity(quantity)))
    };
    let empty = Memo::new(move |_| {
        state.loaded.read().as_ref().is_some_and(|loaded| loaded.series.is_empty())
    });
    view! {
        <section class="card chart" aria-label="Chart">
            <div class="chart-head">
                <div>
                    <h2 aria-live="polite">{headline}</h2>
                    <div class="sub">{scope}</div>
                </div>
                <div class="grow"></div>
                <Show when=move || state.panel.read().zoom.is_some()>
                    <button class="chip" type="button" on:click=move |_| state.adjust(|panel| panel.zoom = None)>"Whole range"</button>
                </Show>
                <button class="chip" type="button" disabled=move || empty.get() on:click=move |_| download(state)>"Save PNG"</button>
            </div>
            <Show when=move || !empty.get() fallback=Empty>
                <div class="legend" aria-hidden="true">
                    <span><i class="sw data"></i>"value"</span>
                    <span><i class="sw band"></i>"expected range"</span>
                    <span class="odd">"▲ odd"</span>
                    <span class="odd">"○ outside, no alert"</span>
                    <span>{strip}</span>
                </div>
                <Chart/>
            </Show>
        </section>
    }
}

/// A query that ran and gave nothing.
#[component]
fn Empty() -> impl IntoView {
    view! {
        <div class="empty">
            <h3>"Empty query result"</h3>
            <p>
                "The source answered, but no series matches in this range. Check the metric name and the labels, "
                "choose a longer range, or take a window of at least two scrape intervals for rate and its kin."
            </p>
        </div>
    }
}

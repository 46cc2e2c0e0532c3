use leptos::prelude::*;
use oddity_analysis::words;
use oddity_detect::time::TimeRange;

use super::data_notes::DataNotes;
use super::links_out::LinksOut;
use crate::chart::{Chart, download};
use crate::state::State;
use crate::text;

/// Maximum number of times at which a condition holds that are listed below the chart.
const MAX_HOLDING: usize = 12;

/// The headline of the analysis, and the chart.
#[component]
pub fn ChartCard() -> impl IntoView {
    let state = expect_context::<State>();
    let headline = Memo::new(move |_| {
        state.throttled_analysis.get().map(|analysis| words::headline(&analysis))
    });
    let scope = Memo::new(move |_| {
        let analysis =
            state.throttled_analysis.get().filter(|analysis| !analysis.ranking.is_empty())?;
        let name = analysis.detected.detector.about().name;
        let focus = analysis.of_series(state.focus.get()).filter(|_| analysis.ranking.len() > 1);
        let shown =
            focus.map(|ranked| format!(" Shown: {}.", analysis.series(ranked).1.prepared.name));
        Some(format!(
            "{}, step {}, after {}. Detector: {}.{}",
            words::scope(&analysis),
            analysis.detected.loaded.query.step,
            words::history(&analysis),
            name.to_lowercase(),
            shown.unwrap_or_default()
        ))
    });
    let excluded = Memo::new(move |_| state.panel.read().excluded.clone());
    let zoom = Memo::new(move |_| state.panel.read().zoom);
    let excludable = Memo::new(move |_| zoom.get().filter(|zoom| !excluded.read().contains(zoom)));
    let exclude = move |_| {
        if let Some(zoom) = excludable.get_untracked() {
            state.navigate(|panel| panel.excluded.push(zoom));
        }
    };
    let differing = Memo::new(move |_| {
        let series = state.focus.get()?;
        let agreement = state.agreement.read();
        Some(!agreement.as_ref()?.differing(series).is_empty())
    });
    let differing = move || differing.get().unwrap_or_default();
    let empty = Memo::new(move |_| {
        state.loaded.read().as_ref().is_some_and(|loaded| loaded.series.is_empty())
    });
    view! {
        <section class="card chart" aria-label="Chart">
            <div class="chart-head">
                <div>
                    <h2 aria-live="polite">{move || headline.get()}</h2>
                    <div class="sub">{move || scope.get()}</div>
                </div>
                // Their place is kept while there is no zoom, so that nothing moves when there is one.
                <button
                    class="chip"
                    class:unseen=move || excludable.get().is_none()
                    type="button"
                    title=text::EXCLUDE_HELP
                    on:click=exclude
                >
                    "Exclude this range" <span class="wide">" from the baseline"</span>
                </button>
                <button
                    class="chip"
                    class:unseen=move || zoom.get().is_none()
                    type="button"
                    on:click=move |_| state.adjust(|panel| panel.zoom = None)
                >
                    "Reset zoom"
                </button>
                <button class="chip" type="button" disabled=move || empty.get() on:click=move |_| download(state)>"Save PNG"</button>
                <LinksOut/>
            </div>
            <DataNotes/>
            <Show when=move || !empty.get() fallback=Empty>
                <div class="legend" aria-hidden="true">
                    <span><i class="sw data"></i>"value"</span>
                    <span><i class="sw band"></i>"expected range"</span>
                    <span class="odd">"▲ odd"</span>
                    <span class="odd">"○ high score, no event"</span>
                    {move || (!excluded.read().is_empty()).then(|| view! { <span><i class="sw hatch"></i>"excluded from baseline"</span> })}
                    {move || differing().then(|| view! { <span>"× rule differs"</span> })}
                </div>
                <Chart/>
                <Holding/>
                <Excluded ranges=excluded/>
            </Show>
        </section>
    }
}

/// Times at which the condition of the query holds; each opens that part of the chart.
#[component]
fn Holding() -> impl IntoView {
    let state = expect_context::<State>();
    move || {
        let analysis = state.throttled_analysis.get()?;
        let clock = state.clock();
        let sentence = words::capitalised(&words::condition::holding(&analysis, clock)?);
        let focus = state.focus.get();
        let all = analysis.holding().unwrap_or_default();
        let step = analysis.detected.loaded.query.step;
        // One time is told by the sentence alone.
        let shown = all.iter().filter(|period| period.series.is_none() || period.series == focus);
        let chips = shown
            .take(if all.len() > 1 { MAX_HOLDING } else { 0 })
            .map(|period| {
                let around = period.lasted.max(step.times(10));
                let zoom = TimeRange { start: period.range.start - around, end: period.range.end + around };
                view! {
                    <li>
                        <button class="chip small" type="button" on:click=move |_| state.navigate(|panel| panel.zoom = Some(zoom))>
                            {words::condition::holding_period(period, clock)}
                        </button>
                    </li>
                }
            })
            .collect_view();
        Some(
            view! { <div class="excluded"><span class="sub">{sentence} "."</span> <ul aria-label="Times at which the condition holds">{chips}</ul></div> },
        )
    }
}

/// Excluded time ranges, each with a button that includes it again.
#[component]
fn Excluded(
    /// Time ranges that are excluded from the baseline.
    ranges: Memo<Vec<TimeRange>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let chips = move || {
        let ranges = ranges.get();
        (!ranges.is_empty()).then(|| {
            let chips = ranges
                .into_iter()
                .map(|range| {
                    let when = state.clock().from_to(range.start, range.end);
                    view! {
                        <li>
                            <button
                                class="chip small"
                                type="button"
                                aria-label=format!("Include {when} in the baseline again")
                                title=text::INCLUDE_HELP
                                on:click=move |_| state.navigate(|panel| panel.excluded.retain(|known| *known != range))
                            >
                                {when.clone()} <span aria-hidden="true">"×"</span>
                            </button>
                        </li>
                    }
                })
                .collect_view();
            view! { <div class="excluded"><span class="sub">"Excluded from baseline:"</span> <ul aria-label="Excluded from baseline">{chips}</ul></div> }
        })
    };
    view! { {chips} }
}

/// The empty state after a query without series.
#[component]
fn Empty() -> impl IntoView {
    let state = expect_context::<State>();
    let explained = move || {
        let analysis = state.throttled_analysis.read();
        analysis.as_ref().is_some_and(|analysis| analysis.reason_for_nothing().is_some())
    };
    view! {
        <div class="empty">
            <h3>"Empty query result"</h3>
            <Show when=move || !explained()>
                <p>{text::NO_SERIES}</p>
            </Show>
            {move || state.unknown_metric.get().map(|unknown| {
                let buttons = unknown.similar.iter().cloned().map(|(name, query)| view! {
                    <button class="chip" type="button" on:click=move |_| state.run(&query)><code>{name}</code></button>
                });
                view! {
                    <p role="status">{text::unknown_metric(&unknown)}</p>
                    <div class="pair">{buttons.collect_view()}</div>
                }
            })}
        </div>
    }
}

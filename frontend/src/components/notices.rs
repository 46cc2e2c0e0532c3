use leptos::prelude::*;
use oddity_analysis::words;
use oddity_source::promql;

use crate::state::State;
use crate::text;

/// Errors, warnings and suggestions above the results.
#[component]
pub fn Notices() -> impl IntoView {
    let state = expect_context::<State>();
    let notes = move || {
        let loaded = state.loaded.get()?;
        let mut notes: Vec<(&'static str, String)> = Vec::new();
        notes.extend(loaded.warnings.iter().map(|note| ("Warning", note.clone())));
        notes.extend(loaded.infos.iter().map(|note| ("Info", note.clone())));
        Some(
            notes
                .into_iter()
                .map(|(kind, note)| {
                    view! {
                        <p class="notice warning"><b>{kind}</b> <span>{note}</span></p>
                    }
                })
                .collect_view(),
        )
    };
    view! {
        <div class="notices" aria-live="polite">
            {move || state.error.get().map(|error| view! {
                <div class="notice error" role="alert">
                    <b>{error.title()}</b>
                    <span>{error.to_string()}</span>
                    {error.is_retryable().then(|| view! {
                        <button class="link" type="button" on:click=move |_| {
                            let expr = state.panel.read_untracked().expr.clone();
                            state.run(&expr);
                        }>"Try again"</button>
                    })}
                </div>
            })}
            {move || state.judging_cancelled.get().then(|| view! {
                <p class="notice hint">
                    <b>"Judging cancelled"</b>
                    <span>{text::JUDGING_CANCELLED}</span>
                    <button class="link" type="button" on:click=move |_| state.judge_again()>"Judge again"</button>
                </p>
            })}
            {move || (state.outdated.get() && !state.judging_cancelled.get()).then(|| {
                let shown = state.loaded.read().as_ref().map(|loaded| {
                    let query = &loaded.query;
                    (query.expr.clone(), state.clock().from_to(query.start, query.end))
                });
                shown.map(|(expr, range)| view! {
                    <p class="notice hint"><b>"Outdated results"</b> <span>{text::OUTDATED_RESULTS} <code>{expr}</code> ", " {range} "."</span></p>
                })
            })}
            {move || state.problems.get().into_iter().map(|problem| view! {
                <p class="notice warning"><b>"Link"</b> <span>{problem.to_string()}</span></p>
            }).collect_view()}
            {notes}
            {move || state.loaded.get().filter(|loaded| !loaded.unsupported.is_empty()).map(|loaded| {
                let queries = promql::histogram_queries(&loaded.query.expr, loaded.query.rate_window());
                let buttons = queries.into_iter().map(|of| {
                    let query = of.query.clone();
                    view! {
                        <button class="chip" type="button" title=of.query on:click=move |_| state.run(&query)>
                            {words::capitalised(of.value)}
                        </button>
                    }
                });
                view! {
                    <p class="notice hint">
                        <b>"Native histograms"</b>
                        <span>{text::NATIVE_HISTOGRAMS}</span>
                        {buttons.collect_view()}
                    </p>
                }
            })}
            {move || state.detected.get().filter(|_| state.error.read().is_none()).and_then(|detected| detected.suggestion.clone()).map(|better| {
                let expr = better.clone();
                view! {
                    <p class="notice hint">
                        <b>"Raw counter"</b>
                        <span>{text::RAW_COUNTER}</span>
                        <button class="chip" type="button" on:click=move |_| state.run(&expr)>"Use " <code>{better}</code></button>
                    </p>
                }
            })}
        </div>
    }
}

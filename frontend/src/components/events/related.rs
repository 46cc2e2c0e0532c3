use leptos::prelude::*;
use oddity_analysis::analysis::EventId;
use oddity_analysis::related::{ChangedSeries, RelatedSeries};
use oddity_analysis::words::related as words;
use oddity_detect::event::Direction;
use oddity_detect::time::Step;

use crate::state::{RelatedFound, RelatedResult, State};
use crate::text;

/// Maximum number of changed series that are listed.
const MAX_LISTED: usize = 12;

/// Width of a sparkline, in units of its view box.
const WIDTH: f64 = 120.0;

/// Height of a sparkline, in units of its view box.
const HEIGHT: f64 = 24.0;

/// Series that changed at the time of an event, fetched on request.
#[component]
pub fn RelatedSection(
    /// The event; `None` while the row is removed.
    key: Memo<Option<EventId>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let looked = move || state.related_shown().filter(|looked| Some(looked.event) == key.get());
    let look = move |_| {
        if let Some(event) = key.get_untracked() {
            state.find_related(event);
        }
    };
    on_cleanup(move || state.stop_related());
    view! {
        <section class="related">
            <h3>"Related changes"</h3>
            {move || match (state.related_progress.get(), looked()) {
                (Some(progress), _) => view! {
                    <p class="sub" role="status">
                        {match progress.total {
                            0 => "Finding related series…".to_owned(),
                            of => format!("Comparing: {} of {of} queries…", progress.done),
                        }} " "
                        <button class="chip small" type="button" on:click=move |_| state.stop_related()>"Cancel"</button>
                    </p>
                }.into_any(),
                (None, Some(RelatedResult { found: Err(error), .. })) => view! {
                    <p class="problem" role="alert">{format!("{}: {error}", error.title())}</p>
                    <button class="chip" type="button" on:click=look>"Try again"</button>
                }.into_any(),
                (None, Some(RelatedResult { found: Ok(found), windows, .. })) => list(state, &found, windows.grid.step).into_any(),
                (None, None) => view! {
                    <p class="sub">{text::RELATED_HELP}</p>
                    <button class="chip" type="button" on:click=look>"Find related changes"</button>
                }.into_any(),
            }}
        </section>
    }
}

fn list(state: State, found: &RelatedFound, step: Step) -> impl IntoView + use<> {
    let RelatedFound { related, places, left_out } = found;
    let items: Vec<_> =
        related.changed.iter().take(MAX_LISTED).map(|moved| item(state, moved, step)).collect();
    view! {
        <p class="sub">{summary(related, places, *left_out)}</p>
        <ol class="related-list">{items}</ol>
        {came_or_went("Appeared", &related.appeared)}
        {came_or_went("Stopped", &related.stopped)}
    }
}

fn summary(related: &RelatedSeries, places: &str, left_out: usize) -> String {
    if places.is_empty() {
        return text::NOTHING_TO_COMPARE.to_owned();
    }
    let mut out = format!("Of {} series ({places}), {}.", related.judged, related.words());
    if related.copies > 0 {
        out.push_str(&format!(" {} are copies of the anomalous series.", related.copies));
    }
    if left_out > 0 {
        out.push_str(&format!(" {left_out} series were not compared because there are too many."));
    }
    if !related.changed.is_empty() {
        out.push_str(&format!(" {}", words::NOT_A_CAUSE));
    }
    out
}

fn item(state: State, moved: &ChangedSeries, step: Step) -> impl IntoView + use<> {
    let expr = moved.expr(step);
    let (name, run) = (moved.labels.to_string(), expr.clone());
    let arrow = if moved.change.direction == Direction::Up { "▲" } else { "▼" };
    let others = words::others(moved.others);
    let open = move |_| {
        state.run(&run);
        window().scroll_to_with_x_and_y(0.0, 0.0);
    };
    view! {
        <li>
            <svg class="spark" viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
                <rect x=WIDTH * 0.8 y="0" width=WIDTH * 0.2 height=HEIGHT></rect>
                <path d=line(&moved.values)></path>
            </svg>
            <div>
                <button class="link" type="button" title=text::RUN_QUERY_HELP on:click=open><code>{name}</code></button>{others}
                <div class="sub">{format!("{arrow} {} · {} · began {}", moved.words(), moved.usual(), moved.timing.words())}</div>
            </div>
        </li>
    }
}

/// Returns the path of a sparkline, with gaps where values are missing.
fn line(values: &[f64]) -> String {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) =
        (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let (mut out, mut pen) = (String::new(), 'M');
    for (at, value) in values.iter().enumerate() {
        if !value.is_finite() {
            pen = 'M';
            continue;
        }
        let x = WIDTH * at as f64 / (values.len() - 1).max(1) as f64;
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        out.push_str(&format!("{pen}{x:.1} {:.1}", 1.5 + (HEIGHT - 3.0) * (1.0 - share)));
        pen = 'L';
    }
    out
}

fn came_or_went(
    what: &'static str,
    all: &[oddity_detect::series::Labels],
) -> impl IntoView + use<> {
    const NAMED: usize = 5;
    let names: Vec<String> = all.iter().take(NAMED).map(ToString::to_string).collect();
    let more = all.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!all.is_empty())
        .then(|| view! { <p><b>{what}": "</b><code>{names.join(", ")}</code>{more}</p> })
}

use leptos::prelude::*;
use shared::time::Span;
use shared::unit::Unit;

use crate::state::State;

/// What the present settings amount to.
#[component]
pub fn Facts() -> impl IntoView {
    let state = expect_context::<State>();
    let facts = move || {
        let analysis = state.analysis.get()?;
        let grid = analysis.judged_grid();
        let days = grid.range().span().as_seconds().max(grid.step.span().as_seconds()) / 86_400.0;
        let count = analysis.event_count();
        let step = grid.step.span().millis();
        let events = || analysis.ranking.iter().flat_map(|ranked| &ranked.events);
        let longest = events()
            .map(|event| event.end.since(event.onset.time).millis() + step)
            .max()
            .map_or("–".to_owned(), |millis| Span::from_millis(millis).words());
        let odd: usize = analysis.ranking.iter().filter(|ranked| !ranked.events.is_empty()).count();
        let ongoing = events().filter(|event| event.ongoing).count();
        Some([
            (Unit::Plain.format((count as f64 / days * 10.0).round() / 10.0), "events a day"),
            (longest, "longest event"),
            (format!("{odd} of {}", analysis.ranking.len()), "series odd"),
            (ongoing.to_string(), "going on now"),
        ])
    };
    view! {
        <section class="card" aria-labelledby="facts">
            <h2 id="facts">"At these settings"</h2>
            <div class="facts">
                {move || facts().map(|facts| facts.map(|(value, name)| view! {
                    <div class="fact"><b>{value}</b><span>{name}</span></div>
                }).collect_view())}
            </div>
        </section>
    }
}

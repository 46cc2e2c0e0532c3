use leptos::prelude::*;
use oddity_analysis::analysis::Analysis;
use oddity_detect::time::Span;
use oddity_source::unit::Unit;

use crate::state::State;

/// Key figures of the analysis with the current settings.
#[component]
pub fn Facts() -> impl IntoView {
    let state = expect_context::<State>();
    // One memo per figure, so that a dragged slider updates only figures that change.
    let fact = |name: &'static str, of: fn(&Analysis) -> String| {
        let value = move || state.throttled_analysis.read().as_ref().map(|analysis| of(analysis));
        let value = Memo::new(move |_| value());
        view! { <div class="fact"><b>{move || value.get()}</b><span>{name}</span></div> }
    };
    view! {
        <section class="card" aria-labelledby="facts">
            <h2 id="facts">"With these settings"</h2>
            <div class="facts">
                {fact("events per day", events_a_day)}
                {fact("longest event", longest)}
                {fact("odd series", |analysis| format!("{} of {}", odd(analysis), analysis.ranking.len()))}
                {fact("ongoing", |analysis| ongoing(analysis).to_string())}
            </div>
        </section>
    }
}

fn events_a_day(analysis: &Analysis) -> String {
    let grid = analysis.judged_grid();
    let days = grid.range().span().as_seconds().max(grid.step.span().as_seconds()) / 86_400.0;
    Unit::Plain.format((analysis.event_count() as f64 / days * 10.0).round() / 10.0)
}

fn longest(analysis: &Analysis) -> String {
    let events = analysis.ranking.iter().flat_map(|ranked| &ranked.events);
    let longest = events.map(|event| event.lasted).max();
    longest.map_or("–".to_owned(), Span::words)
}

fn odd(analysis: &Analysis) -> usize {
    analysis.ranking.iter().filter(|ranked| !ranked.events.is_empty()).count()
}

fn ongoing(analysis: &Analysis) -> usize {
    let events = analysis.ranking.iter().flat_map(|ranked| &ranked.events);
    events.filter(|event| event.ongoing).count()
}

use leptos::prelude::*;
use shared::analysis::{Analysis, Ranked};
use shared::event::Event;
use shared::time::{Span, TimeRange};
use shared::unit::Unit;
use shared::words::{self, Clock};

use crate::state::State;

/// So many rows are drawn before the user asks for all: a slider at its sensitive end finds hundreds.
const FIRST: usize = 20;

/// The events of all series, most severe first; it says in a table what the chart shows.
#[component]
pub fn Events() -> impl IntoView {
    let state = expect_context::<State>();
    let all = RwSignal::new(false);
    move || {
        let analysis = state.analysis.get()?;
        let shown = if all.get() { usize::MAX } else { FIRST };
        let clock = state.clock();
        let worst = analysis.worst_events();
        if worst.is_empty() {
            return Some(view! { <div class="empty"><h3>{words::headline(&analysis)}</h3><p>{nothing(&analysis)}</p></div> }.into_any());
        }
        let several = analysis.ranking.len() > 1;
        let rows = worst
            .iter()
            .take(shown)
            .map(|(ranked, event)| row(state, &analysis, ranked, event, clock, several))
            .collect_view();
        let more = (worst.len() > FIRST).then(|| {
            let words = if all.get() { "Show fewer".to_owned() } else { format!("Show all {}", worst.len()) };
            view! { <button class="link more" type="button" on:click=move |_| all.update(|all| *all = !*all)>{words}</button> }
        });
        Some(
            view! {
                <div class="table-frame" role="region" aria-label="Events" tabindex="0">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"Severity"</th>
                                <th scope="col">"What and when"</th>
                                <th scope="col" class="n">"Peak"</th>
                                <th scope="col" class="n">"Expected"</th>
                                <th scope="col">"Why"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                    {more}
                </div>
            }
            .into_any(),
        )
    }
}

fn nothing(analysis: &Analysis) -> String {
    let highest = analysis.ranking.iter().map(|ranked| ranked.score).fold(0.0, f64::max);
    let plain = |value: f64| Unit::Plain.format((value * 100.0).round() / 100.0);
    let (scope, k) = (words::scope(analysis), analysis.rule.threshold);
    if analysis.detected.series.iter().all(|series| series.judged == 0) {
        return format!(
            "{scope}: too few samples to judge any of them. Choose a shorter window, a shorter step or a longer range."
        );
    }
    if highest > 0.0 && highest >= k {
        return format!(
            "{scope}: scores up to {} pass {}, but none exceeds those of the hold-off before it, so nothing began here. Shorten the hold-off under Advanced to see them.",
            plain(highest),
            words::threshold(analysis)
        );
    }
    if analysis.detected.detector.about().threshold == 0.0 {
        return format!("{scope}: no sample lies beyond {}.", words::threshold(analysis));
    }
    format!(
        "{scope}: no event at {}. The largest score was {}. Move the sensitivity to the right to see weaker deviations, or try another detector.",
        words::threshold(analysis),
        plain(highest),
    )
}

fn row(
    state: State,
    analysis: &Analysis,
    ranked: &Ranked,
    event: &Event,
    clock: Clock,
    several: bool,
) -> impl IntoView + use<> {
    let unit = analysis.judged_unit(event.quantity);
    let (series, found) = analysis.series(ranked);
    let key = (ranked.index, event.onset.index);
    let labels = series.labels.to_string();
    let around = around(event, analysis.judged_grid().range(), series.grid.step.span());
    let look = move |_| {
        state.selected.set(Some(key));
        state.adjust(|panel| {
            panel.focus = several.then(|| labels.clone());
            panel.zoom = Some(around);
        });
    };
    view! {
        <tr class:selected=move || state.selected.get() == Some(key)>
            <td><span class=format!("sev {}", event.level().name())>{words::sign(event)} " " {words::severity(event)}</span></td>
            <td>
                <button class="link what" type="button" title="Show it on the chart" on:click=look>{event.kind.name()}</button>
                ", " {clock.from_to(event.onset.time, event.end)}
                <div class="sub">
                    {words::course(event, series.grid.step.span())}
                    {several.then(|| view! { " · " <code>{found.name.clone()}</code> })}
                </div>
            </td>
            <td class="n">{unit.format(event.peak.value)}</td>
            <td class="n">
                {unit.format(event.onset.expected)}
                <div class="sub">{words::bounds(event.onset.lower, event.onset.upper, unit)}</div>
            </td>
            <td class="why">{words::reason(event, unit)}</td>
        </tr>
    }
}

/// The event with four times its length around it, at least 30 samples on each side, inside the range.
fn around(event: &Event, range: TimeRange, step: Span) -> TimeRange {
    let margin = (event.end.since(event.onset.time).millis() * 4).max(step.millis() * 30);
    let margin = Span::from_millis(margin);
    TimeRange {
        start: (event.onset.time - margin).max(range.start),
        end: (event.end + margin).min(range.end),
    }
}

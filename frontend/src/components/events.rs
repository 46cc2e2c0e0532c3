mod explanation;
mod related;

use leptos::prelude::*;
use oddity_analysis::analysis::{Analysis, RankedSeries};
use oddity_analysis::api::{Notification, NotifiedEvent};
use oddity_analysis::knowledge::explain_event;
use oddity_analysis::words::{self, Clock};
use oddity_detect::event::Event;
use oddity_detect::time::{Span, TimeRange};
use oddity_source::unit::Unit;

use super::send::SendNotice;
use crate::state::State;
use explanation::Explanation;
use related::RelatedSection;

/// So many rows are drawn before the user asks for all: a slider at its sensitive end finds hundreds.
const FIRST: usize = 20;

/// The events of all series, most severe first; it says in a table what the chart shows.
#[component]
pub fn Events() -> impl IntoView {
    let state = expect_context::<State>();
    let all = RwSignal::new(false);
    let open = RwSignal::new(None);
    let rows = Memo::new(move |_| {
        let count = if all.get() { usize::MAX } else { FIRST };
        let analysis = state.throttled_analysis.get()?;
        let clock = state.clock();
        let worst = analysis.worst_events().into_iter().take(count);
        Some(
            worst
                .map(|(ranked, event)| Row::of(&analysis, ranked, event, clock))
                .collect::<Vec<_>>(),
        )
    });
    let count = Memo::new(move |_| rows.read().as_ref().map_or(0, Vec::len));
    let found = Memo::new(move |_| {
        state.throttled_analysis.read().as_ref().map_or(0, |analysis| analysis.event_count())
    });
    let some = move || count.get() > 0;
    let more = move || found.get() > FIRST;
    let none = move || {
        let analysis = state.throttled_analysis.get()?;
        Some(
            view! { <div class="empty"><h3>{words::headline(&analysis)}</h3><p>{nothing(&analysis)}</p></div> },
        )
    };
    view! {
        <Show when=some fallback=none>
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
                    <tbody>
                        // Rows by their place: while a slider is dragged only words change.
                        <For each=move || 0..count.get() key=|at| *at let:at>
                            <EventRow row=Memo::new(move |_| rows.read().as_ref()?.get(at).cloned()) open=open/>
                        </For>
                    </tbody>
                </table>
                <Show when=more>
                    <button class="link more" type="button" on:click=move |_| all.update(|all| *all = !*all)>
                        {move || if all.get() { "Show fewer".to_owned() } else { format!("Show all {}", found.get()) }}
                    </button>
                </Show>
            </div>
        </Show>
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
    let first = analysis.detected.series.first();
    if first.is_some_and(|found| found.detection.alerts.is_some()) {
        return format!(
            "{scope}: nothing new, so no alert. The largest score was {}; {} flags a sample, but only an alert opens an event. Move the sensitivity to the right to be throttled_analysis of less.",
            plain(highest),
            words::threshold(analysis)
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

/// What a row says.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// Series and onset.
    key: (usize, usize),
    /// The labels of the series, where there are several.
    labels: Option<String>,
    /// How the series differs from them.
    name: Option<String>,
    around: TimeRange,
    level: &'static str,
    severity: String,
    kind: &'static str,
    when: String,
    course: String,
    peak: String,
    expected: String,
    bounds: String,
    why: String,
}

impl Row {
    fn of(analysis: &Analysis, ranked: &RankedSeries, event: &Event, clock: Clock) -> Self {
        let unit = analysis.judged_unit(event.quantity);
        let (series, found) = analysis.series(ranked);
        let several = analysis.ranking.len() > 1;
        let step = series.grid.step.span();
        Self {
            key: (ranked.index, event.onset.index),
            labels: several.then(|| series.labels.to_string()),
            name: several.then(|| found.prepared.name.clone()),
            around: around(event, analysis.judged_grid().range(), step),
            level: event.level().name(),
            severity: format!("{} {}", words::sign(event), words::severity(event)),
            kind: event.kind.name(),
            when: format!(", {}", clock.from_to(event.display_start, event.end)),
            course: words::course(event),
            peak: unit.format(event.peak.value),
            expected: unit.format(event.onset.expected),
            bounds: match event.steady {
                true => "constant before".to_owned(),
                false => words::bounds(event.onset.lower, event.onset.upper, unit),
            },
            why: words::reason(event, unit),
        }
    }
}

#[component]
fn EventRow(
    /// What it says; `None` as it goes.
    row: Memo<Option<Row>>,
    /// The event that is explained: its series and the index of its onset.
    open: RwSignal<Option<(usize, usize)>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let text = move |of: fn(&Row) -> String| move || row.read().as_ref().map(of);
    let name = Memo::new(move |_| row.read().as_ref().and_then(|row| row.name.clone()));
    let look = move |_| {
        let Some(Row { key, labels, around, .. }) = row.get_untracked() else { return };
        state.selected.set(Some(key));
        state.adjust(|panel| {
            panel.focus = labels;
            panel.zoom = Some(around);
        });
    };
    let selected =
        move || row.read().as_ref().is_some_and(|row| state.selected.get() == Some(row.key));
    let key = Memo::new(move |_| row.read().as_ref().map(|row| row.key));
    let explained = Memo::new(move |_| key.get().is_some() && open.get() == key.get());
    let explain = move |_| {
        open.set(if explained.get_untracked() { None } else { key.get_untracked() });
    };
    view! {
        <tr class:selected=selected>
            <td><span class=text(|row| format!("sev {}", row.level))>{text(|row| row.severity.clone())}</span></td>
            <td>
                <button class="link what" type="button" title="Show it on the chart" on:click=look>{text(|row| row.kind.to_owned())}</button>
                {text(|row| row.when.clone())}
                <div class="sub">
                    {text(|row| row.course.clone())}
                    {move || name.get().map(|name| view! { " · " <code>{name}</code> })}
                </div>
            </td>
            <td class="n">{text(|row| row.peak.clone())}</td>
            <td class="n">
                {text(|row| row.expected.clone())}
                <div class="sub">{text(|row| row.bounds.clone())}</div>
            </td>
            <td class="why">
                {text(|row| row.why.clone())}
                <button class="link explain" type="button" aria-expanded=move || explained.get().to_string() on:click=explain>
                    {move || if explained.get() { "Close" } else { "Explain" }}
                </button>
            </td>
        </tr>
        <Show when=move || explained.get()>
            <tr class="explained"><td colspan="5">
                <Explanation key=key/>
                <RelatedSection key=key/>
                <div class="explained-bar"><SendNotice name="Send this event" notice=move |()| notice(state, row.get_untracked()?)/></div>
            </td></tr>
        </Show>
    }
}

/// What is sent of the event of a row.
fn notice(state: State, row: Row) -> Option<Notification> {
    let analysis = state.throttled_analysis.get_untracked()?;
    let (series, onset) = row.key;
    let ranked = analysis.of_series(Some(series))?;
    let event = ranked.events.iter().find(|event| event.onset.index == onset)?;
    let (knowledge, metadata) = (state.knowledge.get_untracked(), state.metadata.read_untracked());
    let one = explain_event(&analysis, (ranked, event), knowledge.as_deref(), &metadata);
    untrack(|| {
        Some(Notification {
            source: state.source.get()?.id,
            expr: analysis.detected.loaded.query.expr.clone(),
            link: state.link_with(|panel| {
                panel.focus = row.labels;
                panel.zoom = Some(row.around);
            }),
            events: vec![NotifiedEvent::new(&one, state.clock())],
            found: 1,
            report: None,
            again: false,
        })
    })
}

/// The event with four times its length around it, at least 30 samples on each side, inside the range.
fn around(event: &Event, range: TimeRange, step: Span) -> TimeRange {
    let margin = (event.end.since(event.display_start).millis() * 4).max(step.millis() * 30);
    let margin = Span::from_millis(margin);
    TimeRange {
        start: (event.display_start - margin).max(range.start),
        end: (event.end + margin).min(range.end),
    }
}

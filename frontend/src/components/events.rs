mod checks;
mod explanation;
mod filter;
mod incident;
mod related;

use std::collections::BTreeSet;

use leptos::prelude::*;
use oddity_analysis::analysis::{Analysis, EventId, RankedSeries, Unjudged};
use oddity_analysis::api::{Notification, NotifiedEvent};
use oddity_analysis::knowledge::explain_event;
use oddity_analysis::words::{self, Clock};
use oddity_detect::event::Event;
use oddity_detect::time::TimeRange;
use oddity_source::unit::Unit;

use super::send::SendNotice;
use crate::state::{State, around_event};
use crate::text;
use explanation::Explanation;
use filter::{EventControls, EventFilter};
use incident::{IncidentHead, IncidentRow};
use related::RelatedSection;

/// Number of rows that are shown until the user asks for all; a high sensitivity finds hundreds.
const FIRST: usize = 20;

/// The table of the events of all series, most severe first. Events of several series that began together are below a row
/// of their own, which opens.
#[component]
pub fn Events() -> impl IntoView {
    let state = expect_context::<State>();
    let all = RwSignal::new(false);
    let open = RwSignal::new(None);
    let opened = RwSignal::new(BTreeSet::new());
    let filter = RwSignal::new(EventFilter::default());
    let rows = Memo::new(move |_| {
        let count = if all.get() { usize::MAX } else { FIRST };
        let analysis = state.throttled_analysis.get()?;
        let (clock, selected) = (state.clock(), state.selected.get());
        let chosen = filter.read().choose(&analysis);
        let rows = chosen.into_iter().take(count).flat_map(|(incident, events)| {
            let events = events.into_iter();
            let mut members: Vec<Row> =
                events.map(|(ranked, event)| Row::of(&analysis, ranked, event, clock)).collect();
            if incident.series < 2 {
                return members.into_iter().map(TableRow::Event).collect::<Vec<_>>();
            }
            let Some(worst) = members.first() else { return Vec::new() };
            let open = opened.read().contains(&worst.key)
                || members.iter().any(|member| Some(member.key) == selected);
            let head = IncidentRow::of(&analysis, incident, worst, open, clock);
            if !open {
                members.clear();
            }
            let members = members.into_iter().map(TableRow::Event);
            std::iter::once(TableRow::Incident(head)).chain(members).collect()
        });
        Some(rows.collect::<Vec<_>>())
    });
    let count = Memo::new(move |_| rows.read().as_ref().map_or(0, Vec::len));
    let found = Memo::new(move |_| {
        let analysis = state.throttled_analysis.get();
        analysis.map_or(0, |analysis| filter.read().choose(&analysis).len())
    });
    let row = move |at: usize| {
        let incident = Memo::new(move |_| match rows.read().as_ref()?.get(at)? {
            TableRow::Incident(incident) => Some(incident.clone()),
            TableRow::Event(_) => None,
        });
        let event = Memo::new(move |_| match rows.read().as_ref()?.get(at)? {
            TableRow::Event(row) => Some(row.clone()),
            TableRow::Incident(_) => None,
        });
        let is_incident = Memo::new(move |_| incident.read().is_some());
        move || match is_incident.get() {
            true => view! { <IncidentHead row=incident opened=opened/> }.into_any(),
            false => view! { <EventRow row=event open=open/> }.into_any(),
        }
    };
    let some = Memo::new(move |_| {
        state.throttled_analysis.read().as_ref().is_some_and(|analysis| analysis.event_count() > 0)
    });
    let matches = move || count.get() > 0;
    let unmatched = move || {
        view! {
            <div class="empty">
                <p>"No event matches the filter."</p>
                <button class="chip" type="button" on:click=move |_| filter.set(EventFilter::default())>"Show all events"</button>
            </div>
        }
    };
    let more = move || found.get() > FIRST;
    let none = move || {
        let analysis = state.throttled_analysis.get()?;
        Some(
            view! { <div class="empty"><h3>{words::headline(&analysis)}</h3><p>{no_events(&analysis)}</p></div> },
        )
    };
    view! {
        <Show when=move || some.get() fallback=none>
            <EventControls filter=filter/>
            <Show when=matches fallback=unmatched>
            <div class="table-frame" role="region" aria-label="Events" tabindex="0">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Severity"</th>
                            <th scope="col">"Event"</th>
                            <th scope="col" class="n">"Peak"</th>
                            <th scope="col" class="n">"Expected"</th>
                            <th scope="col">"Reason"</th>
                        </tr>
                    </thead>
                    <tbody>
                        // Rows are keyed by index, so that a dragged slider changes only texts.
                        <For each=move || 0..count.get() key=|at| *at let:at>
                            {row(at)}
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
        </Show>
    }
}

/// Returns why there is no event, and what to change to see one.
fn no_events(analysis: &Analysis) -> String {
    let highest = analysis.ranking.iter().map(|ranked| ranked.score).fold(0.0, f64::max);
    let shown = Unit::Plain.format((highest * 100.0).round() / 100.0);
    let (scope, threshold) = (words::scope(analysis), words::threshold(analysis));
    match analysis.unjudged() {
        Some(Unjudged::Nan | Unjudged::Infinite) => {
            return format!("{}.", words::headline(analysis));
        }
        Some(Unjudged::Young) => return text::too_young(analysis.detected.detector.min_past()),
        Some(Unjudged::TooFew) => return text::too_few_samples(&scope),
        None => {}
    }
    let first = analysis.detected.series.first();
    if first.is_some_and(|found| found.detection.alerts.is_some()) {
        return text::no_alert(&scope, &shown, &threshold);
    }
    if highest > 0.0 && highest >= analysis.rule.threshold {
        return text::suppressed_by_cooldown(&scope, &shown, &threshold);
    }
    if analysis.detected.detector.about().threshold == 0.0 {
        return text::within_bounds(&scope, &threshold);
    }
    text::below_threshold(&scope, &shown, &threshold)
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
enum TableRow {
    /// Incident of several series, above its events.
    Incident(IncidentRow),
    /// Single event.
    Event(Row),
}

/// The texts of a row.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// Event of the row.
    key: EventId,
    /// Labels of the series; `None` if there is only one.
    labels: Option<String>,
    /// Labels by which the series differs from the others; `None` if there is only one.
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
        Self {
            key: ranked.event_id(event),
            labels: several.then(|| series.labels.to_string()),
            name: several.then(|| found.prepared.name.clone()),
            around: around_event(analysis, event),
            level: event.level().name(),
            severity: format!("{} {}", words::sign(event), words::severity(event)),
            kind: event.kind.name(),
            when: format!(", {}", clock.from_to(event.display_start, event.end)),
            course: words::course(event),
            peak: unit.format(event.peak.value),
            expected: unit.format(event.reference.expected),
            bounds: match event.steady {
                true => "constant before".to_owned(),
                false => words::bounds(event.reference.lower, event.reference.upper, unit),
            },
            why: words::reason(event, analysis.detected.unit),
        }
    }
}

#[component]
fn EventRow(
    /// Texts of the row; `None` while it is removed.
    row: Memo<Option<Row>>,
    /// The event that is explained.
    open: RwSignal<Option<EventId>>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let cell = move |of: fn(&Row) -> String| move || row.read().as_ref().map(of);
    let name = Memo::new(move |_| row.read().as_ref().and_then(|row| row.name.clone()));
    let look = move |_| {
        if let Some(Row { key, .. }) = row.get_untracked() {
            state.show_event(key);
        }
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
            <td><span class=cell(|row| format!("sev {}", row.level))>{cell(|row| row.severity.clone())}</span></td>
            <td>
                <button class="link what" type="button" title="Show on chart" on:click=look>{cell(|row| row.kind.to_owned())}</button>
                {cell(|row| row.when.clone())}
                <div class="sub">
                    {cell(|row| row.course.clone())}
                    {move || name.get().map(|name| view! { " · " <code>{name}</code> })}
                </div>
            </td>
            <td class="n">{cell(|row| row.peak.clone())}</td>
            <td class="n">
                {cell(|row| row.expected.clone())}
                <div class="sub">{cell(|row| row.bounds.clone())}</div>
            </td>
            <td class="why">
                {cell(|row| row.why.clone())}
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

/// Returns the notification about the event of a row.
fn notice(state: State, row: Row) -> Option<Notification> {
    let analysis = state.throttled_analysis.get_untracked()?;
    let found = analysis.find_event(row.key)?;
    let (knowledge, metadata) = (state.knowledge.get_untracked(), state.metadata.read_untracked());
    let one = explain_event(&analysis, found, knowledge.as_deref(), &metadata);
    untrack(|| {
        let one = state.weighed(one);
        Some(Notification {
            source: state.source.get()?.id,
            expr: analysis.detected.loaded.query.expr.clone(),
            link: state.link_with(|panel| {
                panel.focus = row.labels;
                panel.zoom = Some(row.around);
            }),
            events: vec![NotifiedEvent::new(&analysis, &one, state.clock())],
            found: 1,
            incidents: None,
            report: None,
            again: false,
        })
    })
}

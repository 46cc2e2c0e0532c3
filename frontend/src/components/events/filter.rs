use std::cmp::Reverse;
use std::collections::BTreeMap;

use leptos::prelude::*;
use oddity_analysis::analysis::{Analysis, EventId, Incident, RankedSeries};
use oddity_analysis::events_csv::events_csv;
use oddity_analysis::report::file_name;
use oddity_detect::event::{Event, SeverityLevel};
use oddity_source::catalog::contains_all;

use crate::browser::download::save_text;
use crate::state::State;
use crate::text;

/// Levels of severity that can be chosen as the lowest, with their names.
const LEVELS: [(SeverityLevel, &str); 4] = [
    (SeverityLevel::Warning, "Warning or worse"),
    (SeverityLevel::Minor, "Minor or worse"),
    (SeverityLevel::Major, "Major or worse"),
    (SeverityLevel::Critical, "Critical"),
];

/// Orders of events, with their names.
const ORDERS: [(EventOrder, &str); 4] = [
    (EventOrder::WorstFirst, "Worst first"),
    (EventOrder::NewestFirst, "Newest first"),
    (EventOrder::OldestFirst, "Oldest first"),
    (EventOrder::ByLabel, "By label"),
];

/// Order of the rows of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum EventOrder {
    #[default]
    WorstFirst,
    NewestFirst,
    OldestFirst,
    ByLabel,
}

/// Which events the table shows, and in which order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EventFilter {
    /// Words that labels or kind of an event contain.
    words: String,
    /// Name of the kind; `None` for all kinds.
    kind: Option<&'static str>,
    /// Lowest severity.
    level: SeverityLevel,
    order: EventOrder,
}

/// Incident with those of its events that a filter keeps.
pub(super) type ChosenIncident<'a> = (&'a Incident, Vec<(&'a RankedSeries, &'a Event)>);

impl Default for EventFilter {
    fn default() -> Self {
        Self {
            words: String::new(),
            kind: None,
            level: SeverityLevel::Low,
            order: EventOrder::default(),
        }
    }
}

impl EventFilter {
    /// Returns the incidents with an event that the filter keeps, in its order.
    pub(super) fn choose<'a>(&self, analysis: &'a Analysis) -> Vec<ChosenIncident<'a>> {
        let search = self.words.to_lowercase();
        let words: Vec<&str> = search.split_whitespace().collect();
        let keeps = |(ranked, event): &(&RankedSeries, &Event)| {
            let labels = || &analysis.series(ranked).0.labels;
            event.level() >= self.level
                && self.kind.is_none_or(|kind| kind == event.kind.name())
                && (words.is_empty()
                    || contains_all(&format!("{} {}", labels(), event.kind.name()), &words))
        };
        let chosen = |incident: &'a Incident| {
            let events: Vec<_> = analysis.incident_events(incident).filter(keeps).collect();
            (!events.is_empty()).then_some((incident, events))
        };
        let mut chosen: Vec<ChosenIncident<'a>> =
            analysis.incidents.iter().filter_map(chosen).collect();
        let labels = |events: &[(&'a RankedSeries, &'a Event)]| {
            events.first().map(|(ranked, _)| &analysis.series(ranked).0.labels)
        };
        match self.order {
            EventOrder::WorstFirst => {}
            EventOrder::NewestFirst => chosen.sort_by_key(|(incident, _)| Reverse(incident.start)),
            EventOrder::OldestFirst => chosen.sort_by_key(|(incident, _)| incident.start),
            EventOrder::ByLabel => chosen.sort_by(|(_, a), (_, b)| labels(a).cmp(&labels(b))),
        }
        chosen
    }
}

/// The controls above the table: filter, order and export.
#[component]
pub(super) fn EventControls(
    /// Which events are shown.
    filter: RwSignal<EventFilter>,
) -> impl IntoView {
    let state = expect_context::<State>();
    let kinds = Memo::new(move |_| {
        let analysis = state.throttled_analysis.get();
        let events = analysis.iter().flat_map(|analysis| &analysis.ranking);
        let events = events.flat_map(|ranked| &ranked.events);
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for event in events {
            *counts.entry(event.kind.name()).or_default() += 1;
        }
        counts.into_iter().collect::<Vec<_>>()
    });
    let told = move || {
        let analysis = state.throttled_analysis.get()?;
        let chosen = filter.read().choose(&analysis);
        let count = chosen.iter().map(|(_, events)| events.len()).sum();
        let of = analysis.event_count();
        (count < of).then(|| text::events_shown(count, of))
    };
    let kind_options = move || {
        kinds
            .get()
            .into_iter()
            .map(|(kind, count)| view! { <option value=kind prop:selected=move || filter.read().kind == Some(kind)>{format!("{kind} ({count})")}</option> })
            .collect_view()
    };
    view! {
        <div class="filters event-filters">
            <input
                type="search"
                aria-label="Filter events"
                placeholder="Filter by label or kind"
                prop:value=move || filter.read().words.clone()
                on:input:target=move |event| filter.update(|filter| filter.words = event.target().value())
            />
            <select
                class="chip"
                aria-label="Severity"
                on:change:target=move |event| {
                    let at = event.target().selected_index();
                    let level = usize::try_from(at - 1).ok().and_then(|at| LEVELS.get(at));
                    filter.update(|filter| filter.level = level.map_or(SeverityLevel::Low, |(level, _)| *level));
                }
            >
                <option prop:selected=move || filter.read().level == SeverityLevel::Low>"Any severity"</option>
                {LEVELS.map(|(level, name)| view! { <option prop:selected=move || filter.read().level == level>{name}</option> })}
            </select>
            <select
                class="chip"
                aria-label="Kind"
                on:change:target=move |event| {
                    let name = event.target().value();
                    let kind = kinds.read_untracked().iter().map(|(kind, _)| *kind).find(|kind| *kind == name);
                    filter.update(|filter| filter.kind = kind);
                }
            >
                <option value="" prop:selected=move || filter.read().kind.is_none()>"All kinds"</option>
                {kind_options}
            </select>
            <select
                class="chip"
                aria-label="Order of events"
                on:change:target=move |event| {
                    let at = usize::try_from(event.target().selected_index()).unwrap_or_default();
                    filter.update(|filter| filter.order = ORDERS.get(at).map_or(EventOrder::WorstFirst, |(order, _)| *order));
                }
            >
                {ORDERS.map(|(order, name)| view! { <option prop:selected=move || filter.read().order == order>{name}</option> })}
            </select>
            <button class="chip" type="button" on:click=move |_| export(state, &filter.read_untracked())>"Export CSV"</button>
            <span class="sub" role="status">{told}</span>
        </div>
    }
}

/// Saves the events that the filter keeps as CSV.
fn export(state: State, filter: &EventFilter) {
    let Some(analysis) = state.throttled_analysis.get_untracked() else { return };
    let chosen = filter.choose(&analysis);
    let events = chosen.iter().flat_map(|(_, events)| events);
    let ids: Vec<EventId> = events.map(|(ranked, event)| ranked.event_id(event)).collect();
    let query = &analysis.detected.loaded.query;
    let name = file_name(&query.expr, query.end, "csv");
    save_text(&events_csv(&analysis, &ids), "text/csv;charset=utf-8", &name);
}

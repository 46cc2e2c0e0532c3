//! Incidents of an analysis: its events, grouped by what began together.

use std::collections::BTreeSet;

use super::{Analysis, Detected, EventId, RankedSeries};
use crate::incidents::{
    IncidentEvent, IncidentSide, SharedLabels, group, shared_labels, tolerance,
};
use oddity_detect::event::Event;
use oddity_detect::series::Labels;
use oddity_detect::time::Timestamp;

/// Events that began together: see [`crate::incidents`]. It may be a single event.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// Events as indices of a series in the ranking and of an event among its events, worst first; never empty.
    pub members: Vec<(usize, usize)>,
    /// Number of series with an event of the incident.
    pub series: usize,
    /// Labels that these series have in common.
    pub shared: SharedLabels,
    /// Earliest start of its events.
    pub start: Timestamp,
    /// Latest end of its events.
    pub end: Timestamp,
    /// Whether one of its events is ongoing.
    pub ongoing: bool,
}

impl Incident {
    /// Returns whether several series have an event of the incident.
    pub fn is_shared(&self) -> bool {
        self.series > 1
    }
}

/// Groups the events of all series. Cost: O(n log n) for n events, and O(series) for an incident of several series.
pub(super) fn incidents(detected: &Detected, ranking: &[RankedSeries]) -> Vec<Incident> {
    let places: Vec<(usize, usize)> = ranking
        .iter()
        .enumerate()
        .flat_map(|(rank, ranked)| (0..ranked.events.len()).map(move |event| (rank, event)))
        .collect();
    let event = |(rank, event): (usize, usize)| (&ranking[rank], &ranking[rank].events[event]);
    let all: Vec<IncidentEvent> = places
        .iter()
        .map(|&place| {
            let (ranked, event) = event(place);
            IncidentEvent {
                series: ranked.index,
                side: IncidentSide::of(event.kind, event.direction),
                start: event.display_start,
                severity: event.severity,
                score: event.score,
            }
        })
        .collect();
    let labels: Vec<&Labels> = detected.loaded.series.iter().map(|series| &series.labels).collect();
    let incident = |members: Vec<usize>| {
        let series: BTreeSet<usize> = members.iter().map(|at| all[*at].series).collect();
        let events = || members.iter().map(|at| event(places[*at]).1);
        Some(Incident {
            series: series.len(),
            shared: match series.len() {
                1 => SharedLabels::default(),
                _ => shared_labels(&labels, &series),
            },
            start: events().map(|event| event.display_start).min()?,
            end: events().map(|event| event.end).max()?,
            ongoing: events().any(|event| event.ongoing),
            members: members.iter().map(|at| places[*at]).collect(),
        })
    };
    group(&all, tolerance(detected.loaded.query.step)).into_iter().filter_map(incident).collect()
}

impl Analysis {
    /// Returns whether an incident has events of several series, so that incidents are what is counted.
    pub fn has_shared_incidents(&self) -> bool {
        self.incidents.iter().any(Incident::is_shared)
    }

    /// Returns all events with the series they are in: the worst event of each incident, most severe first, then all
    /// others, most severe first.
    pub fn worst_events(&self) -> Vec<(&RankedSeries, &Event)> {
        let worst = self.incidents.iter().filter_map(|incident| incident.members.first());
        let others = self.incidents.iter().flat_map(|incident| incident.members.iter().skip(1));
        let mut others: Vec<_> = others.filter_map(|&place| self.event_at(place)).collect();
        others.sort_by(|(_, a), (_, b)| {
            b.severity.total_cmp(&a.severity).then(b.score.total_cmp(&a.score))
        });
        worst.filter_map(|&place| self.event_at(place)).chain(others).collect()
    }

    /// Returns the events of an incident with the series they are in, worst first.
    pub fn incident_events(
        &self,
        incident: &Incident,
    ) -> impl Iterator<Item = (&RankedSeries, &Event)> {
        incident.members.iter().filter_map(|&place| self.event_at(place))
    }

    fn event_at(&self, (rank, event): (usize, usize)) -> Option<(&RankedSeries, &Event)> {
        let ranked = self.ranking.get(rank)?;
        Some((ranked, ranked.events.get(event)?))
    }

    /// Returns the incident that an event belongs to, with its index.
    pub fn incident_of(&self, id: EventId) -> Option<(usize, &Incident)> {
        self.incidents.iter().enumerate().find(|(_, incident)| {
            self.incident_events(incident).any(|(ranked, event)| ranked.event_id(event) == id)
        })
    }
}

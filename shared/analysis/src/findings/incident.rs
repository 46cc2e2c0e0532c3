//! Incidents: events that began together.

use std::collections::HashMap;

use serde::Serialize;

use super::{LabelObject, MAX_EVENTS, Rfc3339Time};
use crate::analysis::{Analysis, EventId, RankedSeries};
use crate::words::{self, Clock};
use oddity_detect::event::{Event, SeverityLevel};

/// Events of several series that began together, or a single event.
#[derive(Debug, Serialize)]
pub struct IncidentFindings<'a> {
    /// Rank among all incidents, from 1.
    pub number: usize,
    /// Incident in a few words: how many series, which, and since when.
    pub what: String,
    /// Largest severity of its events, 0 to 100.
    pub severity: f64,
    /// Severity as a word.
    pub level: SeverityLevel,
    /// Earliest start of its events.
    pub start: Rfc3339Time,
    /// Latest end of its events.
    pub end: Rfc3339Time,
    /// Whether one of its events is ongoing.
    pub ongoing: bool,
    /// Number of series with an event of the incident.
    pub series_count: usize,
    /// Number of series of the query with the labels that these share.
    pub of: usize,
    /// Labels that all series of the incident share, without the metric name.
    pub labels: LabelObject<'a>,
    /// Number of its worst event.
    pub worst: usize,
    /// Numbers of its events, worst first.
    pub events: Vec<usize>,
}

/// Builds the incidents. `worst` are all events in the order of their numbers.
pub(super) fn incidents<'a>(
    analysis: &'a Analysis,
    worst: &[(&RankedSeries, &Event)],
) -> Vec<IncidentFindings<'a>> {
    let numbers: HashMap<EventId, usize> = worst
        .iter()
        .enumerate()
        .map(|(at, (ranked, event))| (ranked.event_id(event), at + 1))
        .collect();
    let incidents = analysis.incidents.iter().take(MAX_EVENTS).enumerate();
    let built = incidents.filter_map(|(at, incident)| {
        let (ranked, event) = analysis.incident_events(incident).next()?;
        let events: Vec<usize> = analysis
            .incident_events(incident)
            .filter_map(|(ranked, event)| numbers.get(&ranked.event_id(event)).copied())
            .collect();
        let single = !incident.is_shared();
        Some(IncidentFindings {
            number: at + 1,
            what: match single {
                true => words::what(event, analysis.judged_unit(event.quantity)),
                false => words::incident(incident, Clock::UTC),
            },
            severity: event.severity,
            level: event.level(),
            start: Rfc3339Time(incident.start),
            end: Rfc3339Time(incident.end),
            ongoing: incident.ongoing,
            series_count: incident.series,
            of: if single { 1 } else { incident.shared.of },
            labels: LabelObject(match single {
                true => &analysis.series(ranked).0.labels,
                false => &incident.shared.labels,
            }),
            worst: *events.first()?,
            events,
        })
    });
    built.collect()
}

//! Sentences about incidents: events of several series that began together.

use super::Clock;
use crate::analysis::Incident;
use crate::separating_labels::{LabelSeparation, SeparatingLabel};
use oddity_detect::series::Labels;

/// Maximum number of labels that a sentence about an incident names.
const MAX_LABELS: usize = 3;

/// Returns how many series an incident has and when it began: "16 of 20 series of job="api" from 13:20 UTC".
pub fn incident(incident: &Incident, clock: Clock) -> String {
    let (series, of) = (incident.series, incident.shared.of.max(incident.series));
    let place = match incident_place(incident) {
        Some(labels) => format!(" of {labels}"),
        None => String::new(),
    };
    let (start, zone) = (clock.short(incident.start), clock.zone(incident.start));
    format!("{series} of {of} series{place} from {start} {zone}")
}

/// Returns the labels that tell the series of an incident from the others of its query: "job="api""; `None` without such
/// labels.
pub fn incident_place(incident: &Incident) -> Option<String> {
    let labels = &incident.shared.distinctive;
    let first = labels.iter().take(MAX_LABELS);
    let first = Labels::new(first.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let text = first.to_string();
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(&text);
    (!first.is_empty()).then(|| inner.to_owned())
}

/// Returns how well a label separates the series of an incident: "16 of 16 odd series, 0 of 84 others".
pub fn separating_label(label: &SeparatingLabel, of: &LabelSeparation) -> String {
    format!("{} of {} odd series, {} of {} others", label.odd, of.odd, label.others, of.others)
}

/// Returns the number of other events of an incident: "and 15 more series"; `None` for a single event.
pub fn others_of_incident(incident: &Incident) -> Option<String> {
    match incident.series {
        0 | 1 => None,
        2 => Some("and 1 more series".to_owned()),
        series => Some(format!("and {} more series", series - 1)),
    }
}

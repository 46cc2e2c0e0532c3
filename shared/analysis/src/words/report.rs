//! Fixed texts of the report.

use super::{Clock, count_samples};
use crate::analysis::Incident;
use oddity_detect::event::Event;

/// Text of a report on a query without series.
pub(crate) const NO_SERIES: &str = "The source has no series for this query and range. Check the metric name and the labels, or choose a range in which \
     the series existed.";

/// Beginning of the text of a report on a query without series, before the reason.
pub(crate) const EMPTY: &str = "The query returned no series.";

/// Returns the text of a report where nothing could be judged.
pub(crate) fn unjudged(detector: &str, scope: &str) -> String {
    format!(
        "The detector {detector} had too few samples to judge ({scope}). Choose a longer range, a shorter step or a \
         shorter window."
    )
}

/// Returns the text of a report on series that are too young; `samples` says how many samples they have.
pub(crate) fn young(detector: &str, samples: &str, past: usize) -> String {
    format!(
        "Too young to judge: {samples}. The detector {detector} needs about {past} samples before the first one that it \
         judges. Choose a shorter step, or try again later."
    )
}

/// Returns the text of a report without events.
pub(crate) fn nothing_odd(detector: &str, threshold: &str, scope: &str) -> String {
    format!(
        "The detector {detector} found no events with {threshold} ({scope}). This means only that nothing in these samples \
         exceeds the threshold, not that the system is healthy."
    )
}

/// Returns the status of several events.
pub(crate) fn status(all: usize, ongoing: usize) -> String {
    match ongoing {
        0 => format!("none of {all} events is ongoing"),
        1 => format!("1 of {all} events is ongoing"),
        ongoing => format!("{ongoing} of {all} events are ongoing"),
    }
}

/// Returns how many events are not in the table.
pub(crate) fn unlisted(rest: usize) -> String {
    let (events, are) = if rest == 1 { ("event", "is") } else { ("events", "are") };
    format!("The {rest} least severe {events} {are} not listed.")
}

/// Returns the incident that the worst event belongs to.
pub(crate) fn part_of_incident(incident: &Incident, clock: Clock) -> String {
    format!("part of an incident: {}", super::incident(incident, clock))
}

/// Head of the table of incidents.
pub(crate) const SUMMARY_HEAD: &str =
    "| Event | Severity | What | Series | Start | End |\n| ---: | --- | --- | --- | --- | --- |\n";

/// Returns the series of an incident of several: "a and 15 more series of job="api"".
pub(crate) fn worst_of(incident: &Incident, worst: &str) -> String {
    let others = super::others_of_incident(incident).unwrap_or_default();
    match super::incident_place(incident) {
        Some(labels) => format!("{worst} {others} of {labels}"),
        None => format!("{worst} {others}"),
    }
}

/// Returns when an event began and ended: "2026-01-31 11:40:00 UTC to 2026-01-31 11:49:00 UTC".
pub(crate) fn when(event: &Event, clock: Clock) -> String {
    let start = clock.full(event.display_start);
    match event.ongoing {
        true => format!("since {start}"),
        false => format!("{start} to {}", clock.full(event.end)),
    }
}

/// Returns the normal range: "normal is 5.45/s to 10.51/s".
pub(crate) fn normal(range: &str) -> String {
    format!("normal is {range}")
}

/// Returns what the expected value was learnt from: "learnt from the 60 samples (1 h) before".
pub(crate) fn learnt_from(baseline: &str) -> String {
    format!("learnt from {baseline}")
}

/// Name of the series of a query that returns only one, without labels.
pub(crate) const ONLY_SERIES: &str = "the only series of the query";

/// Remark on an event around which samples are missing.
pub(crate) const SAMPLES_MISSING: &str = "some are missing around the event";

/// Returns an action against the cause of this number: "Against cause 1 at checkout: Roll back the last change first".
pub(crate) fn act(action: &str, cause: usize, place: Option<&str>) -> String {
    let at = place.map(|place| format!(" at {place}")).unwrap_or_default();
    format!("Against cause {cause}{at}: {}", action.trim_end_matches('.'))
}

/// Returns what a query after a colon would show about the cause of this number.
pub(crate) fn look(see: &str, cause: usize) -> String {
    format!("About cause {cause}, \"{see}\"")
}

/// Head of the table of events.
pub(crate) const EVENTS_HEAD: &str = "| Event | Severity | Kind | Series | Start | End | Course | Peak | Expected | Normal range | Deviation | Score |\n\
     | ---: | --- | --- | --- | --- | --- | --- | ---: | ---: | --- | ---: | ---: |\n";

/// Head of the table of times at which a condition holds.
pub(crate) const HOLDING_HEAD: &str =
    "| Series | First sample | Last sample | Lasted |\n| --- | --- | --- | --- |\n";

/// Head of the table of actions.
pub(crate) const ACTIONS_HEAD: &str =
    "| Action | Type | Cause | Owner | Due |\n| --- | --- | ---: | --- | --- |\n";

/// Head of the table of related series.
pub(crate) const RELATED_HEAD: &str =
    "| Series | Before and during | Compared with usual | Began |\n| --- | --- | --- | --- |\n";

/// Moments of the timeline of an event.
pub(crate) mod timeline {
    use super::count_samples;

    /// Moment before the onset at which the change began.
    pub(crate) const ESTIMATED_START: &str = "estimated start";
    /// Moment of the first flagged sample.
    pub(crate) const ONSET: &str = "onset: first odd sample";
    /// Moment from which on no sample is flagged, where none had left the band.
    pub(crate) const ENDED: &str = "end: no longer odd";
    /// Moment of the first sample back in the band.
    pub(crate) const RECOVERED: &str = "recovery: back within the band of the onset";
    /// Last moment of the range, for an ongoing event.
    pub(crate) const ONGOING: &str = "end of the range: still odd";
    /// Moment of the last flagged sample, where no recovery followed.
    pub(crate) const LAST: &str = "last odd sample; not recovered by the end of the range";

    /// Returns the moment at which enough samples were flagged.
    pub(crate) fn detected(samples: usize) -> String {
        format!("detection: odd for {}", count_samples(samples))
    }
}

/// Returns what was compared to find related series.
pub(crate) fn related(judged: usize, window: &str, before: &str) -> String {
    format!(
        "Compared {judged} series from the same target, host or job: the window {window} with the time since {before}, and \
         each series with its usual changes. At most 1 in 20 of the listed series changed by chance. {}",
        super::related::NOT_A_CAUSE
    )
}

/// Value of the spread of a baseline that does not vary.
pub(crate) const CONSTANT_BASELINE: &str =
    "0 (the baseline is constant, so any change scores high)";

/// Sentence above the facts of a baseline.
pub(crate) const BASELINE: &str = "The baseline of the worst event, at its onset.";

/// Returns whether a detector judges samples by later ones.
pub(crate) fn causal(causal: bool) -> &'static str {
    if causal {
        "no: every sample is judged by earlier samples only"
    } else {
        "yes: the results are for looking back, not for alerting"
    }
}

/// Returns the note on a raw counter; `suggestion` is PromQL as Markdown.
pub(crate) fn raw_counter(suggestion: &str) -> String {
    format!("its increase per step was evaluated; {suggestion} may be easier to read")
}

/// Returns how many series were not analysed, before their names.
pub(crate) fn native_histograms(count: usize) -> String {
    format!("{count} series of native histograms, which have no single value")
}

/// Returns the result of the comparison of a rule with the source; `result` is Markdown.
pub(crate) fn verification(result: Option<&str>) -> String {
    match result {
        Some(result) => format!("Verified against the source: {result}"),
        None => "Not verified against the source.".to_owned(),
    }
}

//! Incidents: events of different series that began together are one thing to look at.
//!
//! Two events belong together if they are on the same side and one begins within the tolerance after the other. A chain of
//! them may not last longer than `MAX_CHAIN` tolerances, so that a busy day is no incident. Events of one series alone stay
//! apart: only what several series show at once is grouped.
//!
//! Cost: O(n log n) for n events.

use std::collections::BTreeSet;

use oddity_detect::event::{Direction, EventKind};
use oddity_detect::series::{Labels, METRIC_NAME};
use oddity_detect::time::{Span, Step, Timestamp};

/// Number of steps within which events begin together, within [`MAX_TOLERANCE`].
const TOLERANCE_STEPS: usize = 20;

/// Maximum time within which events begin together, unless that is less than [`MIN_STEPS`].
const MAX_TOLERANCE: Span = Span::from_seconds(1_200);

/// Minimum number of steps within which events begin together.
const MIN_STEPS: usize = 3;

/// Maximum time from the first to the last onset of an incident, in tolerances.
const MAX_CHAIN: u64 = 3;

/// Side on which an event lies. Events on different sides are different incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IncidentSide {
    /// Values above the expected ones.
    Up,
    /// Values below the expected ones.
    Down,
    /// Values that stopped changing.
    Flat,
    /// Samples that stopped coming.
    Gap,
}

/// Event as far as it matters for what it belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IncidentEvent {
    /// Index of the series.
    pub series: usize,
    /// Side of the event.
    pub side: IncidentSide,
    /// Time at which the event is shown to begin.
    pub start: Timestamp,
    /// Severity, 0 to 100.
    pub severity: f64,
    /// Score, which orders events of one severity.
    pub score: f64,
}

/// Number of series with labels in common that have an event at the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedLabels {
    /// Labels with the same value in all series with an event, without the metric name.
    pub labels: Labels,
    /// Shared labels that not all series of the query have; empty if there are none.
    pub distinctive: Labels,
    /// Number of series of the query with these labels.
    pub of: usize,
}

impl IncidentSide {
    /// Returns the side of an event.
    pub fn of(kind: EventKind, direction: Direction) -> Self {
        match (kind, direction) {
            (EventKind::Gap, _) => Self::Gap,
            (EventKind::FlatLine, _) => Self::Flat,
            (_, Direction::Up) => Self::Up,
            (_, Direction::Down) => Self::Down,
        }
    }
}

/// Returns the time within which events begin together: 20 steps, at most 20 minutes and at least 3 steps.
pub fn tolerance(step: Step) -> Span {
    step.times(TOLERANCE_STEPS).min(MAX_TOLERANCE).max(step.times(MIN_STEPS))
}

/// Groups events into incidents. Returns the indices of the events of each incident, its worst event first; incidents are
/// sorted by their worst event, most severe first. Every event is in one incident, which may be its only event.
pub fn group(events: &[IncidentEvent], tolerance: Span) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_key(|&at| (events[at].side, events[at].start, at));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for at in order {
        let joins = groups.last().is_some_and(|group| {
            let (Some(&first), Some(&last)) = (group.first(), group.last()) else { return false };
            let (first, last, event) = (&events[first], &events[last], &events[at]);
            last.side == event.side
                && event.start.since(last.start) <= tolerance
                && event.start.since(first.start).millis() <= tolerance.millis() * MAX_CHAIN
        });
        match groups.last_mut() {
            Some(group) if joins => group.push(at),
            _ => groups.push(vec![at]),
        }
    }
    let several =
        |group: &Vec<usize>| group.iter().any(|at| events[*at].series != events[group[0]].series);
    let worse = |a: &usize, b: &usize| {
        let (a, b) = (&events[*a], &events[*b]);
        b.severity.total_cmp(&a.severity).then(b.score.total_cmp(&a.score))
    };
    let mut incidents: Vec<Vec<usize>> = groups
        .into_iter()
        .flat_map(|group| {
            if several(&group) {
                vec![group]
            } else {
                group.into_iter().map(|at| vec![at]).collect()
            }
        })
        .collect();
    for incident in &mut incidents {
        incident.sort_by(|a, b| worse(a, b).then(a.cmp(b)));
    }
    incidents.sort_by(|a, b| worse(&a[0], &b[0]).then(a[0].cmp(&b[0])));
    incidents
}

/// Returns what the series with an event have in common, among `all` series of the query. `members` are their indices.
/// Cost: O(labels of all series).
pub fn shared_labels(all: &[&Labels], members: &BTreeSet<usize>) -> SharedLabels {
    let mut labels = members.iter().filter_map(|member| all.get(*member));
    let Some(first) = labels.next() else { return SharedLabels::default() };
    let mut shared: Vec<(&str, &str)> =
        first.iter().filter(|(name, _)| *name != METRIC_NAME).collect();
    for labels in labels {
        shared.retain(|(name, value)| labels.get(name) == Some(*value));
    }
    let owned = |pairs: &[(&str, &str)]| {
        Labels::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    };
    let has = |labels: &Labels, (name, value): &(&str, &str)| labels.get(name) == Some(*value);
    let of = all.iter().filter(|labels| shared.iter().all(|pair| has(labels, pair))).count();
    let distinctive: Vec<(&str, &str)> =
        shared.iter().filter(|pair| !all.iter().all(|labels| has(labels, pair))).copied().collect();
    SharedLabels { labels: owned(&shared), distinctive: owned(&distinctive), of }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: i64 = 60_000;
    const TOLERANCE: Span = Span::from_seconds(1_200);

    fn event(series: usize, side: IncidentSide, minute: i64, severity: f64) -> IncidentEvent {
        IncidentEvent { series, side, start: Timestamp(minute * MINUTE), severity, score: 0.0 }
    }

    #[test]
    fn events_that_begin_together_are_one_incident() {
        use IncidentSide::{Down, Gap, Up};
        let check = |events: &[(usize, IncidentSide, i64, f64)], expected: &[&[usize]]| {
            let events: Vec<IncidentEvent> = events
                .iter()
                .map(|&(series, side, minute, severity)| event(series, side, minute, severity))
                .collect();
            assert_eq!(group(&events, TOLERANCE), expected);
        };
        check(&[], &[]);
        check(&[(0, Up, 0, 50.0), (1, Up, 20, 60.0)], &[&[1, 0]]);
        check(&[(0, Up, 0, 50.0), (1, Up, 21, 60.0)], &[&[1], &[0]]);
        check(&[(0, Up, 0, 50.0), (1, Down, 0, 60.0), (2, Gap, 0, 70.0)], &[&[2], &[1], &[0]]);
        // Events of one series alone stay apart, beside others they belong together.
        check(&[(0, Up, 0, 50.0), (0, Up, 5, 60.0)], &[&[1], &[0]]);
        check(&[(0, Up, 0, 50.0), (0, Up, 5, 60.0), (1, Up, 3, 10.0)], &[&[1, 0, 2]]);
        // A chain ends after an hour.
        let chain: Vec<_> = (0..8).map(|at| (at, Up, at as i64 * 15, 50.0)).collect();
        check(&chain, &[&[0, 1, 2, 3, 4], &[5, 6, 7]]);
    }

    #[test]
    fn the_tolerance_follows_the_step() {
        let check = |step: u64, seconds: u64| {
            assert_eq!(tolerance(Step::from_seconds(step)), Span::from_seconds(seconds), "{step}");
        };
        check(5, 100);
        check(15, 300);
        check(60, 1_200);
        check(300, 1_200);
        check(3_600, 10_800);
    }

    #[test]
    fn labels_in_common() {
        let labels = |pairs: &[(&str, &str)]| {
            Labels::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
        };
        let all = [
            labels(&[("__name__", "up"), ("env", "prod"), ("job", "api"), ("pod", "a")]),
            labels(&[("__name__", "up"), ("env", "prod"), ("job", "api"), ("pod", "b")]),
            labels(&[("__name__", "up"), ("env", "prod"), ("job", "api"), ("pod", "c")]),
            labels(&[("__name__", "up"), ("env", "prod"), ("job", "web"), ("pod", "d")]),
        ];
        let all: Vec<&Labels> = all.iter().collect();
        let check =
            |members: &[usize], shared: &[(&str, &str)], distinctive: &[(&str, &str)], of| {
                let found = shared_labels(&all, &members.iter().copied().collect());
                let expected =
                    SharedLabels { labels: labels(shared), distinctive: labels(distinctive), of };
                assert_eq!(found, expected);
            };
        check(&[0, 1], &[("env", "prod"), ("job", "api")], &[("job", "api")], 3);
        check(&[0, 3], &[("env", "prod")], &[], 4);
        check(&[], &[], &[], 0);
    }

    proptest! {
        #[test]
        fn each_event_is_in_one_incident(
            events in prop::collection::vec((0..5_usize, 0..2_u8, 0..500_i64, 0.0..100_f64), 0..40),
        ) {
            let events: Vec<IncidentEvent> = events
                .iter()
                .map(|&(series, side, minute, severity)| {
                    let side = if side == 0 { IncidentSide::Up } else { IncidentSide::Gap };
                    event(series, side, minute, severity)
                })
                .collect();
            let incidents = group(&events, TOLERANCE);
            let mut all: Vec<usize> = incidents.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..events.len()).collect::<Vec<_>>());
            for incident in &incidents {
                let starts = || incident.iter().map(|at| events[*at].start);
                let (Some(first), Some(last)) = (starts().min(), starts().max()) else { continue };
                prop_assert!(last.since(first).millis() <= 3 * TOLERANCE.millis());
                let worst = events[incident[0]].severity;
                prop_assert!(incident.iter().all(|at| events[*at].severity <= worst));
            }
        }
    }
}

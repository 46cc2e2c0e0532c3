//! Third part of an analysis: the events of every series under a rule, and their order.

use std::sync::Arc;

use super::{Analysis, Detected, RankedSeries, incident};
use oddity_detect::event::{Event, EventKind, Rule, SeriesSamples, events};
use oddity_detect::time::{Span, Timestamp};

/// Applies the rule. Cost: one pass over the scores of a series and little an event; more for an onset that no rule
/// found before, which is why it is kept.
pub fn analyze(detected: Arc<Detected>, rule: Rule) -> Analysis {
    EventSearch::new(detected, rule).finish()
}

/// Search for events that can pause between two series: see [`analyze`].
#[derive(Debug)]
pub struct EventSearch {
    detected: Arc<Detected>,
    rule: Rule,
    lacks_samples: bool,
    /// One a series that was searched, in the order of `detected`.
    found: Vec<RankedSeries>,
}

impl EventSearch {
    /// Creates a search that has searched no series yet.
    pub fn new(detected: Arc<Detected>, rule: Rule) -> Self {
        let (lacks_samples, found) = (detected.lacks_samples(), Vec::new());
        Self { detected, rule, lacks_samples, found }
    }

    /// Searches the next series, and returns whether there was one. Cost: see [`analyze`].
    pub fn advance(&mut self) -> bool {
        let index = self.found.len();
        let (Some(found), Some(series)) =
            (self.detected.series.get(index), self.detected.loaded.series.get(index))
        else {
            return false;
        };
        let period = || found.prepared.period(series);
        let trained = found.prepared.trained.as_deref();
        let values = trained.unwrap_or_else(|| found.prepared.judged(series));
        let samples = SeriesSamples { values, period: &period };
        let at = |index| series.grid.at(index);
        let history = self.detected.loaded.query.history;
        let mut events = events(samples, &found.detection, &found.onsets, &self.rule, history, at);
        if let Some(life) = found.prepared.life.lifetime.filter(|_| trained.is_some()) {
            events.iter_mut().for_each(|event| begin_within(event, at(life.first)));
        }
        if self.lacks_samples {
            events.retain(|event| event.kind != EventKind::Gap);
        }
        let severity = events.iter().map(|event| event.severity).fold(0.0, f64::max);
        self.found.push(RankedSeries { index, events, severity, score: found.score });
        true
    }

    /// Searches the rest of the series, ranks all, and groups what began together.
    pub fn finish(mut self) -> Analysis {
        while self.advance() {}
        let Self { detected, rule, found: mut ranking, .. } = self;
        ranking.sort_by(|a, b| {
            let events = |ranked: &RankedSeries| !ranked.events.is_empty();
            (events(b).cmp(&events(a)))
                .then(b.severity.total_cmp(&a.severity))
                .then(b.score.total_cmp(&a.score))
        });
        let incidents = incident::incidents(&detected, &ranking);
        Analysis { detected, rule, ranking, incidents }
    }
}

/// Lets an event begin at the first sample of its series, if it seems to have begun in the past that the series inherits.
fn begin_within(event: &mut Event, birth: Timestamp) {
    event.estimated_start = event.estimated_start.max(birth);
    if event.display_start < birth {
        event.lasted = Span::from_millis(
            event.lasted.millis().saturating_sub(birth.since(event.display_start).millis()),
        );
        event.display_start = birth;
    }
}

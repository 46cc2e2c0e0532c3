//! An analysis that continues an earlier one of the same samples and newer ones.

use std::sync::Arc;

use super::{Analysis, RankedSeries};
use oddity_detect::event::{Event, SeverityLevel};

/// Number of steps before the end of the earlier samples in which an event can still be new, because they arrived late.
const LATE: usize = 10;

impl Analysis {
    /// Returns whether this is the analysis of the samples of `earlier` and newer ones under the same settings, so that
    /// the identities of events stay.
    pub fn continues(&self, earlier: &Self) -> bool {
        let (now, before) = (&self.detected, &earlier.detected);
        self.rule == earlier.rule
            && (now.detector, &now.learning) == (before.detector, &before.learning)
            && !Arc::ptr_eq(&now.loaded, &before.loaded)
            && now.loaded.continues(&before.loaded)
    }

    /// Returns the worst new event of each incident: one of at least a severity that the newer samples have added to those
    /// of `earlier`, or that has grown to that severity with them; none unless this analysis continues it. An event whose
    /// onset moved is not new.
    pub fn new_since(&self, earlier: &Self, level: SeverityLevel) -> Vec<(&RankedSeries, &Event)> {
        if !self.continues(earlier) {
            return Vec::new();
        }
        let query = &earlier.detected.loaded.query;
        let (end, late) = (query.end, query.step.times(LATE));
        let is_new = |ranked: &RankedSeries, event: &Event| {
            let known = earlier.of_series(Some(ranked.index));
            let mut known = known.into_iter().flat_map(|ranked| &ranked.events);
            event.level() >= level
                && event.end + late > end
                && known.all(|known| known.end < event.display_start || known.level() < level)
        };
        let worst = self.incidents.iter().filter_map(|incident| {
            self.incident_events(incident).find(|(ranked, event)| is_new(ranked, event))
        });
        worst.collect()
    }
}

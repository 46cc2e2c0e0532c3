//! Alerts before the range: what a sensitivity costs, by the past of the same series.

use super::Analysis;
use oddity_detect::event::deviation_counts;
use oddity_detect::time::Span;

/// Shortest history that tells how often a series alerts, in seconds.
const MIN_HISTORY: u64 = 2 * 86_400;

/// Time in seconds at the start of the history that is left out, because a detector knows little there.
const WARM_UP: u64 = 86_400;

/// Time in seconds without an alert that separates two of them.
const PAUSE: u64 = 3_600;

/// How often the series alerted before the range, by the detector and the rule of an analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastAlerts {
    /// Number of alerts in all series; those less than an hour apart in one series count once.
    pub count: usize,
    /// Number of series.
    pub series: usize,
    /// Time before the range in which they were counted.
    pub span: Span,
}

impl Analysis {
    /// Counts the alerts before the range; `None` if the history is shorter than two days. Cost: O(samples of the history).
    pub fn past_alerts(&self) -> Option<PastAlerts> {
        let loaded = &self.detected.loaded;
        let query = &loaded.query;
        let samples = |seconds: u64| (1_000 * seconds / query.step.millis()).max(1) as usize;
        let span = |samples: usize| Span::from_millis(samples as u64 * query.step.millis());
        let begun = loaded.first_sample().map_or(Span::ZERO, |first| query.start.since(first));
        let known = ((begun.millis() / query.step.millis()) as usize).min(query.history);
        if known < samples(MIN_HISTORY) {
            return None;
        }
        let (from, pause) = (query.history - known + samples(WARM_UP), samples(PAUSE));
        let count = self.detected.series.iter().map(|found| {
            let opening = self.rule.opening_threshold(&found.detection);
            let alerts = found.detection.alert_scores();
            let (mut count, mut last) = (0, None);
            let history = alerts.iter().enumerate().take(query.history).skip(from);
            let alerting = history.filter(|(at, score)| {
                **score > 0.0
                    && **score >= opening
                    && deviation_counts(&found.detection, &self.rule, *at)
            });
            for (at, _) in alerting {
                count += usize::from(last.is_none_or(|last| at - last >= pause));
                last = Some(at);
            }
            count
        });
        Some(PastAlerts {
            count: count.sum(),
            series: self.detected.series.len(),
            span: span(query.history - from),
        })
    }
}

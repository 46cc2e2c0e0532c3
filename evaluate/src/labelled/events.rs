use oddity_detect::time::Span;

/// Maximum number of samples after the last labelled one at which an event still counts.
pub const TOLERANCE: usize = 3;

/// Agreement of the events of a detector with labels. An incident is a run of labelled rows; an event finds it if it begins
/// in it or at most [`TOLERANCE`] samples after it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Found {
    /// Number of incidents.
    pub incidents: usize,
    /// Number of incidents that were found.
    pub found: usize,
    /// Number of events.
    pub events: usize,
    /// Number of events that found an incident.
    pub right: usize,
    /// Sum of the delays from the first sample of an incident to its first event, in samples.
    pub delay: usize,
    /// Number of judged samples.
    pub samples: usize,
    /// Duration of the judged samples.
    pub span: Span,
}

/// Compares the rows at which events begin, rising, with the labels of all rows, which last for `span`.
pub fn found(onsets: &[usize], labels: &[bool], span: Span) -> Found {
    let mut sum = Found { events: onsets.len(), samples: labels.len(), span, ..Found::default() };
    let (mut at, mut onsets) = (0, onsets.iter().copied().peekable());
    for run in labels.chunk_by(|a, b| a == b) {
        let (start, end) = (at, at + run.len());
        at = end;
        if !run[0] {
            continue;
        }
        while onsets.next_if(|onset| *onset < start).is_some() {}
        sum.incidents += 1;
        if let Some(first) = onsets.peek().filter(|first| **first < end + TOLERANCE) {
            sum.found += 1;
            sum.delay += first - start;
        }
        while onsets.next_if(|onset| *onset < end + TOLERANCE).is_some() {
            sum.right += 1;
        }
    }
    sum
}

impl Found {
    /// Adds two agreements.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            incidents: self.incidents + other.incidents,
            found: self.found + other.found,
            events: self.events + other.events,
            right: self.right + other.right,
            delay: self.delay + other.delay,
            samples: self.samples + other.samples,
            span: Span::from_millis(self.span.millis() + other.span.millis()),
        }
    }

    /// Returns the share of the events that found an incident; `None` without an event.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.right as f64, self.events as f64)
    }

    /// Returns the share of the incidents that were found; `None` without an incident.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.found as f64, self.incidents as f64)
    }

    /// Returns the harmonic mean of precision and recall; 0 if nothing was found, `None` without an incident.
    pub fn f1(&self) -> Option<f64> {
        let (precision, recall) = (self.precision().unwrap_or(0.0), self.recall()?);
        Some(ratio(2.0 * precision * recall, precision + recall).unwrap_or(0.0))
    }

    /// Returns the number of events per day.
    pub fn a_day(&self) -> Option<f64> {
        ratio(self.events as f64 * 86_400.0, self.span.as_seconds())
    }

    /// Returns the number of events per 10,000 samples that found no incident.
    pub fn false_in_10_000(&self) -> Option<f64> {
        ratio((self.events - self.right) as f64 * 1e4, self.samples as f64)
    }

    /// Returns the mean delay from the first sample of an incident to its first event; `None` if none was found.
    pub fn mean_delay(&self) -> Option<f64> {
        ratio(self.delay as f64, self.found as f64)
    }
}

fn ratio(a: f64, b: f64) -> Option<f64> {
    (b > 0.0).then(|| a / b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels as a text of `.` and `#`; expected are incidents, found, events, right and delay.
    fn check(labels: &str, onsets: &[usize], expected: [usize; 5]) -> Found {
        let labels: Vec<bool> = labels.chars().map(|c| c == '#').collect();
        let of = found(onsets, &labels, Span::from_seconds(labels.len() as u64 * 8_640));
        let got = [of.incidents, of.found, of.events, of.right, of.delay];
        assert_eq!(got, expected, "{labels:?} {onsets:?}");
        of
    }

    #[test]
    fn events_and_incidents() {
        check("", &[], [0, 0, 0, 0, 0]);
        check("......", &[2], [0, 0, 1, 0, 0]);
        check("..##..", &[], [1, 0, 0, 0, 0]);
        check("..##..", &[1], [1, 0, 1, 0, 0]);
        check("..##..", &[2], [1, 1, 1, 1, 0]);
        check("..##..", &[3], [1, 1, 1, 1, 1]);
        check("..##.......", &[6], [1, 1, 1, 1, 4]);
        check("..##.......", &[7], [1, 0, 1, 0, 0]);
        check("..####..", &[2, 5], [1, 1, 2, 2, 0]);
        check("#.......##", &[0, 5, 9], [2, 2, 3, 2, 1]);
        // An event between two incidents that are close is the earlier one's.
        check("##..##", &[3], [2, 1, 1, 1, 3]);
    }

    #[test]
    fn shares() {
        let of = check("#.......##", &[0, 5], [2, 1, 2, 1, 0]);
        assert_eq!((of.precision(), of.recall(), of.f1()), (Some(0.5), Some(0.5), Some(0.5)));
        assert_eq!((of.a_day(), of.false_in_10_000()), (Some(2.0), Some(1_000.0)));
        let twice = of.and(&of);
        assert_eq!((twice.incidents, twice.f1(), twice.a_day()), (4, Some(0.5), Some(2.0)));
        let silent = check("##..", &[], [1, 0, 0, 0, 0]);
        assert_eq!(
            (silent.precision(), silent.recall(), silent.f1()),
            (None, Some(0.0), Some(0.0))
        );
        assert_eq!(silent.mean_delay(), None);
        assert_eq!(Found::default().f1(), None);
    }
}

//! Analyses in which no sample could be judged, and contents that need no detector to be told.

use super::{Analysis, DetectedSeries, Shortage};
use crate::content::SeriesContent;

/// Reason why an analysis judged nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unjudged {
    /// Every sample is NaN.
    Nan,
    /// Every sample is infinite.
    Infinite,
    /// All series have just begun.
    Young,
    /// The detector had too few samples.
    TooFew,
}

impl Analysis {
    /// Returns why no sample of any series could be judged: there are too few, or no event and no finite value; `None` if
    /// one was.
    pub fn unjudged(&self) -> Option<Unjudged> {
        let series = &self.detected.series;
        let has_no_value =
            || series.iter().all(|found| found.judged == 0 || found.prepared.content.is_empty());
        let judged = series.iter().any(|found| found.judged > 0);
        if judged && (self.event_count() > 0 || !has_no_value()) {
            return None;
        }
        let young =
            |series: &DetectedSeries| matches!(series.shortage, Some(Shortage::Young { .. }));
        Some(match self.content() {
            Some(SeriesContent::Nothing) => Unjudged::Nan,
            Some(SeriesContent::Infinite) => Unjudged::Infinite,
            _ if !series.is_empty() && series.iter().all(young) => Unjudged::Young,
            _ => Unjudged::TooFew,
        })
    }

    /// Returns the contents that all series have, if these can be told without a detector; [`SeriesContent::Nothing`] if
    /// all samples are NaN, history included.
    pub fn content(&self) -> Option<SeriesContent> {
        let mut contents = self.detected.series.iter().map(|found| found.prepared.content);
        let first = contents.next()?;
        match first {
            SeriesContent::Numbers => None,
            SeriesContent::Nothing => {
                let all = &self.detected.loaded.series;
                let is_nan = all.iter().all(|one| one.values.iter().all(|value| value.is_nan()));
                is_nan.then_some(first)
            }
            SeriesContent::Infinite => contents.all(|other| other == first).then_some(first),
            SeriesContent::Constant(_) | SeriesContent::States(_) => self.states(),
        }
    }

    /// Returns the common contents of series that are constant or 0 and 1 only; a constant is NaN where they differ.
    fn states(&self) -> Option<SeriesContent> {
        let (mut constants, mut shares, mut has_states) = (Vec::new(), 0.0, false);
        let series = &self.detected.series;
        for found in series {
            match found.prepared.content {
                SeriesContent::Constant(value) => {
                    shares += value;
                    constants.push(value);
                }
                SeriesContent::States(share) => {
                    shares += share;
                    has_states = true;
                }
                _ => return None,
            }
        }
        if has_states {
            let is_binary = constants.iter().all(|value| *value == 0.0 || *value == 1.0);
            return is_binary.then(|| SeriesContent::States(shares / series.len() as f64));
        }
        let first = *constants.first()?;
        let is_same = constants.iter().all(|value| value.total_cmp(&first).is_eq());
        Some(SeriesContent::Constant(if is_same { first } else { f64::NAN }))
    }
}

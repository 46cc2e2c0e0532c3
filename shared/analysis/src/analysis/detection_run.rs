//! Second part of an analysis: a detector on every series.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};

use super::job::{CoarsePast, DetectionJob};
use super::{Detected, DetectedSeries, Learning, Prepared, Shortage, inheritance, shortage};
use oddity_detect::detect::{Detection, Detector, PeerGroup, Quantity};
use oddity_detect::event::OnsetCache;
use oddity_source::promql;

/// Up to so many samples of all series together what a detector may need again is kept.
const KEPT: usize = 200_000;

/// Number of samples whose statistics over all series are computed at once.
const COMPARED: usize = 64;

/// Runs the detector on every series. Cost: that of the detector, twice if flagged samples leave the baseline; less
/// where only parameters of the detector have changed.
pub fn detect(prepared: &Prepared, detector: Detector, learning: Learning) -> Detected {
    let mut run = DetectionRun::new(prepared, detector, learning);
    while run.advance() {}
    let series = (0..prepared.series.len()).map(|index| run.detect(index)).collect();
    run.finish(series)
}

/// A detector on the series of a query, one by one, in any order and any place: see [`detect`]. Before the first,
/// [`Self::advance`] has to be called until it returns false.
#[derive(Debug)]
pub struct DetectionRun<'a> {
    prepared: &'a Prepared,
    /// Values of each series that are judged, without those that it inherits.
    own: Vec<&'a [f64]>,
    detector: Detector,
    learning: Learning,
    group: Option<PeerGroup>,
    keeps: bool,
    count_unit: f64,
    quotient: bool,
}

impl<'a> DetectionRun<'a> {
    /// Creates a run that has not compared any series yet.
    pub fn new(prepared: &'a Prepared, detector: Detector, learning: Learning) -> Self {
        let loaded = &prepared.loaded;
        let own = loaded.series.iter().zip(&prepared.series);
        let own: Vec<&[f64]> = own.map(|(series, known)| known.judged(series)).collect();
        Self {
            prepared,
            detector,
            learning,
            group: detector.group(&vec![&[][..]; own.len()]),
            keeps: own.iter().map(|values| values.len()).sum::<usize>() <= KEPT,
            own,
            count_unit: promql::count_unit(&loaded.query.expr),
            quotient: promql::is_quotient(&loaded.query.expr),
        }
    }

    /// Compares all series at the next few samples if the detector needs that, and returns whether there were any. Cost:
    /// that of [`Detector::group`].
    pub fn advance(&mut self) -> bool {
        let Some(group) = &mut self.group else { return false };
        let len = self.own.iter().map(|values| values.len()).min().unwrap_or(0);
        let next = group.center.len()..len.min(group.center.len() + COMPARED);
        let values: Vec<&[f64]> =
            self.own.iter().map(|values| values.get(next.clone()).unwrap_or_default()).collect();
        let Some(found) = self.detector.group(&values).filter(|found| !found.center.is_empty())
        else {
            return false;
        };
        group.append(found);
        true
    }

    /// Returns what the detection of the series at `index` of the query depends on.
    pub fn job(&self, index: usize) -> DetectionJob<'_> {
        let (count_unit, quotient) = (self.count_unit, self.quotient);
        let past = self.prepared.long_past(index);
        let long_past = past.map(|(grid, values)| CoarsePast {
            grid,
            values: Cow::Borrowed(values),
            count_unit,
            quotient,
        });
        let query = &self.prepared.loaded.query;
        DetectionJob {
            detector: self.detector,
            learning: Cow::Borrowed(&self.learning),
            values: Cow::Borrowed(self.prepared.judged_by(index)),
            history: query.history,
            grid: self.prepared.loaded.series[index].grid,
            group: self.group.as_ref().map(Cow::Borrowed),
            long_past,
            succession: self.prepared.series[index].succession,
        }
    }

    /// Runs the detector on the series at `index` of the query. Cost: that of [`DetectionJob::run`].
    pub fn detect(&self, index: usize) -> DetectedSeries {
        let series = &self.prepared.series[index];
        let cache = || series.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = std::mem::take(&mut *cache());
        let detection = self.job(index).run(&mut kept);
        if self.keeps {
            *cache() = kept;
        }
        self.accept(index, detection)
    }

    /// Takes in the result of [`Self::job`], and takes back what the life of the series does not allow to say. Cost: O(n).
    pub fn accept(&self, index: usize, mut detection: Detection) -> DetectedSeries {
        let Prepared { loaded, series, edges, .. } = self.prepared;
        let (known, own, detector) = (&series[index], self.own[index], self.detector);
        let values = self.prepared.judged_by(index);
        if known.growth.is_some() && detection.quantity == Quantity::Value {
            detection.quantity = Quantity::Increase;
        }
        let first = shortage::withhold_first(&mut detection, values, detector);
        let alone = inheritance::confine(&mut detection, &known.life, *edges, detector);
        let alone = alone.start.max(first).min(alone.end)..alone.end;
        let judged = detection.score.get(loaded.query.history..).unwrap_or_default();
        let score = judged.iter().copied().fold(0.0, f64::max);
        let judged = judged.iter().filter(|score| !score.is_nan()).count();
        let shortage = (judged == 0).then(|| Shortage::of(own, detector));
        let (prepared, onsets) = (Arc::clone(known), OnsetCache::default());
        DetectedSeries { prepared, detection, onsets, judged, alone, shortage, score }
    }

    /// Returns the result. `series` are those of the query, in its order.
    pub fn finish(self, series: Vec<DetectedSeries>) -> Detected {
        let Prepared { loaded, unit, suggestion, replaced_label, edges, .. } = self.prepared;
        Detected {
            loaded: Arc::clone(loaded),
            detector: self.detector,
            learning: self.learning,
            unit: *unit,
            series,
            suggestion: suggestion.clone(),
            replaced_label: replaced_label.clone(),
            life_tolerance: edges.tolerance,
        }
    }
}

//! From loaded samples and settings to an analysis, without blocking the page.
//!
//! A few samples are judged at once, so that a chart follows a slider in the same frame. More are judged by workers, series
//! by series; without workers they are judged here, in slices. Newer samples or settings end older work.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::analysis::{
    Analysis, Detected, DetectedSeries, DetectionRun, EventSearch, Learning, Preparation, Prepared,
};
use oddity_detect::detect::{Detection, Detector};
use oddity_source::prometheus::Loaded;
use web_sys::AbortSignal;

use super::abort_handle::AbortHandle;
use super::{FetchProgress, PtrEq, State};
use crate::browser::time_slice::TimeSlice;
use crate::browser::workers::WorkerPool;

/// Maximum number of samples of all series that are judged at once, history included: with the slowest detector they take
/// about 40 ms.
const MAX_AT_ONCE: usize = 50_000;

/// Judging of the fetched samples: its inputs, and what it keeps for the next settings.
#[derive(Clone, Copy)]
pub(super) struct Judging {
    /// Samples to judge; those that are shown belong to the last judging that was completed.
    pub(super) fetched: RwSignal<Option<PtrEq<Loaded>>>,
    detector: Memo<Detector>,
    learning: Memo<Learning>,
    /// Changes when a cancelled judging is to be repeated.
    repeated: RwSignal<()>,
    run: AbortHandle,
    searches: StoredValue<bool>,
    prepared: StoredValue<Option<(PtrEq<Loaded>, Arc<Prepared>)>>,
    pool: StoredValue<Option<Rc<WorkerPool>>, LocalStorage>,
}

impl Judging {
    pub(super) fn new(detector: Memo<Detector>, learning: Memo<Learning>) -> Self {
        Self {
            fetched: RwSignal::new(None),
            detector,
            learning,
            repeated: RwSignal::new(()),
            run: AbortHandle::new(),
            searches: StoredValue::new(false),
            prepared: StoredValue::new(None),
            pool: StoredValue::new_local(None),
        }
    }

    fn pool(self) -> Rc<WorkerPool> {
        let known = self.pool.with_value(Clone::clone);
        known.unwrap_or_else(|| {
            let pool = Rc::new(WorkerPool::new());
            self.pool.set_value(Some(Rc::clone(&pool)));
            pool
        })
    }
}

pub(super) fn follow(state: State) {
    let judging = state.judging;
    Effect::new(move |_| {
        judging.repeated.track();
        let (detector, learning) = (judging.detector.get(), judging.learning.get());
        state.stop_judging();
        match judging.fetched.get() {
            None => {
                judging.prepared.set_value(None);
                state.detected.set(None);
                state.analysis.set(None);
                state.loaded.set(None);
            }
            Some(loaded) => match judging.run.start() {
                Ok(signal) => {
                    spawn_local(async move {
                        let _ = state.judge(loaded, detector, learning, &signal).await;
                    });
                }
                Err(error) => state.error.set(Some(error)),
            },
        }
    });
    Effect::new(move |_| {
        state.detected.track();
        state.rule.track();
        if state.judging_cancelled.get_untracked() {
            // The results are those of other settings, to which this rule does not belong.
            state.judge_again();
        } else if state.unsearched().is_some() && !judging.searches.get_value() {
            judging.searches.set_value(true);
            spawn_local(state.search());
        }
    });
}

/// Judging that was ended by newer samples or settings, or by the user.
struct Ended;

fn unless_ended(signal: &AbortSignal) -> Result<(), Ended> {
    if signal.aborted() { Err(Ended) } else { Ok(()) }
}

impl State {
    /// Judges the current samples with the current settings, after the judging of them was cancelled.
    pub fn judge_again(self) {
        self.judging.repeated.set(());
    }

    /// Ends the judging of samples and remembers that it was the user who did so; the results stay.
    pub(super) fn cancel_judging(self) {
        if self.judged.get_untracked().is_some() {
            self.stop_judging();
            self.judging_cancelled.set(true);
        }
    }

    pub(super) fn stop_judging(self) {
        self.judging.run.stop();
        if self.judged.read_untracked().is_some() {
            self.judged.set(None);
        }
        if self.judging_cancelled.get_untracked() {
            self.judging_cancelled.set(false);
        }
    }

    async fn judge(
        self,
        loaded: PtrEq<Loaded>,
        detector: Detector,
        learning: Learning,
        signal: &AbortSignal,
    ) -> Result<(), Ended> {
        let at_once =
            loaded.series.iter().map(|series| series.values.len()).sum::<usize>() <= MAX_AT_ONCE;
        let mut slice = if at_once { TimeSlice::endless() } else { TimeSlice::new() };
        // Newer samples are judged without a word, so that nothing moves while a page refreshes itself.
        let shown = self.loaded.get_untracked();
        let continues = shown.is_some_and(|shown| shown != loaded && loaded.continues(&shown));
        let report = |progress| {
            if !continues {
                self.judged.set(Some(progress));
            }
        };
        if !at_once {
            report(FetchProgress { done: 0, total: loaded.series.len() });
        }
        let prepared = self.prepare(&loaded, &mut slice, signal).await?;
        let mut run = DetectionRun::new(&prepared, detector, learning);
        while run.advance() {
            slice.pause().await;
            unless_ended(signal)?;
        }
        let count = loaded.series.len();
        let series = match at_once {
            true => (0..count).map(|index| run.detect(index)).collect(),
            false => self.judge_in_workers(&run, count, &report, &mut slice, signal).await?,
        };
        let detected = Arc::new(run.finish(series));
        let analysis = self.find_events(&detected, &mut slice, Some(signal)).await?;
        self.judged.set(None);
        self.detected.set(Some(PtrEq(detected)));
        self.analysis.set(Some(PtrEq::new(analysis)));
        if *self.loaded.read_untracked() != Some(loaded.clone()) {
            if !continues {
                self.selected.set(None);
            }
            self.loaded.set(Some(loaded));
        }
        Ok(())
    }

    /// Prepares samples, once for all settings.
    async fn prepare(
        self,
        loaded: &PtrEq<Loaded>,
        slice: &mut TimeSlice,
        signal: &AbortSignal,
    ) -> Result<Arc<Prepared>, Ended> {
        let known = self.judging.prepared.with_value(Clone::clone);
        if let Some((_, prepared)) = known.filter(|(of, _)| of == loaded) {
            return Ok(prepared);
        }
        let mut preparation = Preparation::new(Arc::clone(&loaded.0));
        while preparation.advance() {
            slice.pause().await;
            unless_ended(signal)?;
        }
        let prepared = Arc::new(preparation.finish());
        self.judging.prepared.set_value(Some((loaded.clone(), Arc::clone(&prepared))));
        Ok(prepared)
    }

    /// Judges all series in workers, and here what these leave.
    async fn judge_in_workers(
        self,
        run: &DetectionRun<'_>,
        count: usize,
        report: &impl Fn(FetchProgress),
        slice: &mut TimeSlice,
        signal: &AbortSignal,
    ) -> Result<Vec<DetectedSeries>, Ended> {
        let found = RefCell::new((0..count).map(|_| None).collect::<Vec<_>>());
        let done = Cell::new(0);
        let keep = |index: usize, series: DetectedSeries| {
            found.borrow_mut()[index] = Some(series);
            done.set(done.get() + 1);
            report(FetchProgress { done: done.get(), total: count });
        };
        let message = |index: usize| match signal.aborted() {
            true => None,
            false => run.job(index).to_bytes().ok(),
        };
        let answered = |index: usize, reply: Vec<u8>| {
            if !signal.aborted()
                && let Ok(detection) = Detection::from_bytes(&reply)
            {
                keep(index, run.accept(index, detection));
            }
        };
        self.judging.pool().run(count, message, answered).await;
        for index in 0..count {
            if found.borrow()[index].is_none() {
                slice.pause().await;
                unless_ended(signal)?;
                keep(index, run.detect(index));
            }
        }
        unless_ended(signal)?;
        Ok(found.into_inner().into_iter().flatten().collect())
    }

    /// Returns the detections to which the current rule has not been applied yet; `None` too while a judging with other
    /// settings will apply it.
    fn unsearched(self) -> Option<PtrEq<Detected>> {
        let (detected, rule) = (self.detected.get_untracked()?, self.rule.get_untracked());
        let Judging { detector, learning, .. } = self.judging;
        if detected.detector != detector.get_untracked()
            || detected.learning != *learning.read_untracked()
        {
            return None;
        }
        let analysis = self.analysis.read_untracked();
        let is_known = analysis.as_ref().is_some_and(|analysis| {
            analysis.rule == rule && Arc::ptr_eq(&analysis.detected, &detected.0)
        });
        (!is_known).then_some(detected)
    }

    /// Applies the rule until no newer one has been set meanwhile.
    async fn search(self) {
        while let Some(detected) = self.unsearched() {
            let found = self.find_events(&detected.0, &mut TimeSlice::new(), None).await;
            if self.detected.get_untracked() == Some(detected)
                && let Ok(analysis) = found
            {
                self.analysis.set(Some(PtrEq::new(analysis)));
            }
        }
        self.judging.searches.set_value(false);
    }

    /// Applies the rule.
    async fn find_events(
        self,
        detected: &Arc<Detected>,
        slice: &mut TimeSlice,
        signal: Option<&AbortSignal>,
    ) -> Result<Analysis, Ended> {
        let mut search = EventSearch::new(Arc::clone(detected), self.rule.get_untracked());
        while search.advance() {
            slice.pause().await;
            signal.map_or(Ok(()), unless_ended)?;
        }
        Ok(search.finish())
    }
}

//! Refreshes of a range that ends now: when they are due, what they change, and what is told when one fails.

use std::time::Duration;

use leptos::leptos_dom::helpers::set_interval_with_handle;
use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::view_state::ViewState;
use oddity_detect::time::{Span, Step, Timestamp};
use oddity_source::plan::FetchPlan;
use oddity_source::prometheus::Loaded;

use super::abort_handle::AbortHandle;
use super::load::FetchKey;
use super::{LoadError, PtrEq, State, client};
use crate::browser::clock;

/// Time after which the age of the samples is written again.
const TICK: Duration = Duration::from_secs(1);

/// Longest time until a refresh that failed is tried again, unless the interval is longer.
const MAX_WAIT: Span = Span::from_seconds(300);

/// Refreshes of the samples that are shown.
#[derive(Clone, Copy)]
pub struct Live {
    /// Time between two refreshes; `None` if there are none.
    pub interval: Memo<Option<Span>>,
    /// Current time, to the second while there are refreshes.
    pub now: RwSignal<Timestamp>,
    /// Time of the last answer; `None` before the first.
    pub updated_at: RwSignal<Option<Timestamp>>,
    /// The last refresh, if it failed.
    pub failed: RwSignal<Option<FailedRefresh>>,
    tried_at: StoredValue<Timestamp>,
    runs: StoredValue<bool>,
    request: AbortHandle,
}

/// A refresh that failed; the samples before it are still shown.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedRefresh {
    /// Reason why there are no newer samples.
    pub error: LoadError,
    /// Number of refreshes that failed one after another.
    pub count: u32,
}

impl Live {
    pub(super) fn new(panel: Memo<ViewState>, loaded: RwSignal<Option<PtrEq<Loaded>>>) -> Self {
        let interval = Memo::new(move |_| {
            let step = loaded.read().as_ref().map(|loaded| loaded.query.step);
            panel.read().refresh_at(step.unwrap_or(Step::from_seconds(1)))
        });
        Self {
            interval,
            now: RwSignal::new(clock::now()),
            updated_at: RwSignal::new(None),
            failed: RwSignal::new(None),
            tried_at: StoredValue::new(clock::now()),
            runs: StoredValue::new(false),
            request: AbortHandle::new(),
        }
    }

    /// Returns the time until the next refresh is tried; `None` if there are no refreshes.
    pub fn next(self) -> Option<Span> {
        Some(self.due(self.interval.get()?, self.failed.get().as_ref()).since(self.now.get()))
    }

    /// Returns when the next refresh is due: later after each failure.
    fn due(self, interval: Span, failed: Option<&FailedRefresh>) -> Timestamp {
        let doubled = failed.map_or(0, |failed| failed.count.min(6));
        let wait = Span::from_millis(interval.millis() << doubled);
        self.tried_at.get_value() + wait.min(MAX_WAIT.max(interval))
    }

    pub(super) fn stop(self) {
        self.request.stop();
        self.runs.set_value(false);
        self.failed.set(None);
        self.tried_at.set_value(clock::now());
    }

    fn fail(self, error: LoadError) {
        self.failed.update(|failed| {
            let count = failed.as_ref().map_or(0, |failed| failed.count) + 1;
            *failed = Some(FailedRefresh { error, count });
        });
    }
}

pub(super) fn follow(state: State) {
    Effect::new(move |_| {
        if state.live.interval.get().is_none() {
            return;
        }
        state.tick();
        if let Ok(ticks) = set_interval_with_handle(move || state.tick(), TICK) {
            on_cleanup(move || ticks.clear());
        }
    });
    let shown = window_event_listener_untyped("visibilitychange", move |_| state.tick());
    on_cleanup(move || shown.remove());
}

impl State {
    /// Refreshes the samples if that is due and nothing is in the way: a page that nobody sees, a slider that is dragged,
    /// or samples that are being fetched or judged.
    fn tick(self) {
        let Some(interval) = self.live.interval.get_untracked() else { return };
        if document().hidden() && !self.alerts.are_on() {
            return;
        }
        let now = clock::now();
        self.live.now.set(now);
        let is_judged = *self.judging.fetched.read_untracked() == *self.loaded.read_untracked();
        let is_free = is_judged && !self.busy.get_untracked() && !self.live.runs.get_value();
        let is_dragged = self.draft.read_untracked().is_some();
        let failed = self.live.failed.get_untracked();
        if is_free && !is_dragged && now >= self.live.due(interval, failed.as_ref()) {
            self.refresh(now);
        }
    }

    fn refresh(self, now: Timestamp) {
        let live = self.live;
        live.tried_at.set_value(now);
        let answered = self.answered.get_untracked();
        let key = answered.filter(|key| self.asked.read_untracked().as_ref() == Some(&key.query));
        let (Some(key), Some(loaded), Some(source)) =
            (key, self.judging.fetched.get_untracked(), self.source.get_untracked())
        else {
            if self.error.read_untracked().as_ref().is_some_and(LoadError::is_retryable) {
                self.asked_at.set(now);
            }
            return;
        };
        let key = FetchKey { asked_at: now, ..key };
        let plan = FetchPlan::refresh(&loaded, key.range());
        let plan = plan.map_or_else(|| FetchPlan::new(key.spec()), Ok);
        let started =
            plan.map_err(LoadError::from).and_then(|plan| Ok((plan, live.request.start()?)));
        let (plan, signal) = match started {
            Ok(started) => started,
            Err(error) => return live.fail(error),
        };
        live.runs.set_value(true);
        spawn_local(async move {
            let reply = client::load(&source.id, plan, &signal, |_| {}).await;
            if signal.aborted() {
                return;
            }
            live.runs.set_value(false);
            match reply {
                // What a slider shows must not change under the hand: asked again when it is let go.
                Ok(_) if self.draft.read_untracked().is_some() => {
                    live.tried_at.set_value(Timestamp(0));
                }
                Ok(loaded) => {
                    live.failed.set(None);
                    live.updated_at.set(Some(clock::now()));
                    self.error.set(None);
                    *self.asked_at.write_untracked() = now;
                    self.answered.set(Some(key));
                    self.judging.fetched.set(Some(PtrEq::new(loaded)));
                }
                Err(error) => live.fail(error),
            }
        });
    }
}

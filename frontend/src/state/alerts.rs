//! Ongoing and new events, told by the title and the icon of the tab and, if the user asked for it, by the browser.

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::analysis::{Analysis, RankedSeries};
use oddity_analysis::words;
use oddity_detect::event::{Event, SeverityLevel};

use super::State;
use crate::browser::{alert, store, tab};
use crate::text;

/// Maximum number of incidents of one refresh that are told one by one.
const MAX_TOLD: usize = 5;

/// Alerts about new events.
#[derive(Clone, Copy)]
pub struct Alerts {
    /// Least severity that is told; `None` if nothing is.
    pub level: RwSignal<Option<SeverityLevel>>,
    /// Reason why the browser shows no alerts; `None` if it does, or if nobody asked.
    pub problem: RwSignal<Option<&'static str>>,
}

impl Alerts {
    pub(super) fn new() -> Self {
        let level = store::alert_level().filter(|_| alert::are_allowed());
        Self { level: RwSignal::new(level), problem: RwSignal::new(None) }
    }

    pub(super) fn are_on(self) -> bool {
        self.level.get_untracked().is_some()
    }

    /// Tells new events of at least a severity from now on, or none. Asks the user for permission if the browser wants it.
    pub fn choose(self, level: Option<SeverityLevel>) {
        self.problem.set(None);
        self.level.set(level);
        store::keep_alert_level(level);
        if level.is_some() {
            spawn_local(async move {
                if !alert::ask().await {
                    self.refuse(text::ALERTS_BLOCKED);
                }
            });
        }
    }

    fn refuse(self, problem: &'static str) {
        self.level.set(None);
        store::keep_alert_level(None);
        self.problem.set(Some(problem));
    }
}

pub(super) fn follow(state: State) {
    let odd_now = Memo::new(move |_| {
        let analysis = state.throttled_analysis.read();
        let is_live = state.live.interval.read().is_some();
        let events = analysis.iter().flat_map(|analysis| &analysis.ranking);
        let ongoing = events.flat_map(|ranked| &ranked.events).filter(|event| event.ongoing);
        if is_live { ongoing.count() } else { 0 }
    });
    Effect::new(move |_| tab::show(&text::title(odd_now.get()), odd_now.get() > 0));
    Effect::new(move |before: Option<Option<super::PtrEq<Analysis>>>| {
        let now = state.throttled_analysis.get();
        if let (Some(before), Some(now)) = (before.flatten(), &now)
            && let Some(level) = state.alerts.level.get_untracked()
            && state.live.interval.get_untracked().is_some()
        {
            let found = now.new_since(&before, level);
            let (told, more) = found.split_at(found.len().min(MAX_TOLD));
            let mut is_shown = told.iter().all(|(ranked, event)| tell(state, now, ranked, event));
            if !more.is_empty() {
                is_shown &= alert::show(&text::more_alerts(more.len()), "", "more");
            }
            if !is_shown {
                state.alerts.refuse(text::ALERTS_UNSUPPORTED);
            }
        }
        now
    });
}

/// Shows an alert about an event, and returns whether the browser could.
fn tell(state: State, analysis: &Analysis, ranked: &RankedSeries, event: &Event) -> bool {
    let what = words::what(event, analysis.judged_unit(event.quantity));
    let (series, _) = analysis.series(ranked);
    let since = untrack(|| state.clock()).full(event.display_start);
    let body = text::alert(&series.labels.to_string(), &since, event.level().name());
    alert::show(&words::capitalised(&what), &body, &series.labels.to_string())
}

//! The one flow of data: address -> view state -> query -> loaded -> detected -> analysis.
//!
//! Components read these signals and call the methods. Only this module and its children use network, clock and
//! address.

mod abort_handle;
mod alerts;
mod assistant;
mod catalog;
mod checks;
mod client;
mod judging;
mod knowledge;
mod listing;
mod live;
mod load;
mod notify;
mod ptr_eq;
mod related;
mod undo;
mod unknown_metric;
mod verify;
mod views;

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::analysis::{Analysis, Detected, EventId, Settings};
use oddity_analysis::api::{NotificationTarget, SourceInfo, SourceList};
use oddity_analysis::knowledge::{Knowledge, NamedMetadata};
use oddity_analysis::view_state::{LinkError, SavedViews, ViewState};
use oddity_analysis::words::Clock;
use oddity_detect::detect::Detector;
use oddity_detect::event::Rule;
use oddity_detect::time::Timestamp;
use oddity_source::note::NoteFix;
use oddity_source::prometheus::Loaded;
use oddity_source::promql::UnknownMetric;

use crate::browser::{clock, store, url};
use abort_handle::AbortHandle;
use judging::Judging;
use load::{FetchKey, QueryIdentity};

pub use crate::browser::store::Theme;
pub use alerts::Alerts;
pub use assistant::{AnswerEnd, Assistant, AssistantStatus, Exchange};
pub use catalog::{Catalog, SourceMetrics};
pub use checks::CheckedEvents;
pub use client::LoadError;
pub use listing::{Listing, SeriesOrder, around_event};
pub use live::Live;
pub use oddity_source::plan::FetchProgress;
pub use ptr_eq::PtrEq;
pub use related::{RelatedFound, RelatedResult};
pub use undo::Undo;
pub use verify::Agreement;

/// Interval at which texts and tables follow a dragged slider.
const WORDS_AFTER: Duration = Duration::from_millis(120);

/// The signals that components read.
#[derive(Clone, Copy)]
pub struct State {
    /// Sources to choose from; `None` until they are known.
    pub sources: RwSignal<Option<Result<SourceList, LoadError>>>,
    /// Source that the view state names, or the first; `None` until the sources are known.
    pub source: Memo<Option<SourceInfo>>,
    /// View state of the address.
    pub panel: Memo<ViewState>,
    /// Parts of the address that could not be read.
    pub problems: Memo<Vec<LinkError>>,
    /// Detector and rule, including those of a slider that is dragged.
    pub settings: Memo<Settings>,
    /// Progress of the current fetch; `None` if nothing is fetched.
    pub progress: RwSignal<Option<FetchProgress>>,
    /// Error of the last fetch; `None` if it succeeded.
    pub error: RwSignal<Option<LoadError>>,
    /// Whether the results are those of an earlier query, because the last one failed or was cancelled.
    pub outdated: Memo<bool>,
    /// Number of series that were judged, of those that are being judged; `None` if none are.
    pub judged: RwSignal<Option<FetchProgress>>,
    /// Whether the user cancelled the judging, so that the results are those of earlier samples or settings.
    pub judging_cancelled: RwSignal<bool>,
    /// Whether samples are being fetched or judged.
    pub busy: Memo<bool>,
    /// Whether the results will be replaced by those of other samples.
    pub replaces: Memo<bool>,
    /// Series that are shown or are being judged.
    pub fetched: RwSignal<Option<PtrEq<Loaded>>>,
    /// Series that are shown.
    pub loaded: RwSignal<Option<PtrEq<Loaded>>>,
    /// Scores of the detector, of the series that are shown.
    pub detected: RwSignal<Option<PtrEq<Detected>>>,
    /// Events of all series that are shown.
    pub analysis: RwSignal<Option<PtrEq<Analysis>>>,
    /// The analysis, updated at most every 120 ms while a slider is dragged; for texts and tables.
    pub throttled_analysis: RwSignal<Option<PtrEq<Analysis>>>,
    /// Refreshes of a range that ends now.
    pub live: Live,
    /// Alerts of the browser about new events.
    pub alerts: Alerts,
    /// Families of metrics and causes of their anomalies; `None` until there is an event.
    pub knowledge: RwSignal<Option<PtrEq<Knowledge>>>,
    /// Metadata of the metrics of the query.
    pub metadata: RwSignal<Vec<NamedMetadata>>,
    /// Related changes of the event for which they were searched last.
    pub related: RwSignal<Option<RelatedResult>>,
    /// Progress of the current search for related changes; `None` if there is none.
    pub related_progress: RwSignal<Option<FetchProgress>>,
    /// Results of the checks of events, as far as they were made.
    pub checked: RwSignal<Option<CheckedEvents>>,
    /// Progress of the current checks; `None` if there are none.
    pub checking: RwSignal<Option<(EventId, FetchProgress)>>,
    /// Targets of notifications; empty if none is configured.
    pub targets: RwSignal<Vec<NotificationTarget>>,
    /// Index of the series that is drawn in full. It stays while a slider is dragged and when newer samples come.
    pub focus: Memo<Option<usize>>,
    /// Listed series and their order.
    pub listing: Listing,
    /// The selected event.
    pub selected: RwSignal<Option<EventId>>,
    /// Progress of the current verification of the exported rules; `None` if there is none.
    pub verifying: RwSignal<Option<FetchProgress>>,
    /// Result of the last verification, if it is about the current scores.
    pub agreement: Memo<Option<Agreement>>,
    /// Conversation with the language model.
    pub assistant: Assistant,
    /// Metric of a query without a result that the source does not have; `None` if there is none, or if it is not known.
    pub unknown_metric: RwSignal<Option<UnknownMetric>>,
    /// Changes that can be undone or made again.
    pub history: Undo,
    /// Views that the user has given a name.
    pub views: RwSignal<SavedViews>,
    /// Whether recent queries and saved views are shown.
    pub history_open: RwSignal<bool>,
    /// Metrics, jobs and rules of the source, for a start.
    pub catalog: Catalog,
    /// Recent queries, newest first.
    pub recent: RwSignal<Vec<String>>,
    /// Chosen theme.
    pub theme: RwSignal<Theme>,
    /// Whether the page is dark now.
    pub dark: RwSignal<bool>,
    asked: Memo<Option<QueryIdentity>>,
    answered: RwSignal<Option<FetchKey>>,
    address: RwSignal<String>,
    draft: RwSignal<Option<Settings>>,
    asked_at: RwSignal<Timestamp>,
    fetching: AbortHandle,
    rule: Memo<Rule>,
    judging: Judging,
    related_request: AbortHandle,
    check_request: AbortHandle,
    verified: RwSignal<Option<Agreement>>,
    verification: AbortHandle,
}

impl State {
    /// Creates the signals and starts to follow the address.
    pub fn new() -> Self {
        let address = RwSignal::new(url::query());
        let history = Undo::new();
        url::on_back(move |query, position| {
            history.went_to(position);
            address.set(query);
        });
        let read = Memo::new(move |_| ViewState::from_query(&address.read()));
        let panel = Memo::new(move |_| read.read().0.clone());
        let problems = Memo::new(move |_| read.read().1.clone());
        let draft = RwSignal::new(None::<Settings>);
        let settings = Memo::new(move |_| draft.get().unwrap_or_else(|| panel.read().settings));
        let detector = Memo::new(move |_| settings.get().detector);
        let learning =
            Memo::new(move |_| ViewState { settings: settings.get(), ..panel.get() }.learning());
        let rule = Memo::new(move |_| settings.get().rule);
        let loaded = RwSignal::new(None::<PtrEq<Loaded>>);
        let detected = RwSignal::new(None::<PtrEq<Detected>>);
        let analysis = RwSignal::new(None::<PtrEq<Analysis>>);
        let (judged, judging_cancelled) = (RwSignal::new(None), RwSignal::new(false));
        let throttled_analysis = RwSignal::new(None::<PtrEq<Analysis>>);
        type Focus = (PtrEq<Loaded>, Option<String>, usize);
        let focused = Memo::new(move |last: Option<&Option<Focus>>| {
            let loaded = loaded.get()?;
            let wanted = panel.read().focus.clone();
            let named = wanted.as_ref().and_then(|name| {
                loaded.series.iter().position(|series| series.labels.to_string() == *name)
            });
            let kept = || {
                let (before, same, index) = last?.as_ref()?;
                (*same == wanted && loaded.continues(before)).then_some(*index)
            };
            let worst = || Some(analysis.get_untracked()?.ranking.first()?.index);
            let index = named.or_else(kept).or_else(worst)?;
            Some((loaded, wanted, index))
        });
        let focus = Memo::new(move |_| focused.read().as_ref().map(|(.., index)| *index));
        let asked = Memo::new(move |_| {
            let panel = panel.read();
            (!panel.expr.trim().is_empty()).then(|| QueryIdentity {
                expr: panel.expr.clone(),
                source: panel.source.clone(),
                range: panel.range,
                step: panel.step,
                history: panel.settings.history(),
            })
        });
        let answered = RwSignal::new(None::<FetchKey>);
        let progress = RwSignal::new(None::<FetchProgress>);
        let busy = Memo::new(move |_| progress.read().is_some() || judged.read().is_some());
        let judging = Judging::new(detector, learning);
        let replaces = Memo::new(move |_| {
            progress.read().is_some()
                || (judged.read().is_some() && *judging.fetched.read() != *loaded.read())
        });
        let outdated = Memo::new(move |_| {
            let answered = answered.read();
            let answered = answered.as_ref().map(|key| &key.query);
            let is_other = judging_cancelled.get() || asked.read().as_ref() != answered;
            loaded.read().is_some() && !busy.get() && is_other
        });
        let verified = RwSignal::new(None::<Agreement>);
        let agreement = Memo::new(move |_| {
            let detected = detected.get()?;
            verified.get().filter(|agreement| agreement.detected == detected)
        });
        let theme = store::theme();
        let sources = RwSignal::new(None::<Result<SourceList, LoadError>>);
        let source = Memo::new(move |_| {
            let sources = sources.read();
            let known = &sources.as_ref()?.as_ref().ok()?.sources;
            match &panel.read().source {
                Some(id) => known.iter().find(|source| source.id == *id).cloned(),
                None => known.first().cloned(),
            }
        });
        let state = Self {
            sources,
            source,
            panel,
            problems,
            settings,
            progress,
            outdated,
            asked,
            answered,
            error: RwSignal::new(None),
            judged,
            judging_cancelled,
            busy,
            judging,
            fetched: judging.fetched,
            replaces,
            rule,
            loaded,
            detected,
            analysis,
            throttled_analysis,
            live: Live::new(panel, loaded),
            alerts: Alerts::new(),
            knowledge: RwSignal::new(None),
            metadata: RwSignal::new(Vec::new()),
            targets: RwSignal::new(Vec::new()),
            related: RwSignal::new(None),
            related_progress: RwSignal::new(None),
            related_request: AbortHandle::new(),
            checked: RwSignal::new(None),
            checking: RwSignal::new(None),
            check_request: AbortHandle::new(),
            assistant: Assistant::new(),
            unknown_metric: RwSignal::new(None),
            history,
            views: RwSignal::new(store::views().unwrap_or_default()),
            history_open: RwSignal::new(false),
            catalog: Catalog::new(),
            listing: Listing::new(throttled_analysis),
            recent: RwSignal::new(store::recent()),
            focus,
            selected: RwSignal::new(None),
            verifying: RwSignal::new(None),
            agreement,
            verified,
            verification: AbortHandle::new(),
            theme: RwSignal::new(theme),
            dark: RwSignal::new(store::apply_theme(theme)),
            address,
            draft,
            asked_at: RwSignal::new(clock::now()),
            fetching: AbortHandle::new(),
        };
        state.follow();
        state
    }

    fn follow(self) {
        spawn_local(async move { self.sources.set(Some(client::get("/api/sources").await)) });
        Effect::new(move |_| {
            let (asked, asked_at) = (self.asked.get(), self.asked_at.get());
            match (asked, self.source.get()) {
                (Some(query), Some(source)) => self.load(FetchKey { query, asked_at }, &source),
                (Some(query), None) => self.error.set(self.no_source(query.source)),
                (None, _) => {
                    self.cancel();
                    self.error.set(None);
                    self.judging.fetched.set(None);
                }
            }
        });
        let waits = StoredValue::new(false);
        Effect::new(move |_| {
            let (analysis, dragged) = (self.analysis.get(), self.draft.read().is_some());
            if *self.throttled_analysis.read_untracked() == analysis {
                return;
            }
            if !dragged {
                return self.throttled_analysis.set(analysis);
            }
            if !waits.get_value() {
                waits.set_value(true);
                let tell = move || {
                    waits.set_value(false);
                    self.throttled_analysis.set(self.analysis.get_untracked());
                };
                set_timeout(tell, WORDS_AFTER);
            }
        });
        judging::follow(self);
        live::follow(self);
        alerts::follow(self);
        unknown_metric::follow(self);
        knowledge::follow(self);
        notify::follow(self);
        assistant::follow(self);
        store::on_system_theme(move || {
            self.dark.set(store::apply_theme(self.theme.get_untracked()));
        });
    }

    /// Runs `expr` now, even if it is the current query. A pasted link of another tool becomes its query.
    pub fn run(self, expr: &str) {
        let link = ViewState::from_link(expr);
        let expr = link.as_ref().map_or(expr, |link| link.expr.as_str()).trim().to_owned();
        self.asked_at.set(clock::now());
        self.recent.update(|recent| store::remember(recent, &expr));
        if expr == self.panel.read_untracked().expr && link.is_none() {
            return;
        }
        self.navigate(|panel| {
            if let Some(ViewState { range, step, .. }) = link {
                let has_range = range != ViewState::default().range;
                panel.range = if has_range { range } else { panel.range };
                panel.step = step.or(panel.step);
            }
            panel.expr = expr;
            panel.focus = None;
            panel.zoom = None;
        });
    }

    /// Compares with another constant in the comparison at `index` of the query's condition.
    pub fn set_threshold(self, index: usize, threshold: f64) {
        let loaded = self.loaded.get_untracked();
        let condition = loaded.as_ref().and_then(|loaded| loaded.condition.as_ref());
        if let Some(expr) = condition.and_then(|of| of.condition.with_threshold(index, threshold)) {
            self.navigate(|panel| panel.expr = expr);
        }
    }

    /// Applies the change that a remark about the data offers.
    pub fn apply(self, fix: &NoteFix) {
        self.asked_at.set(clock::now());
        if let Some(query) = &fix.query {
            self.recent.update(|recent| store::remember(recent, query));
        }
        self.navigate(|panel| {
            if let Some(query) = &fix.query {
                panel.expr.clone_from(query);
                panel.focus = None;
                panel.zoom = None;
            }
            panel.step = fix.step.or(panel.step);
        });
    }

    /// Changes the view and adds an entry to the browser's history, so that the change can be undone.
    pub fn navigate(self, change: impl FnOnce(&mut ViewState)) {
        self.change(|query| self.history.push(query), change);
    }

    /// Changes the view without adding an entry to the history: what is looked at, not what is asked.
    pub fn adjust(self, change: impl FnOnce(&mut ViewState)) {
        self.change(url::replace, change);
    }

    fn change(self, write: impl FnOnce(&str), change: impl FnOnce(&mut ViewState)) {
        let mut panel = self.panel.get_untracked();
        change(&mut panel);
        if panel != *self.panel.read_untracked() {
            let query = panel.to_query();
            write(&query);
            self.address.set(query);
        }
        self.draft.set(None);
    }

    /// Applies settings while a slider is dragged, without changing the address.
    pub fn drag(self, settings: Settings) {
        self.draft.set(Some(settings));
    }

    /// Applies settings and writes them to the address.
    pub fn tune(self, settings: Settings) {
        let change = |panel: &mut ViewState| panel.settings = settings;
        if self.panel.read_untracked().settings == settings {
            return self.draft.set(None);
        }
        if self.history.is_same_change() {
            self.adjust(change);
        } else {
            self.navigate(change);
        }
        self.history.tuned();
    }

    /// Changes the detector and takes its default threshold; the rest of the rule stays.
    pub fn judge_with(self, detector: Detector) {
        let settings = Settings { detector, ..self.settings.get_untracked() };
        let rule = settings.rule_at(detector.about().threshold);
        self.tune(Settings { rule, ..settings });
    }

    /// Switches to the next theme.
    pub fn next_theme(self) {
        let theme = self.theme.get_untracked().next();
        let dark = store::apply_theme(theme);
        self.theme.set(theme);
        self.dark.set(dark);
    }

    /// Selects the event that contains sample `index` of a series, or none.
    pub fn select_at(self, series: usize, index: usize) {
        let Some(analysis) = self.analysis.get_untracked() else { return };
        let ranked = analysis.ranking.iter().find(|ranked| ranked.index == series);
        let time = analysis.detected.loaded.series[series].grid.at(index);
        let event = ranked.and_then(|ranked| {
            ranked.events.iter().find(|event| event.display_start <= time && time <= event.end)
        });
        self.selected.set(event.map(|event| EventId { series, onset: event.onset.index }));
    }

    /// Returns the clock that formats times in this view.
    pub fn clock(self) -> Clock {
        if self.panel.read().local_time { Clock(clock::local_offset) } else { Clock::UTC }
    }

    /// Returns the current time.
    pub fn now(self) -> Timestamp {
        clock::now()
    }

    /// Returns an absolute link to the current results; the current address if there are none.
    pub fn link(self) -> String {
        self.link_with(|_| {})
    }

    /// Returns [`Self::link`] with a change of the view.
    pub fn link_with(self, change: impl FnOnce(&mut ViewState)) -> String {
        let Some(analysis) = self.analysis.get() else { return url::absolute(&self.address.get()) };
        let source = self.source.get().map(|source| source.id);
        let panel = ViewState { settings: self.settings.get(), ..self.panel.get() };
        let mut panel = panel.fixed(&analysis, source);
        change(&mut panel);
        url::absolute(&panel.to_query())
    }
}

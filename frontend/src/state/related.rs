//! The search for series of the same target, host or job that changed at the time of an event.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;
use oddity_analysis::analysis::{Analysis, EventId};
use oddity_analysis::related::{
    AnomalousSeries, CandidateSeries, ComparisonWindows, LabelScope, RelatedSeries, SeriesOrigin,
    rank,
};
use oddity_detect::event::Event;
use oddity_detect::series::{Labels, Series};
use oddity_detect::time::{TimeRange, Timestamp};
use oddity_source::plan::{ApiRequest, FetchPlan, FetchProgress};
use oddity_source::prometheus::{decode_data, decode_vector};
use web_sys::AbortSignal;

use super::{LoadError, PtrEq, State, client};

/// Maximum number of series of a target, host or job that are listed; the reply about more would be large.
const MAX_LISTED_SERIES: f64 = 2_000.0;

/// The result of a search for related changes.
#[derive(Clone, Debug, PartialEq)]
pub struct RelatedResult {
    /// Analysis that contains the event.
    pub analysis: PtrEq<Analysis>,
    /// Event whose changes were searched.
    pub event: EventId,
    /// Times that were compared.
    pub windows: ComparisonWindows,
    /// Changed series, or the error of the search.
    pub found: Result<RelatedFound, LoadError>,
}

/// The changed series, and the scope of the search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RelatedFound {
    /// Changed series.
    pub related: RelatedSeries,
    /// Scopes that were searched, such as "target, host".
    pub places: String,
    /// Number of series that were not compared because there are too many.
    pub left_out: usize,
}

impl RelatedResult {
    /// Returns the changed series and the compared times, unless the search failed.
    pub fn known(&self) -> Option<(&RelatedSeries, &ComparisonWindows)> {
        self.found.as_ref().ok().map(|found| (&found.related, &self.windows))
    }
}

impl State {
    /// Returns the last result if it is about the current analysis, or about one that this one continues.
    pub fn related_shown(self) -> Option<RelatedResult> {
        let (related, now) = (self.related.get()?, self.throttled_analysis.get()?);
        let is_shown = now == related.analysis || now.continues(&related.analysis);
        is_shown.then_some(related)
    }

    /// Searches for changes related to an event. Cancels an earlier search.
    pub fn find_related(self, event: EventId) {
        self.stop_related();
        let (analysis, source) =
            (self.throttled_analysis.get_untracked(), self.source.get_untracked());
        let (Some(analysis), Some(source)) = (analysis, source) else { return };
        let found = analysis.find_event(event);
        let (Some((_, one)), Ok(signal)) = (found, self.related_request.start()) else { return };
        let series = &analysis.detected.loaded.series[event.series];
        let range = TimeRange { start: one.display_start, end: one.end };
        let windows =
            ComparisonWindows::of(range, series.grid.step, analysis.judged_grid().range().end);
        let odd = odd(series, one, &windows);
        self.related_progress.set(Some(FetchProgress::default()));
        spawn_local(async move {
            let ask = RelatedSearch {
                state: self,
                source: &source.id,
                signal: &signal,
                windows: &windows,
            };
            let found = ask.look(&analysis, event.series, &odd).await;
            if !signal.aborted() {
                self.related_progress.set(None);
                self.related.set(Some(RelatedResult {
                    analysis: analysis.clone(),
                    event,
                    windows,
                    found,
                }));
            }
        });
    }

    /// Cancels the search.
    pub fn stop_related(self) {
        self.related_request.stop();
        self.related_progress.set(None);
    }
}

/// Returns the anomalous series on the grid of the windows, NaN where it was not loaded.
fn odd(series: &Series, event: &Event, windows: &ComparisonWindows) -> AnomalousSeries {
    let value = |index| {
        let time = windows.grid.at(index);
        let at = series.grid.nearest(time).filter(|at| series.grid.at(*at) == time);
        at.map_or(f64::NAN, |at| series.values[at])
    };
    AnomalousSeries {
        onset: event.display_start,
        values: (0..windows.grid.len).map(value).collect(),
    }
}

struct RelatedSearch<'a> {
    state: State,
    source: &'a str,
    signal: &'a AbortSignal,
    windows: &'a ComparisonWindows,
}

impl RelatedSearch<'_> {
    async fn look(
        &self,
        analysis: &Analysis,
        of: usize,
        odd: &AnomalousSeries,
    ) -> Result<RelatedFound, LoadError> {
        let loaded = &analysis.detected.loaded;
        let expr = &loaded.query.expr;
        let labels = &loaded.series[of].labels;
        let mut behind = Vec::new();
        for selectors in SeriesOrigin::selectors(expr, labels) {
            behind =
                if selectors.is_empty() { Vec::new() } else { self.series(&selectors).await? };
            if !behind.is_empty() {
                break;
            }
        }
        let shown = loaded.series.iter().map(|series| series.labels.clone());
        let mut candidates = CandidateSeries::new(expr, shown);
        let mut places = Vec::new();
        for place in SeriesOrigin::of(&behind).scopes {
            if candidates.is_full() {
                break;
            }
            if self.count(&place).await? <= MAX_LISTED_SERIES {
                candidates.add(&place, self.series(&[place.selector()]).await?);
                places.push(place.name);
            }
        }
        let picked = candidates.pick();
        let (mut series, count) = (Vec::new(), picked.selectors.len());
        for (done, selector) in picked.selectors.iter().enumerate() {
            if !self.signal.aborted() {
                self.state.related_progress.set(Some(FetchProgress { done, total: count }));
            }
            let query = self.windows.query(selector)?;
            series.extend(
                client::load(self.source, FetchPlan::for_query(query), self.signal, |_| {})
                    .await?
                    .series,
            );
        }
        let related = rank(self.windows, odd, &series);
        Ok(RelatedFound { related, places: places.join(", "), left_out: picked.left_out })
    }

    /// Fetches the label sets of the series that have samples in the windows.
    async fn series(&self, selectors: &[String]) -> Result<Vec<Labels>, LoadError> {
        let range = self.windows.grid.range();
        let matches = selectors.iter().map(|selector| ("match[]", selector.clone()));
        let bounds = [("start", seconds(range.start)), ("end", seconds(range.end))];
        let parameters: Vec<_> = matches.chain(bounds).collect();
        let body =
            client::post(self.source, self.signal, ApiRequest { endpoint: "series", parameters })
                .await?;
        let sets: Vec<BTreeMap<String, String>> = decode_data(&body)?;
        Ok(sets.into_iter().map(Labels::new).collect())
    }

    async fn count(&self, place: &LabelScope) -> Result<f64, LoadError> {
        let end = self.windows.window().end;
        let parameters = vec![("query", place.count()), ("time", seconds(end))];
        let body =
            client::post(self.source, self.signal, ApiRequest { endpoint: "query", parameters })
                .await?;
        Ok(decode_vector(&body)?.samples.first().map_or(0.0, |sample| sample.value))
    }
}

fn seconds(t: Timestamp) -> String {
    t.as_seconds().to_string()
}

//! Which series are listed, and in which order: shared by the list and the heat strip.

use leptos::prelude::*;
use oddity_analysis::analysis::{Analysis, EventId};
use oddity_detect::event::Event;
use oddity_detect::time::{Span, TimeRange};
use oddity_source::catalog::contains_all;

use super::{PtrEq, State};

/// Order of the listed series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SeriesOrder {
    /// Most anomalous first.
    #[default]
    WorstFirst,
    /// By metric name and labels.
    ByLabel,
}

/// The listed series.
#[derive(Clone, Copy)]
pub struct Listing {
    /// Words that the labels of a listed series contain; they do not apply to a single series.
    pub filter: RwSignal<String>,
    /// Order of the series.
    pub order: RwSignal<SeriesOrder>,
    /// Indices of the listed series in `loaded.series`, in their order.
    pub series: Memo<Vec<usize>>,
}

impl Listing {
    /// Lists the series of an analysis.
    pub fn new(analysis: RwSignal<Option<PtrEq<Analysis>>>) -> Self {
        let (filter, order) = (RwSignal::new(String::new()), RwSignal::new(SeriesOrder::default()));
        let series = Memo::new(move |_| {
            let Some(analysis) = analysis.get() else { return Vec::new() };
            let labels = |index: usize| &analysis.detected.loaded.series[index].labels;
            let filter = filter.get().to_lowercase();
            let words: Vec<&str> = filter.split_whitespace().collect();
            let mut listed: Vec<usize> =
                analysis.ranking.iter().map(|ranked| ranked.index).collect();
            if listed.len() > 1 && !words.is_empty() {
                listed.retain(|index| contains_all(&labels(*index).to_string(), &words));
            }
            if order.get() == SeriesOrder::ByLabel {
                listed.sort_by(|a, b| labels(*a).cmp(labels(*b)));
            }
            listed
        });
        Self { filter, order, series }
    }
}

impl State {
    /// Selects an event and shows its series and its time.
    pub fn show_event(self, id: EventId) {
        let Some(analysis) = self.analysis.get_untracked() else { return };
        let Some((_, event)) = analysis.find_event(id) else { return };
        self.selected.set(Some(id));
        self.show_series(id.series, Some(around_event(&analysis, event)));
    }

    /// Shows a series, and a time if one is given.
    pub fn show_series(self, index: usize, zoom: Option<TimeRange>) {
        let loaded = self.loaded.get_untracked();
        let labels = loaded
            .filter(|loaded| loaded.series.len() > 1)
            .and_then(|loaded| Some(loaded.series.get(index)?.labels.to_string()));
        self.adjust(|panel| {
            panel.focus = labels;
            panel.zoom = zoom.or(panel.zoom);
        });
    }
}

/// Returns the range that shows an event with four times its length on each side, at least 30 samples, within the judged
/// range.
pub fn around_event(analysis: &Analysis, event: &Event) -> TimeRange {
    let grid = analysis.judged_grid();
    let range = grid.range();
    let length = event.end.since(event.display_start).millis();
    let margin = Span::from_millis((length * 4).max(grid.step.millis() * 30));
    TimeRange {
        start: (event.display_start - margin).max(range.start),
        end: (event.end + margin).min(range.end),
    }
}

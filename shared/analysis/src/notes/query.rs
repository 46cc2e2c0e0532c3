//! Remarks that follow from the query and the values of its series.

use crate::analysis::Analysis;
use crate::content::SeriesContent;
use crate::words::{condition, data};
use oddity_detect::time::Timestamp;
use oddity_source::note::{DataNote, NoteFix, NoteKind};
use oddity_source::promql;

/// Returns the remark on the condition of the query: that it was taken off, or that it drops samples.
pub(super) fn filtered(analysis: &Analysis) -> Option<DataNote> {
    let text = match analysis.condition() {
        Some(loaded) => condition::taken_apart(loaded),
        None if analysis.detected.lacks_samples() => condition::FILTERED.to_owned(),
        None => return None,
    };
    Some(DataNote { kind: NoteKind::FilteredQuery, text, fix: None })
}

/// Returns the remarks on counters that fell in the judged range without a reset.
pub(super) fn counters(analysis: &Analysis) -> Vec<DataNote> {
    let loaded = &analysis.detected.loaded;
    let (mut falls, mut wraps) = (Falls::default(), Falls::default());
    let mut widths = Vec::new();
    for (series, found) in loaded.series.iter().zip(&analysis.detected.series) {
        let Some(growth) = &found.prepared.growth else { continue };
        let judged = |at: usize| (at >= loaded.query.history).then(|| series.grid.at(at));
        falls.add(growth.false_resets.iter().filter_map(|at| judged(*at)));
        wraps.add(growth.wraps.iter().filter_map(|(at, bits)| {
            let time = judged(*at)?;
            widths.push(*bits);
            Some(time)
        }));
    }
    widths.sort_unstable();
    widths.dedup();
    let texts = [
        falls.first.map(|first| data::false_resets(falls.count, falls.series, first)),
        wraps.first.map(|first| data::wraps(wraps.count, &widths, first)),
    ];
    let note = |text| DataNote { kind: NoteKind::CounterReset, text, fix: None };
    texts.into_iter().flatten().map(note).collect()
}

/// Returns the remark on values that are all NaN or infinite, or 0 and 1 only.
pub(super) fn content(analysis: &Analysis) -> Option<DataNote> {
    let has_division = || promql::has_division(&analysis.detected.loaded.query.expr);
    let (kind, text) = match analysis.content()? {
        SeriesContent::Nothing => (NoteKind::ValuesNotJudged, data::nan(has_division())),
        SeriesContent::Infinite => (NoteKind::ValuesNotJudged, data::infinite(has_division())),
        SeriesContent::States(share) => (NoteKind::StatesOnly, data::states(share)),
        SeriesContent::Constant(_) | SeriesContent::Numbers => return None,
    };
    Some(DataNote { kind, text, fix: None })
}

/// Returns the remark on native histograms, with a query for one of the values that each has.
pub(super) fn native_histograms(analysis: &Analysis) -> Option<DataNote> {
    let loaded = &analysis.detected.loaded;
    let text = data::native_histograms(loaded.unsupported.len(), loaded.unsupported.first()?);
    let [quantile, ..] = promql::histogram_queries(&loaded.query.expr, loaded.query.rate_window());
    let label = format!("Use the {}", quantile.value);
    let fix = NoteFix { label, query: Some(quantile.query), step: None };
    Some(DataNote { kind: NoteKind::ValuesNotJudged, text, fix: Some(fix) })
}

/// Falls of counters.
#[derive(Default)]
struct Falls {
    count: usize,
    series: usize,
    first: Option<Timestamp>,
}

impl Falls {
    fn add(&mut self, times: impl Iterator<Item = Timestamp>) {
        let before = self.count;
        for time in times {
            self.count += 1;
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
        }
        self.series += usize::from(self.count > before);
    }
}

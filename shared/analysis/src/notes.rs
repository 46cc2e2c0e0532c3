//! Remarks about the data of an analysis, for the line over the chart, the report and the JSON.

mod query;

use crate::analysis::{Analysis, Shortage};
use crate::words::{self, Clock};
use oddity_source::note::{DataNote, NoteKind};

impl Analysis {
    /// Returns what a person should know about the data before reading the result, most important first: remarks of
    /// the fetch and of the analysis.
    pub fn notes(&self) -> Vec<DataNote> {
        let mut notes = self.detected.loaded.notes.clone();
        let remark = |kind, text| DataNote { kind, text, fix: None };
        notes.extend(self.too_young().map(|text| remark(NoteKind::TooYoung, text)));
        let turnover = words::notes::turnover(&self.turnover(), Clock::UTC);
        notes.extend(turnover.map(|text| remark(NoteKind::Replaced, text)));
        notes.extend(query::filtered(self));
        notes.extend(query::counters(self));
        notes.extend(query::content(self));
        notes.extend(query::native_histograms(self));
        notes.sort_by_key(|note| note.kind);
        notes
    }

    /// Returns why the query has no series although the source has samples of it; `None` if that is not known.
    pub fn reason_for_nothing(&self) -> Option<&DataNote> {
        self.note_of_fetch(NoteKind::SamplesTooFarApart)
    }

    /// Returns the note that the source has been silent, so that a range without events is no all-clear.
    pub fn silence(&self) -> Option<&DataNote> {
        self.note_of_fetch(NoteKind::SourceSilent)
    }

    fn note_of_fetch(&self, kind: NoteKind) -> Option<&DataNote> {
        self.detected.loaded.notes.iter().find(|note| note.kind == kind)
    }

    /// Returns how many series are too young, where others are not: if all are, the headline says so.
    fn too_young(&self) -> Option<String> {
        let all = &self.detected.series;
        let young = all
            .iter()
            .filter(|series| matches!(series.shortage, Some(Shortage::Young { .. })))
            .count();
        (young > 0 && young < all.len()).then(|| words::notes::too_young(young, all.len()))
    }
}

//! Remarks about the data of an analysis, for the line over the chart, the report and the JSON.

use crate::analysis::Analysis;
use oddity_source::note::{DataNote, NoteKind};

impl Analysis {
    /// Returns what a person should know about the data before reading the result, most important first: remarks of
    /// the fetch and of the analysis.
    pub fn notes(&self) -> Vec<DataNote> {
        let mut notes = self.detected.loaded.notes.clone();
        notes.sort_by_key(|note| note.kind);
        notes
    }

    /// Returns why the query has no series although the source has samples of it; `None` if that is not known.
    pub fn reason_for_nothing(&self) -> Option<DataNote> {
        let mut notes = self.notes().into_iter();
        notes.find(|note| matches!(note.kind, NoteKind::SamplesTooFarApart))
    }

    /// Returns the note that the source has been silent, so that a range without events is no all-clear.
    pub fn silence(&self) -> Option<DataNote> {
        self.notes().into_iter().find(|note| note.kind == NoteKind::SourceSilent)
    }
}

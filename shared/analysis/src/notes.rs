//! Remarks about the data of an analysis, for the line over the chart, the report and the JSON.

use crate::analysis::Analysis;
use oddity_source::note::DataNote;

impl Analysis {
    /// Returns what a person should know about the data before reading the result, most important first: remarks of
    /// the fetch and of the analysis.
    pub fn notes(&self) -> Vec<DataNote> {
        let mut notes = self.detected.loaded.notes.clone();
        notes.sort_by_key(|note| note.kind);
        notes
    }
}

//! Remarks about the data.

use serde::Serialize;

use oddity_source::note::{DataNote, NoteFix, NoteKind};

/// A remark about the data of the query.
#[derive(Debug, Serialize)]
pub struct NoteFindings {
    /// Subject of the remark.
    pub kind: NoteKind,
    /// One sentence without its final period.
    pub text: String,
    /// Change that mends it; `None` if there is none.
    pub fix: Option<FixFindings>,
}

/// A change of the query; fields that are `None` stay as they are.
#[derive(Debug, Serialize)]
pub struct FixFindings {
    /// Change in words.
    pub label: String,
    /// PromQL expression to query instead.
    pub query: Option<String>,
    /// Step to use instead, in seconds.
    pub step_seconds: Option<f64>,
}

impl From<DataNote> for NoteFindings {
    fn from(DataNote { kind, text, fix }: DataNote) -> Self {
        Self { kind, text, fix: fix.map(FixFindings::from) }
    }
}

impl From<NoteFix> for FixFindings {
    fn from(NoteFix { label, query, step }: NoteFix) -> Self {
        Self { label, query, step_seconds: step.map(|step| step.span().as_seconds()) }
    }
}

//! One line on a terminal that says what is going on, and goes away.

use std::io::{IsTerminal as _, Write as _, stderr};

use oddity_source::plan::Progress;

/// The line; it is taken away when this is dropped.
pub(super) struct ProgressLine {
    shown: bool,
}

impl ProgressLine {
    /// Nothing is shown where nobody looks: in a pipe, a log, or when it is not wanted.
    pub(super) fn new(wanted: bool) -> Self {
        Self { shown: wanted && stderr().is_terminal() }
    }

    /// How far a fetch is.
    pub(super) fn fetched(&self, source: &str, progress: Progress) {
        let Progress { done, of } = progress;
        match of {
            0 => self.say(&format!("Asking {source} how far apart its samples are")),
            of => self.say(&format!("Fetching from {source}: piece {} of {of}", done + 1)),
        }
    }

    /// Shows a line instead of the one before.
    pub(super) fn say(&self, text: &str) {
        if self.shown {
            let _ = write!(stderr(), "\r\x1b[K{text}").and_then(|()| stderr().flush());
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.say("");
    }
}

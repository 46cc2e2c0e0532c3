//! One line on a terminal that says what is going on, and goes away.

use std::io::{IsTerminal as _, Write as _, stderr};

use oddity_source::plan::FetchProgress;

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
    pub(super) fn fetched(&self, source: &str, progress: FetchProgress) {
        let FetchProgress { done, total } = progress;
        match total {
            0 => self.say(&format!("Asking {source} how far apart its samples are")),
            total => self.say(&format!("Fetching from {source}: piece {} of {total}", done + 1)),
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

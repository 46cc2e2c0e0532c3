//! Progress line on a terminal.

use std::io::{IsTerminal as _, Write as _, stderr};

use oddity_source::plan::FetchProgress;

/// Progress line, erased when dropped.
pub(super) struct ProgressLine {
    shown: bool,
}

impl ProgressLine {
    /// Creates a line that is shown only on a terminal, and if `wanted`.
    pub(super) fn new(wanted: bool) -> Self {
        Self { shown: wanted && stderr().is_terminal() }
    }

    /// Shows the progress of fetching.
    pub(super) fn show_fetching(&self, source: &str, progress: FetchProgress) {
        let FetchProgress { done, total } = progress;
        match total {
            0 => self.show(&format!("Looking up the scrape interval of {source}")),
            total => self.show(&format!("Fetching from {source}: chunk {} of {total}", done + 1)),
        }
    }

    /// Shows the progress of checking causes.
    pub(super) fn show_checking(&self, FetchProgress { done, total }: FetchProgress) {
        match total {
            0 => self.show("Looking up the metrics of the source"),
            total => self.show(&format!(
                "Checking possible causes: query {} of {total}",
                (done + 1).min(total)
            )),
        }
    }

    /// Replaces the line.
    pub(super) fn show(&self, text: &str) {
        if self.shown {
            let _ = write!(stderr(), "\r\x1b[K{text}").and_then(|()| stderr().flush());
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.show("");
    }
}

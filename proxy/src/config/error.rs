//! Errors of the configuration.

use std::path::{Path, PathBuf};

/// Invalid configuration. No message contains a secret, or an address with one.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Cause of the failure.
        error: std::io::Error,
    },
    /// A line of a file is invalid.
    #[error("{}, line {line}: {problem}", path.display())]
    Line {
        /// Path of the file.
        path: PathBuf,
        /// Number of the line, counted from one.
        line: usize,
        /// Key and what is wrong with it.
        problem: String,
    },
    /// A setting is invalid, or contradicts another one.
    #[error("{setting}: {problem}")]
    Setting {
        /// Name of the variable or key.
        setting: String,
        /// Problem, and what to change.
        problem: String,
    },
}

impl ConfigError {
    pub(crate) fn setting(setting: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Setting { setting: setting.into(), problem: problem.into() }
    }

    pub(super) fn read(path: &Path, error: std::io::Error) -> Self {
        Self::Read { path: path.to_owned(), error }
    }
}

//! Errors of `oddity detect`, and their form on a terminal.

use std::io;
use std::path::PathBuf;

use oddity_source::prometheus::{ErrorPosition, ReplyError};
use oddity_source::query::QueryError;

use crate::config::ConfigError;
use crate::error::ApiError;

/// Failed analysis; each message says what to change.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// Invalid configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Invalid query.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// Error of the source.
    #[error("{0}")]
    Reply(#[from] ReplyError),
    /// Unknown source.
    #[error("unknown source \"{id}\": choose one of {known}, or add it to the configuration")]
    UnknownSource {
        /// Requested id.
        id: String,
        /// Known ids, separated by commas.
        known: String,
    },
    /// No samples to evaluate.
    #[error("{0}; use --allow-empty to accept this")]
    Empty(String),
    /// A file cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// Path of the file.
        path: PathBuf,
        /// Cause of the failure.
        error: io::Error,
    },
    /// Report and chart have the same file.
    #[error("--report and --chart name the same file: use different files")]
    SameFile,
    /// The report cannot be printed.
    #[error("cannot print the report: {0}")]
    Print(io::Error),
    /// The binary was built without the page, whose parts the chart needs.
    #[error("--chart needs the page, which is not part of this build: build it with `make build`")]
    NoPage,
    /// Internal error that no input should cause.
    #[error("the analysis failed: {0}")]
    Internal(String),
}

impl From<ApiError> for DetectError {
    fn from(error: ApiError) -> Self {
        let error_type = serde_json::to_value(error.error_type).ok();
        let error_type = error_type.as_ref().and_then(serde_json::Value::as_str);
        Self::Reply(ReplyError::Prometheus {
            error_type: error_type.unwrap_or_default().to_owned(),
            message: error.message,
        })
    }
}

impl DetectError {
    /// Formats the message for a terminal, with a mark below the position of a syntax error in `expr`.
    pub fn terminal_message(&self, expr: &str) -> String {
        let position = match self {
            Self::Reply(error) => error.position(),
            _ => None,
        };
        match position.and_then(|position| underlined(expr, position)) {
            Some(place) => format!("error: {self}\n\n{place}\n"),
            None => format!("error: {self}\n"),
        }
    }
}

/// Formats the line of the query with a mark below the position.
fn underlined(expr: &str, position: ErrorPosition) -> Option<String> {
    let at = position.offset_in(expr)?;
    let start = expr[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = expr[start..].lines().next().unwrap_or_default();
    let seen = |c: char| if c.is_control() { ' ' } else { c };
    let line: String = line.chars().map(seen).collect();
    let before = expr[start..at].chars().count();
    Some(format!("  {line}\n  {}^", " ".repeat(before)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_is_underlined() {
        let check = |message: &str, expr: &str, expected: &str| {
            let error_type = "bad_data".to_owned();
            let failure = DetectError::Reply(ReplyError::Prometheus {
                error_type,
                message: message.to_owned(),
            });
            assert_eq!(failure.terminal_message(expr), format!("error: {message}\n{expected}"));
        };
        check("1:5: parse error: unclosed", "sum(", "\n  sum(\n      ^\n");
        check("invalid: 2:3: parse error: x", "a +\n\tb", "\n   b\n    ^\n");
        check("1:4: parse error: x", "ä{", "\n  ä{\n    ^\n");
        check("9:4: parse error: x", "up", "");
        check("out of memory", "up", "");
    }
}

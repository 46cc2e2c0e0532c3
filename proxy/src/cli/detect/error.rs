//! Why there is no result, and how a person is told.

use std::io;
use std::path::PathBuf;

use oddity_source::prometheus::{ErrorPosition, ReplyError};
use oddity_source::query::QueryError;

use crate::config::ConfigError;
use crate::error::ApiError;

/// Why there is no result; each message says what to change.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// The configuration.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The question itself.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// What the source answered.
    #[error("{0}")]
    Reply(#[from] ReplyError),
    /// There is no such source.
    #[error("there is no source \"{id}\": choose one of {known}, or add it to the configuration")]
    UnknownSource {
        /// What was asked for.
        id: String,
        /// The ones that there are, with commas between.
        known: String,
    },
    /// There is nothing to judge.
    #[error("{0}; with --allow-empty this is no error")]
    Empty(String),
    /// A file cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Two outputs have the same name.
    #[error("--report and --chart name the same file: write them to two")]
    SameFile,
    /// Nothing can be printed.
    #[error("cannot print the report: {0}")]
    Print(io::Error),
    /// The chart's parts are not there.
    #[error(
        "this build has no page inside, of which the chart is made: build it with `make build`"
    )]
    NoPage,
    /// Something that no input should cause.
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
    /// For a terminal: the message, and below it the place of the query that is wrong.
    pub fn told(&self, expr: &str) -> String {
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

/// The line of the query with a mark under the fault.
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
    fn the_fault_is_underlined() {
        let check = |message: &str, expr: &str, expected: &str| {
            let error_type = "bad_data".to_owned();
            let failure = DetectError::Reply(ReplyError::Prometheus {
                error_type,
                message: message.to_owned(),
            });
            assert_eq!(failure.told(expr), format!("error: {message}\n{expected}"));
        };
        check("1:5: parse error: unclosed", "sum(", "\n  sum(\n      ^\n");
        check("invalid: 2:3: parse error: x", "a +\n\tb", "\n   b\n    ^\n");
        check("1:4: parse error: x", "ä{", "\n  ä{\n    ^\n");
        check("9:4: parse error: x", "up", "");
        check("out of memory", "up", "");
    }
}

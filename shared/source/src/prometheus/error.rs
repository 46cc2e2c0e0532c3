//! Errors of replies.

use super::matrix::MAX_SAMPLES_TOTAL;
use super::scan::MAX_DEPTH;

/// The reason why a reply cannot be used; each message says what to check or change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Prometheus refused the query or failed on it.
    #[error("{message}")]
    Prometheus {
        /// `bad_data`, `execution`, `timeout` and so on.
        error_type: String,
        /// Message of Prometheus.
        message: String,
    },
    /// Something that is not Prometheus answered.
    #[error(
        "expected JSON from Prometheus, received {what}: check that this is not the address of a login page or another service"
    )]
    NotJson {
        /// Description of the bytes, such as "an HTML page".
        what: String,
    },
    /// The reply ended before it was complete.
    #[error(
        "the response was cut off after {bytes} bytes: run the query again, or select fewer series or a shorter range"
    )]
    Cut {
        /// Number of bytes that arrived.
        bytes: usize,
    },
    /// The JSON differs from the API of Prometheus.
    #[error("unexpected response from Prometheus at byte {at}: {problem}")]
    Shape {
        /// Difference, in words.
        problem: String,
        /// Offset into the reply.
        at: usize,
    },
    /// The result has a type other than series of numbers.
    #[error("the query returns a {0} instead of series: {hint}", hint = hint(.0))]
    UnsupportedResultType(String),
    /// The JSON is nested deeper than [`MAX_DEPTH`].
    #[error("the response is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// The samples exceed the limit of memory.
    #[error(
        "more than {MAX_SAMPLES_TOTAL} samples ({series} or more series with {points} points each): narrow the selector, aggregate, or select a longer step"
    )]
    TooLarge {
        /// The first series that does not fit, counted from 1.
        series: usize,
        /// Points of the grid.
        points: usize,
    },
}

/// Position of an error in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorPosition {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in bytes, counted from 1.
    pub column: usize,
}

impl ReplyError {
    /// Returns the position in a message such as `1:5: parse error: ...`; `None` if there is none.
    /// Source: Prometheus `promql/parser/parse.go`, `ParseErr.Error`.
    pub fn position(&self) -> Option<ErrorPosition> {
        let Self::Prometheus { message, .. } = self else { return None };
        let (place, _) = message.split_once(": parse error:")?;
        let (before, column) = place.rsplit_once(':')?;
        let line = before.rsplit(|c: char| !c.is_ascii_digit()).next()?;
        let position = ErrorPosition { line: line.parse().ok()?, column: column.parse().ok()? };
        (position.line > 0 && position.column > 0).then_some(position)
    }
}

impl ErrorPosition {
    /// Returns the byte offset in `expr`, on a character boundary: its length if the error is at the end, `None` if
    /// `expr` has no such line.
    pub fn offset_in(self, expr: &str) -> Option<usize> {
        let line = expr.split('\n').nth(self.line.checked_sub(1)?)?;
        let start = line.as_ptr().addr() - expr.as_ptr().addr();
        let column = self.column.saturating_sub(1).min(line.len());
        Some(start + line.floor_char_boundary(column))
    }
}

fn hint(result_type: &str) -> &'static str {
    match result_type {
        "matrix" => "remove the range in brackets, or wrap it in a function such as rate()",
        "string" => "remove the quotes around the metric name",
        _ => "use an expression that returns an instant vector",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_of_a_parse_error() {
        let cases = [
            ("1:5: parse error: unclosed left parenthesis", "sum(", Some((1, 5)), Some(4)),
            ("invalid parameter \"query\": 2:3: parse error: x", "a +\n# b", Some((2, 3)), Some(6)),
            ("1:2: parse error: x", "é", Some((1, 2)), Some(0)),
            ("3:1: parse error: x", "a\nb", Some((3, 1)), None),
            ("invalid position: parse error: x", "a", None, None),
            ("0:0: parse error: x", "a", None, None),
            ("query timed out", "a", None, None),
            ("99999999999999999999999:1: parse error: x", "a", None, None),
        ];
        for (message, expr, place, offset) in cases {
            let error = ReplyError::Prometheus {
                error_type: "bad_data".to_owned(),
                message: message.to_owned(),
            };
            let position = error.position();
            assert_eq!(position.map(|p| (p.line, p.column)), place, "{message}");
            assert_eq!(position.and_then(|p| p.offset_in(expr)), offset, "{message}");
        }
        assert_eq!(ReplyError::TooDeep.position(), None);
    }
}

//! Why a reply cannot be used.

use super::matrix::MAX_SAMPLES_TOTAL;
use super::scan::MAX_DEPTH;

/// Why a reply cannot be used; each message says what came or what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Prometheus refused the query or failed on it.
    #[error("{message}")]
    Prometheus {
        /// `bad_data`, `execution`, `timeout` and so on.
        error_type: String,
        /// Prometheus' own words.
        message: String,
    },
    /// Something that is not Prometheus answered.
    #[error(
        "{what} came instead of Prometheus' JSON: is a login page or another service at this address?"
    )]
    NotJson {
        /// What the bytes look like.
        what: String,
    },
    /// The reply ended before it was complete.
    #[error(
        "the reply was cut off after {bytes} bytes: run the query again, or ask for fewer series or a shorter range"
    )]
    Cut {
        /// How many arrived.
        bytes: usize,
    },
    /// Not the shape that Prometheus' API defines.
    #[error("the reply differs from Prometheus' API at byte {at}: {problem}")]
    Shape {
        /// What is wrong there.
        problem: String,
        /// Offset into the reply.
        at: usize,
    },
    /// A type of result that cannot be used here.
    #[error("the query gives a {0}, not series of numbers: {hint}", hint = hint(.0))]
    UnsupportedResultType(String),
    /// Nested beyond [`MAX_DEPTH`].
    #[error("the reply is nested deeper than {MAX_DEPTH} levels, which Prometheus never does")]
    TooDeep,
    /// More samples than fit beside each other in memory.
    #[error(
        "{series} series and more of {points} points each are over {MAX_SAMPLES_TOTAL} samples: narrow the selector, aggregate, or choose a longer step"
    )]
    TooLarge {
        /// The first series that does not fit, counted from 1.
        series: usize,
        /// Points of the grid.
        points: usize,
    },
}

/// Where Prometheus saw a fault in the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorPosition {
    /// From 1.
    pub line: usize,
    /// From 1, in bytes of the line.
    pub column: usize,
}

impl ReplyError {
    /// Where in the query the fault is, if Prometheus names a place: `1:5: parse error: ...`.
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
    /// The byte of `expr` at which the fault is, on the border of a character: its length where
    /// the fault is the end, `None` if `expr` has no such line.
    pub fn offset_in(self, expr: &str) -> Option<usize> {
        let line = expr.split('\n').nth(self.line.checked_sub(1)?)?;
        let start = line.as_ptr().addr() - expr.as_ptr().addr();
        let column = self.column.saturating_sub(1).min(line.len());
        Some(start + line.floor_char_boundary(column))
    }
}

fn hint(result_type: &str) -> &'static str {
    match result_type {
        "matrix" => "leave out the range in brackets or wrap it in a function such as rate(...)",
        "string" => "write a metric name without quotes",
        _ => "ask for an instant vector",
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

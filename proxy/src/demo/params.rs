//! Reads the parameters of a request, with Prometheus' own messages.

use oddity_detect::time::{Span, Timestamp};
use oddity_source::query::MAX_POINTS;

use super::bad_data;
use super::promql::Steps;
use crate::error::ApiError;
use crate::source::allowlist::Params;

/// The parameters of a request and when it was made.
pub(super) struct Query<'a> {
    pub params: &'a Params,
    /// Time of the request in milliseconds.
    pub now: i64,
}

impl Query<'_> {
    /// Returns every value of a parameter that may repeat.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.params.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the first value of a parameter; empty if it is absent, which Prometheus treats alike.
    pub(super) fn one(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Reads an instant in milliseconds, `None` if it is not given.
    pub(super) fn time(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let text = self.one(name);
        if text.is_empty() {
            return Ok(None);
        }
        let time: Result<Timestamp, _> = text.parse();
        let time = time
            .map_err(|_| invalid(name, &format!("cannot parse {text:?} to a valid timestamp")))?;
        Ok(Some(time.0))
    }

    /// Reads the instants of a range query, and its end, which may lie after the last of them.
    pub(super) fn steps(&self) -> Result<(Steps, i64), ApiError> {
        let required = |name: &str| {
            let missing = || invalid(name, "cannot parse \"\" to a valid timestamp");
            self.time(name)?.ok_or_else(missing)
        };
        let (start, end) = (required("start")?, required("end")?);
        if end < start {
            return Err(invalid("end", "end timestamp must not be before start time"));
        }
        let text = self.one("step");
        let step = match text.parse::<Span>() {
            Ok(span) => i64::try_from(span.millis()).unwrap_or(i64::MAX),
            Err(_) if text.starts_with('-') => 0,
            Err(_) => {
                let message = format!("cannot parse {text:?} to a valid duration");
                return Err(invalid("step", &message));
            }
        };
        if step == 0 {
            return Err(invalid(
                "step",
                "zero or negative query resolution step widths are not accepted. Try a positive integer",
            ));
        }
        let intervals = end.saturating_sub(start) / step;
        match usize::try_from(intervals) {
            Ok(intervals) if intervals <= MAX_POINTS => {
                Ok((Steps { start, step, len: intervals + 1 }, end))
            }
            _ => Err(bad_data(
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
            )),
        }
    }

    /// Reads how many entries are wanted at most; 0 and absent mean all.
    pub(super) fn limit(&self) -> Result<usize, ApiError> {
        match self.one("limit") {
            "" | "0" => Ok(usize::MAX),
            text => text.parse().map_err(|_| invalid("limit", "limit must be a number")),
        }
    }
}

fn invalid(name: &str, reason: &str) -> ApiError {
    bad_data(format!("invalid parameter \"{name}\": {reason}"))
}

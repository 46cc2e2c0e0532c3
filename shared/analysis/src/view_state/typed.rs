//! The range of a form: times as people type them.

use super::RangeSelection;
use crate::words::Clock;
use oddity_detect::time::{Span, TimeError, TimeRange, Timestamp};

impl RangeSelection {
    /// Reads the start and the end of a range: times in the zone of a clock unless they name another, or times before
    /// `now` such as `now-6h`. A range from such a time to `now` goes on; any other one is fixed.
    ///
    /// # Errors
    /// [`TimeError`] for a text that is no time, or an end before the start.
    pub fn typed(from: &str, to: &str, now: Timestamp, clock: Clock) -> Result<Self, TimeError> {
        let (from, to) = (from.trim(), to.trim());
        match ago(from) {
            Some(span) if to == "now" && span > Span::ZERO => Ok(Self::Last(span)),
            _ => TimeRange::new(time(from, now, clock)?, time(to, now, clock)?).map(Self::Between),
        }
    }
}

/// Parses `now-6h` as six hours, and `now` as none; returns `None` for any other text.
fn ago(text: &str) -> Option<Span> {
    let rest = text.strip_prefix("now")?.trim_start();
    match rest.strip_prefix('-') {
        Some(span) => span.trim_start().parse().ok(),
        None => rest.is_empty().then_some(Span::ZERO),
    }
}

fn time(text: &str, now: Timestamp, clock: Clock) -> Result<Timestamp, TimeError> {
    if let Some(span) = ago(text) {
        return Ok(now - span);
    }
    let read: Timestamp = text.parse()?;
    // A text that takes a zone behind it names none.
    let zoned = |at: Timestamp| format!("{text}{}", clock.offset(at)).parse::<Timestamp>();
    Ok(zoned(read).and_then(zoned).unwrap_or(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two hours east of UTC until 2026-10-25 01:00 UTC, then one.
    const BERLIN: Clock = Clock(|t| if t.0 < 1_792_890_000_000 { 120 } else { 60 });

    #[test]
    fn ranges_as_people_type_them() {
        let now: Timestamp = "2026-10-25T12:00:00Z".parse().unwrap();
        let check = |from: &str, to: &str, clock: Clock, expected: Result<&str, &str>| {
            let found = RangeSelection::typed(from, to, now, clock);
            let found = found.map(|found| match found {
                RangeSelection::Last(span) => span.to_string(),
                RangeSelection::Between(TimeRange { start, end }) => format!("{start} {end}"),
            });
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(error), Err(says)) => assert!(error.to_string().contains(says), "{error}"),
                (found, _) => panic!("{from} {to}: {found:?}"),
            }
        };
        check("now-6h", "now", Clock::UTC, Ok("6h"));
        check(" now - 90m ", "now", BERLIN, Ok("1h30m"));
        check("now-1d", "now-12h", BERLIN, Ok("2026-10-24T12:00:00Z 2026-10-25T00:00:00Z"));
        let (from, to) = ("2026-10-25 01:30", "2026-10-25 03:30:00");
        check(from, to, Clock::UTC, Ok("2026-10-25T01:30:00Z 2026-10-25T03:30:00Z"));
        check(from, to, BERLIN, Ok("2026-10-24T23:30:00Z 2026-10-25T02:30:00Z"));
        let (from, to) = ("2026-10-25T01:30Z", "2026-10-25T03:30:00+05:00");
        check(from, "now", BERLIN, Ok("2026-10-25T01:30:00Z 2026-10-25T12:00:00Z"));
        check("2026-10-24T01:30Z", to, BERLIN, Ok("2026-10-24T01:30:00Z 2026-10-24T22:30:00Z"));
        check("1792886400", "now", BERLIN, Ok("2026-10-25T00:00:00Z 2026-10-25T12:00:00Z"));
        check("soon", "now", BERLIN, Err("soon"));
        check("now-x", "now", BERLIN, Err("now-x"));
        check("now", "now-1h", BERLIN, Err("end"));
    }
}

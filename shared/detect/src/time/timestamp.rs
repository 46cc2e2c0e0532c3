use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::parsing::Parsed;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use super::{Span, Step, TimeError};

/// Milliseconds since 1970-01-01T00:00:00Z; negative before.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns Unix seconds with up to three decimals, as Prometheus' API takes them.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// Creates a point in time from Unix seconds, rounded to the millisecond; `None` beyond the range of `i64` or for
    /// NaN.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        let millis = libm::round(seconds * 1e3);
        (millis.abs() < 9e15).then_some(Self(millis as i64))
    }

    /// Returns the largest multiple of `step` at or before this point.
    pub fn floor_to(self, step: Step) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(step.millis() as i64)))
    }

    /// Returns the time since `earlier`; zero if that is not earlier.
    pub fn since(self, earlier: Timestamp) -> Span {
        Span::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Formats date and time of day at `offset_minutes` east of UTC, for example `2026-01-31 13:45:07`. Years beyond
    /// 9999 are shown as Unix seconds.
    pub fn format(self, offset_minutes: i32) -> String {
        match self.civil(offset_minutes) {
            Some(civil) => format!("{} {}", day(civil), clock(civil, true)),
            None => self.as_seconds().to_string(),
        }
    }

    /// Formats the time of day at `offset_minutes` east of UTC: `13:45`, with seconds when they are not zero.
    pub fn format_clock(self, offset_minutes: i32) -> String {
        match self.civil(offset_minutes) {
            Some(civil) => clock(civil, civil.second() != 0),
            None => self.as_seconds().to_string(),
        }
    }

    /// Formats month, day and time of day at `offset_minutes` east of UTC: `Jan 31 13:45`.
    pub fn format_short(self, offset_minutes: i32) -> String {
        match self.civil(offset_minutes) {
            Some(civil) => {
                let month = MONTHS[usize::from(u8::from(civil.month()) - 1)];
                format!("{month} {} {}", civil.day(), self.format_clock(offset_minutes))
            }
            None => self.as_seconds().to_string(),
        }
    }

    /// Returns the date and time at an offset; `None` beyond the supported years.
    fn civil(self, offset_minutes: i32) -> Option<OffsetDateTime> {
        let offset = UtcOffset::from_whole_seconds(offset_minutes.checked_mul(60)?).ok()?;
        let nanos = i128::from(self.0) * 1_000_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?.checked_to_offset(offset)
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Formats the date: `2026-01-31`.
fn day(civil: OffsetDateTime) -> String {
    format!("{:04}-{:02}-{:02}", civil.year(), u8::from(civil.month()), civil.day())
}

/// Formats the time of day: `13:45`, or `13:45:07` with `seconds`.
fn clock(civil: OffsetDateTime, seconds: bool) -> String {
    let minutes = format!("{:02}:{:02}", civil.hour(), civil.minute());
    if seconds { format!("{minutes}:{:02}", civil.second()) } else { minutes }
}

impl std::ops::Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add_unsigned(span.millis()))
    }
}

impl std::ops::Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub_unsigned(span.millis()))
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339 in UTC, with milliseconds when they are not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(civil) = self.civil(0) else { return self.as_seconds().fmt(f) };
        write!(f, "{}T{}", day(civil), clock(civil, true))?;
        match civil.millisecond() {
            0 => f.write_str("Z"),
            millis => write!(f, ".{millis:03}Z"),
        }
    }
}

/// Format of a date, then perhaps a time of day, then perhaps an offset from UTC.
const CIVIL: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[year]-[month]-[day][optional [[first [T] [ ]][hour]:[minute][optional [:[second][optional [.[subsecond]]]]]]][optional [[first [Z] [[offset_hour sign:mandatory]:[offset_minute]]]]]"
);

/// Parses a date with or without time of day and offset; `None` for anything else.
fn parse_civil(text: &str) -> Option<OffsetDateTime> {
    let mut parsed = Parsed::new();
    let rest = parsed.parse_items(text.as_bytes(), CIVIL).ok()?;
    let (hour, minute) = (parsed.hour_24().unwrap_or(0), parsed.minute().unwrap_or(0));
    let (second, nanos) = (parsed.second().unwrap_or(0), parsed.subsecond().unwrap_or(0));
    let time = Time::from_hms_nano(hour, minute, second, nanos).ok()?;
    let offset_minutes = parsed.offset_minute_signed().unwrap_or(0);
    let offset = UtcOffset::from_hms(parsed.offset_hour().unwrap_or(0), offset_minutes, 0).ok()?;
    let date = Date::try_from(parsed).ok()?;
    rest.is_empty().then(|| PrimitiveDateTime::new(date, time).assume_offset(offset))
}

impl FromStr for Timestamp {
    type Err = TimeError;

    /// Parses RFC 3339, a date with or without a time of day (read as UTC), or Unix seconds.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if let Some(civil) = parse_civil(text) {
            return Ok(Self((civil.unix_timestamp_nanos() / 1_000_000) as i64));
        }
        let seconds = text.parse::<f64>().ok();
        seconds.and_then(Self::from_seconds).ok_or_else(|| TimeError::Timestamp(text.to_owned()))
    }
}

//! Points and lengths of time in whole milliseconds, as Prometheus counts and writes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::parsing::Parsed;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// Milliseconds since 1970-01-01T00:00:00Z; negative before.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

/// A length of time in milliseconds, never negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Span(u64);

/// The distance between neighbouring samples: a [`Span`] of at least one millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Step(Span);

/// From `start` to `end`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeRange {
    /// First instant.
    pub start: Timestamp,
    /// Last instant, never before `start`.
    pub end: Timestamp,
}

/// Why a text is not a time; each message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a Prometheus duration.
    #[error("\"{0}\" is not a duration: write a number and a unit, such as 30s, 5m, 1h30m or 7d")]
    Duration(String),
    /// Not a point in time.
    #[error("\"{0}\" is not a time: write 2026-01-31 13:45, 2026-01-31T13:45:00Z or Unix seconds")]
    Timestamp(String),
    /// A step of zero.
    #[error("the step must be longer than zero")]
    ZeroStep,
    /// A range that ends before it starts.
    #[error("the range ends ({end}) before it starts ({start})")]
    Reversed {
        /// The start that was given.
        start: Timestamp,
        /// The end that was given.
        end: Timestamp,
    },
}

/// Prometheus' units, longest first, in milliseconds.
/// Source: Prometheus documentation, "Querying basics", float literals and time durations.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Timestamp {
    /// As Prometheus' API takes it: Unix seconds with up to three decimals.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// From Unix seconds, rounded to the millisecond; `None` beyond the range of `i64` or for NaN.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        let millis = libm::round(seconds * 1e3);
        (millis.abs() < 9e15).then_some(Self(millis as i64))
    }

    /// The largest multiple of `step` at or before this point.
    pub fn floor_to(self, step: Step) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(step.millis() as i64)))
    }

    /// The smallest multiple of `step` at or after this point.
    pub fn ceil_to(self, step: Step) -> Self {
        let floor = self.floor_to(step);
        if floor == self { self } else { floor + step.span() }
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Timestamp) -> Span {
        Span(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Date and time of day at `offset` east of UTC in minutes, for example `2026-01-31 13:45:07`.
    /// Years beyond 9999 are shown as Unix seconds.
    pub fn format(self, offset_minutes: i32) -> String {
        match self.civil(offset_minutes) {
            Some(civil) => format!("{} {}", day(civil), clock(civil, true)),
            None => self.as_seconds().to_string(),
        }
    }

    /// Time of day alone at `offset` east of UTC in minutes: `13:45`, with seconds when they are not zero.
    pub fn format_clock(self, offset_minutes: i32) -> String {
        match self.civil(offset_minutes) {
            Some(civil) => clock(civil, civil.second() != 0),
            None => self.as_seconds().to_string(),
        }
    }

    /// Month, day and time of day at `offset` east of UTC in minutes: `Jan 31 13:45`.
    pub fn format_short(self, offset_minutes: i32) -> String {
        match self.civil(offset_minutes) {
            Some(civil) => {
                let month = MONTHS[usize::from(u8::from(civil.month()) - 1)];
                format!("{month} {} {}", civil.day(), self.format_clock(offset_minutes))
            }
            None => self.as_seconds().to_string(),
        }
    }

    fn civil(self, offset_minutes: i32) -> Option<OffsetDateTime> {
        let offset = UtcOffset::from_whole_seconds(offset_minutes.checked_mul(60)?).ok()?;
        let nanos = i128::from(self.0) * 1_000_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?.checked_to_offset(offset)
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn day(civil: OffsetDateTime) -> String {
    format!("{:04}-{:02}-{:02}", civil.year(), u8::from(civil.month()), civil.day())
}

fn clock(civil: OffsetDateTime, seconds: bool) -> String {
    let minutes = format!("{:02}:{:02}", civil.hour(), civil.minute());
    if seconds { format!("{minutes}:{:02}", civil.second()) } else { minutes }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// From whole seconds.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// In milliseconds.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// In seconds.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// In words, rounded to its two largest units: `1 h 30 min`, `12 s`; days from two on.
    pub fn words(self) -> String {
        const WORDS: [(&str, u64); 4] =
            [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)];
        let large =
            |(name, unit): &(&str, u64)| self.0 >= if *name == "d" { 2 * unit } else { *unit };
        let Some(first) = WORDS.iter().position(large) else {
            return format!("{} ms", self.0);
        };
        let (name, unit) = WORDS[first];
        let Some((small_name, small)) = WORDS.get(first + 1) else {
            return format!("{} {name}", self.0.saturating_add(unit / 2) / unit);
        };
        let rounded = self.0.saturating_add(small / 2) / small * small;
        let (whole, rest) = (rounded / unit, rounded % unit / small);
        if rest == 0 {
            format!("{whole} {name}")
        } else {
            format!("{whole} {name} {rest} {small_name}")
        }
    }
}

impl Step {
    /// # Errors
    /// [`TimeError::ZeroStep`] if `span` is zero.
    pub fn new(span: Span) -> Result<Self, TimeError> {
        if span == Span::ZERO { Err(TimeError::ZeroStep) } else { Ok(Self(span)) }
    }

    /// From whole seconds; zero becomes one millisecond, so that constants need no error.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(Span(if seconds == 0 { 1 } else { seconds * 1_000 }))
    }

    /// The same as a plain length of time.
    pub const fn span(self) -> Span {
        self.0
    }

    /// In milliseconds, at least one.
    pub const fn millis(self) -> u64 {
        self.0.0
    }

    /// `count` steps.
    pub const fn times(self, count: usize) -> Span {
        Span(self.0.0.saturating_mul(count as u64))
    }
}

impl TimeRange {
    /// # Errors
    /// [`TimeError::Reversed`] if `end` lies before `start`.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self, TimeError> {
        if start <= end { Ok(Self { start, end }) } else { Err(TimeError::Reversed { start, end }) }
    }

    /// From first to last instant.
    pub fn span(self) -> Span {
        self.end.since(self.start)
    }
}

impl std::ops::Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add_unsigned(span.0))
    }
}

impl std::ops::Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub_unsigned(span.0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, with milliseconds when they are not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(civil) = self.civil(0) else { return self.as_seconds().fmt(f) };
        write!(f, "{}T{}", day(civil), clock(civil, true))?;
        match civil.millisecond() {
            0 => f.write_str("Z"),
            millis => write!(f, ".{millis:03}Z"),
        }
    }
}

/// A date, then perhaps a time of day, then perhaps an offset from UTC.
const CIVIL: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[year]-[month]-[day][optional [[first [T] [ ]][hour]:[minute][optional [:[second][optional [.[subsecond]]]]]]][optional [[first [Z] [[offset_hour sign:mandatory]:[offset_minute]]]]]"
);

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

    /// Takes RFC 3339, a date with or without a time of day (read as UTC), or Unix seconds.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if let Some(civil) = parse_civil(text) {
            return Ok(Self((civil.unix_timestamp_nanos() / 1_000_000) as i64));
        }
        let seconds = text.parse::<f64>().ok();
        seconds.and_then(Self::from_seconds).ok_or_else(|| TimeError::Timestamp(text.to_owned()))
    }
}

impl fmt::Display for Span {
    /// The shortest Prometheus duration: `1h30m`, `1d`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (name, unit) in UNITS {
            // Prometheus itself writes weeks and years only when nothing remains.
            let whole_only = matches!(name, "y" | "w");
            if rest >= unit && (!whole_only || rest.is_multiple_of(unit)) {
                write!(f, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

impl FromStr for Span {
    type Err = TimeError;

    /// Takes Prometheus durations (`1h30m`, units in falling order) and plain seconds (`15`, `0.5`).
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        let error = || TimeError::Duration(text.to_owned());
        if let Ok(seconds) = text.parse::<f64>() {
            let millis = libm::round(seconds * 1e3);
            return if (0.0..9e15).contains(&millis) {
                Ok(Self(millis as u64))
            } else {
                Err(error())
            };
        }
        let (mut rest, mut total, mut units) = (text, 0_u64, UNITS.iter());
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let count: u64 = rest[..digits].parse().map_err(|_| error())?;
            let tail = &rest[digits..];
            let letters =
                tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_lowercase()).len();
            let (_, unit) = units.find(|(name, _)| *name == &tail[..letters]).ok_or_else(error)?;
            total = count
                .checked_mul(*unit)
                .and_then(|length| total.checked_add(length))
                .filter(|total| *total < 9_000_000_000_000_000)
                .ok_or_else(error)?;
            rest = &tail[letters..];
        }
        if text.is_empty() { Err(error()) } else { Ok(Self(total)) }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Step {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::new(text.parse()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_as_prometheus_reads_and_writes_them() {
        let cases = [
            ("5m", 300_000, "5m"),
            ("1h30m", 5_400_000, "1h30m"),
            ("90m", 5_400_000, "1h30m"),
            ("1d", 86_400_000, "1d"),
            ("7d", 604_800_000, "1w"),
            ("8d", 691_200_000, "8d"),
            ("1500ms", 1_500, "1s500ms"),
            ("15", 15_000, "15s"),
            ("0.5", 500, "500ms"),
            ("0s", 0, "0s"),
        ];
        for (text, millis, written) in cases {
            let span: Span = text.parse().expect(text);
            assert_eq!((span.millis(), span.to_string().as_str()), (millis, written), "{text}");
        }
    }

    #[test]
    fn wrong_durations_say_what_to_write() {
        for text in ["", "m", "5x", "1m1h", "-5m", "5 m", "1e99", "NaN", "99999999999y"] {
            let result = text.parse::<Span>();
            assert!(matches!(result, Err(TimeError::Duration(_))), "{text}: {result:?}");
        }
        assert_eq!("0s".parse::<Step>(), Err(TimeError::ZeroStep));
    }

    #[test]
    fn timestamps_in_every_accepted_spelling() {
        for text in
            ["2026-01-31T13:45:00Z", "2026-01-31 13:45", "1769867100", "2026-01-31T14:45+01:00"]
        {
            assert_eq!(text.parse(), Ok(Timestamp(1_769_867_100_000)), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "NaN", "1e300"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
        let t = Timestamp(1_769_867_100_000);
        assert_eq!(t.to_string(), "2026-01-31T13:45:00Z");
        assert_eq!(t.format(60), "2026-01-31 14:45:00");
        assert_eq!(t.format_short(-30), "Jan 31 13:15");
    }

    #[test]
    fn spans_in_words_keep_two_units() {
        let cases = [
            (5_400_000, "1 h 30 min"),
            (90_400, "1 min 30 s"),
            (3_599_999, "60 min"),
            (86_400_000, "24 h"),
            (216_000_000, "2 d 12 h"),
            (12_000, "12 s"),
            (7, "7 ms"),
        ];
        for (millis, words) in cases {
            assert_eq!(Span::from_millis(millis).words(), words);
        }
        assert_eq!(Span::from_millis(u64::MAX).words(), "213503982334 d 14 h");
    }

    proptest! {
        #[test]
        fn a_written_duration_reads_back(millis in 0_u64..9_000_000_000_000_000) {
            let span = Span::from_millis(millis);
            prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
        }

        #[test]
        fn flooring_lands_on_the_grid(t in any::<i32>(), step in 1_u64..100_000_000) {
            let (t, step) = (Timestamp(i64::from(t)), Step::new(Span::from_millis(step)).unwrap());
            let (floor, ceil) = (t.floor_to(step), t.ceil_to(step));
            prop_assert!(floor <= t && t <= ceil && t.since(floor) < step.span());
            prop_assert_eq!(floor.0.rem_euclid(step.millis() as i64), 0);
            prop_assert_eq!(ceil.0.rem_euclid(step.millis() as i64), 0);
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = (text.parse::<Span>(), text.parse::<Timestamp>());
        }
    }
}

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{TimeError, Timestamp};

/// A length of time in milliseconds, never negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Span(u64);

/// The distance between neighbouring samples: a [`Span`] of at least one millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Step(Span);

/// Units of Prometheus durations with their milliseconds, longest first. Source: Prometheus documentation, "Querying
/// basics", float literals and time durations.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Span {
    /// Length of no time.
    pub const ZERO: Self = Self(0);

    /// Creates a length of time from milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Creates a length of time from whole seconds.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// Returns the length in milliseconds.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Returns the length in seconds.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// Formats the length in words, rounded to its two largest units: `1 h 30 min`, `12 s`; days from two on.
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
    /// Creates a step.
    ///
    /// # Errors
    ///
    /// [`TimeError::ZeroStep`] if `span` is zero.
    pub fn new(span: Span) -> Result<Self, TimeError> {
        if span == Span::ZERO { Err(TimeError::ZeroStep) } else { Ok(Self(span)) }
    }

    /// Creates a step from whole seconds; zero becomes one millisecond, so that constants need no error.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(Span(if seconds == 0 { 1 } else { seconds * 1_000 }))
    }

    /// Returns the step as a length of time.
    pub const fn span(self) -> Span {
        self.0
    }

    /// Returns the step in milliseconds, at least one.
    pub const fn millis(self) -> u64 {
        self.0.0
    }

    /// Returns the number of whole steps from a time to a later one; 0 to an earlier one.
    pub fn count(self, from: Timestamp, to: Timestamp) -> usize {
        (to.since(from).millis() / self.millis()) as usize
    }

    /// Returns the length of `count` steps.
    pub const fn times(self, count: usize) -> Span {
        Span(self.0.0.saturating_mul(count as u64))
    }
}

impl fmt::Display for Span {
    /// Writes the shortest Prometheus duration: `1h30m`, `1d`, `0s`.
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

    /// Parses Prometheus durations (`1h30m`, units in falling order) and plain seconds (`15`, `0.5`).
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

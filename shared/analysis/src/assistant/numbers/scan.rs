//! Finds numbers with their units in a text.

use std::ops::Range;

/// Physical dimension of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    Plain,
    Percent,
    Seconds,
    Bytes,
    PerSecond,
    BytesPerSecond,
}

/// A number, never negative: a text says "4 less" of −4.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WrittenNumber {
    pub(super) dimension: Dimension,
    /// Without its unit.
    pub(super) written: f64,
    /// In seconds, bytes, or what else the dimension is named after.
    pub(super) value: f64,
    /// Half of the last digit that counts, without the unit.
    pub(super) tolerance: f64,
    /// Value of one of its units, where that has two meanings.
    decimal: Option<f64>,
}

/// Number or time that stands in a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NumberToken<'a> {
    /// A date or a time of day.
    Moment(&'a str),
    WrittenNumber(WrittenNumber),
    /// Sum of the two numbers before it: "1 h 30 min".
    Sum(WrittenNumber),
}

impl WrittenNumber {
    /// Returns the value of one unit of the number.
    pub(super) fn scale(&self) -> f64 {
        if self.written == 0.0 { 1.0 } else { self.value / self.written }
    }

    /// Returns value and scale where the unit is taken for powers of a thousand.
    pub(super) fn decimal(&self) -> Option<(f64, f64)> {
        self.decimal.map(|scale| (self.written * scale, scale))
    }
}

/// Words before a number that only counts things up.
const NUMBERED: [&str; 9] =
    ["event", "hypothesis", "cause", "step", "option", "point", "number", "no", "figure"];

/// Finds all numbers of a text outside of code, with their places. Cost: O(length).
pub(super) fn scan(text: &str) -> Vec<(Range<usize>, NumberToken<'_>)> {
    let mut all: Vec<(Range<usize>, NumberToken<'_>)> = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let before = text[..at].chars().next_back();
        if first == '`' {
            at = behind_code(text, at);
        } else if !first.is_ascii_digit() {
            at += first.len_utf8();
        } else if before.is_some_and(is_word) {
            at = behind_name(text, at);
        } else {
            let (end, found) = number(text, at);
            if let Some(found) = found {
                let sum = all.last().and_then(|last| sum(text, last, (at, &found)));
                all.push((at..end, found));
                all.extend(sum.map(|(from, sum)| (from..end, NumberToken::Sum(sum))));
            }
            at = end;
        }
    }
    all
}

/// Adds two lengths of time that stand together: "1 h" and "30 min" are 90 minutes.
fn sum(
    text: &str,
    (place, last): &(Range<usize>, NumberToken<'_>),
    (at, found): (usize, &NumberToken<'_>),
) -> Option<(usize, WrittenNumber)> {
    let (NumberToken::WrittenNumber(large), NumberToken::WrittenNumber(small)) = (last, found)
    else {
        return None;
    };
    let both = [large, small].iter().all(|part| part.dimension == Dimension::Seconds);
    let joined = matches!(text.get(place.end..at), Some(" " | " and "));
    (both && joined && small.scale() < large.scale()).then(|| {
        let value = large.value + small.value;
        (place.start, WrittenNumber { value, written: value / small.scale(), ..*small })
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns the index behind the rest of a name in which a digit stands: "v1.2.3".
fn behind_name(text: &str, at: usize) -> usize {
    let mut rest = text[at..].char_indices().peekable();
    while let Some((offset, c)) = rest.next() {
        let joins = matches!(c, '.' | '-' | ':') && rest.peek().is_some_and(|(_, c)| is_word(*c));
        if !is_word(c) && !joins {
            return at + offset;
        }
    }
    text.len()
}

/// Returns the index behind the code that begins with the backticks at `at`; behind those if it has no end.
fn behind_code(text: &str, at: usize) -> usize {
    let ticks = text[at..].bytes().take_while(|byte| *byte == b'`').count();
    let inside = at + ticks;
    let fence = &text[at..inside];
    // A block that is not closed yet, as while it is streamed, is code to its end.
    let open = if ticks >= 3 { text.len() } else { inside };
    text[inside..].find(fence).map_or(open, |end| inside + end + ticks)
}

/// Reads the number that begins at `at` and returns its end; `None` for what is a name or a count of a list.
fn number(text: &str, at: usize) -> (usize, Option<NumberToken<'_>>) {
    let rest = &text[at..];
    let bytes = rest.as_bytes();
    let digits = |from: usize| {
        bytes[from.min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let is = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
    let first = digits(0);
    // 2026-01-31
    if first == 4 && is(4, b'-') && digits(5) == 2 && is(7, b'-') && digits(8) == 2 {
        return (at + 10, Some(NumberToken::Moment(&rest[..10])));
    }
    // 13:42 and 13:42:05
    if first <= 2 && is(first, b':') && digits(first + 1) == 2 {
        let end = first + 3;
        let end = if is(end, b':') && digits(end + 1) == 2 { end + 3 } else { end };
        return (at + end, Some(NumberToken::Moment(&rest[..end])));
    }
    let (mut end, mut decimals) = (first, 0);
    while first <= 3 && is(end, b',') && digits(end + 1) == 3 {
        end += 4;
    }
    if is(end, b'.') && digits(end + 1) > 0 {
        decimals = digits(end + 1);
        end += 1 + decimals;
    }
    // 10.0.0.1 and 1.2.3
    if decimals > 0 && is(end, b'.') && digits(end + 1) > 0 {
        let end =
            rest.find(|c: char| !is_word(c) && !matches!(c, '.' | ':' | '-')).unwrap_or(rest.len());
        return (at + end, None);
    }
    let before = &text[..at];
    let line = before.rsplit('\n').next().unwrap_or_default();
    let listed = decimals == 0
        && (is(end, b'.') || is(end, b')'))
        && (is(end + 1, b' ') || end + 1 >= bytes.len());
    if line.trim().is_empty() && listed {
        return (at + end, None);
    }
    // The port of an address.
    if before.ends_with(':')
        && before.len() > 1
        && !before[..before.len() - 1].ends_with([' ', '*'])
        && before[..before.len() - 1].ends_with(is_word)
    {
        return (at + end, None);
    }
    let word = before.trim_end().rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let counts = NUMBERED.contains(&word.to_lowercase().as_str()) || before.ends_with('#');
    if counts && decimals == 0 && first <= 2 {
        return (at + end, None);
    }
    let written: f64 = rest[..end].replace(',', "").parse().unwrap_or(f64::NAN);
    if !written.is_finite() {
        return (at + end, None);
    }
    let (more, unit) = unit(&rest[end..]);
    let Some((dimension, scale, decimal)) = unit else { return (at + end + more, None) };
    let tolerance = tolerance(written, decimals);
    let value = written * scale;
    let quantity = WrittenNumber { dimension, written, value, tolerance, decimal };
    (at + end + more, Some(NumberToken::WrittenNumber(quantity)))
}

/// Returns half of the last digit; zeros at the end of a whole number are rounding as long as two digits are left.
fn tolerance(written: f64, decimals: usize) -> f64 {
    if decimals > 0 {
        return 0.5 / libm::pow(10.0, decimals as f64);
    }
    let (mut unit, mut rest) = (1.0, written);
    while rest >= 100.0 && libm::fmod(rest, 10.0) == 0.0 {
        unit *= 10.0;
        rest /= 10.0;
    }
    0.5 * unit
}

/// Dimension, value of one, and the value with powers of a thousand.
type UnitMeaning = (Dimension, f64, Option<f64>);

/// Returns length and meaning of the unit that a text begins with; `None` if the number before it is part of a name.
fn unit(text: &str) -> (usize, Option<UnitMeaning>) {
    let plain = (0, Some((Dimension::Plain, 1.0, None)));
    let space = text.len() - text.trim_start_matches([' ', '\u{a0}', '\u{202f}']).len();
    let behind = &text[space..];
    if behind.starts_with('%') {
        return (space + 1, Some((Dimension::Percent, 1.0, None)));
    }
    let letters = behind.find(|c: char| !is_word(c)).unwrap_or(behind.len());
    let word = &behind[..letters];
    let (per, length) = per(&behind[letters..]);
    let rate = |dimension| per.map(|seconds| (space + letters + length, dimension, 1.0 / seconds));
    if letters == 0 {
        return match rate(Dimension::PerSecond) {
            Some((length, dimension, scale)) => (length, Some((dimension, scale, None))),
            None => plain,
        };
    }
    if space == 0 && matches!(word, "st" | "nd" | "rd" | "th") {
        return (letters, None);
    }
    if let Some((large, thousands)) = bytes(word) {
        return match rate(Dimension::BytesPerSecond) {
            Some((length, dimension, scale)) => {
                (length, Some((dimension, large * scale, thousands)))
            }
            None => (space + letters, Some((Dimension::Bytes, large, thousands))),
        };
    }
    let many = match word {
        "k" | "K" | "thousand" => 1e3,
        "M" | "million" => 1e6,
        "G" | "billion" => 1e9,
        _ => 1.0,
    };
    if many > 1.0 {
        return match rate(Dimension::PerSecond) {
            Some((length, dimension, scale)) => (length, Some((dimension, many * scale, None))),
            None => (space + letters, Some((Dimension::Plain, many, None))),
        };
    }
    match word {
        "percent" => (space + letters, Some((Dimension::Percent, 1.0, None))),
        // "37 a minute", "37 per minute".
        "a" | "an" | "per" => match seconds(
            behind[letters..].trim_start().split(|c| !is_word(c)).next().unwrap_or_default(),
        ) {
            Some(seconds) => (0, Some((Dimension::PerSecond, 1.0 / seconds, None))),
            None => plain,
        },
        word => match seconds(word) {
            Some(seconds) => (space + letters, Some((Dimension::Seconds, seconds, None))),
            // A name that begins with a digit.
            None if space == 0 => (letters, None),
            None => plain,
        },
    }
}

/// Returns seconds and length of "/s", "/min", "/h".
fn per(text: &str) -> (Option<f64>, usize) {
    let Some(behind) = text.strip_prefix('/') else { return (None, 0) };
    let letters = behind.find(|c: char| !is_word(c)).unwrap_or(behind.len());
    let seconds = seconds(&behind[..letters]);
    (seconds, if seconds.is_some() { letters + 1 } else { 0 })
}

fn seconds(word: &str) -> Option<f64> {
    Some(match word {
        "ns" | "nanosecond" | "nanoseconds" => 1e-9,
        "µs" | "μs" | "us" | "microsecond" | "microseconds" => 1e-6,
        "ms" | "millisecond" | "milliseconds" => 1e-3,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return None,
    })
}

/// Returns the bytes of a unit, and those of a power of a thousand where it can be meant.
fn bytes(word: &str) -> Option<(f64, Option<f64>)> {
    let power = match word {
        "B" | "byte" | "bytes" => return Some((1.0, None)),
        "KiB" | "kB" | "KB" => 1,
        "MiB" | "MB" => 2,
        "GiB" | "GB" => 3,
        "TiB" | "TB" => 4,
        "PiB" | "PB" => 5,
        _ => return None,
    };
    let of = |base: f64| libm::pow(base, f64::from(power));
    Some((of(1024.0), (!word.contains('i')).then(|| of(1000.0))))
}

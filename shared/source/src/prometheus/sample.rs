//! Samples, written `[seconds, "value"]`. Nearly all of a reply consists of them, so they are read without allocating.

use std::borrow::Cow;

use super::ReplyError;
use super::scan::{Result, Scanner, excerpt};
use oddity_detect::time::Timestamp;

impl Scanner<'_> {
    /// Reads one sample, its value as text or as a number.
    /// A NaN is always [`f64::NAN`]; infinities are as written.
    pub(super) fn sample(&mut self) -> Result<(Timestamp, f64)> {
        if let Some((stamp, value, len)) = plain_sample(self.rest()) {
            self.advance(len);
            return Ok((stamp, value));
        }
        self.open(b'[', "a sample")?;
        let stamp = self.timestamp()?;
        self.expect(b',')?;
        let value = self.value()?;
        if self.peek()? != b']' {
            return Err(self.expected("the end of the sample"));
        }
        self.close();
        Ok((stamp, value))
    }

    fn timestamp(&mut self) -> Result<Timestamp> {
        let text = self.number()?;
        text.parse()
            .ok()
            .and_then(Timestamp::from_seconds)
            .ok_or_else(|| self.fail(format!("{} is not a Unix time", excerpt(text))))
    }

    fn value(&mut self) -> Result<f64> {
        let first = self.peek()?;
        let start = self.position();
        let text = if first == b'"' { self.string()? } else { Cow::Borrowed(self.number()?) };
        float(&text).ok_or_else(|| ReplyError::Shape {
            problem: format!("the value \"{}\" is not a number", excerpt(&text)),
            at: start,
        })
    }
}

/// Reads a sample as Prometheus writes it, and its length in bytes; `None` for white space, escapes, an exponent in
/// the timestamp or a value that is not finite.
fn plain_sample(text: &[u8]) -> Option<(Timestamp, f64, usize)> {
    if *text.first()? != b'[' {
        return None;
    }
    let (mut millis, mut at) = (0_i64, 1);
    while let Some(digit @ b'0'..=b'9') = text.get(at) {
        millis = millis * 10 + i64::from(digit - b'0');
        at += 1;
        if at > 13 {
            return None;
        }
    }
    if at == 1 || (at > 2 && text[1] == b'0') {
        return None;
    }
    millis *= 1_000;
    if text.get(at) == Some(&b'.') {
        let (mut unit, first) = (100, at + 1);
        at = first;
        while let Some(digit @ b'0'..=b'9') = text.get(at) {
            if unit == 0 {
                return None;
            }
            millis += unit * i64::from(digit - b'0');
            unit /= 10;
            at += 1;
        }
        if at == first {
            return None;
        }
    }
    let number = text.get(at..)?.strip_prefix(b",\"")?;
    let (value, len) = fast_float2::parse_partial::<f64, _>(number).ok()?;
    let closed = number.get(len..)?.starts_with(b"\"]");
    (closed && value.is_finite()).then_some((Timestamp(millis), value, at + len + 4))
}

/// Parses a value as Prometheus writes it; `None` for other text and for numbers beyond the range of `f64`.
fn float(text: &str) -> Option<f64> {
    let value: f64 = fast_float2::parse(text).ok()?;
    if value.is_nan() {
        return Some(f64::NAN);
    }
    let by_name = !text.bytes().any(|byte| byte.is_ascii_digit());
    (value.is_finite() || by_name).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(text: &str) -> std::result::Result<(i64, f64), String> {
        let mut scanner = Scanner::new(text.as_bytes());
        let sample = scanner.sample().and_then(|sample| scanner.end().map(|()| sample));
        sample.map(|(stamp, value)| (stamp.0, value)).map_err(|error| error.to_string())
    }

    #[test]
    fn samples_in_every_spelling() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        let cases = [
            (r#"[1435781430.781,"1.5"]"#, 1_435_781_430_781, 1.5),
            (r#"[1435781430,"-1e-07"]"#, 1_435_781_430_000, -1e-7),
            (r#"[1435781430.5,"0"]"#, 1_435_781_430_500, 0.0),
            (r#"[1435781430.05,"0"]"#, 1_435_781_430_050, 0.0),
            (r#"[1435781430.7814,"0"]"#, 1_435_781_430_781, 0.0),
            (r#"[1.435781430781e9,"0"]"#, 1_435_781_430_781, 0.0),
            (r#"[-0.5,"3"]"#, -500, 3.0),
            (r#"[0,"3"]"#, 0, 3.0),
            (r#"[0.001,"3"]"#, 1, 3.0),
            (" [ 1 ,\t\"2\"\r\n] ", 1_000, 2.0),
            (r#"[1,"1\u002e5"]"#, 1_000, 1.5),
            ("[1,2.5]", 1_000, 2.5),
            ("[1,-2e3]", 1_000, -2e3),
            (r#"[1,"NaN"]"#, 1_000, nan),
            (r#"[1,"-NaN"]"#, 1_000, nan),
            (r#"[1,"+Inf"]"#, 1_000, inf),
            (r#"[1,"Inf"]"#, 1_000, inf),
            (r#"[1,"-Inf"]"#, 1_000, -inf),
        ];
        for (text, millis, value) in cases {
            let found = sample(text).expect(text);
            assert_eq!((found.0, found.1.to_bits()), (millis, value.to_bits()), "{text}");
        }
    }

    #[test]
    fn wrong_samples_say_what_is_wrong() {
        let cases = [
            (r#"[1,"abc"]"#, "the value \"abc\" is not a number"),
            (r#"[1,""]"#, "the value \"\" is not a number"),
            (r#"[1,"1e400"]"#, "the value \"1e400\" is not a number"),
            ("[1,-1e400]", "the value \"-1e400\" is not a number"),
            ("[1,null]", "expected a number, found null"),
            (r#"["1","2"]"#, "expected a number, found a string"),
            (r#"[1e400,"2"]"#, "1e400 is not a Unix time"),
            (r#"[01,"2"]"#, "expected \",\""),
            (r#"[1.,"2"]"#, "expected a digit"),
            (r#"[1,"2",3]"#, "expected the end of the sample"),
            (r#"[1,"2"]]"#, "unexpected data after the end"),
            (r#"{"t":1}"#, "expected a sample, found an object"),
            (r#"[1,"\ud800"]"#, "an unknown escape sequence"),
            ("[1,\"\n\"]", "a control character inside a string"),
            (r#"[1,"2"#, "cut off after 5 bytes"),
            ("[1,2", "cut off after 4 bytes"),
            ("[1.", "cut off after 3 bytes"),
            ("[1,\"\\", "cut off after 5 bytes"),
        ];
        for (text, problem) in cases {
            let error = sample(text).expect_err(text);
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}

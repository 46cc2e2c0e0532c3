//! Numbers of an answer that do not occur in the facts.
//!
//! A model may round and convert: a number counts as known if a fact, in the unit of the answer and rounded to as many
//! digits as the answer has, is the same. Code is no claim about what happened and is left out, as are names with
//! digits in them (`p99`, `db1`, `10.0.0.1`) and the numbers of lists.

mod scan;

use std::collections::BTreeSet;
use std::ops::Range;

use self::scan::{Dimension, NumberToken, WrittenNumber, scan};

/// Numbers and times of the facts, which an answer may repeat.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownNumbers {
    quantities: Vec<WrittenNumber>,
    /// Times and dates as they are written.
    moments: BTreeSet<String>,
}

impl KnownNumbers {
    /// Adds the numbers of a text.
    pub fn add(&mut self, text: &str) {
        for (_, found) in scan(text) {
            match found {
                NumberToken::WrittenNumber(quantity) | NumberToken::Sum(quantity) => {
                    self.quantities.push(quantity);
                }
                NumberToken::Moment(text) => {
                    // 13:42 of 13:42:00.
                    if text.matches(':').count() == 2
                        && let Some((minutes, _)) = text.rsplit_once(':')
                    {
                        self.moments.insert(moment(minutes));
                    }
                    self.moments.insert(moment(text));
                }
            }
        }
    }

    /// Returns the places of numbers in `answer` that no fact gives, in the order of the text.
    pub fn unknown(&self, answer: &str) -> Vec<Range<usize>> {
        let mut unknown: Vec<Range<usize>> = Vec::new();
        for (place, found) in scan(answer) {
            match found {
                // The parts of a known sum are known.
                NumberToken::Sum(quantity) if self.has(&quantity) => {
                    unknown.retain(|part| part.start < place.start);
                }
                NumberToken::WrittenNumber(quantity) if !self.has(&quantity) => unknown.push(place),
                NumberToken::Moment(text) if !self.moments.contains(&moment(text)) => {
                    unknown.push(place);
                }
                _ => {}
            }
        }
        unknown
    }

    fn has(&self, quantity: &WrittenNumber) -> bool {
        self.quantities.iter().any(|fact| quantity.is_supported_by(fact))
    }
}

/// Drops a leading zero: "9:05" of "09:05".
fn moment(text: &str) -> String {
    text.strip_prefix('0').unwrap_or(text).to_owned()
}

impl WrittenNumber {
    /// Returns whether a fact gives this number, in the unit and with the digits of the answer.
    fn is_supported_by(&self, fact: &Self) -> bool {
        let near = |a: f64, b: f64, tolerance: f64| (a - b).abs() <= tolerance + 1e-9 * a.abs();
        // As written, whatever the unit: "37 leases a minute" of 37/min.
        if near(self.written, fact.written, self.tolerance) {
            return true;
        }
        let converted = |value: f64| near(self.value, value, self.tolerance * self.scale());
        match (self.dimension, fact.dimension) {
            // MB of a thousand or of 1,024.
            (Dimension::Bytes, Dimension::Bytes) => {
                converted(fact.value)
                    || self.decimal().is_some_and(|(value, scale)| {
                        near(value, fact.value, self.tolerance * scale)
                    })
            }
            (mine, its) if mine == its => converted(fact.value),
            (Dimension::Percent, Dimension::Plain) => converted(fact.value * 100.0),
            (Dimension::Plain, Dimension::Percent) => converted(fact.value / 100.0),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown<'a>(facts: &str, answer: &'a str) -> Vec<&'a str> {
        let mut known = KnownNumbers::default();
        known.add(facts);
        known.unknown(answer).into_iter().map(|range| &answer[range]).collect()
    }

    #[test]
    fn numbers_of_the_facts_are_known() {
        let facts = "peak 37.4/min at 2026-01-31 13:42:00 UTC against 8.1/min expected, 9.4 standard deviations, \
            lasted 1 h 30 min, 1,441 samples, 1.25 GiB, 12.3 %, 230 ms, began 09:05, 0.25, -4";
        for answer in [
            "It reached 37.4 a minute, about 37.",
            "At 13:42 UTC on 2026-01-31 it was at 37/min.",
            "That is 2,244 an hour, or 0.62/s.",
            "It lasted 1.5 hours (90 minutes, 5400 s).",
            "About 1,400 samples, 1.25 GiB or 1.3 GiB, 1280 MiB or 1.34 GB.",
            "12 % of 0.23 seconds, at 9:05 or 09:05.",
            "25% or −4 or 4.",
            "1. The first\n2) the second\n  10. the tenth",
            "p99 of db1 at 10.0.0.1:9100 with v1.2.3, IPv4, x_5, the 2nd, http://a:8080/",
            "Run `rate(x[7m]) > 77` or\n```promql\nup == 123\n```\n",
            "See hypothesis 2 and event 3.",
        ] {
            assert_eq!(unknown(facts, answer), Vec::<&str>::new(), "{answer}");
        }
    }

    #[test]
    fn others_are_not() {
        let facts = "37.4/min, 8.1/min, 13:42:00, 2026-01-31, 90 min, 1.25 GiB, 12.3 %";
        for (answer, expected) in [
            ("It reached 42.", vec!["42"]),
            ("37.5 at 13:43 on 2026-02-01", vec!["37.5", "13:43", "2026-02-01"]),
            ("about 40", vec!["40"]),
            ("99 % of 3 servers, 2 GiB", vec!["99 %", "3", "2 GiB"]),
            ("91 minutes or 1.6 hours", vec!["91 minutes", "1.6 hours"]),
            ("1,250,000 users", vec!["1,250,000"]),
            ("`1` 2", vec!["2"]),
            ("ü7", vec![]),
            ("ü 7", vec!["7"]),
        ] {
            assert_eq!(unknown(facts, answer), expected, "{answer}");
        }
    }
}

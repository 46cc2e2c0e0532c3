//! Comparison of the scores of a source with those of the page.

use std::fmt;

use crate::analysis::Detected;
use oddity_detect::detect::{Detection, Quantity};
use oddity_detect::series::{Labels, METRIC_NAME};
use oddity_detect::time::Step;
use oddity_source::prometheus::Loaded;
use oddity_source::unit;

/// Largest difference of scores that counts as none, times `1 + score + |expected| / scale`; see [`tolerance`].
pub const TOLERANCE: f64 = 1e-9;

/// Error of a slope, in units of the value a step: some roundings of a value.
const SLOPE_ROUNDING: f64 = 16.0 * f64::EPSILON;

/// The scores of a detection beside those that the exported expression gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verification {
    /// Samples of the judged range with a score here or there.
    pub compared: usize,
    /// Number of compared samples that are equal but for rounding.
    pub agree: usize,
    /// Samples that do not agree, in the order of series and time.
    pub differences: Vec<ScoreDifference>,
    /// Series of the answer that the detection does not have.
    pub unknown: Vec<Labels>,
}

/// A sample that is judged in two ways.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreDifference {
    /// Index in the series of the detection.
    pub series: usize,
    /// Index of the sample, history included.
    pub index: usize,
    /// The score of the detection, NaN without a verdict.
    pub ours: f64,
    /// The score of the source, NaN where it gave none.
    pub theirs: f64,
}

/// Compares with the answer to [`super::RuleExport::score_query`]. Series match by their labels without the metric
/// name, samples by their time. Cost: O(n).
pub fn verify(detected: &Detected, answer: &Loaded) -> Verification {
    let mut found = Verification::default();
    let unnamed: Vec<Labels> =
        answer.series.iter().map(|series| without_name(&series.labels)).collect();
    let mut known = vec![false; unnamed.len()];
    let history = detected.loaded.query.history;
    for (at, (series, ours)) in detected.loaded.series.iter().zip(&detected.series).enumerate() {
        let labels = without_name(&series.labels);
        let theirs = unnamed.iter().position(|other| *other == labels);
        if let Some(theirs) = theirs {
            known[theirs] = true;
        }
        let theirs = theirs.map(|theirs| &answer.series[theirs]);
        let detection = &ours.detection;
        // Elsewhere a verdict depends on other series, or was withheld.
        let alone = ours.alone.start.max(history)..ours.alone.end;
        let scores = detection.score.iter().enumerate();
        for (index, &ours) in scores.filter(|(index, _)| alone.contains(index)) {
            let score = theirs.and_then(|theirs| {
                let index = theirs.grid.nearest(series.grid.at(index))?;
                theirs.values.get(index).copied()
            });
            let theirs = score.unwrap_or(f64::NAN);
            if ours.is_nan() && theirs.is_nan() {
                continue;
            }
            found.compared += 1;
            let value = series.values.get(index).copied().unwrap_or(f64::NAN);
            let allowed = tolerance(detection, index, value, series.grid.step);
            if (ours - theirs).abs() <= allowed {
                found.agree += 1;
            } else {
                found.differences.push(ScoreDifference { series: at, index, ours, theirs });
            }
        }
    }
    let strangers = answer.series.iter().zip(known).filter(|(_, known)| !known);
    found.unknown = strangers.map(|(series, _)| series.labels.clone()).collect();
    found
}

/// Returns how far two scores of a sample may differ by rounding: `TOLERANCE (1 + score + |expected| / scale)`, and
/// for three derived quantities the error that is known of them:
///
/// - A slope to the rounding of the values that it is taken from. Where a series is constant but for its last digit, as a
///   mean of equal values is, nothing else is in the slopes, and the floor of their scale knows nothing of the size of the
///   values: it could only do so by hiding small slopes of large values.
/// - A logarithm of a ratio of standard deviations to the 1e-9 to which each of them is calculated.
/// - A forecast to the same share of itself and of the value from which it is continued.
pub fn tolerance(detection: &Detection, index: usize, value: f64, step: Step) -> f64 {
    let (score, scale) = (detection.score[index], detection.scale[index]);
    let known = match detection.quantity {
        Quantity::Forecast => TOLERANCE * (value.abs() + detection.judged[index].abs()),
        Quantity::Slope => SLOPE_ROUNDING * value.abs() / step.span().as_seconds(),
        Quantity::Spread => 2.0 * TOLERANCE,
        _ => 0.0,
    };
    let size = (TOLERANCE * detection.expected[index].abs() + known * (1.0 + score)) / scale;
    // Without statistics only infinite values are judged.
    TOLERANCE * (1.0 + score) + if size.is_finite() { size } else { 0.0 }
}

impl fmt::Display for Verification {
    /// Writes the result in a sentence: "1,441 of 1,441 samples agree".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.compared == 0 {
            f.write_str("no sample could be compared")?;
        } else {
            let (agree, compared) =
                (unit::format_count(self.agree), unit::format_count(self.compared));
            write!(f, "{agree} of {compared} samples agree")?;
        }
        match self.unknown.len() {
            0 => Ok(()),
            1 => f.write_str("; the source returned 1 series that the page does not show"),
            count => write!(f, "; the source returned {count} series that the page does not show"),
        }
    }
}

fn without_name(labels: &Labels) -> Labels {
    let rest = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
    Labels::new(rest.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

//! The score of a sample: the mean of several robust scores.

use super::reference::JudgedAndReference;
use crate::detect::DetectorInput;
use crate::stats::quantile::QUARTILE_RANGE;
use crate::stats::{floor_scale, score as distance};

/// Maximum number of samples in the median and quartiles.
pub(super) const BASELINE_WINDOW: usize = 2_000;

/// Maximum of a single score before the scores are averaged, so that one alone does not decide.
const CLIP: f64 = 30.0;

/// Share of the previous sample's score in a score.
const PERSISTENCE: f64 = 0.5;

/// Minimum number of values from which a spread is learnt.
const MIN_SAMPLES: f64 = 10.0;

/// Robust expected value, scale and score of each sample.
#[derive(Debug)]
pub(super) struct ScoredSamples {
    /// Expected value, in the unit of the series; NaN without enough samples before.
    pub(super) expected: Vec<f64>,
    /// Scale, in the unit of the series; NaN without enough samples before.
    pub(super) scale: Vec<f64>,
    /// Score, 0 or more; NaN without a verdict.
    pub(super) score: Vec<f64>,
}

/// Scores every sample of `input`, whose samples `values` holds; `seasonal` holds the residuals from the season, where
/// one was found.
pub(super) fn score(
    input: DetectorInput<'_>,
    values: &JudgedAndReference,
    seasonal: Option<&JudgedAndReference>,
) -> ScoredSamples {
    let (expected, scale, robust) = robust(values);
    let mut parts = vec![robust, growing(input), predicted(input)];
    if let Some(seasonal) = seasonal {
        parts.push(self::robust(seasonal).2);
    }
    let mut last = 0.0;
    let score = (0..input.values.len())
        .map(|at| {
            if !input.values[at].is_finite() {
                return f64::NAN;
            }
            let known = parts.iter().map(|part| part[at]).filter(|score| !score.is_nan());
            let (sum, count) =
                known.fold((0.0, 0.0), |(s, n), score| (s + score.min(CLIP), n + 1.0));
            if count == 0.0 {
                return f64::NAN;
            }
            let score = PERSISTENCE * last + (1.0 - PERSISTENCE) * (sum / count);
            if input.reference[at].is_finite() {
                last = score;
            }
            score
        })
        .collect();
    ScoredSamples { expected, scale, score }
}

/// Computes median and scaled quartile range of the window before each sample, and the score by them.
fn robust(of: &JudgedAndReference) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let quartiles = of.reference_quartiles(BASELINE_WINDOW);
    let scale: Vec<f64> = (quartiles.low.iter().zip(&quartiles.high).zip(&quartiles.median))
        .map(|((low, high), median)| floor_scale((high - low) / QUARTILE_RANGE, *median))
        .collect();
    let score = (of.judged().iter().zip(&quartiles.median).zip(&scale))
        .map(|((value, median), scale)| distance(*value, *median, *scale))
        .collect();
    (quartiles.median, scale, score)
}

/// Computes the distance of each sample from the mean of all samples before, in their standard deviations.
fn growing(input: DetectorInput<'_>) -> Vec<f64> {
    let mut past = RunningMoments::default();
    let judge = |(value, reference): (&f64, &f64)| {
        let score = past.score(*value);
        past.add(*reference);
        score
    };
    input.values.iter().zip(input.reference).map(judge).collect()
}

/// Computes the distance of each sample from its prediction by the sample before, in standard deviations of the errors
/// so far. The line that predicts is fitted to all pairs so far, of which none counts as farther than three standard
/// deviations off.
fn predicted(input: DetectorInput<'_>) -> Vec<f64> {
    let mut fit = RunningLine::default();
    let mut errors = RunningMoments::default();
    let mut last = f64::NAN;
    let judge = |(&value, &reference): (&f64, &f64)| {
        let prediction = if last.is_finite() { fit.at(last) } else { f64::NAN };
        let score = errors.score(value - prediction);
        if reference.is_finite() && last.is_finite() {
            let expected = fit.at(last);
            let most = 3.0 * errors.std();
            let error = reference - expected;
            let held = if most > 0.0 { error.clamp(-most, most) } else { error };
            let target = if held.is_nan() { reference } else { expected + held };
            errors.add(held);
            fit.add(last, target);
        }
        last = reference;
        score
    };
    input.values.iter().zip(input.reference).map(judge).collect()
}

/// Mean and variance of all values so far: Welford, "Note on a method for calculating corrected sums of
/// squares and products" (1962).
#[derive(Default)]
struct RunningMoments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl RunningMoments {
    /// Takes the next value; one that is not finite is left out.
    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.count += 1.0;
            let delta = value - self.mean;
            self.mean += delta / self.count;
            self.squares += delta * (value - self.mean);
        }
    }

    /// Returns the standard deviation; NaN with too few values.
    fn std(&self) -> f64 {
        if self.count < MIN_SAMPLES { f64::NAN } else { (self.squares / self.count).sqrt() }
    }

    /// Returns the distance of `value` from the mean, in standard deviations.
    fn score(&self, value: f64) -> f64 {
        distance(value, self.mean, floor_scale(self.std(), self.mean))
    }
}

/// Least-squares line of `y` by `x` over all pairs so far, by the recurrence of [`RunningMoments`].
#[derive(Default)]
struct RunningLine {
    count: f64,
    x: f64,
    y: f64,
    squares: f64,
    products: f64,
}

impl RunningLine {
    /// Takes the next pair.
    fn add(&mut self, x: f64, y: f64) {
        self.count += 1.0;
        let delta = x - self.x;
        self.x += delta / self.count;
        self.y += (y - self.y) / self.count;
        self.squares += delta * (x - self.x);
        self.products += delta * (y - self.y);
    }

    /// Returns the value of the line at `x`; NaN without a pair.
    fn at(&self, x: f64) -> f64 {
        if self.count < 1.0 {
            return f64::NAN;
        }
        let slope = if self.squares > 0.0 { self.products / self.squares } else { 0.0 };
        self.y + slope * (x - self.x)
    }
}

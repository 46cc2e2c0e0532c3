//! Surprise: how improbable the residuals of a sample and of the stretches that end with it are, by the series' own days
//! before.

use std::ops::Range;

use crate::stats::sorted::{quantile, sorted};

/// Surprise at the default alert threshold: a probability of 1e-8 a look. Five views of both sides look 10,080 times a week
/// at one sample a minute, which makes .001 false alarms a week in a series whose tails are as learnt; those of real series
/// are heavier.
pub(super) const ALERT_SURPRISE: f64 = 8.0;

/// Lengths of the views in seconds; 0 is the single sample.
const VIEWS: [i64; 5] = [0, 300, 900, 3_600, 21_600];

/// Residual beyond which one sample counts no more in the mean of a view.
const CLIP: f64 = 12.0;

/// Share of a view that must be present.
const MIN_PRESENT: f64 = 0.6;

/// Number of past days that tell the tails.
const TAIL_DAYS: usize = 14;

/// Share of the past days whose tail is not wider than the one that counts: a day with an incident does not widen it, a
/// habit does.
const DAY_SHARE: f64 = 0.7;

/// Number of samples of a day from which it tells a tail.
const MIN_DAY_SAMPLES: usize = 30;

/// Factor by which the floors are raised while no day is known.
const WITHOUT_DAYS: f64 = 1.4;

/// Factor by which the floors are raised while one or two days are known.
const WITH_FEW_DAYS: f64 = 1.3;

/// Number of days from which the longest view is judged.
const LONG_VIEW_DAYS: usize = 4;

/// Factor by which a residual must exceed the usual maximum of a day.
const BEYOND_MAXIMUM: f64 = 1.2;

/// Natural logarithm of 10.
const LN_10: f64 = std::f64::consts::LN_10;

/// Surprise of each sample; the largest of its views.
pub(super) struct Surprise {
    /// Decimal logarithm of the improbability; 0 without a verdict.
    pub surprise: Vec<f64>,
    /// Number of samples of the view with the largest surprise.
    pub window: Vec<u32>,
    /// Whether the surprise is above the expected value.
    pub above: Vec<bool>,
}

/// Returns the probability that stands for a surprise, from 1e-2 to 1e-10. A tail is extrapolated far beyond what a series
/// has shown, so its powers of ten count for less the farther out they lie: half of the way is gone at a surprise of 10.
pub(super) fn probability(surprise: f64) -> f64 {
    let discounted = 1.0 - libm::exp2(-surprise.max(0.0) / 10.0);
    libm::pow(10.0, -2.0 - 8.0 * discounted)
}

/// Tail of one day on one side: 90 % and 99 % quantile, and the maximum.
type Tail = [f64; 3];

impl Surprise {
    /// Computes the surprise of residuals `z`, NaN where there is none. `days` are the samples of each UTC day, oldest
    /// first; `step` is the distance of samples in seconds.
    pub(super) fn of(z: &[f64], days: &[Range<usize>], step: f64) -> Self {
        let mut found = Self {
            surprise: vec![0.0; z.len()],
            window: vec![1; z.len()],
            above: vec![false; z.len()],
        };
        let clipped: Vec<f64> = z.iter().map(|z| z.clamp(-CLIP, CLIP)).collect();
        let mut known = 0;
        for view in VIEWS {
            let length = ((view as f64 / step) as usize).max(1);
            if length <= known {
                continue;
            }
            known = length;
            if length == 1 {
                found.look(z, days, length, view);
            } else {
                found.look(&running_mean(&clipped, length), days, length, view);
            }
        }
        found
    }

    /// Adds one view: its means, which end at each sample.
    fn look(&mut self, means: &[f64], days: &[Range<usize>], length: usize, view: i64) {
        let per_day = days.iter().map(Range::len).max().unwrap_or(1);
        let stride = (length / 5).max(1).min((per_day / 60).max(1));
        let tails: Vec<[Option<Tail>; 2]> = days
            .iter()
            .map(|day| {
                let of = |side: f64| {
                    let samples = means[day.clone()].iter().step_by(stride);
                    let values: Vec<f64> =
                        samples.filter(|mean| !mean.is_nan()).map(|mean| side * mean).collect();
                    (values.len() >= MIN_DAY_SAMPLES).then(|| tail(values))
                };
                [of(1.0), of(-1.0)]
            })
            .collect();
        for (index, day) in days.iter().enumerate() {
            let past = &tails[index.saturating_sub(TAIL_DAYS)..index];
            for (side, sign) in [1.0, -1.0].into_iter().enumerate() {
                let bar = Bar::of(past.iter().filter_map(|tails| tails[side]), length);
                if view >= VIEWS[4] && bar.days < LONG_VIEW_DAYS {
                    continue;
                }
                for at in day.clone() {
                    let surprise = bar.surprise(sign * means[at]);
                    if surprise > self.surprise[at] {
                        self.surprise[at] = surprise;
                        self.window[at] = length as u32;
                        self.above[at] = sign > 0.0;
                    }
                }
            }
        }
    }
}

/// Tail that a mean is compared with.
struct Bar {
    /// Mean that one of 100 looks reaches.
    reached: f64,
    /// Growth of the mean for each factor `e` of improbability.
    growth: f64,
    /// Usual maximum of a day.
    maximum: f64,
    /// Number of days that it is learnt from.
    days: usize,
}

impl Bar {
    fn of(past: impl Iterator<Item = Tail>, length: usize) -> Self {
        let past: Vec<Tail> = past.collect();
        let days = past.len();
        let (reached, growth) = least(length);
        let of = |which: usize| lower_quantile(past.iter().map(|tail| tail[which]).collect());
        match days {
            0 => Self {
                reached: WITHOUT_DAYS * reached,
                growth: WITHOUT_DAYS * growth,
                maximum: 0.0,
                days,
            },
            _ => {
                let few = if days < 3 { WITH_FEW_DAYS } else { 1.0 };
                let ninety_nine = of(1);
                let slope = (ninety_nine - of(0).max(0.0)) / LN_10;
                Self {
                    reached: ninety_nine.max(few * reached),
                    growth: slope.max(few * growth),
                    maximum: of(2),
                    days,
                }
            }
        }
    }

    /// Returns the decimal logarithm of the improbability of a mean, by an exponential tail; 0 for NaN.
    fn surprise(&self, mean: f64) -> f64 {
        if mean.is_nan() {
            return 0.0;
        }
        let surprise = 2.0 + (mean - self.reached) / (LN_10 * self.growth);
        if mean < BEYOND_MAXIMUM * self.maximum {
            surprise.min(ALERT_SURPRISE - 0.5)
        } else {
            surprise
        }
    }
}

/// Returns the least tail of a view: that of normal noise with some autocorrelation.
fn least(length: usize) -> (f64, f64) {
    match length {
        1 => (2.5, 0.40),
        2..=6 => (2.0, 0.32),
        7..=20 => (1.6, 0.26),
        21..=60 => (1.2, 0.20),
        _ => (1.0, 0.18),
    }
}

fn tail(values: Vec<f64>) -> Tail {
    let values = sorted(values);
    [quantile(&values, 0.9), quantile(&values, 0.99), values[values.len() - 1]]
}

/// Returns the value below which the share of the days lies, one of theirs.
fn lower_quantile(values: Vec<f64>) -> f64 {
    let values = sorted(values);
    values[((values.len() - 1) as f64 * DAY_SHARE) as usize]
}

/// Returns the mean of the `length` samples that end at each one; NaN where too many are missing.
pub(super) fn running_mean(z: &[f64], length: usize) -> Vec<f64> {
    let (mut sum, mut count) = (0.0, 0_usize);
    (0..z.len())
        .map(|at| {
            if !z[at].is_nan() {
                sum += z[at];
                count += 1;
            }
            if let Some(left) = at.checked_sub(length)
                && !z[left].is_nan()
            {
                sum -= z[left];
                count -= 1;
            }
            if count as f64 >= MIN_PRESENT * length as f64 { sum / count as f64 } else { f64::NAN }
        })
        .collect()
}

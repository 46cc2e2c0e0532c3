//! Noise that depends on the series and the minute alone, so that an incident changes no sample outside of it.

use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Poisson, StandardNormal};
use rand_pcg::Pcg64Mcg;

/// Mean from which a count is drawn as a rounded normal number.
const MANY: f64 = 100.0;

/// Random numbers of one series, one set for each minute.
#[derive(Clone, Copy, Debug)]
pub struct SeriesNoise {
    key: u64,
}

impl SeriesNoise {
    /// Creates the noise of a series.
    pub fn new(seed: u64, name: &str) -> Self {
        let start = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995;
        let mix = |key: u64, byte: u8| (key ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self { key: name.bytes().fold(start, mix) }
    }

    /// Returns noise of the same series that is independent of this.
    pub fn other(self, salt: u64) -> Self {
        Self { key: self.key ^ salt.wrapping_add(1).wrapping_mul(0xd6e8_feb8_6659_fd93) }
    }

    fn random(self, minute: usize) -> Pcg64Mcg {
        Pcg64Mcg::seed_from_u64(self.key.wrapping_add(minute as u64))
    }

    /// Returns a number from 0 to 1.
    pub fn uniform(self, minute: usize) -> f64 {
        self.random(minute).random_range(0.0..1.0)
    }

    /// Returns a standard normal number.
    pub fn normal(self, minute: usize) -> f64 {
        StandardNormal.sample(&mut self.random(minute))
    }

    /// Returns a number of Student's t distribution with 3 degrees of freedom.
    pub fn heavy_tailed(self, minute: usize) -> f64 {
        let mut random = self.random(minute);
        let mut normal = || -> f64 { StandardNormal.sample(&mut random) };
        let (top, squares) = (normal(), (0..3).map(|_| normal().powi(2)).sum::<f64>());
        top / (squares / 3.0).sqrt()
    }

    /// Returns a Poisson count; 0 for a mean of 0 or less.
    pub fn count(self, minute: usize, mean: f64) -> f64 {
        if mean > MANY {
            return (mean + mean.sqrt() * self.normal(minute)).round().max(0.0);
        }
        let poisson = Poisson::new(mean.max(1e-12));
        poisson.map_or(0.0, |poisson| poisson.sample(&mut self.random(minute)))
    }

    /// Returns `len` samples of first-order autoregressive noise from a minute on, with this standard deviation.
    pub fn autoregressive(
        self,
        first: usize,
        len: usize,
        deviation: f64,
        correlation: f64,
    ) -> Vec<f64> {
        let share = deviation * (1.0 - correlation * correlation).sqrt();
        let mut last = deviation * self.normal(first.wrapping_sub(1));
        (first..first + len)
            .map(|minute| {
                last = correlation * last + share * self.normal(minute);
                last
            })
            .collect()
    }

    /// Returns noise around 1 with a fast part and one of hours, each with this relative deviation.
    pub fn factor(self, len: usize, fast: f64, slow: f64) -> Vec<f64> {
        let slow = self.other(11).autoregressive(0, len, slow, 0.997);
        let fast = self.other(12).autoregressive(0, len, fast, 0.6);
        slow.iter().zip(fast).map(|(slow, fast)| libm::exp(slow + fast)).collect()
    }

    /// Returns the rate per second over a window of minutes of a counter that grows by `per_second`; NaN where that is.
    pub fn rate(self, per_second: &[f64], window: usize) -> Vec<f64> {
        let counts: Vec<f64> = per_second
            .iter()
            .enumerate()
            .map(
                |(minute, rate)| {
                    if rate.is_nan() { *rate } else { self.count(minute, 60.0 * rate) }
                },
            )
            .collect();
        trailing_mean(&counts, window).into_iter().map(|count| count / 60.0).collect()
    }

    /// Returns the ratio of failed to all occurrences over a window of minutes; NaN where nothing occurred.
    pub fn ratio(self, per_second: &[f64], share: &[f64], window: usize) -> Vec<f64> {
        let part = |salt: u64, of: &dyn Fn(f64) -> f64| {
            let rates: Vec<f64> =
                per_second.iter().zip(share).map(|(rate, share)| rate * of(*share)).collect();
            self.other(salt).rate(&rates, window)
        };
        let (failed, rest) = (part(1, &|share| share), part(2, &|share| 1.0 - share));
        failed.iter().zip(rest).map(|(failed, rest)| failed / (failed + rest)).collect()
    }
}

/// Returns the mean of the last `window` samples that are not missing; NaN where the sample itself is.
pub fn trailing_mean(values: &[f64], window: usize) -> Vec<f64> {
    (0..values.len())
        .map(|at| {
            if values[at].is_nan() {
                return f64::NAN;
            }
            let of = &values[at.saturating_sub(window - 1)..=at];
            let (sum, count) = of
                .iter()
                .filter(|value| !value.is_nan())
                .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
            sum / count
        })
        .collect()
}

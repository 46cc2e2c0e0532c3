//! Random counts, numbers and noise.

use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution, Exp1, Gamma, Poisson, StandardNormal};
use rand_pcg::Pcg64Mcg;

use super::generate::Noise;

/// A random generator that depends on its seed alone.
pub struct Dice(Pcg64Mcg);

impl Dice {
    /// Creates a generator from a seed.
    pub fn of(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// Returns true with a probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability)
    }

    /// Returns a number between two bounds.
    pub fn number(&mut self, least: f64, most: f64) -> f64 {
        self.0.random_range(least..most)
    }

    /// Returns a count between two bounds, both included.
    pub fn count(&mut self, least: usize, most: usize) -> usize {
        self.0.random_range(least..=most)
    }

    fn draw(&mut self, distribution: impl Distribution<f64>) -> f64 {
        distribution.sample(&mut self.0)
    }

    /// Returns the root mean square of normal numbers, by which a normal number is divided to get Student's t.
    fn chi(&mut self, degrees: usize) -> f64 {
        let squares = (0..degrees).map(|_| self.draw(StandardNormal).powi(2));
        (squares.sum::<f64>() / degrees as f64).sqrt()
    }

    /// Returns the mean with noise of scale 1 around it, and of scale 3 from `wide` on.
    pub fn noisy(&mut self, noise: Noise, mean: &[f64], level: f64, wide: usize) -> Vec<f64> {
        if noise == Noise::Counts {
            let count = |(at, mean): (usize, &f64)| {
                let rate = (level * mean).max(1e-9);
                // A rate that itself varies widens counts: the sum of both variances is nine times the rate.
                let varying = (at >= wide).then(|| Gamma::new(rate / 8.0, 8.0).ok()).flatten();
                let rate = varying.map_or(rate, |gamma| self.draw(gamma)).max(1e-9);
                Poisson::new(rate).map_or(rate, |poisson| self.draw(poisson)) / level
            };
            return mean.iter().enumerate().map(count).collect();
        }
        let correlation = self.number(0.5, 0.9);
        let (mut last, mut burst, mut height) = (0.0, false, 0.0);
        let raw: Vec<f64> = (0..mean.len())
            .map(|_| {
                let normal = self.draw(StandardNormal);
                match noise {
                    Noise::HeavyTailed => normal / self.chi(3),
                    Noise::Autoregressive => {
                        last = correlation * last + normal;
                        last
                    }
                    Noise::Bursts => {
                        let lasts = self.chance(if burst { 0.8 } else { 1.0 / 200.0 });
                        if lasts && !burst {
                            height = 4.0 * self.draw(Exp1);
                        }
                        burst = lasts;
                        normal + if burst { height } else { 0.0 }
                    }
                    Noise::Skewed => libm::exp(0.5 * normal),
                    Noise::White | Noise::Counts => normal,
                }
            })
            .collect();
        let mut sorted = raw.clone();
        sorted.sort_by(f64::total_cmp);
        let scale = (sorted[sorted.len() * 3 / 4] - sorted[sorted.len() / 4]) / 1.349;
        raw.iter()
            .zip(mean)
            .enumerate()
            .map(|(at, (noise, mean))| mean + noise / scale * if at < wide { 1.0 } else { 3.0 })
            .collect()
    }

    /// Repeats or removes one to three samples occasionally.
    pub fn stall(&mut self, values: &mut [f64], [repeats, misses]: [bool; 2]) {
        for _ in 0..6 {
            for (wanted, missing) in [(repeats, false), (misses, true)] {
                let (at, len) = (self.count(1, values.len() - 4), self.count(1, 3));
                if wanted {
                    let value = if missing { f64::NAN } else { values[at - 1] };
                    values[at..at + len].fill(value);
                }
            }
        }
    }
}

//! The discrete Fourier transform of real samples whose count is a power of two; shorter input is
//! padded with zeros, as linear autocorrelation and a finely spaced periodogram want it anyway.
//!
//! It is our own because the planner of `rustfft` brings some 100 kB of code for every length and CPU,
//! which each visitor of the page would pay for, and because its results depend on the CPU.
//! Factors come from `libm` and a fixed order of products, so native and WebAssembly agree to the bit.
//!
//! Method: Stockham's self-sorting radix-2 transform of half the length on pairs of samples (Cochran
//! et al., "What is the fast Fourier transform?", 1967), then the two halves are taken apart (Press et
//! al., "Numerical Recipes", 12.3). Cost: O(n log n) time, O(n) memory.

use std::f64::consts::TAU;

/// A complex number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Complex {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

impl Complex {
    /// Returns the number of size one at `angle`, in radians.
    pub fn at(angle: f64) -> Self {
        Self { re: libm::cos(angle), im: libm::sin(angle) }
    }

    /// Returns the sum of both numbers.
    pub fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    /// Returns the difference of both numbers.
    pub fn minus(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }

    /// Returns the product of both numbers.
    pub fn times(self, other: Self) -> Self {
        Self {
            re: self.re * other.re - self.im * other.im,
            im: self.re * other.im + self.im * other.re,
        }
    }

    /// Returns the squared absolute value.
    pub fn power(self) -> f64 {
        self.re * self.re + self.im * self.im
    }
}

/// Discrete Fourier transform of one length.
#[derive(Clone, Debug)]
pub struct Fft {
    /// Number of samples that are transformed.
    len: usize,
    /// Factors `exp(-2 pi i k / len)` for k below half the length.
    factors: Vec<Complex>,
}

impl Fft {
    /// Creates a transform of the smallest power of two from `least` on, at least 4.
    pub fn new(least: usize) -> Self {
        let len = least.max(4).next_power_of_two();
        let half = len / 2;
        // Each factor is the product of a coarse and a fine one: few calls of sine and cosine.
        let fine = 1 << (half.trailing_zeros() / 2);
        let angle = |k: usize| Complex::at(-TAU * (k as f64 / len as f64));
        let low: Vec<Complex> = (0..fine).map(angle).collect();
        let mut factors = Vec::with_capacity(half);
        for coarse in (0..half).step_by(fine) {
            let high = angle(coarse);
            factors.extend(low.iter().map(|low| high.times(*low)));
        }
        Self { len, factors }
    }

    /// Returns the number of samples that are transformed.
    #[allow(clippy::len_without_is_empty, reason = "a transform is never empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Computes `sum of x[t] exp(-2 pi i j t / len)` for j = 0 to `len / 2`. Samples from `len` on are left out.
    pub fn spectrum(&self, values: &[f64]) -> Vec<Complex> {
        let half = self.len / 2;
        let mut data = vec![Complex::default(); half];
        for (slot, pair) in data.iter_mut().zip(values.chunks(2)) {
            *slot = Complex { re: pair[0], im: pair.get(1).copied().unwrap_or(0.0) };
        }
        let data = self.transform(data);
        (0..=half)
            .map(|j| {
                let (a, b) = (data[j % half], data[(half - j) % half]);
                let even = Complex { re: (a.re + b.re) * 0.5, im: (a.im - b.im) * 0.5 };
                let odd = Complex { re: (a.im + b.im) * 0.5, im: (b.re - a.re) * 0.5 };
                let factor = self.factors.get(j).copied().unwrap_or(Complex { re: -1.0, im: 0.0 });
                even.plus(factor.times(odd))
            })
            .collect()
    }

    /// Computes `sum of x[t] x[t + k]` for k = 0 to `len / 2`. Wraps around unless at least k zeros of padding are
    /// left: `len >= values.len() + k`.
    pub fn lagged_products(&self, values: &[f64]) -> Vec<f64> {
        let half = self.len / 2;
        let mut power: Vec<f64> = self.spectrum(values).into_iter().map(Complex::power).collect();
        // The power of a real series is even, and so its transform is its inverse transform.
        power.extend_from_within(1..half);
        power[half + 1..].reverse();
        let scale = 1.0 / self.len as f64;
        self.spectrum(&power).into_iter().map(|bin| bin.re * scale).collect()
    }

    /// Computes the complex transform of half the length.
    fn transform(&self, mut data: Vec<Complex>) -> Vec<Complex> {
        let mut next = vec![Complex::default(); data.len()];
        // `stride` transforms of length `size` lie interleaved.
        let (mut size, mut stride) = (data.len(), 1);
        while size > 1 {
            let (first, second) = data.split_at(data.len() / 2);
            let rows = first.chunks_exact(stride).zip(second.chunks_exact(stride));
            for (p, (out, (a, b))) in next.chunks_exact_mut(2 * stride).zip(rows).enumerate() {
                let factor = self.factors[2 * p * stride];
                let (sums, differences) = out.split_at_mut(stride);
                let pairs = a.iter().zip(b).zip(sums.iter_mut().zip(differences));
                for ((a, b), (sum, difference)) in pairs {
                    *sum = a.plus(*b);
                    *difference = a.minus(*b).times(factor);
                }
            }
            std::mem::swap(&mut data, &mut next);
            (size, stride) = (size / 2, stride * 2);
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use realfft::RealFftPlanner;

    fn check(values: &[f64], least: usize) {
        let fft = Fft::new(least);
        let mut padded = values.to_vec();
        padded.resize(fft.len(), 0.0);
        let size = padded.iter().fold(1e-300, |sum, v| sum + v.abs());

        let planned = RealFftPlanner::<f64>::new().plan_fft_forward(fft.len());
        let mut expected = planned.make_output_vec();
        planned.process(&mut padded.clone(), &mut expected).unwrap();
        let found = fft.spectrum(values);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            let apart = (found.re - expected.re).abs().max((found.im - expected.im).abs());
            assert!(apart <= 1e-15 * size, "{found:?} {expected}");
        }

        let products = fft.lagged_products(values);
        assert_eq!(products.len(), fft.len() / 2 + 1);
        for lag in [0, 1, 2, fft.len() / 4, fft.len() / 2] {
            let wrapped = |t: usize| padded[(t + lag) % fft.len()];
            let plain: f64 = (0..fft.len()).map(|t| padded[t] * wrapped(t)).sum();
            assert!((products[lag] - plain).abs() <= 1e-14 * size * size, "{lag}");
        }
    }

    #[test]
    fn short_and_long_input() {
        for (count, least) in [(0, 0), (1, 1), (3, 4), (5, 8), (1_000, 2_000), (16_384, 16_384)] {
            let values: Vec<f64> = (0..count).map(|i| f64::from(i * i % 97) - 48.0).collect();
            check(&values, least);
        }
        assert_eq!(Fft::new(16_385).len(), 32_768);
    }

    proptest! {
        #[test]
        fn as_the_reference(values in prop::collection::vec(-1e3..1e3_f64, 0..300)) {
            check(&values, values.len());
        }
    }
}

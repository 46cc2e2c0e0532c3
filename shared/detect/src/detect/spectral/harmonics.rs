use std::f64::consts::TAU;

use crate::stats::enough;
use crate::stats::fft::{Complex, Fft};
use crate::stats::median::quartiles;
use crate::stats::periodogram::{background, peak, power};
use crate::stats::quantile::QUARTILE_RANGE;

/// Number of rounds in which each wave is fitted to what the others leave.
const ROUNDS: usize = 3;

/// Minimum power of a wave, in medians of the power around it: noise has a bin like that once in 65,000.
const SIGNIFICANT: f64 = 16.0;

/// Minimum difference between two waves, in cycles over the training.
const APART: f64 = 3.0;

/// Distance, in robust scales, to which samples are clipped.
const CLIP: f64 = 5.0;

/// A level and waves, fitted to some samples.
///
/// Method: the highest peaks of the periodogram give frequencies; then, strongest first and in several
/// rounds, each wave is fitted to what line and other waves leave, and its frequency is corrected by
/// the turn of its phase from the first half of the samples to the second.
#[derive(Clone, Debug)]
pub(super) struct Harmonics {
    /// Value at the end of the samples without the waves.
    level: f64,
    waves: Vec<HarmonicWave>,
    /// Number of samples that the waves were fitted to.
    count: usize,
    /// Scaled quartile range of what the fit leaves.
    pub scale: f64,
}

/// `size.re cos(frequency t) + size.im sin(frequency t)`, t counted in samples from the first one.
#[derive(Clone, Copy, Debug)]
struct HarmonicWave {
    frequency: f64,
    size: Complex,
}

impl Harmonics {
    /// Fits at most `most` waves that fit into the samples twice. NaN and infinities are missing; `None` unless half of
    /// `wanted` samples are there.
    pub fn fit(samples: &[f64], wanted: usize, most: usize) -> Option<Self> {
        let mut finite: Vec<f64> = samples.iter().copied().filter(|v| v.is_finite()).collect();
        if finite.len() < enough(wanted) {
            return None;
        }
        let (centre, scale) = centre_and_scale(&mut finite)?;
        let count = samples.len();
        let present: Vec<f64> =
            samples.iter().map(|v| f64::from(u8::from(v.is_finite()))).collect();
        let known: f64 = present.iter().sum();
        let mut rest: Vec<f64> = samples
            .iter()
            .map(|v| if v.is_finite() { v - centre } else { 0.0 })
            .map(|v| if scale > 0.0 { v.clamp(-CLIP * scale, CLIP * scale) } else { v })
            .collect();
        let mut line = TrendLine::default();
        line.refit(&mut rest, &present, known);
        let mut waves = strongest(&rest, most);
        for round in 0..ROUNDS {
            for wave in &mut waves {
                wave.refit(&mut rest, &present, known, round == 0);
            }
            if waves.is_empty() {
                break;
            }
            line.refit(&mut rest, &present, known);
        }
        finite.clear();
        finite.extend(rest.iter().zip(&present).filter(|(_, p)| **p > 0.0).map(|(rest, _)| *rest));
        let (middle, scale) = centre_and_scale(&mut finite)?;
        let level = centre + (line.level + line.slope * (count as f64 * 0.5) + middle);
        Some(Self { level, waves, count, scale })
    }

    /// Writes the values that follow the samples.
    pub fn continue_into(&self, values: &mut [f64]) {
        values.fill(self.level);
        for wave in &self.waves {
            let turn = Complex::at(wave.frequency);
            let mut angle = Complex::at(wave.frequency * self.count as f64);
            for value in &mut *values {
                *value += wave.size.re * angle.re + wave.size.im * angle.im;
                angle = angle.times(turn);
            }
        }
    }
}

/// Returns the highest significant peaks of the periodogram as waves without a size, strongest first.
fn strongest(values: &[f64], most: usize) -> Vec<HarmonicWave> {
    let count = values.len();
    let fft = Fft::new(count + count / 2);
    let power = power(values, &fft);
    let background = background(&power, fft.len().div_ceil(count));
    let mut peaks: Vec<(f64, f64)> = (2 * fft.len() / count..fft.len() / 2)
        .filter(|bin| power[*bin] > SIGNIFICANT * background[*bin])
        .filter_map(|bin| Some((power[bin], peak(&power, bin)?)))
        .collect();
    peaks.sort_by(|a, b| b.0.total_cmp(&a.0));
    let apart = APART * fft.len() as f64 / count as f64;
    let mut chosen: Vec<f64> = Vec::new();
    for (_, top) in peaks {
        if chosen.len() < most && chosen.iter().all(|other| (other - top).abs() >= apart) {
            chosen.push(top);
        }
    }
    let wave = |top: &f64| HarmonicWave {
        frequency: TAU * top / fft.len() as f64,
        size: Complex::default(),
    };
    chosen.iter().map(wave).collect()
}

/// A straight line, t counted from the middle of the samples.
#[derive(Clone, Copy, Debug, Default)]
struct TrendLine {
    level: f64,
    slope: f64,
}

impl TrendLine {
    /// Fits the line to its sum with `rest`, and subtracts it from that.
    fn refit(&mut self, rest: &mut [f64], present: &[f64], known: f64) {
        let middle = (rest.len() as f64 - 1.0) * 0.5;
        let (mut time, mut times, mut sum, mut cross) = (0.0, 0.0, 0.0, 0.0);
        for (at, (rest, present)) in rest.iter().zip(present).enumerate() {
            let t = (at as f64 - middle) * present;
            (time, times) = (time + t, times + t * t);
            (sum, cross) = (sum + rest, cross + t * rest);
        }
        let spread = times - time * time / known;
        let slope = if spread > 0.0 { (cross - time * sum / known) / spread } else { 0.0 };
        let level = (sum - slope * time) / known;
        for (at, (rest, present)) in rest.iter_mut().zip(present).enumerate() {
            *rest -= (level + slope * (at as f64 - middle)) * present;
        }
        (self.level, self.slope) = (self.level + level, self.slope + slope);
    }
}

impl HarmonicWave {
    /// Fits the wave to its sum with `rest`, and subtracts it from that. `correct` adjusts the frequency first.
    fn refit(&mut self, rest: &mut [f64], present: &[f64], known: f64, correct: bool) {
        if correct {
            let (first, second) = self.project(rest);
            let turn = libm::atan2(
                first.re * second.im - first.im * second.re,
                first.re * second.re + first.im * second.im,
            );
            // The halves are half the samples apart. Phases grow against the sine's sign.
            self.frequency += turn / (rest.len() as f64 * 0.5);
        }
        let (first, second) = self.project(rest);
        let share = 2.0 / known;
        let more =
            Complex { re: share * (first.re + second.re), im: share * (first.im + second.im) };
        self.size = self.size.plus(more);
        let turn = Complex::at(self.frequency);
        let mut angle = Complex { re: 1.0, im: 0.0 };
        for (rest, present) in rest.iter_mut().zip(present) {
            *rest -= (more.re * angle.re + more.im * angle.im) * present;
            angle = angle.times(turn);
        }
    }

    /// Returns the sums of products with cosine and sine over the first half and over the second.
    fn project(&self, rest: &[f64]) -> (Complex, Complex) {
        let half = rest.len() / 2;
        let turn = Complex::at(self.frequency);
        let mut early = Complex { re: 1.0, im: 0.0 };
        let mut late = Complex::at(self.frequency * half as f64);
        let (mut first, mut second) = (Complex::default(), Complex::default());
        for (a, b) in rest[..half].iter().zip(&rest[half..]) {
            first = Complex { re: first.re + a * early.re, im: first.im + a * early.im };
            second = Complex { re: second.re + b * late.re, im: second.im + b * late.im };
            (early, late) = (early.times(turn), late.times(turn));
        }
        (first, second)
    }
}

/// Returns median and scaled quartile range of the values; `None` without a value.
fn centre_and_scale(values: &mut [f64]) -> Option<(f64, f64)> {
    quartiles(values).map(|[low, centre, high]| (centre, (high - low) / QUARTILE_RANGE))
}

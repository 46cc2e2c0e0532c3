//! Power of a series by frequency, and the peaks that stand out.

use std::f64::consts::TAU;

use super::fft::{Complex, Fft};
use super::median::upper_median;

/// Number of bins that give a median.
const NEIGHBOURS: usize = 128;

/// Computes the power of the bins of `fft` under a Hann window (Blackman and Tukey, 1958), which keeps strong waves
/// from spilling over weak ones. `values` should have mean 0, with 0 for missing samples.
pub fn power(values: &[f64], fft: &Fft) -> Vec<f64> {
    // Cosines by rotation: a window needs no more precision.
    let step = Complex::at(TAU / values.len().max(1) as f64);
    let mut angle = Complex { re: 1.0, im: 0.0 };
    let mut windowed = Vec::with_capacity(values.len());
    for value in values {
        windowed.push(value * (0.5 - 0.5 * angle.re));
        angle = angle.times(step);
    }
    fft.spectrum(&windowed).into_iter().map(Complex::power).collect()
}

/// Returns the median power in a neighbourhood of at least 8 `width` bins to both sides that widens with frequency;
/// never 0. Shape: as `power`. Cost: O(n).
pub fn background(power: &[f64], width: usize) -> Vec<f64> {
    let mut background = Vec::with_capacity(power.len());
    let mut window: Vec<f64> = Vec::with_capacity(NEIGHBOURS);
    while background.len() < power.len() {
        let from = background.len();
        let to = (from + (from / 4).max(width).max(1)).min(power.len());
        let reach = (from / 2).max(8 * width);
        window.clear();
        let all = &power[from.saturating_sub(reach)..(to + reach).min(power.len())];
        window.extend(all.iter().step_by(all.len().div_ceil(NEIGHBOURS)));
        let median = upper_median(&mut window).unwrap_or_default();
        background.resize(to, median.max(f64::MIN_POSITIVE));
    }
    background
}

/// Returns the place among bins of the top of the peak at `bin`, by the parabola through it and its neighbours. `None`
/// if it is no peak.
pub fn peak(power: &[f64], bin: usize) -> Option<f64> {
    let (before, here, after) =
        (*power.get(bin.checked_sub(1)?)?, power[bin], *power.get(bin + 1)?);
    let bend = before - 2.0 * here + after;
    let shift = if bend < 0.0 { (before - after) / (2.0 * bend) } else { 0.0 };
    (here >= before && here >= after).then_some(bin as f64 + shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_a_peak_over_the_background() {
        let wave =
            |at: i32| libm::cos(f64::from(at) * TAU / 13.7) + 0.01 * f64::from(at * at % 7 - 3);
        let values: Vec<f64> = (0..1_000).map(wave).collect();
        let fft = Fft::new(2_000);
        let power = power(&values, &fft);
        let background = background(&power, 3);
        assert_eq!((power.len(), background.len()), (1_025, 1_025));
        let strongest = (1..power.len()).max_by(|a, b| power[*a].total_cmp(&power[*b])).unwrap();
        let top = peak(&power, strongest).unwrap();
        assert!((2_048.0 / top - 13.7).abs() < 0.01, "{top}");
        assert!(power[strongest] > 1e3 * background[strongest]);
        assert_eq!(
            (peak(&power, strongest + 1), peak(&power, 0), peak(&power, 1_024)),
            (None, None, None)
        );
    }
}

//! Parts of the value of a demo series: daily cycles, bounded noise, counters in closed form.
//!
//! Every function is pure and takes constant time at any instant. Noise is indexed from the anchor,
//! so the picture around the planted events is always the same; the daily cycle follows UTC.

use std::f64::consts::TAU;

/// Minutes in a day.
const DAY: f64 = 1_440.0;

/// Samples before the anchor: 400 days of one a minute.
pub(super) const PAST: i64 = 400 * 1_440;

/// The instant of one sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Number of the sample; 0 is the first at or after the anchor.
    pub index: i64,
    /// Minutes since the anchor.
    pub minutes: f64,
    /// Minutes since the Unix epoch.
    pub utc: f64,
}

impl Moment {
    /// Returns the moment `minutes` away, off the sample grid if need be.
    fn shifted(self, minutes: f64) -> Self {
        Self { minutes: self.minutes + minutes, utc: self.utc + minutes, ..self }
    }
}

/// A level with a daily cycle, highest at `peak_hour` UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Daily {
    pub level: f64,
    pub amplitude: f64,
    pub peak_hour: f64,
}

impl Daily {
    /// Makes a level that stays all day.
    pub(super) const fn flat(level: f64) -> Self {
        Self { level, amplitude: 0.0, peak_hour: 0.0 }
    }

    /// Returns the level at an instant.
    pub(super) fn at(self, moment: Moment) -> f64 {
        self.level + self.amplitude * libm::cos(self.angle(moment.utc))
    }

    /// Integrates over the minutes since the first sample of all.
    pub(super) fn integral(self, moment: Moment) -> f64 {
        let elapsed = moment.minutes + PAST as f64;
        let cycle = libm::sin(self.angle(moment.utc)) - libm::sin(self.angle(moment.utc - elapsed));
        self.level * elapsed + self.amplitude * DAY / TAU * cycle
    }

    /// Integrates over the minutes from the anchor on, at most `length` of them; 0 before the anchor.
    pub(super) fn integral_after_anchor(self, moment: Moment, length: f64) -> f64 {
        let anchor = moment.shifted(-moment.minutes);
        let end = anchor.shifted(moment.minutes.clamp(0.0, length));
        self.integral(end) - self.integral(anchor)
    }

    fn angle(self, utc: f64) -> f64 {
        (utc.rem_euclid(DAY) - self.peak_hour * 60.0) * TAU / DAY
    }
}

/// A stream of reproducible random numbers, one for each index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noise(u64);

impl Noise {
    /// Makes a stream of its own for each text (FNV-1a).
    pub(super) fn new(text: &str) -> Self {
        Self(text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }))
    }

    /// Returns a number that names the stream.
    pub(super) fn seed(self) -> u64 {
        mix(self.0)
    }

    /// Draws a uniform number in [-1, 1).
    pub(super) fn uniform(self, index: i64) -> f64 {
        let bits = mix(self.0 ^ mix(index as u64)) >> 11;
        bits as f64 / (1_u64 << 52) as f64 - 1.0
    }

    /// Draws a triangular number in (-1, 1): light tails, no outlier.
    pub(super) fn triangular(self, index: i64) -> f64 {
        (self.uniform(2 * index) + self.uniform(2 * index + 1)) / 2.0
    }

    /// Wanders within (-1, 1), from one turning point to the next in `period` minutes.
    pub(super) fn smooth(self, minutes: f64, period: f64) -> f64 {
        let at = minutes / period;
        let cell = libm::floor(at);
        let weight = (1.0 - libm::cos((at - cell) * TAU / 2.0)) / 2.0;
        let (from, to) = (self.uniform(cell as i64), self.uniform(cell as i64 + 1));
        from + (to - from) * weight
    }
}

/// Mixes bits by SplitMix64's output function (Steele, Lea and Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Counts errors that come in bursts: about one in six hours, at an irregular time and of irregular size.
/// The sizes are differences of a bounded sequence, so the sum is known without adding them up.
pub(super) fn bursts(noise: Noise, moment: Moment) -> f64 {
    const BLOCK: f64 = 360.0;
    const LENGTH: f64 = 6.0;
    let block = libm::floor((moment.minutes + PAST as f64) / BLOCK);
    let minute = moment.minutes + PAST as f64 - block * BLOCK;
    let total = |n: f64| libm::round(40.0 * n + 15.0 * noise.uniform(n as i64));
    let start = 175.0 + 145.0 * noise.uniform(-1 - block as i64);
    let share = ((minute - start) / LENGTH).clamp(0.0, 1.0);
    libm::floor(total(block) - total(0.0) + (total(block + 1.0) - total(block)) * share)
}

/// Rounds to `digits` decimals, as an exporter would.
pub(super) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = libm::pow(10.0, f64::from(digits));
    libm::round(value * scale) / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(index: i64) -> Moment {
        let minutes = index as f64 + 0.4;
        Moment { index, minutes, utc: minutes + 29_000_000.0 }
    }

    #[test]
    fn noise_keeps_its_bounds_and_is_centred() {
        let noise = Noise::new("test");
        let draws: [fn(Noise, i64) -> f64; 3] =
            [Noise::uniform, Noise::triangular, |noise, index| noise.smooth(index as f64, 7.0)];
        for draw in draws {
            let values: Vec<f64> = (-50_000..50_000).map(|index| draw(noise, index)).collect();
            assert!(values.iter().all(|value| (-1.0..1.0).contains(value)));
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            assert!(mean.abs() < 0.02, "{mean}");
        }
    }

    #[test]
    fn the_integral_is_that_of_the_level() {
        let daily = Daily { level: 8.0, amplitude: 1.5, peak_hour: 14.0 };
        for index in (-3_000..3_000).step_by(97) {
            let (from, to) = (moment(index), moment(index + 1));
            let gained = daily.integral(to) - daily.integral(from);
            let level = (daily.at(from) + daily.at(to)) / 2.0;
            assert!((gained - level).abs() < 1e-5, "{index}: {gained} {level}");
        }
        assert_eq!(daily.integral_after_anchor(moment(-5), 10.0), 0.0);
        let ten = daily.integral_after_anchor(moment(10), 10.0);
        assert_eq!(ten, daily.integral_after_anchor(moment(500), 10.0));
    }

    #[test]
    fn bursts_never_fall_and_mostly_rest() {
        let noise = Noise::new("eth0");
        let values: Vec<f64> = (-20_000..20_000).map(|i| bursts(noise, moment(i))).collect();
        assert!(values.is_sorted());
        let rising = values.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((300..1_000).contains(&rising), "{rising}");
    }
}

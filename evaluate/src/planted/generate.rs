//! The generator. It knows nothing of the detectors.
//!
//! A series is level + trend + season + noise. "Scale" is the robust scale of the noise alone,
//! `(q75 - q25) / 1.349`; everything is built in scales and put into a unit at the end.

use oddity_detect::series::Grid;
use oddity_detect::time::{Step, Timestamp};

use super::dice::Dice;

/// Distance of a clear anomaly from the expected value, in scales.
const CLEAR: f64 = 8.0;

/// Number of samples in which a slope covers [`CLEAR`] scales.
const SLOPE_WINDOW: usize = 30;

/// Number of samples in which a drift covers [`CLEAR`] scales.
const DRIFT_WINDOW: usize = 600;

/// Factor by which a series without an anomaly is longer than the others, since false events are rare.
const LONGER_HEALTHY: usize = 3;

/// Factor by which a flat line or a gap is longer than any before.
const LONGER: usize = 5;

/// The anomaly that is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plant {
    /// Nothing at all, in a series three times as long.
    Nothing,
    /// 1 to 5 samples at least 8 scales up, and half as far again as the noise ever went.
    Spike,
    /// 1 to 5 samples at least 8 scales down, and half as far again as the noise ever went.
    Dip,
    /// A level 8 scales higher, to the end.
    ShiftUp,
    /// A level 8 scales lower, to the end.
    ShiftDown,
    /// 8 scales in 30 samples, going on for 120 samples or more.
    Slope,
    /// 8 scales in 600 samples, going on for 600 samples or more.
    Drift,
    /// Noise three times as wide, to the end.
    Variance,
    /// The season a quarter of its period early, to the end.
    Season,
    /// A value that repeats five times longer than any before.
    Flat,
    /// Samples that are missing five times longer than any before.
    Gap,
}

/// The noise around the anomaly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noise {
    /// Independent, normal.
    White,
    /// First-order autoregressive, correlation 0.5 to 0.9.
    Autoregressive,
    /// Student's t with 3 degrees of freedom.
    HeavyTailed,
    /// Poisson counts, so that the spread follows the level.
    Counts,
    /// Normal, with bursts of a few samples every few hundred.
    Bursts,
    /// Log-normal, as latencies are.
    Skewed,
}

/// The components of a series.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Planted anomaly.
    pub plant: Plant,
    /// Noise around the anomaly.
    pub noise: Noise,
    /// Whether there is a daily season, 6 to 12 scales high.
    pub season: bool,
    /// Whether there is a trend of 5 to 15 scales over the whole series.
    pub trend: bool,
    /// Seed of all other random choices.
    pub seed: u64,
}

/// A series and the position of the anomaly in it.
#[derive(Clone, Debug)]
pub struct Planted {
    /// Samples; NaN is missing.
    pub values: Vec<f64>,
    /// Grid of the samples.
    pub grid: Grid,
    /// Period of the season in samples; `None` without a season.
    pub period: Option<usize>,
    /// Index at which the anomaly begins; the length of the series if there is none.
    pub start: usize,
    /// Index at which a short anomaly ends, exclusive; the length of the series for one that lasts.
    pub end: usize,
    /// Index before which the anomaly must be noticed.
    pub until: usize,
}

impl Plant {
    /// All planted anomalies.
    pub const ALL: [Self; 11] = [
        Self::Nothing,
        Self::Spike,
        Self::Dip,
        Self::ShiftUp,
        Self::ShiftDown,
        Self::Slope,
        Self::Drift,
        Self::Variance,
        Self::Season,
        Self::Flat,
        Self::Gap,
    ];
}

impl Noise {
    /// Returns the name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::White => "white",
            Self::Autoregressive => "autoregressive",
            Self::HeavyTailed => "heavy-tailed",
            Self::Counts => "counts",
            Self::Bursts => "bursts",
            Self::Skewed => "skewed",
        }
    }

    /// All noise models.
    pub const ALL: [Self; 6] = [
        Self::White,
        Self::Autoregressive,
        Self::HeavyTailed,
        Self::Counts,
        Self::Bursts,
        Self::Skewed,
    ];
}

/// Returns each anomaly in each noise, with and without season and trend, once per seed. A season can break only where there
/// is one.
pub fn recipes(seeds: std::ops::Range<u64>) -> Vec<Recipe> {
    let mut all = Vec::new();
    for seed in seeds {
        for (index, plant) in Plant::ALL.into_iter().enumerate() {
            for (model, noise) in Noise::ALL.into_iter().enumerate() {
                for variant in 0..4 {
                    let (season, trend) = (variant & 1 == 1, variant & 2 == 2);
                    if season || plant != Plant::Season {
                        let seed = ((seed * 16 + index as u64) * 8 + model as u64) * 4 + variant;
                        all.push(Recipe { plant, noise, season, trend, seed });
                    }
                }
            }
        }
    }
    all
}

/// Generates the series of a recipe, which depends on the recipe alone.
pub fn generate(recipe: Recipe) -> Planted {
    let mut dice = Dice::of(recipe.seed);
    let Recipe { plant, noise, season, trend, .. } = recipe;
    let minutes = if season && dice.chance(0.25) { 1 } else { 5 };
    let period = season.then_some(24 * 60 / minutes);
    let len = if minutes == 1 { 6_000 } else { dice.count(3_000, 6_000) };
    let len = if plant == Plant::Nothing { LONGER_HEALTHY * len } else { len };
    let start = dice.count(len * 55 / 100, len - 900);

    let rises = noise == Noise::Counts || dice.chance(0.5);
    let sign = if rises { 1.0 } else { -1.0 };
    let few = noise == Noise::Counts && !season && !matches!(plant, Plant::Dip | Plant::ShiftDown);
    let level = match noise {
        Noise::Counts if few => libm::sqrt(12.0),
        Noise::Counts => 30.0,
        _ => dice.number(20.0, 60.0),
    };
    let course = Course {
        level,
        trend: if trend { sign * dice.number(5.0, 15.0) / len as f64 } else { 0.0 },
        period: period.unwrap_or(1) as f64,
        amplitude: if season { dice.number(6.0, 12.0) } else { 0.0 },
        phases: [dice.number(0.0, 1.0), dice.number(0.0, 1.0)],
    };
    let leads = if dice.chance(0.5) { len } else { start + dice.count(120, 400) };
    let drifts = if dice.chance(0.5) { len } else { start + dice.count(DRIFT_WINDOW, 900) };
    let mean: Vec<f64> = (0..len)
        .map(|at| {
            let since = at.saturating_sub(start) as f64;
            let plain = course.at(at as f64);
            match plant {
                _ if at < start => plain,
                Plant::ShiftUp => plain + CLEAR,
                Plant::ShiftDown => plain - CLEAR,
                Plant::Slope => {
                    plain + sign * CLEAR * since.min((leads - start) as f64) / SLOPE_WINDOW as f64
                }
                Plant::Drift => {
                    plain + sign * CLEAR * since.min((drifts - start) as f64) / DRIFT_WINDOW as f64
                }
                Plant::Season => {
                    let moved = at as f64 + course.period / 4.0;
                    plain + course.seasonal(moved) - course.seasonal(at as f64)
                }
                _ => plain,
            }
        })
        .collect();
    let wide = if plant == Plant::Variance { start } else { len };
    let mut values = dice.noisy(noise, &mean, level, wide);

    let flaky = [dice.chance(0.5) || plant == Plant::Flat, dice.chance(0.5) || plant == Plant::Gap];
    dice.stall(&mut values[..start - 20], flaky);
    let mut end = start;
    match plant {
        Plant::Spike | Plant::Dip => {
            end += dice.count(1, 5);
            let sign = if plant == Plant::Spike { 1.0 } else { -1.0 };
            let farthest = values[..start].iter().zip(&mean).map(|(value, mean)| value - mean);
            let farthest = farthest.fold(0.0, |far: f64, now| far.max(sign * now));
            for at in start..end {
                values[at] = mean[at] + sign * dice.number(1.0, 1.5) * CLEAR.max(1.5 * farthest);
            }
        }
        Plant::Flat => {
            end += LONGER * longest(&values[..start], |a, b| a == b);
            let stuck = values[start - 1];
            values[start..end].fill(stuck);
        }
        Plant::Gap => {
            end += LONGER * longest(&values[..start], |a, b| a.is_nan() && b.is_nan());
            values[start..end].fill(f64::NAN);
        }
        _ => {}
    }
    let unit = match noise {
        Noise::Counts => level,
        _ => libm::pow(10.0, dice.number(-3.0, 6.0)),
    };
    for value in &mut values {
        *value *= unit;
        if noise == Noise::Counts {
            *value = libm::round(if *value < 0.0 { 0.0 } else { *value });
        }
    }
    let until = match plant {
        Plant::Nothing => len,
        Plant::Spike | Plant::Dip | Plant::Flat | Plant::Gap => end + 5,
        Plant::ShiftUp | Plant::ShiftDown | Plant::Variance => start + 300,
        Plant::Slope => start + 4 * SLOPE_WINDOW,
        Plant::Drift => start + DRIFT_WINDOW,
        Plant::Season => start + period.unwrap_or_default(),
    };
    let start = if plant == Plant::Nothing { len } else { start };
    let end = if end > start { end } else { len };
    let step = Step::from_seconds(60 * minutes as u64);
    let grid = Grid { start: Timestamp(0), step, len };
    Planted { values, grid, period, start, end, until: until.min(len) }
}

/// The expected course of a series, in scales.
struct Course {
    level: f64,
    trend: f64,
    period: f64,
    amplitude: f64,
    phases: [f64; 2],
}

impl Course {
    fn at(&self, at: f64) -> f64 {
        self.level + self.trend * at + self.seasonal(at)
    }

    /// Returns a daily wave with a second one at twice its frequency.
    fn seasonal(&self, at: f64) -> f64 {
        let turn = std::f64::consts::TAU * at / self.period;
        let [first, second] = self.phases.map(|phase| phase * std::f64::consts::TAU);
        self.amplitude * (libm::sin(turn + first) + 0.3 * libm::sin(2.0 * turn + second)) / 1.3
    }
}

/// Returns the length of the longest run of samples that are `alike` their neighbours, 1 if none are.
fn longest(values: &[f64], alike: impl Fn(f64, f64) -> bool) -> usize {
    let (mut most, mut run) = (1, 1);
    for pair in values.windows(2) {
        run = if alike(pair[0], pair[1]) { run + 1 } else { 1 };
        most = most.max(run);
    }
    most
}

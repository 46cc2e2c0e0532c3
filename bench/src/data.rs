//! The benchmarked series. Other programs read them from the file that `bench data` writes.

use std::sync::Arc;

use oddity_detect::series::{Grid, Labels, Series};
use oddity_detect::time::{Step, Timestamp};
use oddity_source::prometheus::Loaded;
use oddity_source::query::RangeQuery;

/// Number of series of a workload. They differ, since the branch predictor would memorise a repeated one.
pub const SERIES: usize = 91;

/// Number of samples of a series.
pub const SAMPLES: usize = 11_000;

/// Number of samples that are decomposed: a week of minutes.
pub const WEEK: usize = 10_080;

/// Number of samples of the long series.
pub const LONG: usize = 1_000_000;

/// Number of samples at the front that are history.
pub const HISTORY: usize = 750;

/// A generator of uniform numbers from 0 to 1, the same on every machine.
pub struct Random(u64);

impl Random {
    /// Creates a generator with a sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Returns a grid of `len` minutes.
pub fn grid(len: usize) -> Grid {
    Grid { start: Timestamp(1_700_000_040_000), step: Step::from_seconds(60), len }
}

/// Returns a series of near-normal noise around a level with a daily wave and occasional spikes.
pub fn series(number: usize, len: usize) -> Arc<[f64]> {
    let mut random = Random::new(number as u64 + 1);
    let level = 10.0 + 100.0 * random.uniform();
    (0..len)
        .map(|at| {
            let day = (at % 1_440) as f64 / 1_440.0;
            // A wave of two parabolas: no library's sine.
            let half = if day < 0.5 { day } else { day - 1.0 };
            let wave = 16.0 * half * (0.5 - half.abs());
            let noise = (0..4).map(|_| random.uniform() - 0.5).sum::<f64>();
            let spike = if random.uniform() < 0.0005 { 8.0 } else { 0.0 };
            level + 3.0 * wave + noise + spike
        })
        .collect()
}

/// Returns the series as the result of a query.
pub fn loaded(all: &[Arc<[f64]>], history: usize) -> Arc<Loaded> {
    let grid = grid(all.first().map_or(0, |values| values.len()));
    let series = all.iter().enumerate().map(|(number, values)| Series {
        labels: Labels::new([("n".to_owned(), number.to_string())]),
        grid,
        values: Arc::clone(values),
    });
    let query = RangeQuery {
        expr: "m".to_owned(),
        start: grid.at(history),
        end: grid.range().end,
        step: grid.step,
        history,
    };
    Arc::new(Loaded::new(query, series.collect()))
}

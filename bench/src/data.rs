//! Series to work on. Peers read the same from the file that `bench data` writes.

use std::sync::Arc;

use oddity_detect::series::{Grid, Labels, Series};
use oddity_detect::time::{Step, Timestamp};
use oddity_source::prometheus::Loaded;
use oddity_source::query::RangeQuery;

/// How many series a workload has: different ones, since one repeated lets the branch predictor memorise it.
pub const SERIES: usize = 91;

/// Samples of each.
pub const SAMPLES: usize = 11_000;

/// A week of minutes: what is decomposed of each.
pub const WEEK: usize = 10_080;

/// Samples of the one long series.
pub const LONG: usize = 1_000_000;

/// How many of the samples at the front are history.
pub const HISTORY: usize = 750;

/// Uniform numbers from 0 to 1, the same everywhere.
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A grid of so many minutes.
pub fn grid(len: usize) -> Grid {
    Grid { start: Timestamp(1_700_000_040_000), step: Step::from_seconds(60), len }
}

/// Near-normal noise around a level with a daily wave, and a spike now and then.
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

/// The series as the answer to a query.
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
    Arc::new(Loaded {
        query,
        series: series.collect(),
        unsupported: Vec::new(),
        warnings: Vec::new(),
        infos: Vec::new(),
    })
}

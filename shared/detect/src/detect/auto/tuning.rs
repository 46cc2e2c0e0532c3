//! The figures of `auto` that no user sets.

/// How views are compared with each other below the strength that alerts by default, and the windows of those
/// of which that depends on. Settled by `evaluate nab --search`, which also tells what such a search is worth on other files.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// What a record of the values counts, less their running median.
    pub value: f64,
    /// The same on a logarithmic scale.
    pub logarithm: f64,
    /// What a record of a short level counts, compared with a longer one.
    pub short_level: f64,
    /// The same over longer windows.
    pub long_level: f64,
    /// What a record of the spread counts.
    pub spread: f64,
    /// What a record of the residual from the season counts.
    pub season: f64,
    /// Samples in the running median that values are compared with.
    pub value_window: usize,
    /// The same on a logarithmic scale.
    pub logarithm_window: usize,
    /// Samples in the two medians of which a short level is the difference.
    pub short_windows: (usize, usize),
    /// The same of a long one.
    pub long_windows: (usize, usize),
    /// Samples in a spread.
    pub spread_window: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            value: 1.0,
            logarithm: 0.2,
            short_level: 0.2,
            long_level: 0.2,
            spread: 0.1,
            season: 0.2,
            value_window: 100,
            logarithm_window: 25,
            short_windows: (12, 100),
            long_windows: (48, 400),
            spread_window: 96,
        }
    }
}

//! Weights and windows of `auto` that no user sets.

/// Weights with which features are compared below the default alert threshold, and the windows of those features. They
/// were settled by `evaluate nab --search`, which also tells how such a search does on other files.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tuning {
    /// Weight of a record of the values less their running median.
    pub value: f64,
    /// Weight of a record of the values less their running median, on a logarithmic scale.
    pub logarithm: f64,
    /// Weight of a record of a short level, compared with a longer one.
    pub short_level: f64,
    /// Weight of a record of a long level, compared with a still longer one.
    pub long_level: f64,
    /// Weight of a record of the spread.
    pub spread: f64,
    /// Weight of a record of the residual from the season.
    pub season: f64,
    /// Number of samples in the running median that values are compared with.
    pub value_window: usize,
    /// Number of samples in the running median that values are compared with on a logarithmic scale.
    pub logarithm_window: usize,
    /// Numbers of samples in the two medians whose difference is a short level.
    pub short_windows: (usize, usize),
    /// Numbers of samples in the two medians whose difference is a long level.
    pub long_windows: (usize, usize),
    /// Number of samples in a spread.
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

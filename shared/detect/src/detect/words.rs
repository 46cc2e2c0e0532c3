//! Phrases for baselines: the origin of an expected value, as in "37 expected from the 60 samples (1 h) before".

use crate::series::Grid;
use crate::time::Span;

/// Addition to a baseline that holds samples of another series.
pub(super) const INHERITED: &str = ", with those of the series that it replaced";

/// Baseline of a flat line.
pub(super) const LONGEST_UNCHANGED: &str = "the longest earlier stretch without a change";

/// Baseline of a gap.
pub(super) const LONGEST_GAP: &str = "the longest earlier stretch without a sample";

/// Baseline of a series with weeks of past.
pub(super) const STRUCTURE: &str = "the usual course of the weeks before";

/// Baseline of fixed bounds.
pub(super) const FIXED_BOUNDS: &str = "the bounds that were set";

/// Baseline of a seasonal detector without a verdict.
pub(super) const NO_SEASON: &str =
    "no season: none was found, or there are too few samples, or they are too far apart";

/// Formats a number of samples and the time that they last: "60 samples (1 h)".
pub(super) fn samples(count: usize, grid: Grid) -> String {
    entries(count, "samples", grid)
}

/// Formats a number of entries, one for each sample, and the time that they last: "120 slopes (2 h)".
fn entries(count: usize, name: &str, grid: Grid) -> String {
    let span: Span = grid.duration(count);
    format!("{count} {name} ({})", span.words())
}

/// Describes the window before a sample: "the 60 samples (1 h) before".
pub(super) fn window(count: usize, grid: Grid) -> String {
    format!("the {} before", samples(count, grid))
}

/// Describes the part of a window before a sample that the series has: "all 12 samples before".
pub(super) fn part_of_window(count: usize) -> String {
    format!("all {count} samples before")
}

/// Describes earlier statistics of a sliding window: "the 120 slopes (2 h) before, each over 10 samples (10 min)".
pub(super) fn statistics(count: usize, name: &str, window: usize, grid: Grid) -> String {
    format!("the {} before, each over {}", entries(count, name, grid), samples(window, grid))
}

/// Describes a line that is continued: "the trend of the 120 samples (2 h) before, continued for 4 h".
pub(super) fn trend(count: usize, horizon: Span, grid: Grid) -> String {
    format!("the trend of the {} before, continued for {}", samples(count, grid), horizon.words())
}

/// Describes earlier prediction errors: "the errors of the 120 predictions (2 h) before".
pub(super) fn prediction_errors(count: usize, grid: Grid) -> String {
    format!("the errors of the {} before", entries(count, "predictions", grid))
}

/// Describes weights that fade: "all samples before, with weights halved every 30 samples (30 min)".
pub(super) fn fading(half_life: usize, grid: Grid) -> String {
    format!("all samples before, with weights halved every {}", samples(half_life, grid))
}

/// Describes the stretch before the judged range: "the 600 samples (10 h) before the range".
pub(super) fn before_range(count: usize, grid: Grid) -> String {
    format!("the {} before the range", samples(count, grid))
}

/// Describes the stretch that stands in for a history that is too short.
pub(super) fn first_third(count: usize, grid: Grid) -> String {
    format!(
        "the first third of the range, {}, because there is too little history before it",
        samples(count, grid)
    )
}

/// Describes earlier seasons: "the same time in the 4 detected seasons of 288 samples (24 h) before".
pub(super) fn same_time(seasons: usize, found: bool, period: usize, grid: Grid) -> String {
    let found = if found { "detected " } else { "" };
    format!("the same time in the {seasons} {found}seasons of {} before", samples(period, grid))
}

/// Describes a decomposition: "trend and season of 288 samples (24 h) over all samples".
pub(super) fn trend_and_season(periods: &[usize], grid: Grid) -> String {
    let periods: Vec<String> = periods.iter().map(|period| samples(*period, grid)).collect();
    format!("trend and season of {} over all samples", periods.join(" and "))
}

/// Describes a harmonic forecast: "up to 6 harmonics fitted to the 4000 samples (2 d) before".
pub(super) fn waves(count: usize, training: usize, grid: Grid) -> String {
    format!("up to {count} harmonics fitted to the {} before", samples(training, grid))
}

/// Describes the other series: "the 10 series at the same time".
pub(super) fn peers(count: usize) -> String {
    format!("the {count} series at the same time")
}

/// Describes a group that is too small to judge.
pub(super) fn too_few_peers(min: usize) -> String {
    format!("nothing: the query has fewer than {min} series")
}

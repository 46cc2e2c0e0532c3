//! Least-squares fits of a step and of a ramp with a free break point to a few points.

/// Shape of a change of the level.
#[derive(Clone, Copy, Debug)]
pub(super) enum ChangeShape {
    /// Immediate change.
    Step,
    /// Gradual change at a constant rate.
    Ramp {
        /// Rise a sample.
        rate: f64,
    },
}

/// Change of the level by the better of the two fits, a step or a ramp.
#[derive(Clone, Copy, Debug)]
pub(super) struct LevelChange {
    /// Shape of the change.
    pub shape: ChangeShape,
    /// Index of the first sample after the break.
    pub estimated_start: usize,
    /// Level before the break.
    pub before: f64,
    /// Level after the break, or at the last point of a ramp.
    pub level: f64,
    /// Difference from the level before to `level`.
    pub size: f64,
    /// Root of the mean squared error of the fit.
    pub error: f64,
    /// Root of the mean squared error of a constant.
    pub null: f64,
}

/// Minimum number of points on each side of a break.
const MIN_SAMPLES: usize = 4;

/// Fits the step or the ramp that fits `points` (index, value) best, with a break at or before `latest`. `None` without
/// enough points. Cost: O(points squared).
pub(super) fn fit_change(
    points: &[(f64, f64)],
    latest: usize,
    block: usize,
) -> Option<LevelChange> {
    let count = points.len() as f64;
    let root = |squares: f64| (squares.max(0.0) / count).sqrt();
    let null = root(squares(points));
    let last = points.last()?.0;
    let mut best: Option<LevelChange> = None;
    for split in MIN_SAMPLES..(points.len() + 1).saturating_sub(MIN_SAMPLES) {
        let (before, after) = points.split_at(split);
        let at = after[0].0 - (block / 2) as f64;
        if at > latest as f64 {
            break;
        }
        let estimated_start = at as usize;
        let (low, high) = (mean(before), mean(after));
        let rest = squares(before);
        let (mut cross, mut spread) = (0.0, 0.0);
        for (index, value) in after {
            cross += (index - at) * (value - low);
            spread += (index - at) * (index - at);
        }
        let rate = if spread > 0.0 { cross / spread } else { 0.0 };
        let bent: f64 = after
            .iter()
            .map(|(index, value)| value - low - rate * (index - at))
            .map(|error| error * error)
            .sum();
        let (step, ramp) = (root(rest + squares(after)), root(rest + bent));
        let fits = [
            (ChangeShape::Step, step, high),
            (ChangeShape::Ramp { rate }, ramp, low + rate * (last - at)),
        ];
        for (shape, error, level) in fits {
            if best.is_none_or(|best| error < best.error) {
                let size = level - low;
                best = Some(LevelChange {
                    shape,
                    estimated_start,
                    before: low,
                    level,
                    size,
                    error,
                    null,
                });
            }
        }
    }
    best
}

/// Returns the root of the mean squared distance from the best straight line.
pub(super) fn line_error(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let centre = points.iter().map(|(at, _)| at).sum::<f64>() / count;
    let level = mean(points);
    let (mut cross, mut spread) = (0.0, 0.0);
    for (at, value) in points {
        cross += (at - centre) * (value - level);
        spread += (at - centre) * (at - centre);
    }
    let rate = if spread > 0.0 { cross / spread } else { 0.0 };
    let bent = points.iter().map(|(at, value)| (*at, value - rate * (at - centre)));
    level_error(&bent.collect::<Vec<_>>())
}

/// Returns the root of the mean squared distance from the mean.
pub(super) fn level_error(points: &[(f64, f64)]) -> f64 {
    (squares(points) / points.len() as f64).sqrt()
}

/// Returns the mean of the values.
fn mean(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|(_, value)| value).sum::<f64>() / points.len() as f64
}

/// Returns the sum of squared distances from the mean.
fn squares(points: &[(f64, f64)]) -> f64 {
    let mean = mean(points);
    points.iter().map(|(_, value)| (value - mean) * (value - mean)).sum()
}

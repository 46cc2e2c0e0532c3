//! Kinds of events, determined from the samples around the onset, whichever detector found it.
//!
//! Trend and season from before the event are subtracted, then simple models of the residuals are compared:
//! a value that repeats, another season, a step, a ramp, another spread, an excursion. This looks at
//! samples after the onset: it explains, it does not alert.
//!
//! Cost: O(a few thousand samples) an event, whatever the length of the series.
//! Source: model comparison by residual sums, as in segmented regression (Muggeo, "Estimating regression
//! models with unknown break-points", 2003), on block medians for robustness (Tukey, "Exploratory data
//! analysis", 1977).

mod baseline;
mod fit;

use super::{Direction, EventKind};
use crate::detect::Feature;
use crate::stats::median::finite_median;
use baseline::Baseline;
use fit::{ChangeShape, LevelChange, fit_change, line_error};

/// Number of samples on each side of the onset in which a fast step or ramp is searched for.
const NEAR_WINDOW: usize = 60;

/// Number of samples after the onset in which a slow step or ramp is searched for.
const FAR_WINDOW: usize = 600;

/// Minimum number of samples after the onset of a lasting change.
const MIN_SAMPLES: usize = 15;

/// Minimum size of a change, in scales of the baseline.
const MIN_CHANGE: f64 = 3.0;

/// Rate above which a ramp is a change of slope and below which it is a drift, in scales a sample: 8 scales in 134
/// samples.
const SLOPE_CHANGE_RATE: f64 = 0.06;

/// Minimum ratio of two spreads that differ.
const SPREAD_FACTOR: f64 = 1.8;

/// Minimum length of a flat line in samples, and as a multiple of the longest one before.
const FLAT: (usize, usize) = (5, 3);

/// Maximum residual of a shifted or missing season, as a share of the residual of a straight line.
const MAX_UNEXPLAINED: f64 = 0.5;

/// Samples around the onset of an event, from which its kind is determined.
#[derive(Clone, Copy, Debug)]
pub struct OnsetContext<'a> {
    /// Samples of the series; NaN is missing.
    pub values: &'a [f64],
    /// Index of the first odd sample. The change may have begun before it.
    pub onset: usize,
    /// Period of the season in samples; `None` without a season.
    pub period: Option<usize>,
    /// Feature in which the event was found. It decides the kind where the samples are ambiguous.
    pub feature: Feature,
}

/// Result of a classification: kind, start, level and direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// Kind of the event.
    pub kind: EventKind,
    /// Index of the sample at which the change began: at the onset or before.
    pub estimated_start: usize,
    /// Level from the start on, if it is a new one that lasts; in the unit of the series.
    pub level: Option<f64>,
    /// Direction of a change that lasts; its first odd sample may lie on the other side.
    pub towards: Option<Direction>,
}

/// Classifies an event, and finds when it began. The order of the checks matters: each kind leaves traces that a later
/// check would take for its own kind.
pub fn classify(evidence: OnsetContext<'_>) -> Finding {
    let OnsetContext { values, onset, feature, .. } = evidence;
    let at_onset = |kind| Finding { kind, estimated_start: onset, level: None, towards: None };
    let Some(&value) = values.get(onset) else { return at_onset(EventKind::Spike) };
    if value.is_infinite() {
        return at_onset(EventKind::Infinite);
    }
    if value.is_nan() || feature == Feature::Gap {
        let before = values[..onset].iter().rev().take_while(|value| value.is_nan()).count();
        return Finding {
            kind: EventKind::Gap,
            estimated_start: onset - before,
            level: None,
            towards: None,
        };
    }
    match feature {
        Feature::Peers => return at_onset(EventKind::OddOneOut),
        Feature::Forecast => return at_onset(EventKind::Drift),
        _ => {}
    }
    let baseline = Baseline::before(values, onset, evidence.period);
    if let Some(estimated_start) = flat_since(&evidence, &baseline) {
        return Finding { kind: EventKind::FlatLine, estimated_start, level: None, towards: None };
    }
    if season_broke(&evidence, &baseline) {
        return at_onset(EventKind::SeasonBroken);
    }
    let wider = baseline.wider_after(values, onset);
    let near = near_change(&evidence, &baseline);
    if let Some(change) = near {
        return lasting(&change, &baseline, onset);
    }
    if wider {
        return at_onset(EventKind::VarianceChange);
    }
    if let Some(change) = far_change(&evidence, &baseline) {
        return lasting(&change, &baseline, onset);
    }
    let above = value - baseline.local(values, onset);
    let kind = match feature {
        _ if above.abs() >= 1.5 * MIN_CHANGE * baseline.scale => excursion(above),
        Feature::Slope => EventKind::SlopeChange,
        Feature::Spread => EventKind::VarianceChange,
        Feature::Drift => EventKind::Drift,
        Feature::Season => EventKind::SeasonBroken,
        Feature::Flat => EventKind::FlatLine,
        Feature::Record => EventKind::Record,
        Feature::Level if above > 0.0 => EventKind::LevelShiftUp,
        Feature::Level => EventKind::LevelShiftDown,
        _ => excursion(above),
    };
    at_onset(kind)
}

/// Returns the kind of a deviation that does not last.
fn excursion(above: f64) -> EventKind {
    if above < 0.0 { EventKind::Dip } else { EventKind::Spike }
}

/// Returns the finding for a step or a ramp.
fn lasting(change: &LevelChange, baseline: &Baseline, onset: usize) -> Finding {
    let up = match change.shape {
        ChangeShape::Step => change.size > 0.0,
        ChangeShape::Ramp { rate } => rate > 0.0,
    };
    let kind = match change.shape {
        ChangeShape::Step if up => EventKind::LevelShiftUp,
        ChangeShape::Step => EventKind::LevelShiftDown,
        ChangeShape::Ramp { rate } if rate.abs() >= SLOPE_CHANGE_RATE * baseline.scale => {
            EventKind::SlopeChange
        }
        ChangeShape::Ramp { .. } => EventKind::Drift,
    };
    let level =
        matches!(change.shape, ChangeShape::Step).then(|| baseline.value(change.level, onset));
    let towards = Some(if up { Direction::Up } else { Direction::Down });
    Finding { kind, estimated_start: change.estimated_start.min(onset), level, towards }
}

/// Returns the index from which the value at the onset has repeated, if it does so for longer than usual and is a usual
/// value: one that jumps elsewhere and stays there is a new level.
fn flat_since(evidence: &OnsetContext<'_>, baseline: &Baseline) -> Option<usize> {
    let OnsetContext { values, onset, feature, .. } = *evidence;
    let value = values[onset];
    let stays = |other: &f64| *other == value || other.is_nan();
    let (before, after) = values.split_at(onset);
    let estimated_start =
        before.iter().rposition(|other| !stays(other)).map_or(0, |changed| changed + 1);
    let estimated_start =
        (estimated_start..onset).find(|&at| !values[at].is_nan()).unwrap_or(onset);
    let came = |values: &[f64]| values.iter().filter(|value| !value.is_nan()).count();
    let until = onset + after.iter().take_while(|other| stays(other)).count();
    let len = came(&values[estimated_start..until]);
    let longest = longest_run(
        &values[estimated_start.saturating_sub(baseline::BASELINE_SAMPLES)..estimated_start],
    );
    let long = len >= FLAT.0.max(FLAT.1 * longest);
    let plain = (baseline.residual(values, estimated_start) - baseline.level).abs()
        <= 1.5 * MIN_CHANGE * baseline.scale;
    (long && (plain || feature == Feature::Flat)).then_some(estimated_start)
}

/// Returns the length of the longest run of one value.
fn longest_run(values: &[f64]) -> usize {
    let (mut longest, mut run) = (1, 1);
    for pair in values.windows(2) {
        run = if pair[0] == pair[1] { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// Returns whether the samples after the onset follow a shifted season or none, and no straight line explains their
/// residuals.
fn season_broke(evidence: &OnsetContext<'_>, baseline: &Baseline) -> bool {
    let OnsetContext { values, onset, .. } = *evidence;
    let Some(season) = &baseline.season else { return false };
    let period = season.len();
    let block = (period / 48).max(1);
    let until = values.len().min(onset + period);
    if until - onset < (period / 3).max(MIN_SAMPLES) {
        return false;
    }
    let residuals = baseline.blocks(values, onset, onset..until, block);
    let straight = line_error(&residuals);
    if straight < baseline.scale {
        return false;
    }
    let explained = |shift: Option<usize>| {
        let moved: Vec<(f64, f64)> = residuals
            .iter()
            .map(|&(at, residual)| {
                let expected = |shift| baseline.seasonal(at as usize + shift);
                (at, residual + expected(0) - shift.map_or(0.0, expected))
            })
            .collect();
        fit::level_error(&moved) <= MAX_UNEXPLAINED * straight
    };
    explained(None) || (block..period).step_by(block).any(|shift| explained(Some(shift)))
}

/// Finds a lasting step or ramp close to the onset.
fn near_change(evidence: &OnsetContext<'_>, baseline: &Baseline) -> Option<LevelChange> {
    let OnsetContext { values, onset, .. } = *evidence;
    let until = values.len().min(onset + NEAR_WINDOW);
    let block = 3;
    let points = baseline.blocks(values, onset, onset.saturating_sub(NEAR_WINDOW)..until, block);
    let change = fit_change(&points, onset + 2 * block, block)?;
    let after = points.iter().filter(|(at, _)| *at >= onset as f64);
    // A plateau that ends within the window is no new level.
    let mut tail: Vec<f64> =
        after.clone().rev().take(MIN_SAMPLES / block).map(|(_, value)| *value).collect();
    let stays = match change.shape {
        ChangeShape::Step => {
            finite_median(&mut tail).is_some_and(|tail| (tail - change.before) / change.size > 0.5)
        }
        ChangeShape::Ramp { .. } => true,
    };
    let seen = after.count() * block >= MIN_SAMPLES;
    let clear = change.size.abs() >= MIN_CHANGE * baseline.scale.max(change.error);
    (seen && stays && clear).then_some(change)
}

/// Finds a step or a ramp that is too slow to be seen close to the onset.
fn far_change(evidence: &OnsetContext<'_>, baseline: &Baseline) -> Option<LevelChange> {
    let OnsetContext { values, onset, .. } = *evidence;
    let until = values.len().min(onset + FAR_WINDOW);
    let block = 12;
    let from = onset.saturating_sub(FAR_WINDOW + FAR_WINDOW / 2);
    let points = baseline.blocks(values, onset, from..until, block);
    let change = fit_change(&points, onset + block, block)?;
    let clear = change.size.abs() >= MIN_CHANGE * baseline.scale.max(change.error);
    (clear && change.error <= 0.5 * change.null).then_some(change)
}

#[cfg(test)]
mod tests;

//! What happened: the kind of an event from the samples around its onset, whichever detector found it.
//!
//! Trend and season that were known before are subtracted, then simple models of what is left are compared:
//! a value that repeats, another season, a step, a ramp, another spread, an excursion. This looks at
//! samples after the onset: it explains, it does not alert.
//!
//! Cost: O(a few thousand samples) an event, whatever the length of the series.
//! Source: model comparison by residual sums, as in segmented regression (Muggeo, "Estimating regression
//! models with unknown break-points", 2003), on block medians for robustness (Tukey, "Exploratory data
//! analysis", 1977).

mod fit;
mod usual;

use super::{Direction, Kind};
use crate::detect::View;
use fit::{Change, Shape, change, line_error};
use usual::Usual;
pub use usual::{median, quartile_range};

/// Samples on each side of the onset in which a step or a ramp is looked for.
const NEAR: usize = 60;

/// The same for what happens slowly.
const FAR: usize = 600;

/// Fewest samples after the onset that may be called a lasting change.
const LEAST: usize = 15;

/// A change of so many scales is more than noise.
const CLEAR: f64 = 3.0;

/// Rates above this are a change of slope, below a drift; in scales a sample: 8 scales in 134 samples.
const FAST: f64 = 0.06;

/// Spreads that differ by this factor are different.
const WIDER: f64 = 1.8;

/// A value repeats for long if it does so for so many samples, and for so many times as long as before.
const FLAT: (usize, usize) = (5, 3);

/// A change of the season must explain all but this share of what a straight line leaves unexplained.
const EXPLAINED: f64 = 0.5;

/// What is known of an event when its kind is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The samples of the series, NaN is missing.
    pub values: &'a [f64],
    /// The first odd sample. The change may have begun before it.
    pub onset: usize,
    /// Period of the season in samples, if there is one.
    pub period: Option<usize>,
    /// By which view of the series it was found. It decides where the samples do not.
    pub view: View,
}

/// What the samples say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// What happened.
    pub kind: Kind,
    /// Index of the sample at which it began: at the onset or before.
    pub began: usize,
    /// The level from there on, if it is a new one that lasts; in the unit of the series.
    pub level: Option<f64>,
    /// Where a change that lasts goes; its first odd sample may lie on the other side.
    pub towards: Option<Direction>,
}

/// What happened, and when it began. The order of the questions matters: each kind leaves traces that the
/// later questions would take for theirs.
pub fn classify(evidence: Evidence<'_>) -> Finding {
    let Evidence { values, onset, view, .. } = evidence;
    let at_onset = |kind| Finding { kind, began: onset, level: None, towards: None };
    let Some(&value) = values.get(onset) else { return at_onset(Kind::Spike) };
    if value.is_infinite() {
        return at_onset(Kind::Infinite);
    }
    if value.is_nan() || view == View::Gap {
        let before = values[..onset].iter().rev().take_while(|value| value.is_nan()).count();
        return Finding { kind: Kind::Gap, began: onset - before, level: None, towards: None };
    }
    if view == View::Peers {
        return at_onset(Kind::OddOneOut);
    }
    let usual = Usual::before(values, onset, evidence.period);
    if let Some(began) = flat_since(&evidence, &usual) {
        return Finding { kind: Kind::FlatLine, began, level: None, towards: None };
    }
    if season_broke(&evidence, &usual) {
        return at_onset(Kind::SeasonBroken);
    }
    let wider = usual.wider_after(values, onset);
    let near = near_change(&evidence, &usual);
    if let Some(change) = near {
        return lasting(&change, &usual, onset);
    }
    if wider {
        return at_onset(Kind::VarianceChange);
    }
    if let Some(change) = far_change(&evidence, &usual) {
        return lasting(&change, &usual, onset);
    }
    let above = value - usual.local(values, onset);
    let kind = match view {
        _ if above.abs() >= 1.5 * CLEAR * usual.scale => excursion(above),
        View::Slope => Kind::SlopeChange,
        View::Spread => Kind::VarianceChange,
        View::Drift => Kind::Drift,
        View::Season => Kind::SeasonBroken,
        View::Flat => Kind::FlatLine,
        View::Record => Kind::Record,
        View::Level if above > 0.0 => Kind::LevelShiftUp,
        View::Level => Kind::LevelShiftDown,
        _ => excursion(above),
    };
    at_onset(kind)
}

fn excursion(above: f64) -> Kind {
    if above < 0.0 { Kind::Dip } else { Kind::Spike }
}

fn lasting(change: &Change, usual: &Usual, onset: usize) -> Finding {
    let up = match change.shape {
        Shape::Step => change.size > 0.0,
        Shape::Ramp { rate } => rate > 0.0,
    };
    let kind = match change.shape {
        Shape::Step if up => Kind::LevelShiftUp,
        Shape::Step => Kind::LevelShiftDown,
        Shape::Ramp { rate } if rate.abs() >= FAST * usual.scale => Kind::SlopeChange,
        Shape::Ramp { .. } => Kind::Drift,
    };
    let level = matches!(change.shape, Shape::Step).then(|| usual.value(change.level, onset));
    let towards = Some(if up { Direction::Up } else { Direction::Down });
    Finding { kind, began: change.began.min(onset), level, towards }
}

/// Where the value at the onset began to repeat, if it does so for longer than usual, and is a value that
/// is usual: one that jumps elsewhere and stays there is a new level.
fn flat_since(evidence: &Evidence<'_>, usual: &Usual) -> Option<usize> {
    let Evidence { values, onset, view, .. } = *evidence;
    let value = values[onset];
    let stays = |other: &f64| *other == value || other.is_nan();
    let (before, after) = values.split_at(onset);
    let began = before.iter().rposition(|other| !stays(other)).map_or(0, |changed| changed + 1);
    let began = (began..onset).find(|&at| !values[at].is_nan()).unwrap_or(onset);
    let came = |values: &[f64]| values.iter().filter(|value| !value.is_nan()).count();
    let until = onset + after.iter().take_while(|other| stays(other)).count();
    let len = came(&values[began..until]);
    let longest = longest_run(&values[began.saturating_sub(usual::REACH)..began]);
    let long = len >= FLAT.0.max(FLAT.1 * longest);
    let plain = (usual.residual(values, began) - usual.level).abs() <= 1.5 * CLEAR * usual.scale;
    (long && (plain || view == View::Flat)).then_some(began)
}

fn longest_run(values: &[f64]) -> usize {
    let (mut longest, mut run) = (1, 1);
    for pair in values.windows(2) {
        run = if pair[0] == pair[1] { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// Whether the samples after the onset follow the season of before at another time of it, or no season,
/// while no straight line explains how they differ from it.
fn season_broke(evidence: &Evidence<'_>, usual: &Usual) -> bool {
    let Evidence { values, onset, .. } = *evidence;
    let Some(season) = &usual.season else { return false };
    let period = season.len();
    let block = (period / 48).max(1);
    let until = values.len().min(onset + period);
    if until - onset < (period / 3).max(LEAST) {
        return false;
    }
    let residuals = usual.blocks(values, onset, onset..until, block);
    let straight = line_error(&residuals);
    if straight < usual.scale {
        return false;
    }
    let explained = |shift: Option<usize>| {
        let moved: Vec<(f64, f64)> = residuals
            .iter()
            .map(|&(at, residual)| {
                let expected = |shift| usual.seasonal(at as usize + shift);
                (at, residual + expected(0) - shift.map_or(0.0, expected))
            })
            .collect();
        fit::level_error(&moved) <= EXPLAINED * straight
    };
    explained(None) || (block..period).step_by(block).any(|shift| explained(Some(shift)))
}

/// A step or a ramp close to the onset that lasts.
fn near_change(evidence: &Evidence<'_>, usual: &Usual) -> Option<Change> {
    let Evidence { values, onset, .. } = *evidence;
    let until = values.len().min(onset + NEAR);
    let block = 3;
    let points = usual.blocks(values, onset, onset.saturating_sub(NEAR)..until, block);
    let change = change(&points, onset + 2 * block, block)?;
    let after = points.iter().filter(|(at, _)| *at >= onset as f64);
    // A plateau that ends within the window is no new level.
    let mut tail: Vec<f64> =
        after.clone().rev().take(LEAST / block).map(|(_, value)| *value).collect();
    let stays = match change.shape {
        Shape::Step => {
            usual::median(&mut tail).is_some_and(|tail| (tail - change.before) / change.size > 0.5)
        }
        Shape::Ramp { .. } => true,
    };
    let seen = after.count() * block >= LEAST;
    let clear = change.size.abs() >= CLEAR * usual.scale.max(change.error);
    (seen && stays && clear).then_some(change)
}

/// A step or a ramp that is too slow to be seen close to the onset.
fn far_change(evidence: &Evidence<'_>, usual: &Usual) -> Option<Change> {
    let Evidence { values, onset, .. } = *evidence;
    let until = values.len().min(onset + FAR);
    let block = 12;
    let from = onset.saturating_sub(FAR + FAR / 2);
    let points = usual.blocks(values, onset, from..until, block);
    let change = change(&points, onset + block, block)?;
    let clear = change.size.abs() >= CLEAR * usual.scale.max(change.error);
    (clear && change.error <= 0.5 * change.null).then_some(change)
}

#[cfg(test)]
mod tests;

//! Structure of a series, learnt from weeks of its past: season, level, spread and tails, and how surprising each sample
//! is against them.
//!
//! Everything is decided by earlier samples: a level and a spread mark by mark, the candidate season and the tails once a
//! day. Days begin at midnight UTC, so a verdict does not depend on where the range begins.

mod bursts;
mod clock;
mod doubts;
mod forecast;
mod grid;
mod learn;
mod marks;
mod profile;
mod rare;
mod regime;
mod residuals;
mod shifts;
mod short;
mod silence;
mod transform;
mod views;

use super::{ALERT, LEVEL_SHIFT_AFTER};
use crate::detect::{AlertViews, Alerts, Detection, DetectorInput, Feature, Quantity, words};
use crate::stats::{MAX_SCORE, floor_scale};
use grid::FineGrid;
use residuals::Residuals;
use views::{ALERT_SURPRISE, Surprise, probability};

/// Judges a series by its structure; `None` without a long past.
pub(super) fn judge(input: DetectorInput<'_>) -> Option<Detection> {
    let residuals = Residuals::of(input)?;
    let days = FineGrid::of(input.grid).days();
    let step = input.grid.step.span().as_seconds();
    let found = Surprise::of(&residuals.z, &days, step);
    let mut alerts = Alerts {
        score: found.surprise.iter().map(|of| ALERT * (of / ALERT_SURPRISE).max(0.0)).collect(),
        probability: found.surprise.iter().map(|of| probability(*of)).collect(),
        feature: found.window.iter().map(|window| feature(*window, step)).collect(),
        views: None,
    };
    let mut views = AlertViews { window: found.window, above: found.above };
    let [gaps, flat_lines] = silence::alarms(input, step);
    let runs_out = residuals.runs_out.iter().enumerate().filter(|(_, runs_out)| **runs_out);
    let states = [
        (Feature::Gap, silence::SURPRISE, gaps),
        (Feature::Flat, silence::SURPRISE, flat_lines),
        (Feature::Forecast, forecast::SURPRISE, runs_out.map(|(at, _)| at).collect()),
    ];
    for (feature, surprise, samples) in states {
        let score = ALERT * surprise / ALERT_SURPRISE;
        for at in samples {
            if alerts.score[at] < score {
                alerts.score[at] = score;
                alerts.probability[at] = probability(surprise);
                alerts.feature[at] = feature;
                views.window[at] = 1;
            }
        }
    }
    alerts.views = Some(views);
    let scale = residuals.scale.iter().zip(&residuals.expected);
    let scale = scale.map(|(scale, expected)| floor_scale(*scale, *expected)).collect();
    // A comparison with NaN fails, so that NaN stays.
    let capped = |z: &f64| if z.abs() > MAX_SCORE { MAX_SCORE } else { z.abs() };
    let mut score: Vec<f64> = residuals.z.iter().map(capped).collect();
    // An infinity is odd where most samples before are finite.
    let (mut infinite, mut finite) = (0_usize, 0_usize);
    for (at, score) in score.iter_mut().enumerate() {
        finite += usize::from(input.values[at].is_finite());
        if !input.values[at].is_infinite() {
            continue;
        }
        infinite += 1;
        *score = MAX_SCORE;
        if infinite > finite {
            continue;
        }
        alerts.score[at] = MAX_SCORE;
        alerts.probability[at] = f64::MIN_POSITIVE;
        alerts.feature[at] = Feature::Value;
    }
    Some(Detection {
        quantity: Quantity::Value,
        judged: input.values.to_vec(),
        expected: residuals.expected,
        normal: None,
        scale,
        score,
        alerts: Some(alerts),
        feature: None,
        baseline: words::STRUCTURE.to_owned(),
        full_window: None,
        level_shift_after: LEVEL_SHIFT_AFTER,
        first_sample: 0,
        log_offset: Some(residuals.offset),
        possible: possible(input),
    })
}

/// Returns the feature that a view of `window` samples looks at.
fn feature(window: u32, step: f64) -> Feature {
    let seconds = f64::from(window) * step;
    match window {
        1 => Feature::Value,
        _ if seconds < 3_600.0 => Feature::Mean,
        _ => Feature::Level,
    }
}

/// Returns the values that the series can have: none below zero and none above one, where none ever was.
fn possible(input: DetectorInput<'_>) -> (f64, f64) {
    let past = input.long_past.map_or(&[][..], |past| past.values);
    let values = || past.iter().chain(input.values).copied().filter(|value| value.is_finite());
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let least = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
    let most = if low >= 0.0 && high <= 1.0 { 1.0 } else { f64::INFINITY };
    (least, most)
}

#[cfg(test)]
mod tests;

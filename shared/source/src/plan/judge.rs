//! Notes on the samples of a query: what the step makes of their interval.

use super::sampling::{Sampling, SelectorSampling};
use super::{LOOKBACK, QuerySpec};
use crate::interval::IntervalGroup;
use crate::note::{DataNote, NoteFix};
use crate::prometheus::{Loaded, without_counter_ending};
use crate::promql::{selection, with_windows};
use crate::query::{MAX_POINTS, detection_step};
use oddity_detect::series::Grid;
use oddity_detect::time::{Span, Step};

/// Number of samples to a step from which on it hides what a person would want to see.
const HIDES: u64 = 3;

/// Share of missing values from which on samples lie too far apart for what a selector sees.
const MISSING: f64 = 0.25;

/// Adds notes about the interval of samples to what was loaded. `interval` is the longest one, measured or shown by
/// repeated values.
pub(super) fn add_notes(
    loaded: &mut Loaded,
    spec: &QuerySpec,
    sampling: &Sampling,
    interval: Option<Span>,
) {
    let step = loaded.query.step;
    if let Some((selector, reason)) = sampling.failed.first() {
        loaded.notes.push(DataNote::interval_unknown(selector, reason, interval));
    }
    if let Some(apart) = too_far_apart(loaded, spec, sampling) {
        loaded.notes.push(apart);
        return;
    }
    if loaded.series.is_empty() {
        return;
    }
    if let Some(groups) = sampling.measured.iter().find_map(|known| mixed(&known.groups)) {
        loaded.notes.extend(DataNote::mixed_intervals(groups, step, exact(groups[1].interval)));
        return;
    }
    match interval {
        Some(interval) if step.millis() < interval.millis() / 5 * 4 => {
            let better = detection_step(Span::ZERO, 0, Some(interval));
            loaded.notes.push(DataNote::step_below_interval(step, interval, better));
        }
        _ => loaded.notes.extend(hidden(loaded, sampling)),
    }
}

/// Returns the note that a selector sees none or few of its samples, with the query that sees them.
fn too_far_apart(loaded: &Loaded, spec: &QuerySpec, sampling: &Sampling) -> Option<DataNote> {
    let apart = |known: &&SelectorSampling| {
        let interval = known.slowest()?;
        wider(known.window, interval)?;
        Some(interval)
    };
    let blind = sampling.measured.iter().find(|known| apart(known).is_some())?;
    let interval = apart(&blind)?;
    if missing(loaded) < MISSING {
        return None;
    }
    let query = with_windows(&spec.expr, "last_over_time", |place| {
        let known = sampling.measured.iter().find(|known| {
            known.window == place.window
                && (known.selector == place.selector || selection(place.selector).metric.is_none())
        })?;
        wider(place.window, known.slowest()?)
    });
    let better = detection_step(Span::ZERO, 0, Some(interval));
    let fix = NoteFix {
        label: "Select the samples of a longer time".to_owned(),
        query: Some(query),
        step: spec.step.filter(|step| *step < better).map(|_| better),
    };
    Some(DataNote::samples_too_far_apart(interval, blind.window, LOOKBACK, fix))
}

/// Returns the range in which a selector sees its samples; `None` if it does already.
fn wider(window: Option<Span>, interval: Span) -> Option<Span> {
    let millis = interval.millis();
    match window {
        None => (interval > LOOKBACK).then(|| Span::from_millis(millis / 2 * 3)),
        Some(window) => (window.millis() < 2 * millis).then(|| Span::from_millis(4 * millis)),
    }
}

/// Returns the share of missing values between the first and the last sample of the judged range; 1 without any.
fn missing(loaded: &Loaded) -> f64 {
    let (mut present, mut all) = (0, 0);
    for series in &loaded.series {
        let judged = series.values.get(loaded.query.history..).unwrap_or_default();
        let first = judged.iter().position(|value| !value.is_nan());
        let last = judged.iter().rposition(|value| !value.is_nan());
        let (Some(first), Some(last)) = (first, last) else { continue };
        all += last + 1 - first;
        present += judged[first..=last].iter().filter(|value| !value.is_nan()).count();
    }
    if all < 2 { 1.0 } else { 1.0 - present as f64 / all as f64 }
}

/// Returns the groups with the shortest and the longest interval, if those differ by half or more.
fn mixed(groups: &[IntervalGroup]) -> Option<[IntervalGroup; 2]> {
    let (first, last) = (*groups.first()?, *groups.last()?);
    (last.interval.millis() * 2 >= first.interval.millis() * 3).then_some([first, last])
}

/// Returns the note that samples fall between two steps.
fn hidden(loaded: &Loaded, sampling: &Sampling) -> Option<DataNote> {
    let step = loaded.query.step;
    let interval = |known: &SelectorSampling| {
        let metric = selection(&known.selector).metric.unwrap_or_default();
        let seen = match known.window {
            Some(window) => window >= step.span(),
            // What grows between two steps shows in the second.
            None => without_counter_ending(&metric).is_some(),
        };
        known.groups.first().map(|group| group.interval).filter(|_| !seen)
    };
    let interval = sampling.measured.iter().filter_map(interval).min()?;
    let ratio = step.millis() / interval.millis().max(1);
    if ratio < HIDES {
        return None;
    }
    let finer = exact(interval);
    let judged = Grid::covering(loaded.query.judged(), finer);
    let fix = if judged.len <= MAX_POINTS {
        NoteFix { label: format!("Select a step of {finer}"), query: None, step: Some(finer) }
    } else {
        let short = |window: Option<Span>| window.is_none_or(|window| window < step.span());
        let query = with_windows(&loaded.query.expr, "max_over_time", |place| {
            short(place.window).then_some(step.span())
        });
        NoteFix {
            label: "Query the maximum of each step".to_owned(),
            query: Some(query),
            step: None,
        }
    };
    Some(DataNote::step_hides(interval, step, ratio, fix))
}

/// Returns the step that shows each sample.
fn exact(interval: Span) -> Step {
    Step::new(interval).unwrap_or(Step::from_seconds(1))
}

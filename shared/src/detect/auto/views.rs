//! The views of a series: what each of them makes of every sample.

use super::evidence::{Evidence, Way};
use super::lasting::{flat, gap};
use super::pair::Pair;
use super::records::{Records, signed_log};
use super::slow::{self, Running};
use super::tuning::Tuning;
use crate::detect::{Input, View};
use crate::stats::quantile::Ranks;
use crate::stats::{LEAST_RELATIVE_SCALE, LEAST_SCALE};

/// What all views say. `seasonal` holds the residuals from the season.
pub(super) fn all(
    input: Input<'_>,
    memory: usize,
    tuning: &Tuning,
    values: &Pair,
    seasonal: Option<&Pair>,
) -> Evidence {
    let floor = |at: usize| (LEAST_RELATIVE_SCALE * input.values[at].abs()).max(LEAST_SCALE);
    let [long, near] = values.medians([tuning.value_window, tuning.logarithm_window]);
    let deviation = values.less(&long);
    let near = values.less(&near);
    let scale = usual(near.learnt(), memory);
    let logarithm = near.map(|of| {
        let log = |(at, deviation): (usize, &f64)| signed_log(*deviation, scale[at].max(floor(at)));
        of.iter().enumerate().map(log).collect()
    });
    let mut evidence = Evidence::default();
    let mut records = |way, view, pair: &Pair, floor: &dyn Fn(usize) -> f64| {
        let Records { distance, strength } = Records::of(pair, memory, floor);
        evidence.distances.push((way, distance));
        evidence.strengths.push((view, strength));
    };
    records(Way::Value, View::Value, &deviation, &floor);
    records(Way::Logarithm, View::Value, &logarithm, &|_| LEAST_SCALE);
    let plain = Running::of(values, memory, tuning, floor);
    if let Some(seasonal) = seasonal {
        records(Way::Season, View::Season, seasonal, &floor);
        let running = Running::of(seasonal, memory, tuning, floor);
        evidence.strengths.extend(slow::grown(&running, memory, floor, |_| true));
    }
    evidence.distances.extend(slow::records(&plain, memory, floor));
    // What a season explains is no new level.
    let unexplained = |at: usize| seasonal.is_none_or(|of| !of.judged()[at].is_finite());
    evidence.strengths.extend(slow::grown(&plain, memory, floor, unexplained));
    evidence.strengths.push((View::Flat, flat(input.values)));
    evidence.strengths.push((View::Gap, gap(input.values)));
    evidence
}

/// The median size of the deviations before each.
pub(super) fn usual(deviations: &[f64], memory: usize) -> Vec<f64> {
    let sizes: Vec<f64> = deviations.iter().map(|deviation| deviation.abs()).collect();
    Ranks::new(&sizes).growing().prior_medians(memory)
}

//! The views of a series: what each of them makes of every sample.

use super::evidence::{Evidence, Way};
use super::known::Known;
use super::lasting::{flat, gap};
use super::records::{LEAST, Records, signed_log, staying};
use super::slow::Running;
use crate::detect::{Input, View};
use crate::seasonality::Calendar;
use crate::stats::{LEAST_RELATIVE_SCALE, LEAST_SCALE};

/// What all views say of what is `known`.
pub(super) fn all(input: Input<'_>, memory: usize, known: &Known) -> Evidence {
    let Known { tuning, seasonal, deviation, near, near_sizes, .. } = known;
    let floor = |at: usize| (LEAST_RELATIVE_SCALE * input.values[at].abs()).max(LEAST_SCALE);
    let scale = near_sizes.prior_medians(memory);
    let logarithm = near.map(|of| {
        let log = |(at, deviation): (usize, &f64)| signed_log(*deviation, scale[at].max(floor(at)));
        of.iter().enumerate().map(log).collect()
    });
    let mut evidence = Evidence::default();
    let records = Records { memory, least: LEAST, floor: &floor };
    evidence.distances.push((Way::Value, records.distances(deviation)));
    evidence.alarms.push((View::Value, records.alarms(&deviation.map(staying))));
    let tiny = Records { floor: &|_| LEAST_SCALE, ..records };
    evidence.distances.push((Way::Logarithm, tiny.distances(&logarithm)));
    if let Some((seasonal, windows)) = seasonal {
        evidence.distances.push((Way::Season, records.distances(seasonal)));
        evidence.alarms.push((View::Season, records.alarms(&seasonal.map(staying))));
        let running = Running::of(windows, memory, tuning, 0, floor);
        evidence.alarms.extend(running.grown(|_| true));
    }
    // Nobody knows yet what a day is like; a memory may be shorter than one.
    let day = Calendar::Day.period(input.grid.step).unwrap_or(0).min(memory - memory / 10);
    let plain = Running::of(&known.windows, memory, tuning, day, floor);
    evidence.distances.extend(plain.records());
    // What a season explains is no new level.
    evidence.alarms.extend(
        plain.grown(|at| seasonal.as_ref().is_none_or(|(of, _)| !of.judged()[at].is_finite())),
    );
    evidence.alarms.push((View::Level, plain.reached()));
    evidence.alarms.push((View::Drift, plain.left()));
    evidence.alarms.push((View::Flat, flat(input.values)));
    evidence.alarms.push((View::Gap, gap(input.values)));
    evidence
}

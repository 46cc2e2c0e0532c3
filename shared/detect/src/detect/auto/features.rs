//! The features of a series, and the evidence of each for every sample.

use super::cache::AutoCache;
use super::evidence::{AutoEvidence, RankedFeature};
use super::flat_and_gap::{flat, gap};
use super::records::{MIN_RECORD_SAMPLES, RecordJudge, signed_log, with_persistence};
use super::slow::SlowFeatures;
use crate::detect::{DetectorInput, Feature};
use crate::seasonality::Calendar;
use crate::stats::{MIN_RELATIVE_SCALE, MIN_SCALE};

/// Computes the evidence of all features in `cache` with a lookback of `lookback` samples.
pub(super) fn all(input: DetectorInput<'_>, lookback: usize, cache: &AutoCache) -> AutoEvidence {
    let AutoCache { tuning, seasonal, deviation, near, near_sizes, .. } = cache;
    let floor = |at: usize| (MIN_RELATIVE_SCALE * input.values[at].abs()).max(MIN_SCALE);
    let scale = near_sizes.prior_medians(lookback);
    let logarithm = near.map(|of| {
        let log = |(at, deviation): (usize, &f64)| signed_log(*deviation, scale[at].max(floor(at)));
        of.iter().enumerate().map(log).collect()
    });
    let mut evidence = AutoEvidence::default();
    let records = RecordJudge { lookback, min_samples: MIN_RECORD_SAMPLES, floor: &floor };
    evidence.distances.push((RankedFeature::Value, records.distances(deviation)));
    evidence.alarms.push((Feature::Value, records.alarms(&deviation.map(with_persistence))));
    let tiny = RecordJudge { floor: &|_| MIN_SCALE, ..records };
    evidence.distances.push((RankedFeature::Logarithm, tiny.distances(&logarithm)));
    if let Some((seasonal, windows)) = seasonal {
        evidence.distances.push((RankedFeature::Season, records.distances(seasonal)));
        evidence.alarms.push((Feature::Season, records.alarms(&seasonal.map(with_persistence))));
        let running = SlowFeatures::of(windows, lookback, tuning, 0, floor);
        evidence.alarms.extend(running.grown(|_| true));
    }
    // Changes over hours are judged only once a day has been seen; the lookback may be shorter than a day.
    let day = Calendar::Day.period(input.grid.step).unwrap_or(0).min(lookback - lookback / 10);
    let plain = SlowFeatures::of(&cache.windows, lookback, tuning, day, floor);
    evidence.distances.extend(plain.records());
    // A level that the season explains is not new.
    evidence.alarms.extend(
        plain.grown(|at| seasonal.as_ref().is_none_or(|(of, _)| !of.judged()[at].is_finite())),
    );
    evidence.alarms.push((Feature::Level, plain.reached()));
    evidence.alarms.push((Feature::Drift, plain.left()));
    evidence.alarms.push((Feature::Flat, flat(input.values)));
    evidence.alarms.push((Feature::Gap, gap(input.values)));
    evidence
}

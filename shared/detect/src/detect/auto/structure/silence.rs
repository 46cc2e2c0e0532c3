//! Silence: samples that stopped coming and values that stopped changing, compared with the stretches before.

use crate::detect::DetectorInput;

/// Surprise of a gap or a flat line, on the scale of the views.
pub(super) const SURPRISE: f64 = 20.0;

/// Minimum length of a gap in samples and in seconds.
const MIN_GAP: (usize, f64) = (3, 300.0);

/// Ratio to the longest gap before that a gap must exceed.
const GAP_RATIO: usize = 2;

/// Highest share of missing samples before a gap that is told.
const MAX_MISSING: f64 = 0.02;

/// Age in seconds from which a series' gap is told.
const MIN_AGE: f64 = 7_200.0;

/// Minimum length of a flat line in samples and in seconds.
const MIN_FLAT: (usize, f64) = (20, 3_600.0);

/// Ratio to the longest flat line before that a flat line must exceed.
const FLAT_RATIO: usize = 4;

/// Returns the samples within gaps, and those within flat lines, that have lasted longer than any before.
pub(super) fn alarms(input: DetectorInput<'_>, step: f64) -> [Vec<usize>; 2] {
    [gaps(input, step), flat_lines(input, step)]
}

fn samples((samples, seconds): (usize, f64), step: f64) -> usize {
    samples.max((seconds / step) as usize)
}

/// Counts samples and missing ones of the long past, since its first sample.
fn past(input: DetectorInput<'_>) -> (usize, usize) {
    let values = input.long_past.map_or(&[][..], |past| past.values);
    let first = values.iter().position(|value| value.is_finite()).unwrap_or(values.len());
    let missing = values[first..].iter().filter(|value| value.is_nan()).count();
    (values.len() - first, missing)
}

fn gaps(input: DetectorInput<'_>, step: f64) -> Vec<usize> {
    let least = samples(MIN_GAP, step);
    let (coarse, coarse_missing) = past(input);
    let coarse_share = if coarse > 0 { coarse_missing as f64 / coarse as f64 } else { 0.0 };
    let mut alarms = Vec::new();
    let (mut seen, mut missing, mut run, mut longest) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut begun = coarse > 0;
    for (at, value) in input.values.iter().enumerate() {
        if !value.is_nan() {
            begun = true;
            longest = longest.max(run);
            missing += std::mem::take(&mut run);
            seen += 1;
            continue;
        }
        if !begun {
            continue;
        }
        run += 1;
        let before = seen + missing;
        let share = missing as f64 / before.max(1) as f64;
        let old = (before as f64) * step >= MIN_AGE;
        if run >= least
            && run > GAP_RATIO * longest
            && share < MAX_MISSING
            && coarse_share < MAX_MISSING
            && old
            && seen > 0
        {
            alarms.push(at);
        }
    }
    alarms
}

fn flat_lines(input: DetectorInput<'_>, step: f64) -> Vec<usize> {
    let least = samples(MIN_FLAT, step);
    let hour = (3_600.0 / step) as usize;
    let mut alarms = Vec::new();
    let (mut run, mut longest, mut changes) = (0_usize, 0_usize, 0_usize);
    for at in 1..input.values.len() {
        let (before, value) = (input.values[at - 1], input.values[at]);
        if value.is_finite() && value == before {
            run += 1;
        } else {
            longest = longest.max(std::mem::take(&mut run));
            changes += usize::from(value.is_finite() && before.is_finite());
        }
        let told = run >= least
            && run > FLAT_RATIO * longest
            && longest < hour.max(2)
            && changes > least
            && value != 0.0;
        if told {
            alarms.push(at);
        }
    }
    alarms
}

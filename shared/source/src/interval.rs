//! Interval of samples, from the number of samples in a window and from repeated values in a reply.

use oddity_detect::series::Series;
use oddity_detect::time::Span;

/// Minimum number of samples in a window from which their interval is measured.
pub(crate) const MIN_COUNT: u64 = 8;

/// Minimum number of changes of a value from which the interval of its samples is measured.
const MIN_CHANGES: usize = 12;

/// Lengths, in milliseconds, of which scrape intervals are multiples, most usual first.
const ROUND: [u64; 15] = [
    86_400_000, 43_200_000, 21_600_000, 3_600_000, 1_800_000, 900_000, 300_000, 60_000, 30_000,
    15_000, 10_000, 5_000, 1_000, 500, 100,
];

/// Number of series that have their samples at the same interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IntervalGroup {
    /// Time between neighbouring samples.
    pub(crate) interval: Span,
    /// Number of series.
    pub(crate) series: usize,
}

/// Returns the usual interval at which a series has `samples` samples in `window`; `None` for fewer than two.
///
/// A window that is closed at both ends holds one sample more than one that is open at its start, and whether it does
/// depends on the phase of the samples, so the count leaves a range of intervals.
pub(crate) fn interval(samples: u64, window: Span) -> Option<Span> {
    let (window, last) = (window.millis(), samples.checked_sub(1).filter(|last| *last > 0)?);
    let tight = (window.div_ceil(samples), window / last);
    let wide = (window / (samples + 1) + 1, window / last);
    let loose = (window / samples * 98 / 100, window / last * 102 / 100);
    let whole = &ROUND[..ROUND.len() - 2];
    let found = (multiple(tight, whole))
        .or_else(|| multiple(wide, whole))
        .or_else(|| multiple(loose, &ROUND))
        .unwrap_or(window / samples);
    Some(Span::from_millis(found.max(1)))
}

/// Returns the multiple within the bounds, both included, of the first unit that has one.
fn multiple((least, most): (u64, u64), units: &[u64]) -> Option<u64> {
    units.iter().map(|unit| most / unit * unit).find(|found| *found > 0 && *found >= least)
}

/// Returns the groups of intervals of series of which `counts` holds how many have which number of samples in
/// `window`, shortest interval first. Numbers below [`MIN_COUNT`] are left out.
pub(crate) fn groups(counts: &[(u64, usize)], window: Span) -> Vec<IntervalGroup> {
    let mut groups: Vec<IntervalGroup> = Vec::new();
    for &(samples, series) in counts.iter().filter(|(samples, _)| *samples >= MIN_COUNT) {
        if let Some(interval) = interval(samples, window) {
            add(&mut groups, IntervalGroup { interval, series });
        }
    }
    groups
}

/// Adds a group to others, in the order of intervals; those that differ by at most a fifth become one.
fn add(groups: &mut Vec<IntervalGroup>, group: IntervalGroup) {
    let near = |known: &&mut IntervalGroup| {
        let (a, b) = (known.interval.millis(), group.interval.millis());
        a.abs_diff(b) <= a.max(b) / 5
    };
    match groups.iter_mut().find(near) {
        Some(known) => {
            if group.series > known.series {
                known.interval = group.interval;
            }
            known.series = known.series.saturating_add(group.series);
        }
        None => groups.push(group),
    }
    groups.sort_by_key(|group| group.interval);
}

/// Returns the interval of samples that a series shows by repeating each of its values for several steps; `None` where
/// values seldom change or the step is not shorter than the interval.
pub(crate) fn repeated(series: &Series) -> Option<Span> {
    let mut runs: Vec<usize> = Vec::new();
    let mut run = None;
    for pair in series.values.windows(2) {
        if pair[0].is_nan() || pair[1].is_nan() {
            run = None;
        } else if pair[0] != pair[1] {
            runs.extend(run);
            run = Some(1);
        } else {
            run = run.map(|length| length + 1);
        }
    }
    if runs.len() < MIN_CHANGES {
        return None;
    }
    runs.sort_unstable();
    // Equal samples in a row make longer runs, a sample late by some milliseconds one that is shorter by a step.
    let usual = runs[runs.len() / 4];
    let near: Vec<usize> = runs.into_iter().filter(|run| run.abs_diff(usual) <= 1).collect();
    let total: usize = near.iter().sum();
    let step = series.grid.step.millis();
    let mean = (step as f64) * total as f64 / near.len() as f64;
    let (least, most) = ((mean * 0.95) as u64, (mean * 1.05) as u64);
    let found = multiple((least, most), &ROUND).unwrap_or(mean as u64);
    (usual > 1).then(|| Span::from_millis(found))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use oddity_detect::series::{Grid, Labels};
    use oddity_detect::time::{Step, Timestamp};
    use proptest::prelude::*;

    /// Returns the numbers of samples every `every` that windows of `window` hold, by their phase.
    fn counts(every: u64, window: u64) -> [u64; 3] {
        [window / every, window / every + 1, window.div_ceil(every)]
    }

    #[test]
    fn usual_intervals_are_found_whatever_the_phase() {
        let minutes = |n: u64| n * 60_000;
        let cases = [
            (500, minutes(2)),
            (1_000, minutes(2)),
            (5_000, minutes(2)),
            (10_000, minutes(2)),
            (15_000, minutes(2)),
            (20_000, minutes(20)),
            (30_000, minutes(20)),
            (60_000, minutes(20)),
            (120_000, minutes(20)),
            (300_000, minutes(180)),
            (600_000, minutes(180)),
            (3_600_000, minutes(1_440)),
            (21_600_000, minutes(5_760)),
        ];
        for (every, window) in cases {
            for samples in counts(every, window) {
                let found = interval(samples, Span::from_millis(window));
                assert_eq!(found, Some(Span::from_millis(every)), "{samples} in {window}");
            }
        }
    }

    #[test]
    fn fewer_than_two_samples_have_no_interval() {
        for samples in [0, 1] {
            assert_eq!(interval(samples, Span::from_seconds(120)), None);
        }
        assert_eq!(groups(&[(2, 1), (7, 3)], Span::from_seconds(120)), []);
    }

    #[test]
    fn counts_become_groups() {
        let group =
            |seconds, series| IntervalGroup { interval: Span::from_seconds(seconds), series };
        let found =
            groups(&[(81, 20), (80, 7), (21, 1), (20, 1), (3, 5)], Span::from_seconds(1_200));
        assert_eq!(found, [group(15, 27), group(60, 2)]);
    }

    fn series(step: u64, values: Vec<f64>) -> Series {
        let step = Step::from_seconds(step);
        let grid = Grid { start: Timestamp(0), step, len: values.len() };
        Series { labels: Labels::default(), grid, values: Arc::from(values) }
    }

    #[test]
    fn repeated_values_show_the_interval() {
        let every = |repeat: usize| (0..400).map(|at| ((at / repeat) * 7 % 11) as f64).collect();
        let cases = [(15, 4, Some(60)), (15, 1, None), (60, 5, Some(300)), (15, 40, None)];
        for (step, repeat, seconds) in cases {
            let found = repeated(&series(step, every(repeat)));
            assert_eq!(found, seconds.map(Span::from_seconds), "{step} {repeat}");
        }
        assert_eq!(repeated(&series(15, vec![1.0; 400])), None);
        assert_eq!(repeated(&series(15, vec![f64::NAN; 400])), None);
    }

    proptest! {
        #[test]
        fn an_interval_fits_its_count(every in 100_u64..4_000_000, window in 1_u64..400_000_000) {
            for samples in counts(every, window).into_iter().filter(|samples| *samples >= MIN_COUNT) {
                let found = interval(samples, Span::from_millis(window)).unwrap().millis();
                prop_assert!(found.abs_diff(every) <= every / 4 + 1, "{samples}: {found}");
            }
        }

        #[test]
        fn no_count_panics(samples in any::<u64>(), window in any::<u64>()) {
            let _ = interval(samples.min(1 << 53), Span::from_millis(window >> 10));
        }
    }
}

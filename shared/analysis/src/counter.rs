//! Raw counters: which series are some, and by how much they grow from sample to sample.

use oddity_detect::series::{METRIC_NAME, Series};
use oddity_detect::stats::median::finite_median;
use oddity_source::prometheus::without_counter_ending;

/// Maximum number of samples after which a counter that fell is back at its height, if it was not reset.
const MAX_DIP: usize = 5;

/// Minimum number of steps from which the usual growth of a counter is known.
const MIN_STEPS: u32 = 10;

/// Bits of the numbers that counters of devices wrap at.
const WIDTHS: [u32; 2] = [32, 64];

/// Growth of a counter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CounterGrowth {
    /// Growth from each sample to the next; after a reset the new value, as Prometheus' `increase` counts. NaN where
    /// either sample is missing, and where a counter falls to a value that it cannot have reached since a reset.
    pub values: Vec<f64>,
    /// Falls after which the counter came back to its height at once, so that it was not reset.
    pub false_resets: Vec<usize>,
    /// Falls at which the counter passed the end of its range, with the number of its bits.
    pub wraps: Vec<(usize, u32)>,
}

/// Returns whether a series is a raw counter: by `known`, the type in the metadata of the source, or else by its name and
/// because it only ever falls to start anew. A few samples that fall and come back, or rise and fall back, do not count.
pub(crate) fn is_counter(series: &Series, known: Option<bool>) -> bool {
    if let Some(known) = known {
        return known;
    }
    let is_named = series.labels.get(METRIC_NAME).and_then(without_counter_ending).is_some();
    is_named && has_shape_of_counter(&series.values)
}

fn has_shape_of_counter(values: &[f64]) -> bool {
    let present: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    let steps = present.windows(2).map(|pair| pair[1] - pair[0]);
    let mut steps: Vec<f64> = steps.filter(|step| *step > 0.0).collect();
    let usual = finite_median(&mut steps).unwrap_or(0.0);
    let (mut rises, mut resets, mut excursions) = (0_usize, 0_usize, 0_usize);
    let mut at = 1;
    while at < present.len() {
        let (last, value) = (present[at - 1], present[at]);
        rises += usize::from(value > last);
        if value < last {
            let before = at.checked_sub(2).map(|at| present[at]);
            let back = present[at + 1..].iter().take(MAX_DIP).position(|later| *later >= last);
            if let Some(back) = back {
                excursions += 1;
                at += back + 1;
            } else if before.is_some_and(|before| value >= before && last - before > 4.0 * usual) {
                excursions += 1;
                rises = rises.saturating_sub(1);
            } else if value < last * 0.5 {
                resets += 1;
            } else {
                return false;
            }
        }
        at += 1;
    }
    rises > 0 && rises > 4 * resets && excursions <= 1 + rises / 50
}

/// Computes the growth of a counter. What it says of a sample depends on none after it. Cost: O(n).
pub(crate) fn growth(values: &[f64]) -> CounterGrowth {
    let mut found = CounterGrowth::default();
    let mut usual = UsualGrowth::default();
    let mut last = f64::NAN;
    let mut fall = None::<Fall>;
    for (at, &value) in values.iter().enumerate() {
        let step = value - last;
        let grown = match &fall {
            _ if step.is_nan() => {
                fall = None;
                step
            }
            Some(fallen) if step > 0.0 && fallen.is_undone(at, last, value, &usual) => {
                let steps = at - fallen.at + 1;
                let grown = (value - fallen.height) / steps as f64;
                found.false_resets.push(fallen.at);
                fall = None;
                grown
            }
            _ if step >= 0.0 => {
                usual.add(step);
                step
            }
            _ => {
                let wrapped = WIDTHS.into_iter().find_map(|bits| {
                    let end = libm::pow(2.0, f64::from(bits));
                    let grown = end - last + value;
                    (last < end && last > 0.5 * end && usual.allows(grown)).then_some((bits, grown))
                });
                match wrapped {
                    Some((bits, grown)) => {
                        found.wraps.push((at, bits));
                        grown
                    }
                    None => {
                        fall = Some(Fall {
                            at,
                            height: fall.map_or(last, |fall| fall.height.max(last)),
                        });
                        let is_reset =
                            usual.allows(value) || !usual.is_known() && value < last * 0.5;
                        if is_reset && value >= 0.0 { value } else { f64::NAN }
                    }
                }
            }
        };
        if fall.as_ref().is_some_and(|fall| at - fall.at >= MAX_DIP) {
            fall = None;
        }
        found.values.push(grown);
        last = value;
    }
    found
}

/// Fall of a counter that may come back.
#[derive(Clone, Copy)]
struct Fall {
    at: usize,
    /// Value before it.
    height: f64,
}

impl Fall {
    /// Returns whether the counter comes back with the step from `last` to `value`, which its usual growth would not do.
    fn is_undone(&self, at: usize, last: f64, value: f64, usual: &UsualGrowth) -> bool {
        let step = value - last;
        at - self.at <= MAX_DIP
            && value >= self.height
            && step >= (self.height - last) * 0.5
            && (step > 4.0 * usual.mean() || !usual.is_known())
    }
}

/// Growth of a counter so far, without falls.
#[derive(Default)]
struct UsualGrowth {
    sum: f64,
    most: f64,
    steps: u32,
}

impl UsualGrowth {
    fn add(&mut self, step: f64) {
        if step.is_finite() {
            self.sum += step;
            self.most = self.most.max(step);
            self.steps += 1;
        }
    }

    fn is_known(&self) -> bool {
        self.steps >= MIN_STEPS
    }

    fn mean(&self) -> f64 {
        self.sum / f64::from(self.steps.max(1))
    }

    /// Returns whether a counter may grow so much in a step, as far as is known.
    fn allows(&self, grown: f64) -> bool {
        self.is_known() && grown <= (20.0 * self.mean()).max(2.0 * self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A counter that grows by 9, 10 and 11, with some samples replaced.
    fn counter(from: f64, len: usize, changed: &[(usize, f64)]) -> Vec<f64> {
        let mut values: Vec<f64> = (0..len).map(|at| from + (at * 10 + at % 3) as f64).collect();
        changed.iter().for_each(|(at, value)| values[*at] = *value);
        values
    }

    #[test]
    fn one_odd_sample_changes_no_type() {
        let check = |values: &[f64], expected: bool| {
            assert_eq!(has_shape_of_counter(values), expected, "{values:?}");
        };
        check(&counter(1_000.0, 50, &[]), true);
        for odd in [0.0, 700.0, 1_195.0, 1_300.0, 9e9, f64::NAN, f64::INFINITY] {
            check(&counter(1_000.0, 50, &[(20, odd)]), true);
        }
        check(&counter(1_000.0, 50, &[(20, 5.0), (21, 15.0), (22, 1_220.0)]), true);
        check(&[5.0, 5.0, 6.0, 6.0, 2.0, 6.0, 6.0, 7.0], true);
        let restarted: Vec<f64> =
            counter(1_000.0, 30, &[]).into_iter().chain(counter(3.0, 30, &[])).collect();
        check(&restarted, true);
        check(&[100.0, 101.0, 102.0, 103.0, 102.0, 102.0, 102.0, 102.0, 102.0, 102.0], false);
        check(&[3.0, 5.0, 2.0, 4.0, 3.0, 6.0, 1.0, 4.0, 2.0, 5.0, 3.0], false);
        check(&[7.0; 9], false);
    }

    #[test]
    fn the_growth_at_falls() {
        let check =
            |values: &[f64], at: usize, expected: &[f64], falses: usize, wraps: &[(usize, u32)]| {
                let found = growth(values);
                for (grown, expected) in found.values[at..].iter().zip(expected) {
                    let is_same = grown == expected || grown.is_nan() && expected.is_nan();
                    assert!(is_same, "{:?}", &found.values[at..]);
                }
                assert_eq!((found.false_resets.len(), found.wraps.as_slice()), (falses, wraps));
            };
        // From sample 19 on it has 1191, 1202, 1210 and 1221.
        check(&counter(1_000.0, 50, &[]), 20, &[11.0, 8.0, 11.0], 0, &[]);
        check(&counter(1_000.0, 50, &[(20, 700.0)]), 20, &[f64::NAN, 9.5, 11.0], 1, &[]);
        check(&counter(1_000.0, 50, &[(20, 0.0)]), 20, &[0.0, 9.5, 11.0], 1, &[]);
        check(&counter(1_000.0, 50, &[(20, 5.0), (21, 15.0)]), 20, &[5.0, 10.0, 10.0], 1, &[]);
        let restarted: Vec<f64> =
            counter(1_000.0, 30, &[]).into_iter().chain(counter(3.0, 30, &[])).collect();
        check(&restarted, 29, &[11.0, 3.0, 11.0, 11.0], 0, &[]);
        for bits in [32, 64] {
            let end = libm::pow(2.0, f64::from(bits));
            let unit = if bits == 32 { 1.0 } else { 1e9 };
            let wrapped: Vec<f64> = counter(0.0, 40, &[])
                .into_iter()
                .map(|grown| end - 200.0 * unit + grown * unit)
                .map(|value| if value >= end { value - end } else { value })
                .collect();
            let found = growth(&wrapped);
            assert_eq!(found.wraps, [(20, bits)]);
            assert!(found.values[20] <= 12.0 * unit, "{:?}", found.values);
        }
    }

    proptest! {
        #[test]
        fn growth_is_causal_and_never_negative(
            values in prop::collection::vec(prop_oneof![0.0..1e3, Just(f64::NAN), Just(0.0), 1e9..1e19], 0..60),
            cut in 0_usize..60,
        ) {
            let whole = growth(&values).values;
            prop_assert!(whole.iter().all(|grown| grown.is_nan() || *grown >= 0.0));
            let part = &values[..cut.min(values.len())];
            for (a, b) in growth(part).values.iter().zip(&whole) {
                prop_assert!(a == b || a.is_nan() && b.is_nan());
            }
            prop_assert_eq!(whole.len(), values.len());
        }
    }
}

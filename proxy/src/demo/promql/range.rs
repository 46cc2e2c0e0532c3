//! Functions of one window of samples. Source of every formula: Prometheus `promql/functions.go`.

use super::aggregate::quantile;

/// The samples that one step of a range vector sees.
#[derive(Clone, Copy)]
pub(super) struct Window<'a> {
    /// Milliseconds, rising.
    pub times: &'a [i64],
    pub values: &'a [f64],
    /// The window's borders in milliseconds.
    pub start: i64,
    pub end: i64,
    /// The instant of evaluation in milliseconds; differs from `end` by offset and `@`.
    pub evaluated: i64,
    /// The function's scalar argument, NaN if it has none.
    pub parameter: f64,
}

/// A function of a window; none where it has no value.
pub(super) type RangeFunction = fn(Window<'_>) -> Option<f64>;

/// Returns the function of that name.
pub(super) fn range_function(name: &str) -> Option<RangeFunction> {
    Some(match name {
        "rate" => |w| extrapolated(w, true, true),
        "increase" => |w| extrapolated(w, true, false),
        "delta" => |w| extrapolated(w, false, false),
        "irate" => |w| instant_change(w, true),
        "idelta" => |w| instant_change(w, false),
        "deriv" => |w| Some(regression(w, *w.times.first()?)?.slope),
        "predict_linear" => |w| {
            let line = regression(w, w.evaluated)?;
            Some(line.slope * w.parameter + line.intercept)
        },
        "avg_over_time" => |w| some(w, mean),
        "sum_over_time" => |w| some(w, sum),
        "min_over_time" => |w| some(w, |values| extreme(values, |new, old| new < old)),
        "max_over_time" => |w| some(w, |values| extreme(values, |new, old| new > old)),
        "count_over_time" => |w| some(w, |values| values.len() as f64),
        "last_over_time" => |w| w.values.last().copied(),
        "present_over_time" => |w| some(w, |_| 1.0),
        "stdvar_over_time" => |w| some(w, variance),
        "stddev_over_time" => |w| some(w, |values| variance(values).sqrt()),
        "quantile_over_time" => |w| some(w, |values| quantile(w.parameter, values)),
        "changes" => {
            |w| some(w, |values| count_pairs(values, |a, b| a != b && !(a.is_nan() && b.is_nan())))
        }
        "resets" => |w| some(w, |values| count_pairs(values, |a, b| b < a)),
        _ => return None,
    })
}

/// Returns whether the metric name survives the function.
pub(super) fn keeps_name(name: &str) -> bool {
    name == "last_over_time"
}

fn some(window: Window<'_>, f: impl Fn(&[f64]) -> f64) -> Option<f64> {
    (!window.values.is_empty()).then(|| f(window.values))
}

/// Computes the change over the window, extrapolated to its borders: at most half a sample distance beyond the samples
/// where the border is far, and never below zero for a counter.
fn extrapolated(window: Window<'_>, counter: bool, per_second: bool) -> Option<f64> {
    let Window { times, values, .. } = window;
    let [first, .., last] = *values else { return None };
    let mut change = last - first;
    if counter {
        change += values.windows(2).filter(|p| p[1] < p[0]).map(|p| p[0]).sum::<f64>();
    }
    let seconds = |millis: i64| millis as f64 / 1e3;
    let mut to_start = seconds(times[0] - window.start);
    let to_end = seconds(window.end - times[times.len() - 1]);
    let sampled = seconds(times[times.len() - 1] - times[0]);
    let distance = sampled / (times.len() - 1) as f64;
    if counter && change > 0.0 && first >= 0.0 {
        to_start = to_start.min(sampled * (first / change));
    }
    let threshold = distance * 1.1;
    let reach = |gap: f64| if gap < threshold { gap } else { distance / 2.0 };
    let factor = (sampled + reach(to_start) + reach(to_end)) / sampled;
    let factor = if per_second { factor / seconds(window.end - window.start) } else { factor };
    Some(change * factor)
}

fn instant_change(window: Window<'_>, rate: bool) -> Option<f64> {
    let Window { times, values, .. } = window;
    let [.., previous, last] = *values else { return None };
    let change = if rate && last < previous { last } else { last - previous };
    let interval = times[times.len() - 1] - times[times.len() - 2];
    match (interval, rate) {
        (0, _) => None,
        (_, true) => Some(change / (interval as f64 / 1e3)),
        (_, false) => Some(change),
    }
}

struct Line {
    slope: f64,
    intercept: f64,
}

/// Fits a line by least squares over seconds since `origin`.
fn regression(window: Window<'_>, origin: i64) -> Option<Line> {
    let [first, rest @ ..] = window.values else { return None };
    if rest.is_empty() {
        return None;
    }
    if rest.iter().all(|value| value == first) {
        let slope = if first.is_infinite() { f64::NAN } else { 0.0 };
        return Some(Line { slope, intercept: *first + slope });
    }
    let mut sums = [Compensated::default(); 4];
    for (time, y) in window.times.iter().zip(window.values) {
        let x = (time - origin) as f64 / 1e3;
        for (sum, term) in sums.iter_mut().zip([x, *y, x * y, x * x]) {
            sum.add(term);
        }
    }
    let [x, y, xy, xx] = sums.map(Compensated::total);
    let n = window.values.len() as f64;
    let slope = (xy - x * y / n) / (xx - x * x / n);
    Some(Line { slope, intercept: y / n - slope * x / n })
}

/// Neumaier's summation, which Prometheus calls `kahanSumInc`.
#[derive(Clone, Copy, Default)]
struct Compensated {
    sum: f64,
    rest: f64,
}

impl Compensated {
    fn add(&mut self, term: f64) {
        let total = self.sum + term;
        self.rest += if self.sum.abs() >= term.abs() {
            (self.sum - total) + term
        } else {
            (term - total) + self.sum
        };
        self.sum = total;
    }

    fn total(self) -> f64 {
        self.sum + self.rest
    }
}

fn sum(values: &[f64]) -> f64 {
    let mut sum = Compensated::default();
    for value in values {
        sum.add(*value);
    }
    if sum.sum.is_infinite() { sum.sum } else { sum.total() }
}

fn mean(values: &[f64]) -> f64 {
    let mut mean = Compensated::default();
    for (index, value) in values.iter().enumerate() {
        if keeps_infinity(mean.sum, *value) {
            continue;
        }
        let count = (index + 1) as f64;
        mean.add(value / count - mean.sum / count);
    }
    if mean.sum.is_infinite() { mean.sum } else { mean.total() }
}

/// Returns whether a mean that has become infinite stays so with `value`.
pub(super) fn keeps_infinity(mean: f64, value: f64) -> bool {
    mean.is_infinite() && if value.is_infinite() { value == mean } else { !value.is_nan() }
}

fn variance(values: &[f64]) -> f64 {
    let (mut mean, mut squares) = (Compensated::default(), Compensated::default());
    for (index, value) in values.iter().enumerate() {
        let delta = value - mean.total();
        mean.add(delta / (index + 1) as f64);
        squares.add(delta * (value - mean.total()));
    }
    squares.total() / values.len() as f64
}

fn extreme(values: &[f64], better: impl Fn(f64, f64) -> bool) -> f64 {
    let keep = |old: f64, new: &f64| if better(*new, old) || old.is_nan() { *new } else { old };
    values.iter().fold(f64::NAN, keep)
}

fn count_pairs(values: &[f64], counts: impl Fn(f64, f64) -> bool) -> f64 {
    values.windows(2).filter(|pair| counts(pair[0], pair[1])).count() as f64
}

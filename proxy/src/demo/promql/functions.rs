//! Functions of instant vectors and scalars. Source: Prometheus `promql/functions.go`.

use oddity_detect::series::{Labels, METRIC_NAME};
use promql_parser::label::MatchOp;
use promql_parser::parser::{Call, Expr};

use super::eval::{Evaluator, unwrapped};
use super::labels::{is_label_name, with, without, without_name};
use super::regexes::{PatternError, compile};
use super::value::{StepSeries, Steps, Value, merged};
use super::{EvalError, aggregate, calendar, execution, histogram};
use crate::demo::budget::label_bytes;

/// Bytes that a label value may have which a function makes.
const MAX_LABEL_BYTES: usize = 4 << 10;

pub(super) fn call(
    evaluator: &Evaluator<'_>,
    call: &Call,
    steps: Steps,
) -> Result<Value, EvalError> {
    let call = Arguments { evaluator, call, steps };
    let name = call.call.func.name;
    if let Some(f) = elementwise(name) {
        return map(call.vector(0)?, f).map(Value::Vector);
    }
    if let Some(field) = calendar::field(name) {
        let times = match call.call.args.is_empty() {
            true => {
                evaluator.budget.keep(1, steps.len)?;
                vec![StepSeries { labels: Labels::default(), values: call.times() }]
            }
            false => call.vector(0)?,
        };
        return map(times, |seconds| calendar::read(field, seconds)).map(Value::Vector);
    }
    match name {
        "time" => {
            evaluator.budget.keep(1, steps.len)?;
            Ok(Value::Scalar(steps.iter().map(seconds).collect()))
        }
        "pi" => {
            evaluator.budget.keep(1, steps.len)?;
            Ok(Value::Scalar(vec![std::f64::consts::PI; steps.len]))
        }
        "scalar" => call.to_scalar().map(Value::Scalar),
        "vector" => {
            evaluator.budget.keep(1, steps.len)?;
            let values = call.scalar(0)?.into_iter().map(Some).collect();
            Ok(Value::Vector(vec![StepSeries { labels: Labels::default(), values }]))
        }
        "clamp" => call.clamp().map(Value::Vector),
        "clamp_min" => call.with_scalar(go_max).map(Value::Vector),
        "clamp_max" => call.with_scalar(go_min).map(Value::Vector),
        "round" if call.call.args.len() == 1 => {
            map(call.vector(0)?, |value| round(value, 1.0)).map(Value::Vector)
        }
        "round" => call.with_scalar(round).map(Value::Vector),
        "absent" => call.absent().map(Value::Vector),
        "timestamp" => call.timestamp().map(Value::Vector),
        "label_replace" => call.label_replace().map(Value::Vector),
        "label_join" => call.label_join().map(Value::Vector),
        "histogram_quantile" => {
            let (quantiles, buckets) = (call.scalar(0)?, call.vector(1)?);
            evaluator.budget.keep(buckets.len(), steps.len)?;
            histogram::quantiles(&quantiles, &buckets, steps).map(Value::Vector)
        }
        "sort" => Ok(Value::Vector(aggregate::sorted(call.vector(0)?, false))),
        "sort_desc" => Ok(Value::Vector(aggregate::sorted(call.vector(0)?, true))),
        _ => Err(EvalError::Unsupported(format!("the function {name}()"))),
    }
}

/// Applies `f` to every value and drops the metric name.
pub(super) fn map(
    vector: Vec<StepSeries>,
    f: impl Fn(f64) -> f64,
) -> Result<Vec<StepSeries>, EvalError> {
    let series = vector.into_iter().map(|series| StepSeries {
        labels: without_name(&series.labels),
        values: series.values.into_iter().map(|value| value.map(&f)).collect(),
    });
    merged(series.collect())
}

/// Returns the labels that `absent` gives its answer: those that the selector fixes.
pub(super) fn absent_labels(expr: &Expr) -> Labels {
    let selector = match expr {
        Expr::VectorSelector(selector) => selector,
        Expr::MatrixSelector(selector) => &selector.vs,
        _ => return Labels::default(),
    };
    let (mut labels, mut seen) = (Labels::default(), Vec::new());
    for matcher in &selector.matchers.matchers {
        let name = matcher.name.as_str();
        if name == METRIC_NAME {
            continue;
        }
        if matcher.op == MatchOp::Equal && !seen.contains(&name) {
            labels = with(&labels, name, &matcher.value);
            seen.push(name);
        } else {
            labels = without(&labels, &[name]);
        }
    }
    labels
}

fn elementwise(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "sqrt" => f64::sqrt,
        "exp" => f64::exp,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sgn" => |value| match value {
            v if v > 0.0 => 1.0,
            v if v < 0.0 => -1.0,
            v => v,
        },
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        "deg" => |value| value * 180.0 / std::f64::consts::PI,
        "rad" => |value| value * std::f64::consts::PI / 180.0,
        _ => return None,
    })
}

/// Returns the larger number; NaN if either is (Go's `math.Max`).
fn go_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// Returns the smaller number; NaN if either is (Go's `math.Min`).
fn go_min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// Rounds to the nearest multiple of `to`; halves go up.
fn round(value: f64, to: f64) -> f64 {
    let inverse = 1.0 / to;
    (value * inverse + 0.5).floor() / inverse
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1e3
}

/// A call whose arguments are evaluated on demand.
struct Arguments<'a> {
    evaluator: &'a Evaluator<'a>,
    call: &'a Call,
    steps: Steps,
}

impl Arguments<'_> {
    fn expr(&self, index: usize) -> Result<&Expr, EvalError> {
        let name = self.call.func.name;
        let missing = || execution(format!("argument {} of {name}() is missing", index + 1));
        self.call.args.args.get(index).map(AsRef::as_ref).ok_or_else(missing)
    }

    fn vector(&self, index: usize) -> Result<Vec<StepSeries>, EvalError> {
        self.evaluator.vector(self.expr(index)?, self.steps)
    }

    fn scalar(&self, index: usize) -> Result<Vec<f64>, EvalError> {
        self.evaluator.scalar(self.expr(index)?, self.steps)
    }

    fn text(&self, index: usize) -> Result<&str, EvalError> {
        match unwrapped(self.expr(index)?) {
            Expr::StringLiteral(text) => Ok(&text.val),
            _ => Err(execution("expected a string")),
        }
    }

    fn times(&self) -> Vec<Option<f64>> {
        self.steps.iter().map(|time| Some(seconds(time))).collect()
    }

    /// Returns the value of the only series; NaN if there is none or several.
    fn to_scalar(&self) -> Result<Vec<f64>, EvalError> {
        let vector = self.vector(0)?;
        self.evaluator.budget.keep(vector.len().min(1), self.steps.len)?;
        let at = |at: usize| {
            let mut present = vector.iter().filter_map(|series| series.values[at]);
            match (present.next(), present.next()) {
                (Some(value), None) => value,
                _ => f64::NAN,
            }
        };
        Ok((0..self.steps.len).map(at).collect())
    }

    fn with_scalar(&self, f: impl Fn(f64, f64) -> f64) -> Result<Vec<StepSeries>, EvalError> {
        let (vector, scalar) = (self.vector(0)?, self.scalar(1)?);
        let series = vector.into_iter().map(|series| StepSeries {
            labels: without_name(&series.labels),
            values: series
                .values
                .into_iter()
                .zip(&scalar)
                .map(|(value, scalar)| value.map(|value| f(value, *scalar)))
                .collect(),
        });
        merged(series.collect())
    }

    fn clamp(&self) -> Result<Vec<StepSeries>, EvalError> {
        let (vector, low, high) = (self.vector(0)?, self.scalar(1)?, self.scalar(2)?);
        let series = vector.into_iter().map(|series| StepSeries {
            labels: without_name(&series.labels),
            values: series
                .values
                .into_iter()
                .zip(low.iter().zip(&high))
                .map(|(value, (low, high))| {
                    value
                        .filter(|_| high >= low || low.is_nan() || high.is_nan())
                        .map(|value| go_max(*low, go_min(*high, value)))
                })
                .collect(),
        });
        merged(series.collect())
    }

    fn absent(&self) -> Result<Vec<StepSeries>, EvalError> {
        let vector = self.vector(0)?;
        self.evaluator.budget.keep(1, self.steps.len)?;
        let values = (0..self.steps.len)
            .map(|at| vector.iter().all(|series| series.values[at].is_none()).then_some(1.0));
        let answer = StepSeries { labels: absent_labels(self.expr(0)?), values: values.collect() };
        merged(vec![answer])
    }

    /// Returns the time of each value: that of its sample for a selector, else that of the step.
    fn timestamp(&self) -> Result<Vec<StepSeries>, EvalError> {
        if let Expr::VectorSelector(selector) = unwrapped(self.expr(0)?) {
            let picked = self.evaluator.instant(selector, self.steps, |time, _| seconds(time))?;
            return map(picked, |time| time);
        }
        let mut vector = self.vector(0)?;
        for series in &mut vector {
            for (value, time) in series.values.iter_mut().zip(self.steps.iter()) {
                *value = value.map(|_| seconds(time));
            }
        }
        map(vector, |time| time)
    }

    fn label_replace(&self) -> Result<Vec<StepSeries>, EvalError> {
        let (target, replacement) = (self.text(1)?, self.text(2)?);
        let (source, pattern) = (self.text(3)?, self.text(4)?);
        let regex = compile(pattern).map_err(|error| match error {
            PatternError::Illegal(_) => {
                execution(format!("invalid regular expression in label_replace(): {pattern}"))
            }
            _ => EvalError::Limit(error.to_string()),
        })?;
        check_label_name("label_replace", target)?;
        let mut vector = self.vector(0)?;
        for series in &mut vector {
            let value = series.labels.get(source).unwrap_or_default();
            self.evaluator.budget.spend((value.len() * pattern.len()) as u64)?;
            if let Some(captures) = regex.captures(value) {
                let mut expanded = String::new();
                captures.expand(replacement, &mut expanded);
                self.relabel("label_replace", series, target, &expanded)?;
            }
        }
        merged(vector)
    }

    fn label_join(&self) -> Result<Vec<StepSeries>, EvalError> {
        let (target, separator) = (self.text(1)?, self.text(2)?);
        let sources: Vec<&str> =
            (3..self.call.args.len()).map(|index| self.text(index)).collect::<Result<_, _>>()?;
        for name in sources.iter().copied().chain([target]) {
            check_label_name("label_join", name)?;
        }
        let mut vector = self.vector(0)?;
        for series in &mut vector {
            let values = sources.iter().map(|name| series.labels.get(name).unwrap_or_default());
            let joined = values.collect::<Vec<_>>().join(separator);
            self.relabel("label_join", series, target, &joined)?;
        }
        merged(vector)
    }

    /// Sets a label, whose length is bounded: such functions around each other could double it each time.
    fn relabel(
        &self,
        function: &str,
        series: &mut StepSeries,
        target: &str,
        value: &str,
    ) -> Result<(), EvalError> {
        if value.len() > MAX_LABEL_BYTES {
            return Err(EvalError::Limit(format!(
                "{function}() makes a label value of {} bytes, and the demo source takes {MAX_LABEL_BYTES}: join or repeat less",
                value.len()
            )));
        }
        series.labels = with(&series.labels, target, value);
        self.evaluator.budget.spend(series.labels.iter().count() as u64)?;
        self.evaluator.budget.charge(label_bytes(&series.labels))
    }
}

fn check_label_name(function: &str, name: &str) -> Result<(), EvalError> {
    if is_label_name(name) {
        Ok(())
    } else {
        Err(execution(format!("invalid destination label name in {function}(): {name}")))
    }
}

//! Walks the syntax tree.

use std::borrow::Cow;

use oddity_detect::series::Labels;
use promql_parser::parser::{Call, Expr, MatrixSelector, SubqueryExpr, VectorSelector};

use super::labels::without_name;
use super::range::{RangeFunction, Window, keeps_name, range_function};
use super::regexes::Regexes;
use super::select::{Selector, Shift, Store, milliseconds};
use super::value::{RawSeries, StepSeries, Steps, Value, distinct, merged};
use super::{EvalError, aggregate, binary, execution, functions};
use crate::demo::budget::{Budget, VALUE_BYTES, label_bytes};
use crate::demo::catalog::DemoSeries;

/// Milliseconds between the points of a subquery that names no step (Prometheus' default).
const SUBQUERY_STEP: i64 = 60_000;

/// Evaluates expressions against a store, within a budget.
pub(in crate::demo) struct Evaluator<'a> {
    store: Store<'a>,
    regexes: &'a Regexes,
    query: Steps,
    /// First and last instant of the query, which `@ start()` and `@ end()` refer to.
    bounds: (i64, i64),
    pub(super) budget: &'a Budget<'a>,
}

/// A range vector before its windows are cut.
struct Ranges<'a> {
    series: Vec<RangeSeries<'a>>,
    shift: Shift,
    /// Length of a window in milliseconds.
    range: i64,
    /// First and last instant of all windows.
    bounds: (i64, i64),
}

/// A series of a range vector.
enum RangeSeries<'a> {
    /// One whose samples are made when they are wanted: those of many series at once would take much memory.
    Stored(&'a DemoSeries),
    Computed(RawSeries),
}

impl RangeSeries<'_> {
    fn labels(&self) -> &Labels {
        match self {
            Self::Stored(series) => &series.labels,
            Self::Computed(series) => &series.labels,
        }
    }
}

impl<'a> Evaluator<'a> {
    /// Makes an evaluator for the steps of a request and its end, which may lie after the last step.
    pub(in crate::demo) fn new(
        store: Store<'a>,
        regexes: &'a Regexes,
        (query, end): (Steps, i64),
        budget: &'a Budget<'a>,
    ) -> Self {
        Self { store, regexes, query, bounds: (query.start, end), budget }
    }

    /// Computes the value of an expression at every step of the query.
    ///
    /// # Errors
    /// [`EvalError`]; never [`EvalError::Parse`].
    pub(in crate::demo) fn run(&self, expr: &Expr) -> Result<Value, EvalError> {
        self.eval(expr, self.query)
    }

    /// Returns the samples of a range vector at the query's instant.
    ///
    /// # Errors
    /// [`EvalError`]; never [`EvalError::Parse`].
    pub(in crate::demo) fn matrix(&self, expr: &Expr) -> Result<Vec<RawSeries>, EvalError> {
        let ranges = self.ranges(expr, Steps { len: 1, ..self.query })?;
        let mut all = Vec::with_capacity(ranges.series.len());
        for series in &ranges.series {
            let samples = self.samples(&ranges, series)?.into_owned();
            if !samples.times.is_empty() {
                all.push(samples);
            }
        }
        Ok(all)
    }

    pub(super) fn eval(&self, expr: &Expr, steps: Steps) -> Result<Value, EvalError> {
        let held = self.budget.held();
        let value = self.value(expr, steps)?;
        // Whatever else was charged for it has been dropped.
        self.budget.settle(held, value.bytes());
        Ok(value)
    }

    fn value(&self, expr: &Expr, steps: Steps) -> Result<Value, EvalError> {
        self.budget.spend(steps.len as u64)?;
        match expr {
            Expr::Paren(inner) => self.eval(&inner.expr, steps),
            Expr::NumberLiteral(number) => {
                self.budget.charge(steps.len.saturating_mul(VALUE_BYTES))?;
                Ok(Value::Scalar(vec![number.val; steps.len]))
            }
            Expr::StringLiteral(text) => Ok(Value::Text(text.val.clone())),
            Expr::VectorSelector(selector) => {
                self.instant(selector, steps, |_, value| value).map(Value::Vector)
            }
            Expr::MatrixSelector(_) | Expr::Subquery(_) => {
                Err(execution("a range vector is only an argument of functions"))
            }
            Expr::Unary(negated) => match self.eval(&negated.expr, steps)? {
                Value::Scalar(values) => Ok(Value::Scalar(values.iter().map(|v| -v).collect())),
                value => functions::map(vector(value)?, |value| -value).map(Value::Vector),
            },
            Expr::Aggregate(aggregation) => aggregate::eval(self, aggregation, steps),
            Expr::Binary(operation) => binary::eval(self, operation, steps),
            Expr::Call(call) => self.call(call, steps),
            Expr::Extension(_) => Err(EvalError::Unsupported("this expression".to_owned())),
        }
    }

    pub(super) fn vector(&self, expr: &Expr, steps: Steps) -> Result<Vec<StepSeries>, EvalError> {
        vector(self.eval(expr, steps)?)
    }

    pub(super) fn scalar(&self, expr: &Expr, steps: Steps) -> Result<Vec<f64>, EvalError> {
        match self.eval(expr, steps)? {
            Value::Scalar(values) => Ok(values),
            _ => Err(execution("expected a scalar")),
        }
    }

    /// Returns at each step what `pick` takes of the latest sample's time (in milliseconds) and value.
    pub(super) fn instant(
        &self,
        selector: &VectorSelector,
        steps: Steps,
        pick: impl Fn(i64, f64) -> f64,
    ) -> Result<Vec<StepSeries>, EvalError> {
        let shift = Shift::new(selector.at.as_ref(), selector.offset.as_ref(), self.bounds)?;
        let found = self.store.select(&Selector::new(selector, self.regexes)?);
        self.budget.keep(found.len(), steps.len)?;
        let at = |series, time| {
            let (time, value) = self.store.latest(series, shift.apply(time))?;
            Some(pick(time, value))
        };
        Ok(found
            .into_iter()
            .map(|series| StepSeries {
                labels: series.labels.clone(),
                values: match shift.fixed {
                    Some(time) => vec![at(series, time); steps.len],
                    None => steps.iter().map(|time| at(series, time)).collect(),
                },
            })
            .filter(|series| !series.is_empty())
            .collect())
    }

    fn call(&self, call: &Call, steps: Steps) -> Result<Value, EvalError> {
        let name = call.func.name;
        if let Some(function) = range_function(name) {
            return self.range_call(call, function, steps).map(Value::Vector);
        }
        match name {
            "absent_over_time" => self.absent_over_time(call, steps).map(Value::Vector),
            _ => functions::call(self, call, steps),
        }
    }

    fn range_call(
        &self,
        call: &Call,
        function: RangeFunction,
        steps: Steps,
    ) -> Result<Vec<StepSeries>, EvalError> {
        self.budget.charge(steps.len.saturating_mul(VALUE_BYTES))?;
        let (mut ranges, mut parameters) = (None, vec![f64::NAN; steps.len]);
        for arg in &call.args.args {
            match unwrapped(arg) {
                Expr::MatrixSelector(_) | Expr::Subquery(_) => {
                    ranges = Some(self.ranges(arg, steps)?);
                }
                other => parameters = self.scalar(other, steps)?,
            }
        }
        let ranges = ranges.ok_or_else(|| execution("expected a range vector"))?;
        self.budget.keep(ranges.series.len(), steps.len)?;
        let name = call.func.name;
        let fixed = ranges.shift.fixed.is_some();
        let constant = fixed
            && name != "predict_linear"
            && parameters.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits());
        let evaluated = if constant { Steps { len: steps.len.min(1), ..steps } } else { steps };
        let mut vector = Vec::with_capacity(ranges.series.len());
        for series in &ranges.series {
            self.budget.charge(label_bytes(series.labels()))?;
            let mut values = self.slide(&ranges, series, evaluated, |at, window| {
                function(Window { parameter: parameters[at], ..window })
            })?;
            values.resize(steps.len, values.first().copied().flatten());
            let labels = match keeps_name(name) {
                true => series.labels().clone(),
                false => without_name(series.labels()),
            };
            vector.push(StepSeries { labels, values });
        }
        distinct(vector)
    }

    /// Returns 1 at each step at which no series has a sample in its window.
    fn absent_over_time(&self, call: &Call, steps: Steps) -> Result<Vec<StepSeries>, EvalError> {
        let [arg] = call.args.args.as_slice() else {
            return Err(execution("expected one argument in call to \"absent_over_time\""));
        };
        let ranges = self.ranges(arg, steps)?;
        self.budget.keep(2, steps.len)?;
        let mut values = vec![Some(1.0); steps.len];
        for series in &ranges.series {
            let seen = self.slide(&ranges, series, steps, |_, w| w.values.first().copied())?;
            for (absent, _) in values.iter_mut().zip(seen).filter(|(_, seen)| seen.is_some()) {
                *absent = None;
            }
        }
        let vector = vec![StepSeries { labels: functions::absent_labels(arg), values }];
        Ok(vector.into_iter().filter(|series| !series.is_empty()).collect())
    }

    /// Returns what `f` makes of each step's window. Windows are closed on both sides, as in Prometheus 2;
    /// Prometheus 3 leaves the start out, which differs only for subqueries with a point just there.
    fn slide(
        &self,
        ranges: &Ranges<'_>,
        series: &RangeSeries<'_>,
        steps: Steps,
        mut f: impl FnMut(usize, Window<'_>) -> Option<f64>,
    ) -> Result<Vec<Option<f64>>, EvalError> {
        let held = self.budget.held();
        let series = self.samples(ranges, series)?;
        let (mut from, mut to) = (0, 0);
        let mut values = Vec::with_capacity(steps.len);
        for (at, evaluated) in steps.iter().enumerate() {
            let end = ranges.shift.apply(evaluated);
            let start = end - ranges.range;
            while to < series.times.len() && series.times[to] <= end {
                to += 1;
            }
            while from < to && series.times[from] < start {
                from += 1;
            }
            self.budget.spend((to - from) as u64)?;
            let (times, inside) = (&series.times[from..to], &series.values[from..to]);
            let window =
                Window { times, values: inside, start, end, evaluated, parameter: f64::NAN };
            values.push(f(at, window));
        }
        drop(series);
        self.budget.settle(held, 0);
        Ok(values)
    }

    /// Returns the samples of a series that the windows need.
    fn samples<'b>(
        &self,
        ranges: &Ranges<'_>,
        series: &'b RangeSeries<'_>,
    ) -> Result<Cow<'b, RawSeries>, EvalError> {
        let series = match series {
            RangeSeries::Computed(series) => return Ok(Cow::Borrowed(series)),
            RangeSeries::Stored(series) => series,
        };
        let (start, end) = ranges.bounds;
        // Twice: the vectors grow.
        self.budget.keep(2, self.store.count(series, start, end))?;
        Ok(Cow::Owned(self.store.between(series, start, end)))
    }

    /// Returns the series of a range vector and which of their samples its windows need.
    fn ranges(&self, expr: &Expr, steps: Steps) -> Result<Ranges<'a>, EvalError> {
        match unwrapped(expr) {
            Expr::MatrixSelector(selector) => self.selected(selector, steps),
            Expr::Subquery(subquery) => self.subquery(subquery, steps),
            _ => Err(execution("expected a range vector")),
        }
    }

    fn selected(&self, selector: &MatrixSelector, steps: Steps) -> Result<Ranges<'a>, EvalError> {
        let MatrixSelector { vs, range } = selector;
        let shift = Shift::new(vs.at.as_ref(), vs.offset.as_ref(), self.bounds)?;
        let range = milliseconds(*range);
        let bounds = (shift.apply(steps.start) - range, shift.apply(steps.end()));
        let found = self.store.select(&Selector::new(vs, self.regexes)?);
        let series = found.into_iter().map(RangeSeries::Stored).collect();
        Ok(Ranges { series, shift, range, bounds })
    }

    /// Evaluates the inner expression at the multiples of its step, once for all windows.
    fn subquery(&self, subquery: &SubqueryExpr, steps: Steps) -> Result<Ranges<'a>, EvalError> {
        let shift = Shift::new(subquery.at.as_ref(), subquery.offset.as_ref(), self.bounds)?;
        let range = milliseconds(subquery.range);
        let step = subquery.step.map_or(SUBQUERY_STEP, milliseconds).max(1);
        let (first, end) = (shift.apply(steps.start) - range, shift.apply(steps.end()));
        let start = first + (-first).rem_euclid(step);
        let len = usize::try_from((end - start).div_euclid(step) + 1).unwrap_or(0);
        let grid = Steps { start, step, len };
        let held = self.budget.held();
        let inner = self.vector(&subquery.expr, grid)?;
        // One series at a time is there twice.
        self.budget.keep(2, len)?;
        let series: Vec<_> = inner
            .into_iter()
            .map(|series| {
                let samples = grid.iter().zip(series.values);
                let (times, values) = samples.filter_map(|(t, v)| Some((t, v?))).unzip();
                RawSeries { labels: series.labels, times, values }
            })
            .collect();
        self.budget.settle(held, series.iter().map(RawSeries::bytes).sum());
        let series = series.into_iter().map(RangeSeries::Computed).collect();
        Ok(Ranges { series, shift, range, bounds: (first, end) })
    }
}

/// Returns an expression without the parentheses around it.
pub(super) fn unwrapped(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => unwrapped(&inner.expr),
        other => other,
    }
}

fn vector(value: Value) -> Result<Vec<StepSeries>, EvalError> {
    match value {
        Value::Vector(vector) => merged(vector),
        _ => Err(execution("expected an instant vector")),
    }
}

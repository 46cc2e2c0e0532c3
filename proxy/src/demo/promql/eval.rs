//! Walks the syntax tree.

use std::cell::Cell;

use promql_parser::parser::{Call, Expr, MatrixSelector, SubqueryExpr, VectorSelector};

use super::labels::without_name;
use super::range::{RangeFunction, Window, keeps_name, range_function};
use super::regexes::Regexes;
use super::select::{Selector, Shift, Store, milliseconds};
use super::value::{RawSeries, StepSeries, Steps, Value, distinct, merged};
use super::{EvalError, aggregate, binary, execution, functions};

/// What one evaluation may cost: a sample visited counts one, a value kept [`KEPT`].
const MAX_WORK: u64 = 50_000_000;

/// A kept value takes memory as well as time; the factor bounds it to some 200 MB.
const KEPT: u64 = 5;

/// Milliseconds between the points of a subquery that names no step (Prometheus' default).
const SUBQUERY_STEP: i64 = 60_000;

/// Evaluates expressions against a store, within a bound on work.
pub(in crate::demo) struct Evaluator<'a> {
    store: Store<'a>,
    regexes: &'a Regexes,
    query: Steps,
    /// First and last instant of the query, which `@ start()` and `@ end()` refer to.
    bounds: (i64, i64),
    work: Cell<u64>,
}

/// A range vector before its windows are cut.
struct Ranges {
    series: Vec<RawSeries>,
    shift: Shift,
    /// Length of a window in milliseconds.
    range: i64,
}

impl<'a> Evaluator<'a> {
    /// `end` is that of the request; the last step may lie before it.
    pub(in crate::demo) fn new(
        store: Store<'a>,
        regexes: &'a Regexes,
        query: Steps,
        end: i64,
    ) -> Self {
        Self { store, regexes, query, bounds: (query.start, end), work: Cell::new(0) }
    }

    /// The value of an expression at every step of the query.
    ///
    /// # Errors
    /// [`EvalError`]; never [`EvalError::Parse`].
    pub(in crate::demo) fn run(&self, expr: &Expr) -> Result<Value, EvalError> {
        self.eval(expr, self.query)
    }

    /// The samples of a range vector at the query's instant.
    ///
    /// # Errors
    /// [`EvalError`]; never [`EvalError::Parse`].
    pub(in crate::demo) fn matrix(&self, expr: &Expr) -> Result<Vec<RawSeries>, EvalError> {
        Ok(self.ranges(expr, Steps { len: 1, ..self.query })?.series)
    }

    pub(super) fn eval(&self, expr: &Expr, steps: Steps) -> Result<Value, EvalError> {
        self.spend(steps.len as u64)?;
        match expr {
            Expr::Paren(inner) => self.eval(&inner.expr, steps),
            Expr::NumberLiteral(number) => Ok(Value::Scalar(vec![number.val; steps.len])),
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

    /// Counts work that is about to be done.
    pub(super) fn spend(&self, samples: u64) -> Result<(), EvalError> {
        let work = self.work.get().saturating_add(samples);
        self.work.set(work);
        if work > MAX_WORK { Err(EvalError::TooMuch) } else { Ok(()) }
    }

    /// Counts values that are about to be kept.
    pub(super) fn keep(&self, series: usize, len: usize) -> Result<(), EvalError> {
        self.spend((series as u64).saturating_mul(len as u64).saturating_mul(KEPT))
    }

    /// What `pick` takes of the latest sample's time (in milliseconds) and value.
    pub(super) fn instant(
        &self,
        selector: &VectorSelector,
        steps: Steps,
        pick: impl Fn(i64, f64) -> f64,
    ) -> Result<Vec<StepSeries>, EvalError> {
        let shift = Shift::new(selector.at.as_ref(), selector.offset.as_ref(), self.bounds)?;
        let found = self.store.select(&Selector::new(selector, self.regexes)?);
        self.keep(found.len(), steps.len)?;
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
        self.keep(ranges.series.len(), steps.len)?;
        let name = call.func.name;
        let constant = ranges.shift.fixed.is_some()
            && name != "predict_linear"
            && parameters.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits());
        let evaluated = if constant { Steps { len: steps.len.min(1), ..steps } } else { steps };
        let mut vector = Vec::with_capacity(ranges.series.len());
        for series in &ranges.series {
            let mut values = self.slide(&ranges, series, evaluated, |at, window| {
                function(Window { parameter: parameters[at], ..window })
            })?;
            values.resize(steps.len, values.first().copied().flatten());
            let labels = match keeps_name(name) {
                true => series.labels.clone(),
                false => without_name(&series.labels),
            };
            vector.push(StepSeries { labels, values });
        }
        distinct(vector)
    }

    /// 1 at each step at which no series has a sample in its window.
    fn absent_over_time(&self, call: &Call, steps: Steps) -> Result<Vec<StepSeries>, EvalError> {
        let [arg] = call.args.args.as_slice() else {
            return Err(execution("expected one argument in call to \"absent_over_time\""));
        };
        let ranges = self.ranges(arg, steps)?;
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

    /// What `f` makes of each step's window. Windows are closed on both sides, as in Prometheus 2;
    /// Prometheus 3 leaves the start out, which differs only for subqueries with a point just there.
    fn slide(
        &self,
        ranges: &Ranges,
        series: &RawSeries,
        steps: Steps,
        mut f: impl FnMut(usize, Window<'_>) -> Option<f64>,
    ) -> Result<Vec<Option<f64>>, EvalError> {
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
            self.spend((to - from) as u64)?;
            let (times, inside) = (&series.times[from..to], &series.values[from..to]);
            let window =
                Window { times, values: inside, start, end, evaluated, parameter: f64::NAN };
            values.push(f(at, window));
        }
        Ok(values)
    }

    /// All samples that the windows of a range vector need.
    fn ranges(&self, expr: &Expr, steps: Steps) -> Result<Ranges, EvalError> {
        match unwrapped(expr) {
            Expr::MatrixSelector(selector) => self.selected(selector, steps),
            Expr::Subquery(subquery) => self.subquery(subquery, steps),
            _ => Err(execution("expected a range vector")),
        }
    }

    fn selected(&self, selector: &MatrixSelector, steps: Steps) -> Result<Ranges, EvalError> {
        let MatrixSelector { vs, range } = selector;
        let shift = Shift::new(vs.at.as_ref(), vs.offset.as_ref(), self.bounds)?;
        let range = milliseconds(*range);
        let (start, end) = (shift.apply(steps.start) - range, shift.apply(steps.end()));
        let found = self.store.select(&Selector::new(vs, self.regexes)?);
        let mut series = Vec::with_capacity(found.len());
        for one in found {
            self.keep(1, self.store.count(one, start, end))?;
            series.push(self.store.between(one, start, end));
        }
        series.retain(|series| !series.times.is_empty());
        Ok(Ranges { series, shift, range })
    }

    /// The inner expression is evaluated at the multiples of its step, once for all windows.
    fn subquery(&self, subquery: &SubqueryExpr, steps: Steps) -> Result<Ranges, EvalError> {
        let shift = Shift::new(subquery.at.as_ref(), subquery.offset.as_ref(), self.bounds)?;
        let range = milliseconds(subquery.range);
        let step = subquery.step.map_or(SUBQUERY_STEP, milliseconds).max(1);
        let (first, end) = (shift.apply(steps.start) - range, shift.apply(steps.end()));
        let start = first + (-first).rem_euclid(step);
        let len = usize::try_from((end - start).div_euclid(step) + 1).unwrap_or(0);
        self.keep(1, len)?;
        let grid = Steps { start, step, len };
        let inner = self.vector(&subquery.expr, grid)?;
        let series = inner
            .into_iter()
            .map(|series| {
                let samples = grid.iter().zip(series.values);
                let (times, values) = samples.filter_map(|(t, v)| Some((t, v?))).unzip();
                RawSeries { labels: series.labels, times, values }
            })
            .collect();
        Ok(Ranges { series, shift, range })
    }
}

/// Without the parentheses around it.
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

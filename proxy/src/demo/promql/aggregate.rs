//! Aggregations over the series of a vector. Source: Prometheus `promql/engine.go` and `quantile.go`.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use oddity_detect::series::{Labels, METRIC_NAME};
use promql_parser::parser::token::{
    T_AVG, T_BOTTOMK, T_COUNT, T_COUNT_VALUES, T_GROUP, T_MAX, T_MIN, T_QUANTILE, T_STDDEV,
    T_STDVAR, T_SUM, T_TOPK,
};
use promql_parser::parser::{AggregateExpr, Expr, LabelModifier};

use super::eval::{Evaluator, unwrapped};
use super::labels::{is_label_name, only, with, without};
use super::range::keeps_infinity;
use super::value::{StepSeries, Steps, Value, merged};
use super::{EvalError, execution};
use crate::demo::budget::{VALUE_BYTES, label_bytes};
use crate::demo::render::plain_number;

/// Work of making a label set for a value.
const LABELLED: u64 = 20;

/// A function of the values of a group at one step; never called without values.
type Fold = fn(&[f64], f64) -> f64;

pub(super) fn eval(
    evaluator: &Evaluator<'_>,
    aggregation: &AggregateExpr,
    steps: Steps,
) -> Result<Value, EvalError> {
    let vector = evaluator.vector(&aggregation.expr, steps)?;
    let modifier = aggregation.modifier.as_ref();
    let fold: Fold = match aggregation.op.id() {
        T_COUNT_VALUES => {
            return count_values(evaluator, aggregation, &vector, steps).map(Value::Vector);
        }
        T_TOPK | T_BOTTOMK => {
            let sizes = parameter(evaluator, aggregation, steps)?;
            let largest = aggregation.op.id() == T_TOPK;
            return ranked(evaluator, vector, modifier, &sizes, largest).map(Value::Vector);
        }
        T_QUANTILE => |values, q| quantile(q, values),
        T_SUM => |values, _| values.iter().sum(),
        T_AVG => |values, _| mean(values),
        T_COUNT => |values, _| values.len() as f64,
        T_GROUP => |_, _| 1.0,
        T_MIN => |values, _| extreme(values, |new, old| new < old),
        T_MAX => |values, _| extreme(values, |new, old| new > old),
        T_STDVAR => |values, _| variance(values),
        T_STDDEV => |values, _| variance(values).sqrt(),
        _ => return Err(EvalError::Unsupported(format!("the aggregation {}", aggregation.op))),
    };
    let parameters = match &aggregation.param {
        Some(_) => parameter(evaluator, aggregation, steps)?,
        None => {
            evaluator.budget.charge(steps.len.saturating_mul(VALUE_BYTES))?;
            vec![f64::NAN; steps.len]
        }
    };
    let groups = groups(&vector, modifier);
    evaluator.budget.keep(groups.len(), steps.len)?;
    evaluator.budget.spend(vector.len().saturating_mul(steps.len) as u64)?;
    let mut present = Vec::new();
    Ok(Value::Vector(
        groups
            .into_iter()
            .map(|(labels, members)| {
                let values = (0..steps.len).map(|at| {
                    present.clear();
                    present.extend(members.iter().filter_map(|i| vector[*i].values[at]));
                    (!present.is_empty()).then(|| fold(&present, parameters[at]))
                });
                StepSeries { labels, values: values.collect() }
            })
            .collect(),
    ))
}

fn parameter(
    evaluator: &Evaluator<'_>,
    aggregation: &AggregateExpr,
    steps: Steps,
) -> Result<Vec<f64>, EvalError> {
    let missing = || execution(format!("{} needs a parameter", aggregation.op));
    evaluator.scalar(aggregation.param.as_deref().ok_or_else(missing)?, steps)
}

/// Returns the labels of each group and the places of its members, in the order of first members.
fn groups(vector: &[StepSeries], modifier: Option<&LabelModifier>) -> Vec<(Labels, Vec<usize>)> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut groups: Vec<(Labels, Vec<usize>)> = Vec::new();
    for (index, series) in vector.iter().enumerate() {
        let labels = group_labels(&series.labels, modifier);
        let place = *places.entry(labels.clone()).or_insert_with(|| {
            groups.push((labels, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(index);
    }
    groups
}

fn group_labels(labels: &Labels, modifier: Option<&LabelModifier>) -> Labels {
    let names = |listed: &promql_parser::label::Labels| -> Vec<String> { listed.labels.clone() };
    match modifier {
        None => Labels::default(),
        Some(LabelModifier::Include(listed)) => {
            let names = names(listed);
            only(labels, &names.iter().map(String::as_str).collect::<Vec<_>>())
        }
        Some(LabelModifier::Exclude(listed)) => {
            let names = names(listed);
            let names = names.iter().map(String::as_str).chain([METRIC_NAME]);
            without(labels, &names.collect::<Vec<_>>())
        }
    }
}

/// Evaluates `topk` and `bottomk`: at each step the first so many of each group stay; NaN comes last.
fn ranked(
    evaluator: &Evaluator<'_>,
    mut vector: Vec<StepSeries>,
    modifier: Option<&LabelModifier>,
    sizes: &[f64],
    largest: bool,
) -> Result<Vec<StepSeries>, EvalError> {
    let order = |a: f64, b: f64| {
        let by_value = if largest { b.partial_cmp(&a) } else { a.partial_cmp(&b) };
        by_value.unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
    };
    let groups = groups(&vector, modifier);
    let mut kept_order = Vec::with_capacity(vector.len());
    for (at, size) in sizes.iter().enumerate() {
        if size.is_nan() || size.abs() >= 9.3e18 {
            return Err(execution(format!("Scalar value {size} overflows int64")));
        }
        evaluator.budget.spend(vector.len() as u64)?;
        for (_, members) in &groups {
            let mut present: Vec<(usize, f64)> =
                members.iter().filter_map(|i| Some((*i, vector[*i].values[at]?))).collect();
            present.sort_by(|a, b| order(a.1, b.1));
            let size = (*size as usize).min(present.len());
            for (index, _) in &present[size..] {
                vector[*index].values[at] = None;
            }
            if sizes.len() == 1 {
                kept_order.extend(present[..size].iter().map(|(index, _)| *index));
            }
        }
    }
    if sizes.len() == 1 {
        return Ok(kept_order.into_iter().map(|index| vector[index].clone()).collect());
    }
    vector.retain(|series| !series.is_empty());
    Ok(vector)
}

fn count_values(
    evaluator: &Evaluator<'_>,
    aggregation: &AggregateExpr,
    vector: &[StepSeries],
    steps: Steps,
) -> Result<Vec<StepSeries>, EvalError> {
    let Some(Expr::StringLiteral(label)) = aggregation.param.as_deref().map(unwrapped) else {
        return Err(execution("count_values needs a label name as a string"));
    };
    if !is_label_name(&label.val) {
        return Err(execution(format!("invalid label name {:?}", label.val)));
    }
    let mut counts: HashMap<Labels, Vec<Option<f64>>> = HashMap::new();
    for series in vector {
        let grouped = group_labels(&series.labels, aggregation.modifier.as_ref());
        evaluator.budget.spend((steps.len as u64).saturating_mul(LABELLED))?;
        for (at, value) in series.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let labels = with(&grouped, &label.val, &plain_number(*value));
            let counts = match counts.entry(labels) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    evaluator.budget.charge(label_bytes(new.key()))?;
                    evaluator.budget.keep(1, steps.len)?;
                    new.insert(vec![None; steps.len])
                }
            };
            counts[at] = Some(counts[at].unwrap_or(0.0) + 1.0);
        }
    }
    merged(counts.into_iter().map(|(labels, values)| StepSeries { labels, values }).collect())
}

/// Computes the `q` quantile, linear between neighbours; NaN counts as smallest.
pub(super) fn quantile(q: f64, values: &[f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&q) {
        return if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let mut sorted = values.to_vec();
    let nan_first = |a: &f64, b: &f64| b.is_nan().cmp(&a.is_nan());
    sorted.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| nan_first(a, b)));
    let rank = q * (sorted.len() - 1) as f64;
    let lower = rank.floor() as usize;
    let upper = (lower + 1).min(sorted.len() - 1);
    let weight = rank - rank.floor();
    sorted[lower] * (1.0 - weight) + sorted[upper] * weight
}

fn mean(values: &[f64]) -> f64 {
    let mut mean = 0.0_f64;
    for (index, value) in values.iter().enumerate() {
        let count = (index + 1) as f64;
        if !keeps_infinity(mean, *value) {
            mean += value / count - mean / count;
        }
    }
    mean
}

fn variance(values: &[f64]) -> f64 {
    let (mut mean, mut squares) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let delta = value - mean;
        mean += delta / (index + 1) as f64;
        squares += delta * (value - mean);
    }
    squares / values.len() as f64
}

fn extreme(values: &[f64], better: impl Fn(f64, f64) -> bool) -> f64 {
    let keep = |old: f64, new: &f64| if better(*new, old) || old.is_nan() { *new } else { old };
    values.iter().fold(f64::NAN, keep)
}

/// Orders series by their value at the only step, for `sort` and `sort_desc`; NaN comes last.
pub(super) fn sorted(mut vector: Vec<StepSeries>, descending: bool) -> Vec<StepSeries> {
    let value = |series: &StepSeries| series.values.first().copied().flatten().unwrap_or(f64::NAN);
    vector.sort_by(|a, b| {
        let (a, b) = (value(a), value(b));
        match a.partial_cmp(&b) {
            None => a.is_nan().cmp(&b.is_nan()),
            Some(Ordering::Equal) => Ordering::Equal,
            Some(order) if descending => order.reverse(),
            Some(order) => order,
        }
    });
    vector
}

//! Operators between scalars and vectors. Source: Prometheus `promql/engine.go`, `VectorBinop`.

use std::collections::HashMap;

use oddity_detect::series::{Labels, METRIC_NAME};
use promql_parser::parser::token::{
    T_ADD, T_ATAN2, T_DIV, T_EQLC, T_GTE, T_GTR, T_LAND, T_LOR, T_LSS, T_LTE, T_LUNLESS, T_MOD,
    T_MUL, T_NEQ, T_POW, T_SUB, TokenId,
};
use promql_parser::parser::{BinModifier, BinaryExpr, LabelModifier, VectorMatchCardinality};

use super::eval::Evaluator;
use super::labels::{only, with, without, without_name};
use super::value::{StepSeries, Steps, Value, merged};
use super::{EvalError, execution};
use crate::demo::budget::{VALUE_BYTES, label_bytes};

pub(super) fn eval(
    evaluator: &Evaluator<'_>,
    operation: &BinaryExpr,
    steps: Steps,
) -> Result<Value, EvalError> {
    let modifier = operation.modifier.clone().unwrap_or_default();
    if modifier.fill_values.lhs.is_some() || modifier.fill_values.rhs.is_some() {
        return Err(EvalError::Unsupported("fill modifiers".to_owned()));
    }
    let op = operation.op.id();
    let left = evaluator.eval(&operation.lhs, steps)?;
    let right = evaluator.eval(&operation.rhs, steps)?;
    match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => {
            evaluator.budget.charge(steps.len.saturating_mul(VALUE_BYTES))?;
            let both = left.into_iter().zip(right);
            let value = |(l, r)| match compute(op, l, r) {
                Outcome::Value(value) => value,
                Outcome::Holds(holds) => f64::from(u8::from(holds)),
            };
            Ok(Value::Scalar(both.map(value).collect()))
        }
        (Value::Vector(left), Value::Vector(right)) => {
            let (left, right) = (merged(left)?, merged(right)?);
            evaluator
                .budget
                .spend(((left.len() + right.len()) as u64).saturating_mul(steps.len as u64))?;
            for series in left.iter().chain(&right) {
                evaluator.budget.charge(label_bytes(&series.labels))?;
            }
            let matching = Matching { op, modifier: &modifier };
            match op {
                T_LAND | T_LOR | T_LUNLESS => Ok(Value::Vector(matching.set(left, right, steps)?)),
                _ => matching.vectors(evaluator, &left, &right, steps).map(Value::Vector),
            }
        }
        (Value::Vector(vector), Value::Scalar(scalar)) => {
            with_scalar(op, &modifier, merged(vector)?, &scalar, false).map(Value::Vector)
        }
        (Value::Scalar(scalar), Value::Vector(vector)) => {
            with_scalar(op, &modifier, merged(vector)?, &scalar, true).map(Value::Vector)
        }
        _ => Err(execution("binary expression must contain only scalar and instant vector types")),
    }
}

/// Result of an operator on two numbers.
#[derive(Clone, Copy)]
enum Outcome {
    /// The result of arithmetic.
    Value(f64),
    /// The result of a comparison.
    Holds(bool),
}

fn compute(op: TokenId, l: f64, r: f64) -> Outcome {
    match op {
        T_ADD => Outcome::Value(l + r),
        T_SUB => Outcome::Value(l - r),
        T_MUL => Outcome::Value(l * r),
        T_DIV => Outcome::Value(l / r),
        T_MOD => Outcome::Value(l % r),
        T_POW => Outcome::Value(l.powf(r)),
        T_ATAN2 => Outcome::Value(l.atan2(r)),
        T_EQLC => Outcome::Holds(l == r),
        T_NEQ => Outcome::Holds(l != r),
        T_GTR => Outcome::Holds(l > r),
        T_LSS => Outcome::Holds(l < r),
        T_GTE => Outcome::Holds(l >= r),
        T_LTE => Outcome::Holds(l <= r),
        _ => Outcome::Value(f64::NAN),
    }
}

/// Returns the value that remains of a pair: `kept` where a comparison filters.
fn result(outcome: Outcome, kept: f64, return_bool: bool) -> Option<f64> {
    match outcome {
        Outcome::Value(value) => Some(value),
        Outcome::Holds(holds) if return_bool => Some(f64::from(u8::from(holds))),
        Outcome::Holds(holds) => holds.then_some(kept),
    }
}

fn drops_name(op: TokenId, modifier: &BinModifier) -> bool {
    modifier.return_bool || matches!(compute(op, 0.0, 0.0), Outcome::Value(_))
}

fn with_scalar(
    op: TokenId,
    modifier: &BinModifier,
    vector: Vec<StepSeries>,
    scalar: &[f64],
    scalar_first: bool,
) -> Result<Vec<StepSeries>, EvalError> {
    let drop = drops_name(op, modifier);
    let series = vector.into_iter().map(|mut series| {
        for (value, scalar) in series.values.iter_mut().zip(scalar) {
            *value = value.and_then(|value| {
                let (l, r) = if scalar_first { (*scalar, value) } else { (value, *scalar) };
                result(compute(op, l, r), value, modifier.return_bool)
            });
        }
        if drop {
            series.labels = without_name(&series.labels);
        }
        series
    });
    merged(series.collect())
}

/// An operator between two vectors and how their series find each other.
struct Matching<'a> {
    op: TokenId,
    modifier: &'a BinModifier,
}

/// The places of series on both sides that share their matching labels.
type Groups = HashMap<Labels, (Vec<usize>, Vec<usize>)>;

impl Matching<'_> {
    fn names(&self) -> Vec<&str> {
        let names = self.modifier.matching.as_ref().map(LabelModifier::labels);
        names.map(|names| names.labels.iter().map(String::as_str).collect()).unwrap_or_default()
    }

    fn on(&self) -> bool {
        self.modifier.is_matching_on()
    }

    /// Returns the labels by which a series is matched.
    fn signature(&self, labels: &Labels) -> Labels {
        let mut names = self.names();
        if self.on() {
            only(labels, &names)
        } else {
            names.push(METRIC_NAME);
            without(labels, &names)
        }
    }

    fn groups(&self, left: &[StepSeries], right: &[StepSeries]) -> Groups {
        let mut groups = Groups::new();
        for (index, series) in left.iter().enumerate() {
            groups.entry(self.signature(&series.labels)).or_default().0.push(index);
        }
        for (index, series) in right.iter().enumerate() {
            groups.entry(self.signature(&series.labels)).or_default().1.push(index);
        }
        groups
    }

    /// Evaluates `and`, `or`, `unless`: a series stays or goes at each step by what the other side has there.
    fn set(
        &self,
        mut left: Vec<StepSeries>,
        mut right: Vec<StepSeries>,
        steps: Steps,
    ) -> Result<Vec<StepSeries>, EvalError> {
        let present = |side: &[StepSeries], members: &[usize]| -> Vec<bool> {
            let any = |at: usize| members.iter().any(|index| side[*index].values[at].is_some());
            (0..steps.len).map(any).collect()
        };
        let retain = |side: &mut [StepSeries], members: &[usize], other: &[bool], wanted: bool| {
            for index in members {
                let values = side[*index].values.iter_mut();
                for (value, _) in values.zip(other).filter(|(_, has)| **has != wanted) {
                    *value = None;
                }
            }
        };
        for (in_left, in_right) in self.groups(&left, &right).values() {
            if self.op == T_LOR {
                let has = present(&left, in_left);
                retain(&mut right, in_right, &has, false);
            } else {
                let has = present(&right, in_right);
                retain(&mut left, in_left, &has, self.op == T_LAND);
            }
        }
        if self.op == T_LOR {
            left.extend(right);
        }
        merged(left)
    }

    /// Evaluates arithmetic and comparison. `many` and `one` are the sides as the cardinality names them.
    fn vectors(
        &self,
        evaluator: &Evaluator<'_>,
        left: &[StepSeries],
        right: &[StepSeries],
        steps: Steps,
    ) -> Result<Vec<StepSeries>, EvalError> {
        let swapped = matches!(self.modifier.card, VectorMatchCardinality::OneToMany(_));
        let (many, one) = if swapped { (right, left) } else { (left, right) };
        let mut results = Vec::new();
        for (labels, (in_many, in_one)) in self.groups(many, one) {
            if in_many.is_empty() || in_one.is_empty() {
                continue;
            }
            let partners = partners(one, &in_one, steps)
                .map_err(|pair| self.ambiguous(&labels, pair, one, swapped))?;
            evaluator.budget.keep(in_many.len().saturating_mul(in_one.len()), steps.len)?;
            let mut taken = vec![false; steps.len];
            for index in in_many {
                for partner in &in_one {
                    let mut values = vec![None; steps.len];
                    for (at, value) in values.iter_mut().enumerate() {
                        if partners[at] != Some(*partner) {
                            continue;
                        }
                        let pair = (many[index].values[at], one[*partner].values[at]);
                        let (Some(of_many), Some(of_one)) = pair else { continue };
                        let (l, r) = if swapped { (of_one, of_many) } else { (of_many, of_one) };
                        *value = result(compute(self.op, l, r), l, self.modifier.return_bool);
                        let single = self.modifier.card == VectorMatchCardinality::OneToOne;
                        if value.is_some() && single && std::mem::replace(&mut taken[at], true) {
                            return Err(execution(
                                "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
                            ));
                        }
                    }
                    let (of_many, of_one) = (&many[index].labels, &one[*partner].labels);
                    evaluator.budget.charge(label_bytes(of_many) + label_bytes(of_one))?;
                    let labels = self.result_labels(of_many, of_one);
                    results.push(StepSeries { labels, values });
                }
            }
        }
        merged(results)
    }

    fn result_labels(&self, many: &Labels, one: &Labels) -> Labels {
        let mut labels = many.clone();
        if drops_name(self.op, self.modifier) {
            labels = without_name(&labels);
        }
        if self.modifier.card == VectorMatchCardinality::OneToOne {
            let names = self.names();
            labels = if self.on() { only(&labels, &names) } else { without(&labels, &names) };
        }
        let included = self.modifier.card.labels().map(|included| included.labels.as_slice());
        for name in included.unwrap_or_default() {
            labels = with(&labels, name, one.get(name).unwrap_or_default());
        }
        labels
    }

    fn ambiguous(
        &self,
        group: &Labels,
        (first, second): (usize, usize),
        one: &[StepSeries],
        swapped: bool,
    ) -> EvalError {
        let side = if swapped { "left" } else { "right" };
        execution(format!(
            "found duplicate series for the match group {group} on the {side} hand-side of the operation: [{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
            one[second].labels, one[first].labels
        ))
    }
}

/// Returns at each step the only member that has a value; two such members are an error.
fn partners(
    one: &[StepSeries],
    members: &[usize],
    steps: Steps,
) -> Result<Vec<Option<usize>>, (usize, usize)> {
    let mut partners = vec![None; steps.len];
    for index in members {
        for (partner, value) in partners.iter_mut().zip(&one[*index].values) {
            match (*partner, value) {
                (_, None) => {}
                (None, Some(_)) => *partner = Some(*index),
                (Some(first), Some(_)) => return Err((first, *index)),
            }
        }
    }
    Ok(partners)
}

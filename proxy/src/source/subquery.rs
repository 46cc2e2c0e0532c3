//! How many steps the subqueries of an expression make a source evaluate.
//!
//! `max_over_time(vector(1)[11000d:1s])` is short, reads no series, and holds a Prometheus for half a minute and
//! 4 GiB, whatever its timeout says.

mod scan;

use std::time::Duration;

use oddity_detect::time::Span;
use promql_parser::parser::{Expr, SubqueryExpr};

use crate::demo;

/// The step of a subquery that names none is the source's evaluation interval, which is seldom shorter.
const USUAL_STEP: Span = Span::from_seconds(15);

/// The subqueries of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subqueries {
    /// Steps that are evaluated: those of subqueries beside each other added, of nested ones multiplied.
    pub steps: u64,
    /// Whether the expression could be parsed; if not, the steps were counted by brackets alone.
    pub parsed: bool,
}

/// Counts for an expression that is evaluated over `window`, at every `step` of it.
pub fn count(expr: &str, window: Span, step: Option<Span>) -> Subqueries {
    // Without these two in this order there is no subquery.
    let may_have = expr.split_once('[').is_some_and(|(_, rest)| rest.contains(':'));
    if !may_have {
        return Subqueries { steps: 0, parsed: true };
    }
    let usual = step.map_or(USUAL_STEP, |step| step.min(USUAL_STEP)).millis().max(1);
    match demo::parse(expr) {
        Ok(tree) => Subqueries { steps: of_tree(&tree, window.millis(), usual), parsed: true },
        Err(_) => Subqueries { steps: scan::count(expr, usual), parsed: false },
    }
}

/// The same for the usual step and no window, by brackets alone: never less than what the tree of an expression says.
pub fn by_brackets(expr: &str) -> u64 {
    scan::count(expr, USUAL_STEP.millis())
}

fn of_tree(expr: &Expr, window: u64, usual: u64) -> u64 {
    let of = |expr: &Expr| of_tree(expr, window, usual);
    match expr {
        Expr::Subquery(SubqueryExpr { expr, range, step, .. }) => {
            let step = step.map_or(usual, millis);
            let inner = of_tree(expr, 0, usual);
            nest(window.saturating_add(millis(*range)), step, inner)
        }
        Expr::Paren(inner) => of(&inner.expr),
        Expr::Unary(inner) => of(&inner.expr),
        Expr::Binary(both) => of(&both.lhs).saturating_add(of(&both.rhs)),
        Expr::Call(call) => sum(call.args.args.iter().map(|arg| of(arg))),
        Expr::Aggregate(inner) => sum([Some(&inner.expr), inner.param.as_ref()]
            .into_iter()
            .flatten()
            .map(|expr| of(expr))),
        Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::Extension(_) => 0,
    }
}

/// Steps of a subquery over `range` milliseconds around an expression that has `inner` steps itself.
fn nest(range: u64, step: u64, inner: u64) -> u64 {
    (range / step.max(1)).max(1).saturating_mul(inner.max(1))
}

fn sum(all: impl Iterator<Item = u64>) -> u64 {
    all.fold(0, u64::saturating_add)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Span = Span::from_seconds(86_400);

    #[test]
    fn steps_are_added_beside_and_multiplied_inside_each_other() {
        let cases = [
            ("up", 0),
            ("rate(up[5m])", 0),
            ("rate(job:up[5m]) / job:up", 0),
            ("max_over_time(up[1d:1s])", 86_400),
            ("max_over_time(vector(1)[11000d:1s])", 950_400_000),
            ("max_over_time((up)[1d:1m] offset 1h)", 1_440),
            ("max_over_time(up[1d:])", 5_760),
            ("max_over_time(up[1h:1m]) + -min_over_time(up[1h:30s])", 180),
            ("sum by (job) (max_over_time(avg_over_time(up[1h:1m])[1d:1h]))", 60 * 24),
            ("topk(scalar(max_over_time(a[1h:1m])), sum_over_time(b[1h:1m]))", 120),
            (
                "max_over_time(max_over_time(max_over_time(a[1d:1s])[1d:1s])[1d:1s])",
                86_400_u64.pow(3),
            ),
            ("max_over_time(up{a=\"]:[\"}[1h:1m] # [1d:1s]\n)", 60),
        ];
        for (expr, steps) in cases {
            let expected = Subqueries { steps, parsed: true };
            assert_eq!(count(expr, Span::ZERO, None), expected, "{expr}");
            if steps > 0 {
                assert_eq!(scan::count(expr, 15_000), steps, "{expr} by brackets");
            }
        }
    }

    #[test]
    fn a_range_query_evaluates_its_subqueries_over_its_window_too() {
        let cases = [
            ("max_over_time(up[1h:1m])", None, 1_500),
            ("max_over_time(up[1h:])", Some(1), 90_000),
            ("max_over_time(up[1h:])", Some(60), 6_000),
            ("max_over_time(avg_over_time(up[1h:1m])[1h:1h])", None, 25 * 60),
        ];
        for (expr, step, steps) in cases {
            let step = step.map(Span::from_seconds);
            assert_eq!(count(expr, DAY, step), Subqueries { steps, parsed: true }, "{expr}");
        }
    }

    #[test]
    fn unknown_syntax_is_counted_by_its_brackets() {
        let deep = format!("{}a[1d:1s]{}", "(".repeat(5_000), ")".repeat(5_000));
        let cases = [
            ("future_over_time(up[1d:1s])", 86_400),
            ("future_over_time(future_over_time(up[1d:1s])[1d:1s])", 86_400 * 86_400),
            ("rate(sum(x)[5i:1i])", 0),
            ("max_over_time(up[1h # ]\n:1m])", 60),
            ("WITH (y = x[1h:1m]) max_over_time(y)", 60),
            ("f(up[1.5h:1m])", 90),
            ("a['", 0),
            ("f(x[1h:1m], 'unclosed [1d:1s]", 60),
            ("f(x[1h:1m]))))[1d:1s]", 60 * 86_400),
            (&deep, 86_400),
        ];
        for (expr, steps) in cases {
            let found = count(expr, DAY, None);
            let parsed = !expr.contains(':');
            assert_eq!(found, Subqueries { steps, parsed }, "{expr:.80}");
        }
    }
}

//! How many steps the subqueries of an expression make a source evaluate.
//!
//! `max_over_time(vector(1)[11000d:1s])` is short, reads no series, and holds a Prometheus for half a minute and
//! 4 GiB, whatever its timeout says. The expression is not parsed: this runs before a request has a place at the gate,
//! and a parser of PromQL compiles the regular expressions that it meets.

mod scan;

use oddity_detect::time::Span;

/// Step of a subquery that names none; a source uses its evaluation interval, which is seldom shorter.
const USUAL_STEP: Span = Span::from_seconds(15);

/// Counts the steps of all subqueries of an expression that is evaluated over `window`, at every `step` of it: those
/// beside each other are added, nested ones multiplied.
///
/// Takes time and memory in proportion to the length of the text. Never counts less than what Prometheus' own syntax
/// says; an operator of another dialect may make it count more.
pub fn count(expr: &str, window: Span, step: Option<Span>) -> u64 {
    let usual = step.map_or(USUAL_STEP, |step| step.min(USUAL_STEP)).millis().max(1);
    scan::count(expr, window.millis(), usual)
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
            ("a[1h:1m] + b[1h:30s] AND c[1h:20s] > bool d[1h:1m]", 60 + 120 + 180 + 60),
            ("a[1h:1m] * on (x) group_left (y) b[1h:1m] unless c", 120),
            ("(max_over_time(a[1h:1m]) + b)[1d:1h]", 60 * 24),
            ("sum_over_time((a[1h:1m] offset -5m)[1d:1h] @ -5)", 60 * 24),
            ("sum by (job) (max_over_time(avg_over_time(up[1h:1m])[1d:1h]))", 60 * 24),
            ("topk(scalar(max_over_time(a[1h:1m])), sum_over_time(b[1h:1m]))", 120),
            (
                "max_over_time(max_over_time(max_over_time(a[1d:1s])[1d:1s])[1d:1s])",
                86_400_u64.pow(3),
            ),
            ("max_over_time(up{a=\"]:[\"}[1h:1m] # [1d:1s]\n)", 60),
        ];
        for (expr, steps) in cases {
            assert_eq!(count(expr, Span::ZERO, None), steps, "{expr}");
        }
    }

    #[test]
    fn a_range_query_evaluates_its_subqueries_over_its_window_too() {
        let cases = [
            ("max_over_time(up[1h:1m])", None, 1_500),
            ("max_over_time(up[1h:])", Some(1), 90_000),
            ("max_over_time(up[1h:])", Some(60), 6_000),
            ("max_over_time(avg_over_time(up[1h:1m])[1h:1h])", None, 25 * 60),
            ("max_over_time(up[1h:1m]) + max_over_time(up[1h:1m])", None, 3_000),
        ];
        for (expr, step, steps) in cases {
            let step = step.map(Span::from_seconds);
            assert_eq!(count(expr, DAY, step), steps, "{expr}");
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
            ("a[1h:1m] default b[1h:1m]", 3_600),
            ("f(up[1.5h:1m])", 90),
            ("a['", 0),
            ("f(x[1h:1m], 'unclosed [1d:1s]", 60),
            ("f(x[1h:1m]))))[1d:1s]", 60 * 86_400),
            (&deep, 86_400),
        ];
        for (expr, steps) in cases {
            assert_eq!(count(expr, Span::ZERO, None), steps, "{expr:.80}");
        }
    }
}

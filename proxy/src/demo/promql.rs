//! A PromQL evaluator over the demo series.
//!
//! Every expression is evaluated for all steps at once: a vector is a list of series, each with one
//! optional value a step, so labels are worked out once and a subquery's inner expression is evaluated
//! once over its whole grid. Numbers follow Prometheus' `promql` package to the operation.

use std::time::Duration;

mod aggregate;
mod binary;
mod calendar;
pub mod cost;
mod eval;
mod functions;
mod histogram;
mod labels;
mod parse;
mod place;
mod range;
mod regexes;
mod select;
mod syntax;
mod value;

pub(super) use eval::Evaluator;
pub(super) use labels::is_label_name;
pub(super) use parse::{Parsed, parse, parse_selector, parse_uncompiled};
pub(super) use regexes::Regexes;
pub(super) use select::{Selector, Store};
pub(super) use value::{RawSeries, StepSeries, Steps, Value};

/// Why an expression has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum EvalError {
    /// A text that is not PromQL; lines and columns count from 1.
    #[error("{line}:{column}: parse error: {message}")]
    Parse {
        /// Line on which the wrong part begins.
        line: usize,
        /// Column in which it begins.
        column: usize,
        /// Description of the fault, in Prometheus' words.
        message: String,
    },
    /// More than the demo source takes; says what to change.
    #[error("{0}")]
    Limit(String),
    /// PromQL that only a real Prometheus evaluates.
    #[error("the demo source does not support {0}: point PROMETHEUS_URL at a Prometheus to run it")]
    Unsupported(String),
    /// A query that cannot be evaluated on these series, and why.
    #[error("{0}")]
    Execution(String),
    /// More work than an evaluation may do.
    #[error(
        "the query touches more samples than the demo source evaluates: shorten the range or choose a longer step"
    )]
    TooMuch,
    /// More than this many bytes, which an evaluation may take.
    #[error(
        "the query needs more than {} MiB of memory, which is what the demo source gives to one: ask for fewer series, a shorter range or a longer step",
        .0 >> 20
    )]
    Memory(usize),
    /// Other evaluations hold the memory, or the turns of long ones.
    #[error("the demo source is busy with other queries: try again in a moment")]
    Busy,
    /// More time than this, which the request allows.
    #[error(
        "query timed out in expression evaluation after {} s: ask for fewer series, a shorter range or a longer step",
        .0.as_secs_f64()
    )]
    Timeout(Duration),
    /// Nobody waits for the answer.
    #[error("query was canceled in expression evaluation")]
    Cancelled,
}

fn execution(message: impl Into<String>) -> EvalError {
    EvalError::Execution(message.into())
}

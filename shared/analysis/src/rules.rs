//! Prometheus rules: the PromQL that gives the same numbers as a detector, and the files to run it with.
//!
//! An expression inside of a window is `(expr > -Inf < +Inf)`, which drops what enters no baseline; a window holds
//! the samples before the judged one and counts where it has enough of them; the scale has the same floor. Every
//! piece matches one to one on the labels without the metric name, which functions drop and filters keep.

mod error;
mod expr;
mod formula;
mod group;
mod input;
mod record;
mod unit_test;
mod verify;
mod yaml;

pub use error::{ExportError, UnitTestError};
pub use group::{AlertRule, RuleGroup, RuleOptions};
pub use record::{RecordingRule, RuleStyle};
pub use unit_test::unit_test;
pub use verify::{ScoreDifference, TOLERANCE, Verification, tolerance, verify};

use expr::{Expr, number};
use formula::{Formula, VALUE, formula};
use input::RuleInput;
use record::RecordingRules;

use crate::analysis::{Analysis, Detected};
use crate::words::rules as words;
use oddity_detect::event::{Rule, Sides};
use oddity_detect::stats::{MAX_SCORE, MIN_RELATIVE_SCALE, MIN_SCALE};
use oddity_detect::time::Step;
use oddity_source::query::RangeQuery;
use oddity_source::unit;

/// The longest expression that VictoriaMetrics takes by default.
/// Source: its documentation, "List of command-line flags", `-search.maxQueryLen`.
const VICTORIA_METRICS_LENGTH: usize = 16_384;

/// A detector and its rule in PromQL. Each expression stands for itself: evaluated on the grid of the query it
/// gives the numbers of the detection, and nothing where that has no verdict.
#[derive(Clone, Debug)]
pub struct RuleExport {
    /// PromQL of the judged value, infinities included.
    pub judged: String,
    /// PromQL of the expected value.
    pub expected: String,
    /// PromQL of the spread, floored.
    pub scale: String,
    /// Lower end of the band; `None` where there is none.
    pub lower: Option<String>,
    /// Upper end of the band; `None` where there is none.
    pub upper: Option<String>,
    /// PromQL of the score, 0 to [`MAX_SCORE`].
    pub score: String,
    /// The score where the rule counts it, nothing elsewhere.
    pub flag: String,
    /// Samples a series that one evaluation of `flag` reads: evaluations of the query's own expression.
    pub cost: u64,
    /// Distance of evaluations.
    pub step: Step,
    /// Differences between the rule and the events of the page, in sentences.
    pub caveats: Vec<String>,
    input: RuleInput,
}

/// Exports what was detected as PromQL.
///
/// # Errors
/// [`ExportError`] if a rule could not give the same numbers.
pub fn export(detected: &Detected, rule: &Rule) -> Result<RuleExport, ExportError> {
    let input = RuleInput::new(detected, rule)?;
    let mut records = RecordingRules::none(input.query.step);
    let parts = RuleParts::new(&input, &mut records)?;
    let text = |expr: &Option<Expr>| expr.as_ref().map(|expr| expr.text().to_owned());
    Ok(RuleExport {
        judged: parts.judged.text().to_owned(),
        expected: parts.expected.text().to_owned(),
        scale: parts.scale.text().to_owned(),
        lower: text(&parts.lower),
        upper: text(&parts.upper),
        score: parts.score.text().to_owned(),
        flag: parts.flag.text().to_owned(),
        cost: parts.flag.cost,
        step: input.query.step,
        caveats: caveats(&input, parts.flag.text().len()),
        input,
    })
}

/// Writes the rule file of an analysis; `None` where there can be none.
pub fn file(analysis: &Analysis) -> Option<String> {
    let export = export(&analysis.detected, &analysis.rule).ok()?;
    let group = export.group(&RuleOptions::of(&analysis.detected.loaded.query)).ok()?;
    Some(group.yaml())
}

impl RuleExport {
    /// Returns the query for [`verify()`]: the score on the grid of the judged range.
    pub fn score_query(&self) -> RangeQuery {
        RangeQuery { expr: self.score.clone(), history: 0, ..self.input.query.clone() }
    }
}

/// The expressions of a rule, or the names under which they are recorded.
struct RuleParts {
    judged: Expr,
    /// Name under which `judged` is recorded.
    part: &'static str,
    /// Whether a range scores nothing.
    ranged: bool,
    expected: Expr,
    scale: Expr,
    lower: Option<Expr>,
    upper: Option<Expr>,
    score: Expr,
    flag: Expr,
}

impl RuleParts {
    fn new(input: &RuleInput, records: &mut RecordingRules) -> Result<Self, ExportError> {
        let (series, value) = (input.series(), input.value());
        let value = records.keep(VALUE, value);
        let found = formula(input, records, value)?;
        let known = found.known.as_ref();

        let expected = records.keep("expected", found.expected.and(known)).now;
        // Unless it is recorded, the bare one does where others say that it is known.
        let recorded = records.are_kept();
        let bare = if recorded { &expected } else { &found.expected };
        let scale = floored(&found.spread, bare);
        let known = known.filter(|_| !recorded);
        let scale_known = records.keep("scale", scale.and(known)).now;
        let scale = if recorded { &scale_known } else { &scale };

        let judged = &found.judged.now;
        let distance = match &found.normal {
            None => judged.op("-", bare).call("abs"),
            Some(normal) => {
                let above = normal.highest.as_ref().map(|end| judged.op("-", end));
                let below = normal.lowest.as_ref().map(|end| end.op("-", judged));
                let sides = above.into_iter().chain(below);
                let beyond = sides.map(|side| side.call_with("clamp_min", 0.0));
                beyond.reduce(|a, b| a.op("+", &b)).unwrap_or_else(|| judged.with("*", 0.0))
            }
        };
        let finite = distance.op("/", scale).call_with("clamp_max", MAX_SCORE).and(known);
        let infinite = infinite(&series, &found);
        let score = records.keep("score", finite.op("or", &infinite)).now;

        let k = input.rule.threshold;
        let (lowest, highest) = match &found.normal {
            Some(normal) => (normal.lowest.as_ref(), normal.highest.as_ref()),
            None => (Some(bare), Some(bare)),
        };
        let bound = |end: Option<&Expr>, sign: &str| {
            end.map(|end| end.op(sign, &scale.with("*", k)).and(known))
        };
        let lower = bound(lowest, "-").map(|expr| records.keep("lower", expr).now);
        let upper = bound(highest, "+").map(|expr| records.keep("upper", expr).now);
        let flag = flag(&input.rule, &score, judged, bare, &series);
        Ok(Self {
            judged: if found.part == VALUE {
                series
            } else {
                found.judged.now.op("or", &infinities(&series))
            },
            part: found.part,
            ranged: found.normal.is_some(),
            expected,
            scale: scale_known,
            lower,
            upper,
            score,
            flag,
        })
    }
}

/// Returns `spread`, or the floor for this expected value where it is smaller, as
/// [`oddity_detect::stats::floor_scale`].
fn floored(spread: &Expr, expected: &Expr) -> Expr {
    let floor = Expr::number(MIN_RELATIVE_SCALE).op("*", &expected.call("abs"));
    spread.op(">", &floor).op("or", &floor).call_with("clamp_min", MIN_SCALE)
}

/// Returns the largest score where a series is infinite, whatever is expected there.
fn infinite(series: &Expr, found: &Formula) -> Expr {
    let odd = series.call("abs").with("==", f64::INFINITY).call_with("clamp_max", MAX_SCORE);
    let Some(condition) = &found.infinite else { return odd };
    let later = odd.op("and on()", &Expr::since(condition.since));
    match &condition.known {
        Some(known) => odd.op("and", known).op("or", &later),
        None => later,
    }
}

/// Returns the infinite values themselves, without metric name.
fn infinities(series: &Expr) -> Expr {
    let either = series.with("==", f64::INFINITY).op("or", &series.with("==", f64::NEG_INFINITY));
    either.with("+", 0.0)
}

/// Returns the score where the rule counts it.
fn flag(rule: &Rule, score: &Expr, judged: &Expr, expected: &Expr, series: &Expr) -> Expr {
    let operator = if rule.threshold > 0.0 { ">=" } else { ">" };
    let mut flag = score.with(operator, rule.threshold.max(0.0));
    let side =
        |operator: &str, end: f64| judged.op(operator, expected).op("or", &series.with("==", end));
    match rule.sides {
        Sides::Up => flag = flag.op("and", &side(">", f64::INFINITY)),
        Sides::Down => flag = flag.op("and", &side("<", f64::NEG_INFINITY)),
        Sides::Both => {}
    }
    let deviation = judged.op("-", expected).call("abs");
    let infinite = series.call("abs").with("==", f64::INFINITY);
    if rule.min_deviation > 0.0 {
        let large = deviation.with(">=", rule.min_deviation).op("or", &infinite);
        flag = flag.op("and", &large);
    }
    if rule.min_relative > 0.0 {
        let least = Expr::number(rule.min_relative).op("*", &expected.call("abs"));
        flag = flag.op("and", &deviation.op(">=", &least).op("or", &infinite));
    }
    flag
}

/// Returns how a rule differs from the page.
fn caveats(input: &RuleInput, length: usize) -> Vec<String> {
    let rule = &input.rule;
    let mut all = Vec::new();
    if rule.cooldown > 0 {
        all.push(words::no_cooldown(rule.cooldown, rule.threshold));
    }
    if rule.merge_gap > 0 && rule.min_samples > 1 {
        all.push(words::no_merge(rule.merge_gap, rule.min_samples));
    }
    if let Some(usual) = input.usual {
        all.push(words::fixed_duration(&number(usual)));
    }
    if length > VICTORIA_METRICS_LENGTH {
        all.push(words::too_long(
            &unit::format_count(VICTORIA_METRICS_LENGTH),
            &unit::format_count(length),
        ));
    }
    all
}

#[cfg(test)]
mod tests;

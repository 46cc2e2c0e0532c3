//! Evidence behind the findings: query, baseline, detector, rule.

use std::fmt::Write;

use super::markdown::{code, fenced, text};
use super::{ExportedRule, ReportContext};
use crate::analysis::Analysis;
use crate::knowledge::ExplainedEvent;
use crate::words::{self, Clock};
use oddity_detect::detect::ParamKind;
use oddity_detect::event::Sides;
use oddity_source::promql;
use oddity_source::unit::Unit;

/// Maximum number of label sets that are named among those not analysed.
const MAX_NAMED: usize = 5;

pub(super) fn query(analysis: &Analysis, context: &ReportContext) -> String {
    let loaded = &analysis.detected.loaded;
    let range = analysis.judged_grid().range();
    let mut out = format!(
        "## Query\n\n{}\n\n- **Source:** {}\n- **Range:** {} to {} ({}), with {}\n- **Step:** {}\n- **Data:** {}\n",
        fenced("promql", &loaded.query.expr),
        text(&context.source),
        context.clock.full(range.start),
        context.clock.full(range.end),
        range.span().words(),
        words::history(analysis),
        loaded.query.step,
        words::scope(analysis),
    );
    if let Some(suggestion) = &analysis.detected.suggestion {
        let _ =
            writeln!(out, "- **Raw counter:** {}", words::report::raw_counter(&code(suggestion)));
    }
    if !loaded.unsupported.is_empty() {
        let named = loaded.unsupported.iter().take(MAX_NAMED);
        let names: Vec<String> = named.map(|labels| text(&labels.to_string())).collect();
        let _ = writeln!(
            out,
            "- **Not analysed:** {}: {}{}; instead use {}",
            words::report::native_histograms(loaded.unsupported.len()),
            names.join(", "),
            if loaded.unsupported.len() > names.len() { ", …" } else { "" },
            promql::histogram_queries(&loaded.query.expr, loaded.query.rate_window())
                .map(|of| code(&of.query))
                .join(", ")
        );
    }
    out
}

/// Writes the baseline of the worst event.
pub(super) fn baseline(analysis: &Analysis, worst: &ExplainedEvent<'_>, clock: Clock) -> String {
    let (facts, event) = (&worst.facts, &worst.facts.event);
    let spread = match event.steady {
        true => words::report::CONSTANT_BASELINE.to_owned(),
        false => facts.unit.format(facts.spread),
    };
    let learning = &analysis.detected.learning;
    let mut excluded: Vec<String> = learning
        .excluded
        .iter()
        .map(|range| format!("{} to {}", clock.full(range.start), clock.full(range.end)))
        .collect();
    if let Some(score) = learning.exclude_scores_above {
        excluded.push(format!("samples that score {} or more", Unit::Plain.format(score)));
    }
    format!(
        "## Baseline\n\n{}\n\n- **Training window:** {}\n- **Expected value:** {}\n- **Spread (standard deviation):** {spread}\n- **Normal range:** {}\n- **Excluded:** {}\n- **Uses later samples:** {}",
        words::report::BASELINE,
        text(&event.baseline),
        facts.unit.format(event.reference.expected),
        words::bounds(event.reference.lower, event.reference.upper, facts.unit),
        if excluded.is_empty() { "nothing".to_owned() } else { excluded.join("; ") },
        words::report::causal(analysis.detected.detector.about().causal),
    )
}

pub(super) fn detector(analysis: &Analysis) -> String {
    let about = analysis.detected.detector.about();
    let rule = analysis.rule;
    let step = analysis.detected.loaded.query.step;
    let samples = |count: usize| match count {
        0 => "none".to_owned(),
        count => format!("{} ({})", words::count_samples(count), step.times(count).words()),
    };
    let mut out = format!(
        "## Detector\n\n- **Detector:** {} (`{}`): {}\n",
        about.name, about.id, about.summary
    );
    let mut put = |name: &str, value: String| {
        let _ = writeln!(out, "- **{name}:** {value}");
    };
    for (param, value) in analysis.detected.detector.params() {
        let value = match param.kind {
            ParamKind::Samples => samples(value as usize),
            _ => param.write(value),
        };
        put(param.label, value);
    }
    let threshold = words::threshold(analysis);
    put("Threshold", threshold.trim_start_matches("a threshold of ").to_owned());
    let sides = match rule.sides {
        Sides::Both => "up and down",
        Sides::Up => "up",
        Sides::Down => "down",
    };
    put("Direction", sides.to_owned());
    put("Minimum duration", samples(rule.min_samples));
    if rule.min_deviation > 0.0 {
        let quantity = analysis.detected.series.first().map(|found| found.detection.quantity);
        let unit = quantity.map_or(Unit::Plain, |quantity| analysis.judged_unit(quantity));
        put("Minimum deviation", unit.format(rule.min_deviation));
    }
    if rule.min_relative > 0.0 {
        let share = Unit::Ratio.format(rule.min_relative);
        put("Minimum relative deviation", format!("{share} of the expected value"));
    }
    put("Merge gap", samples(rule.merge_gap));
    put("Cooldown", samples(rule.cooldown));
    out
}

/// Writes the rule that gives the same result on the source.
pub(super) fn rule(rule: &ExportedRule) -> String {
    let result = rule.verification.as_deref().map(text);
    let verified = words::report::verification(result.as_deref());
    format!("## Prometheus rule\n\n{verified}\n\n{}", fenced("yaml", rule.yaml.trim_end()))
}

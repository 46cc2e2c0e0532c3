//! A group of rules as a file for Prometheus.

use std::fmt::Write;

use super::record::{RecordingRule, RecordingRules, RuleStyle};
use super::yaml::{comment, literal, quoted};
use super::{ExportError, RuleExport, RuleParts};
use crate::words::rules as words;
use oddity_detect::event::Rule;
use oddity_detect::series::{label_name, quote};
use oddity_detect::time::{Span, Step};
use oddity_source::promql;
use oddity_source::query::RangeQuery;
use oddity_source::unit;

/// Choices of the user for a group of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOptions {
    /// Part of the names of all rules; what a metric name cannot hold becomes `_`.
    pub name: String,
    /// Value of the label `severity` of the alert.
    pub severity: String,
    /// Parts of the rule that are recorded.
    pub style: RuleStyle,
}

/// Rules that are evaluated together, one after the other.
#[derive(Clone, Debug)]
pub struct RuleGroup {
    /// Name of the group.
    pub name: String,
    /// Distance of evaluations: the step of the query.
    pub interval: Step,
    /// Recording rules, in the order of evaluation.
    pub records: Vec<RecordingRule>,
    /// Alerting rule of the group.
    pub alert: AlertRule,
    /// Samples a series that one evaluation of all rules reads.
    pub cost: u64,
    /// Notes for the operator, one sentence each.
    pub notes: Vec<String>,
    pub(super) style: RuleStyle,
    pub(super) rule: Rule,
}

/// An alerting rule.
#[derive(Clone, Debug)]
pub struct AlertRule {
    /// Name of the alert.
    pub name: String,
    /// Whatever this returns is alerted; the value is the score.
    pub expr: String,
    /// Time for which the expression must hold before the alert fires.
    pub lasts: Span,
    /// Time for which the alert goes on firing after the expression held last.
    pub keeps: Span,
    /// Labels in addition to those of the series.
    pub labels: Vec<(String, String)>,
    /// Templates of texts.
    pub annotations: Vec<(String, String)>,
}

impl RuleOptions {
    /// Returns the defaults for a query, named after its first metric.
    pub fn of(query: &RangeQuery) -> Self {
        let first = promql::selectors(&query.expr).into_iter().next().unwrap_or("query");
        let (name, rest) = first.split_once('{').unwrap_or((first, ""));
        let name =
            if name.trim().is_empty() { rest.split('"').nth(1).unwrap_or("query") } else { name };
        Self {
            name: name.trim().to_owned(),
            severity: "warning".to_owned(),
            style: RuleStyle::default(),
        }
    }

    /// Returns `name` in the characters that a metric name may have, at most 60 of them.
    fn metric(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let name: String = self.name.chars().map(plain).take(60).collect();
        if name.is_empty() { "query".to_owned() } else { name }
    }
}

impl RuleExport {
    /// Builds the group of rules, each under a name of its own.
    ///
    /// # Errors
    /// As [`super::export`].
    pub fn group(&self, options: &RuleOptions) -> Result<RuleGroup, ExportError> {
        let input = &self.input;
        let (step, rule) = (input.query.step, &input.rule);
        let metric = options.metric();
        let mut records = RecordingRules::named(&metric, options.style, step);
        let parts = RuleParts::new(input, &mut records)?;
        let about = input.detector.about();
        let cost = records.all.iter().map(|record| record.cost).sum::<u64>() + parts.flag.cost;
        let samples = unit::format_count(usize::try_from(cost).unwrap_or(usize::MAX));
        let mut notes = vec![words::cost(&samples, &step.to_string())];
        if options.style == RuleStyle::Recorded {
            notes.push(words::SILENT_AT_FIRST.to_owned());
        }
        if rule.merge_gap > 0 {
            notes.push(words::KEEP_FIRING.to_owned());
        }
        notes.extend(self.caveats.iter().cloned());
        let alert = AlertRule {
            name: format!("Oddity{}", camel(&metric)),
            expr: parts.flag.text().to_owned(),
            lasts: step.times(rule.min_samples.saturating_sub(1)),
            keeps: step.times(rule.merge_gap),
            labels: vec![("severity".to_owned(), options.severity.clone())],
            annotations: self.annotations(&metric, &parts),
        };
        Ok(RuleGroup {
            name: format!("oddity_{metric}_{}", about.id),
            interval: step,
            records: records.all,
            alert,
            cost,
            notes,
            style: options.style,
            rule: *rule,
        })
    }

    /// Returns a summary, and a description with the arithmetic in numbers of the time of the alert.
    fn annotations(&self, metric: &str, parts: &RuleParts) -> Vec<(String, String)> {
        let input = &self.input;
        let now = |part: &str| current(metric, part, &input.labels);
        let (part, score) = (parts.part, "{{ $value | printf \"%.1f\" }}");
        let (name, alert) = (verbatim(metric), input.rule.threshold);
        let arithmetic = if parts.ranged {
            format!(
                "score = distance of the {part} from the normal range / scale = {score}, alert threshold {alert}; {part} {}, scale {}, lower bound {}, upper bound {}.",
                now(part),
                now("scale"),
                now("lower"),
                now("upper")
            )
        } else {
            format!(
                "score = |{part} - expected| / scale = |{} - {}| / {} = {score}, alert threshold {alert}.",
                now(part),
                now("expected"),
                now("scale")
            )
        };
        let description = format!(
            "{arithmetic} {}, baseline: {}. Query: {}",
            input.detector.about().name,
            verbatim(&input.baseline),
            verbatim(&input.query.expr)
        );
        vec![
            ("summary".to_owned(), format!("{name} is unusual: score {score}")),
            ("description".to_owned(), description),
        ]
    }
}

/// Returns a template for the present value of a recorded series of the alert; empty where there is none.
fn current(metric: &str, part: &str, labels: &[String]) -> String {
    let matchers: Vec<String> =
        labels.iter().map(|name| format!("{}=%q", label_name(name).replace('%', "%%"))).collect();
    let values: String =
        labels.iter().map(|name| format!(" (index $labels {})", quote(name))).collect();
    let selector = quote(&format!("oddity:{metric}:{part}{{{}}}", matchers.join(",")));
    format!(
        "{{{{ with printf {selector}{values} | query }}}}{{{{ . | first | value | printf \"%.4g\" }}}}{{{{ end }}}}"
    )
}

impl RuleGroup {
    /// Writes a file for `rule_files`.
    pub fn yaml(&self) -> String {
        let mut out: String = self.notes.iter().map(|note| comment(note)).collect();
        let _ = write!(
            out,
            "groups:\n  - name: {}\n    interval: {}\n    rules:\n",
            quoted(&self.name),
            self.interval
        );
        for record in &self.records {
            let _ = writeln!(out, "      - record: {}", record.name);
            let _ = writeln!(out, "        expr: {}", literal(&record.expr, 8));
        }
        let alert = &self.alert;
        let _ = writeln!(out, "      - alert: {}", quoted(&alert.name));
        let _ = writeln!(out, "        expr: {}", literal(&alert.expr, 8));
        for (key, span) in [("for", alert.lasts), ("keep_firing_for", alert.keeps)] {
            if span > Span::ZERO {
                let _ = writeln!(out, "        {key}: {span}");
            }
        }
        for (key, pairs) in [("labels", &alert.labels), ("annotations", &alert.annotations)] {
            let _ = writeln!(out, "        {key}:");
            for (name, value) in pairs {
                let _ = writeln!(out, "          {name}: {}", quoted(value));
            }
        }
        out
    }
}

/// Escapes a text so that a template leaves it as it is.
fn verbatim(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}

/// Returns `http_requests_total` as `HttpRequestsTotal`.
fn camel(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

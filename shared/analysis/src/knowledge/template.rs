//! Templates of PromQL, filled with what is known of the odd series.
//!
//! | in a template | stands for |
//! |---|---|
//! | `$labels(job, instance)` | matchers of those labels as the odd series, or else the query, has them; nothing where neither does |
//! | `$some(job, service)` | the same, but the query does not apply where neither has any of these labels |
//! | `$labels` | matchers of all labels of the odd series |
//! | `$pods` | a matcher of `pod` for all pods of the workload of the odd series; the query does not apply where it names none |
//! | `$host` | a matcher of `instance` with the host of the odd series and any port; nothing where it has none |
//! | `$selector` | the selector of the query with the labels of the odd series added |
//! | `$counter` | the same where its metric is a counter by its name; the query does not apply elsewhere |
//! | `$metric` | the metric of the query |
//! | `${base}` | the same without `_bucket`, `_count`, `_sum` or `_total` |
//! | `$expr` | the query, in parentheses |
//! | `$window` | a range for `rate`: five minutes, or four steps where that is longer |
//! | `$peak`, `$before` | Unix seconds of the peak, and of the time before the onset, for `@` |

mod workload;

use std::ops::Range;

use crate::explain::Facts;
use oddity_detect::series::{Labels, METRIC_NAME, label_name, quote};
use oddity_detect::time::{Span, Step, Timestamp};
use oddity_source::prometheus::without_counter_ending;
use oddity_source::promql::{self, LabelMatcher};

/// Labels that name a part of a histogram or a summary, not where it comes from.
const PARTS: [&str; 2] = ["le", "quantile"];

/// Values that a template may refer to.
#[derive(Clone, Debug)]
pub struct TemplateScope {
    expr: String,
    metric: Option<String>,
    /// Labels of the odd series first, then the query's own matchers on others.
    matchers: Vec<LabelMatcher>,
    window: Span,
    peak: Timestamp,
    before: Timestamp,
}

/// Mistake in a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A name that is not known.
    #[error(
        "${0} is not known: use $labels(...), $some(...), $labels, $pods, $host, $selector, $counter, $metric, ${{base}}, \
         $expr, $window, $peak or $before"
    )]
    Unknown(String),
    /// The list of labels has no end.
    #[error("$labels( or $some( without a closing parenthesis")]
    Open,
    /// A dollar sign that begins no name.
    #[error("a $ without a name: PromQL matches whole values, so an anchor is not needed")]
    Bare,
}

/// One piece of a template.
enum TemplatePiece<'a> {
    Text(&'a str),
    Labels(Vec<&'a str>),
    SomeLabels(Vec<&'a str>),
    Name(&'a str),
}

impl TemplateScope {
    /// Creates the scope of the event that the facts are about, found in this query.
    pub fn new(expr: &str, facts: &Facts) -> Self {
        let before = facts.event.estimated_start.min(facts.event.onset.time) - facts.step.times(5);
        Self::of(expr, &facts.labels, facts.step, before..facts.event.peak.time)
    }

    /// Creates the scope of one series of a query, at a time before something happened and one while it does.
    pub fn of(expr: &str, labels: &Labels, step: Step, times: Range<Timestamp>) -> Self {
        let selection =
            promql::selectors(expr).first().map(|text| promql::selection(text)).unwrap_or_default();
        let mut matchers: Vec<LabelMatcher> = labels
            .iter()
            .filter(|(name, _)| *name != METRIC_NAME && !PARTS.contains(name))
            .map(|(name, value)| LabelMatcher {
                label: name.to_owned(),
                operator: "=".to_owned(),
                literal: quote(value),
            })
            .collect();
        let of_series = matchers.len();
        for matcher in selection.matchers {
            let known = matchers[..of_series].iter().any(|other| other.label == matcher.label);
            if !known && !PARTS.contains(&matcher.label.as_str()) && matcher.label != METRIC_NAME {
                matchers.push(matcher);
            }
        }
        Self {
            expr: promql::one_line(expr),
            metric: selection.metric.or_else(|| labels.metric_name().map(str::to_owned)),
            matchers,
            window: Span::from_seconds(300).max(step.times(4)),
            before: times.start,
            peak: times.end,
        }
    }

    /// Fills a template and returns its PromQL; `None` where it needs a name or a label that the query does not have, or
    /// is wrong.
    pub fn fill(&self, template: &str) -> Option<String> {
        let mut out = String::with_capacity(template.len() + 64);
        let mut none = false;
        for piece in pieces(template).ok()? {
            match piece {
                // Where no label is known, no empty matchers stay behind.
                TemplatePiece::Text(text) if none => {
                    let rest = tidy(&mut out, text);
                    out.push_str(rest);
                }
                TemplatePiece::Text(text) => out.push_str(text),
                TemplatePiece::Labels(names) => {
                    out.push_str(&self.labels(|label| names.contains(&label)));
                }
                TemplatePiece::SomeLabels(names) => {
                    let found = self.labels(|label| names.contains(&label));
                    if found.is_empty() {
                        return None;
                    }
                    out.push_str(&found);
                }
                TemplatePiece::Name(name) => out.push_str(&self.value(name)?),
            }
            none = out.ends_with(['{', ' ']);
        }
        Some(out)
    }

    fn value(&self, name: &str) -> Option<String> {
        Some(match name {
            "labels" => self.labels(|_| true),
            "host" => self.host(),
            "pods" => self.pods()?,
            "counter" => self
                .selector()
                .filter(|_| self.metric.as_deref().and_then(without_counter_ending).is_some())?,
            "selector" => self.selector()?,
            "metric" => plain(self.metric.as_deref()?)?.to_owned(),
            "base" => {
                let metric = plain(self.metric.as_deref()?)?;
                without_counter_ending(metric).unwrap_or(metric).to_owned()
            }
            "expr" => format!("({})", self.expr),
            "window" => self.window.to_string(),
            "peak" => self.peak.as_seconds().to_string(),
            "before" => self.before.as_seconds().to_string(),
            _ => return None,
        })
    }

    fn labels(&self, wanted: impl Fn(&str) -> bool) -> String {
        let all: Vec<String> = self
            .matchers
            .iter()
            .filter(|matcher| wanted(&matcher.label))
            .map(|matcher| {
                format!("{}{}{}", label_name(&matcher.label), matcher.operator, matcher.literal)
            })
            .collect();
        all.join(", ")
    }

    /// Returns a matcher for the host of the series: other exporters of a host listen on other ports.
    fn host(&self) -> String {
        let of_one =
            |matcher: &&LabelMatcher| matcher.label == "instance" && matcher.operator == "=";
        let Some(LabelMatcher { literal, .. }) = self.matchers.iter().find(of_one) else {
            return String::new();
        };
        match host_pattern(literal.trim_matches(['"', '\'', '`'])) {
            Some(pattern) => format!("instance=~\"{pattern}\""),
            None => format!("instance={literal}"),
        }
    }

    fn selector(&self) -> Option<String> {
        let metric = self.metric.as_deref()?;
        let labels = self.labels(|_| true);
        Some(match (plain(metric), labels.is_empty()) {
            (Some(metric), true) => metric.to_owned(),
            (Some(metric), false) => format!("{metric}{{{labels}}}"),
            (None, true) => format!("{{{}}}", quote(metric)),
            (None, false) => format!("{{{}, {labels}}}", quote(metric)),
        })
    }
}

/// Takes a comma and empty braces before the closing brace out of `out`; what of `text` is left to be added.
fn tidy<'a>(out: &mut String, text: &'a str) -> &'a str {
    let Some(rest) = text.strip_prefix('}') else { return text };
    let kept = out.trim_end_matches([',', ' ']).len();
    out.truncate(kept);
    let named = out
        .strip_suffix('{')
        .is_some_and(|name| name.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
    if named {
        out.pop();
        return rest;
    }
    text
}

/// Returns the name if it needs no quotes.
pub(crate) fn plain(metric: &str) -> Option<&str> {
    let letter = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':');
    let fits =
        metric.starts_with(letter) && metric.chars().all(|c| letter(c) || c.is_ascii_digit());
    fits.then_some(metric)
}

/// Returns a regular expression for all ports of the host of an instance; `None` if that is no plain address.
pub(crate) fn host_pattern(instance: &str) -> Option<String> {
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let host = instance.rsplit_once(':').filter(|(_, port)| digits(port));
    let host = host.map_or(instance, |(host, _)| host);
    let mut pattern = String::with_capacity(host.len() + 16);
    for c in host.chars() {
        match c {
            '.' | '[' => pattern.extend(['[', c, ']']),
            '-' | '_' | ':' | ']' => pattern.push(c),
            c if c.is_ascii_alphanumeric() => pattern.push(c),
            _ => return None,
        }
    }
    Some(pattern + "(:[0-9]+)?")
}

/// Checks that a template is well-formed.
///
/// # Errors
/// [`TemplateError`] names what is not understood.
pub(super) fn validate(template: &str) -> Result<(), TemplateError> {
    pieces(template).map(|_| ())
}

fn pieces(template: &str) -> Result<Vec<TemplatePiece<'_>>, TemplateError> {
    let mut all = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        all.push(TemplatePiece::Text(&rest[..at]));
        rest = &rest[at + 1..];
        let braced = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let (name, behind) = match braced {
            Some((name, behind)) => (name, behind),
            None => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                rest.split_at(end)
            }
        };
        rest = behind;
        match name {
            "" => return Err(TemplateError::Bare),
            "labels" | "some" if rest.starts_with('(') => {
                let (list, behind) = rest[1..].split_once(')').ok_or(TemplateError::Open)?;
                let names = list.split(',').map(str::trim).collect();
                all.push(match name {
                    "some" => TemplatePiece::SomeLabels(names),
                    _ => TemplatePiece::Labels(names),
                });
                rest = behind;
            }
            "labels" | "pods" | "host" | "selector" | "counter" | "metric" | "base" | "expr"
            | "window" | "peak" | "before" => all.push(TemplatePiece::Name(name)),
            other => return Err(TemplateError::Unknown(other.to_owned())),
        }
    }
    all.push(TemplatePiece::Text(rest));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_apply() {
        let labels = Labels::new([("service".to_owned(), "a".to_owned())]);
        let at = Timestamp(0);
        let fill = |expr: &str, template: &str| {
            TemplateScope::of(expr, &labels, Step::from_seconds(60), at..at).fill(template)
        };
        assert_eq!(fill("x", "y{$some(job)}"), None);
        assert_eq!(fill("x", "y{$some(job, service)}").as_deref(), Some(r#"y{service="a"}"#));
        assert_eq!(fill("x", "$counter"), None);
        assert_eq!(
            fill("rate(x_total[5m])", "$counter").as_deref(),
            Some(r#"x_total{service="a"}"#)
        );
    }

    #[test]
    fn all_ports_of_a_host() {
        let cases = [
            ("db1:9187", Some("db1(:[0-9]+)?")),
            ("db1", Some("db1(:[0-9]+)?")),
            ("10.0.0.1:9100", Some("10[.]0[.]0[.]1(:[0-9]+)?")),
            ("[::1]:9100", Some("[[]::1](:[0-9]+)?")),
            ("https://a.example/health", None),
            (r"a\b", None),
        ];
        for (instance, pattern) in cases {
            assert_eq!(host_pattern(instance).as_deref(), pattern, "{instance}");
        }
    }
}

//! Alerting and recording rules of a source.

use std::collections::BTreeSet;

use oddity_detect::series::{Labels, METRIC_NAME};
use serde::Deserialize;

use super::contains_all;
use crate::prometheus::{ReplyError, decode_data};

/// State of a rule, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleState {
    /// Alert that is firing.
    Firing,
    /// Alert whose condition does not hold for long enough yet.
    Pending,
    /// Alert whose condition does not hold.
    Inactive,
    /// Recording rule, which is no alert.
    Recording,
}

/// Rule that a source evaluates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceRule {
    /// State of the rule.
    pub state: RuleState,
    /// Name of the alert or of the recorded metric.
    pub name: String,
    /// Expression of the rule.
    pub expr: String,
}

impl RuleState {
    /// Returns the name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Pending => "pending",
            Self::Inactive => "inactive",
            Self::Recording => "recording rule",
        }
    }
}

impl SourceRule {
    /// Returns the query that shows the rule: the expression of an alert, the metric that a recording rule writes.
    pub fn query(&self) -> String {
        match self.state {
            RuleState::Recording => {
                Labels::new([(METRIC_NAME.to_owned(), self.name.clone())]).to_string()
            }
            _ => self.expr.clone(),
        }
    }

    /// Returns whether each of the words, in lower case, is in the name or in the expression.
    pub fn matches(&self, words: &[&str]) -> bool {
        words.is_empty() || contains_all(&format!("{} {}", self.name, self.expr), words)
    }
}

/// Decodes the answer of `/api/v1/rules`: each rule once, firing alerts first, then by name.
///
/// # Errors
/// [`ReplyError`] for an error of the source and for data of another shape.
pub fn decode_rules(body: &[u8]) -> Result<Vec<SourceRule>, ReplyError> {
    #[derive(Deserialize)]
    struct Data {
        #[serde(default)]
        groups: Vec<Group>,
    }
    #[derive(Deserialize)]
    struct Group {
        #[serde(default)]
        rules: Vec<Rule>,
    }
    #[derive(Deserialize)]
    struct Rule {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default)]
        state: String,
        name: String,
        query: String,
    }
    let data: Data = decode_data(body)?;
    let rules = data.groups.into_iter().flat_map(|group| group.rules);
    let rules: BTreeSet<SourceRule> = rules
        .map(|rule| SourceRule {
            state: match (rule.kind.as_str(), rule.state.as_str()) {
                ("recording", _) => RuleState::Recording,
                (_, "firing") => RuleState::Firing,
                (_, "pending") => RuleState::Pending,
                _ => RuleState::Inactive,
            },
            name: rule.name,
            expr: rule.query,
        })
        .collect();
    Ok(rules.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_a_real_prometheus() {
        let body = br#"{"status":"success","data":{"groups":[{"name":"g","file":"r.yaml","rules":[
            {"name":"job:up:sum","query":"sum by (job) (up)","health":"ok","evaluationTime":0.1,"type":"recording"},
            {"state":"inactive","name":"Slow","query":"lat > 1","duration":0,"labels":{},"annotations":{},"alerts":[],"type":"alerting"},
            {"state":"firing","name":"Down","query":"up == 0","duration":60,"alerts":[{"labels":{"job":"a"}}],"type":"alerting"},
            {"state":"firing","name":"Down","query":"up == 0","type":"alerting"}],"interval":60}]}}"#;
        let rules = decode_rules(body).unwrap();
        let told: Vec<_> = rules.iter().map(|rule| (rule.state.name(), rule.query())).collect();
        assert_eq!(
            told,
            [
                ("firing", "up == 0".to_owned()),
                ("inactive", "lat > 1".to_owned()),
                ("recording rule", "job:up:sum".to_owned()),
            ]
        );
        assert!(rules[0].matches(&["down", "=="]));
        assert!(!rules[0].matches(&["slow"]));
    }

    #[test]
    fn other_answers_are_errors() {
        assert!(decode_rules(b"{\"status\":\"success\",\"data\":7}").is_err());
        assert_eq!(decode_rules(b"{\"status\":\"success\",\"data\":{}}").unwrap(), []);
    }
}

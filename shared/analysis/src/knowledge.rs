//! Possible causes of an event and what to do next, from data files: `shared/knowledge/*.toml`, described in
//! `docs/knowledge.md`.
//!
//! A family of metrics is recognised by what can be seen of a query; each of its hypotheses says by which events it is
//! suggested, what would confirm or refute it and what to do. The shape of one series suggests causes but proves none,
//! so the result may be "inconclusive".

mod check;
mod explained;
mod inverse;
mod pattern;
mod rank;
mod recognise;
mod template;
mod verdict;

pub use check::{KnowledgeError, check};
pub use explained::{ExplainedEvent, explain_event, explain_worst};
pub use rank::{CandidateCause, CandidateCauses, CauseReason, Confidence, candidate_causes};
pub use recognise::{NamedMetadata, QuerySubject, RecognisedFamily, recognise};
pub use template::{TemplateError, TemplateScope};
pub(crate) use template::{host_pattern, plain};
pub use verdict::{CheckObservation, CheckResult, CheckVerdict, EventEvidence};

use serde::{Deserialize, Serialize};

use crate::explain::EvidenceTag;
use oddity_detect::event::{Direction, EventKind};

/// Knowledge base: all families of metrics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Knowledge {
    /// Families in the order of their ids.
    pub families: Vec<Family>,
}

/// Family of metrics about the same thing, with the possible causes of their events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Name of its file without the extension.
    #[serde(default)]
    pub id: String,
    /// Name for a person.
    pub name: String,
    /// Description of the metrics, in a sentence.
    pub about: String,
    /// Patterns of metric names and of `label=value` of which less is more, such as free space: the direction of their
    /// events is reversed before they are compared with hypotheses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inverse: Vec<String>,
    /// Signature by which queries are recognised. The family with an empty one belongs to every query.
    #[serde(default)]
    pub recognise: Signature,
    /// Queries that belong to the family and queries that do not, for tests.
    #[serde(default, skip_serializing)]
    pub examples: ExampleQueries,
    /// Possible causes of events of these metrics.
    #[serde(default, rename = "hypothesis")]
    pub hypotheses: Vec<Hypothesis>,
}

/// Signature by which a family is recognised. `*` in a pattern stands for any characters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Signature {
    /// Patterns of metric names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// Words in the metric's name or its help text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Patterns of `label=value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// PromQL functions that are called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// Units by metadata or by the ending of the name: "seconds", "bytes".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
    /// Types by metadata: "counter", "gauge", "histogram".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Patterns of metric names that belong to other families even if the rest matches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not: Vec<String>,
}

/// PromQL that belongs to a family and that does not; a comment in it stands for the help text of its metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExampleQueries {
    /// Queries that belong to the family.
    pub yes: Vec<String>,
    /// Queries that do not belong to the family.
    pub no: Vec<String>,
}

/// One possible cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// Id, unique in its family: lower case letters, digits and hyphens.
    pub id: String,
    /// Possible cause, in a sentence.
    pub cause: String,
    /// Explanation why the cause would look like this, in a sentence or two.
    pub because: String,
    /// Publication that supports the explanation.
    pub source: Citation,
    /// Kinds of events that the cause looks like; if empty, any kind that shows in the values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<EventKind>,
    /// Direction of the events that the cause looks like; `None` for both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Whether the cause is a change of the system, such as a release or a restart: it is looked for in every event,
    /// whatever its kind, and comes first where checks support it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub change: bool,
    /// Whether the cause changes how much there is to do, which moves neither a share nor the number of failures.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub load: bool,
    /// Frequency of the cause among such events.
    #[serde(default)]
    pub often: CauseFrequency,
    /// Patterns of metric names that the cause is limited to; if empty, all metrics of the family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// Functions of PromQL that the cause is limited to: the query must call one of them on its only selector.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
    /// Patterns of `label=value` that the cause is limited to: another value of such a label excludes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Evidence for the cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<EvidenceTag>,
    /// Evidence against the cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<EvidenceTag>,
    /// Checks that would confirm the cause.
    pub confirm: Vec<CauseCheck>,
    /// Checks that would refute the cause.
    pub refute: Vec<CauseCheck>,
    /// Actions that end the harm.
    pub mitigate: Vec<String>,
    /// Actions that keep it from coming back.
    pub prevent: Vec<String>,
    /// Checks that would notice it earlier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detect: Vec<CauseCheck>,
}

/// Check of a cause: an observation, and the query that shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseCheck {
    /// Observation that one would make.
    pub see: String,
    /// Template of the PromQL query that shows the observation, see [`TemplateScope`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Expected answer to the query if the observation is true; `None` where only a person can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<CheckExpectation>,
}

/// Expected answer to a query in the window of an event if an observation is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckExpectation {
    /// A series rises more than usual.
    Rises,
    /// A series falls more than usual.
    Falls,
    /// A series moves more than usual, in any direction.
    Moves,
    /// No series moves more than usual.
    Steady,
    /// Samples that are not 0, or samples at all where the query has a condition, begin shortly before or with the event.
    Begins,
    /// Samples that are not 0, or samples at all where the query has a condition, are there at the end of the event, whether
    /// or not they were there before.
    Holds,
}

/// Publication with its address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// Title of the publication, and the cited part.
    pub title: String,
    /// An https address.
    pub url: String,
}

/// Frequency of a cause among events of a fitting kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CauseFrequency {
    /// Among the first causes to consider.
    Common,
    /// Neither common nor rare.
    #[default]
    Sometimes,
    /// Rare, but severe enough to consider.
    Rare,
}

impl Knowledge {
    /// Returns the hypothesis of this id in the family of this id.
    pub fn hypothesis(&self, family: &str, id: &str) -> Option<&Hypothesis> {
        let family = self.families.iter().find(|known| known.id == family)?;
        family.hypotheses.iter().find(|known| known.id == id)
    }
}

impl Signature {
    /// Returns whether the signature is empty, which fits every query.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests;

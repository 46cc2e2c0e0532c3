//! Possible causes of an event and what to do next, from data files: `shared/knowledge/*.toml`, described in
//! `docs/knowledge.md`.
//!
//! A family of metrics is recognised by what can be seen of a query; each of its hypotheses says by which events it is
//! suggested, what would confirm or refute it and what to do. Nothing here is certain: the shape of one series
//! suggests causes, it proves none, so that the best there is to say may be "inconclusive".

mod check;
mod explained;
mod inverse;
mod pattern;
mod rank;
mod recognise;
mod template;

pub use check::{KnowledgeError, check};
pub use explained::{ExplainedEvent, explain_event, explain_worst};
pub use rank::{CandidateCause, CandidateCauses, CauseReason, Confidence, candidate_causes};
pub use recognise::{NamedMetadata, QuerySubject, RecognisedFamily, recognise};
pub use template::{TemplateError, TemplateScope};
pub(crate) use template::{host_pattern, plain};

use serde::{Deserialize, Serialize};

use crate::explain::EvidenceTag;
use oddity_detect::event::{Direction, EventKind};

/// All families that are known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Knowledge {
    /// In the order of their ids.
    pub families: Vec<Family>,
}

/// Metrics that tell of the same thing, and what may be behind their events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Name of its file without the extension.
    #[serde(default)]
    pub id: String,
    /// Name for a person.
    pub name: String,
    /// Which metrics these are, in a sentence.
    pub about: String,
    /// Patterns of metric names and of `label=value` of which less is more, such as free space: their events are
    /// turned upside down before they are compared with hypotheses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inverse: Vec<String>,
    /// By what a query is recognised. The family that has nothing here belongs to every query.
    #[serde(default)]
    pub recognise: Signature,
    /// Queries that belong to it and that do not, for the tests.
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
    /// Patterns of metric names that belong to others in spite of all that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not: Vec<String>,
}

/// PromQL that belongs to a family and that does not; a comment in it stands for the help text of its metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExampleQueries {
    /// Belongs to it.
    pub yes: Vec<String>,
    /// Belongs to others.
    pub no: Vec<String>,
}

/// One possible cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// Unique in its family; lower case and hyphens.
    pub id: String,
    /// Possible cause, in a sentence.
    pub cause: String,
    /// Explanation why the cause would look like this, in a sentence or two.
    pub because: String,
    /// Publication that says so.
    pub source: Citation,
    /// Kinds of events that it looks like; of any kind that shows in values where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<EventKind>,
    /// The side on which it shows; both where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Frequency of the cause among such events.
    #[serde(default)]
    pub often: CauseFrequency,
    /// Patterns of the metric names of the family that it is about; all where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// Patterns of `label=value` that it is about: another value of such a label excludes it.
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

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseCheck {
    /// Observation that one would make.
    pub see: String,
    /// A template of the PromQL that shows it, see [`TemplateScope`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// Publication with its address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// Title, and the part of it.
    pub title: String,
    /// An https address.
    pub url: String,
}

/// Frequency of a cause among events of a fitting kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CauseFrequency {
    /// Among the first things to think of.
    Common,
    /// Neither common nor rare.
    #[default]
    Sometimes,
    /// Seldom, but bad enough to be thought of.
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

//! Events with everything that is known of them: their facts, and the causes that these suggest.

use super::{
    CandidateCauses, EventEvidence, Knowledge, NamedMetadata, QuerySubject, candidate_causes,
};
use crate::analysis::{Analysis, EventId, RankedSeries};
use crate::explain::{Facts, facts};
use oddity_detect::event::Event;

/// Event with its facts and candidate causes.
#[derive(Clone, Debug)]
pub struct ExplainedEvent<'a> {
    /// Facts of the event.
    pub facts: Facts,
    /// Candidate causes; `None` without a knowledge base.
    pub causes: Option<CandidateCauses<'a>>,
}

impl ExplainedEvent<'_> {
    /// Ranks the causes by what checks of this event found.
    #[must_use]
    pub fn weighed(mut self, evidence: &EventEvidence) -> Self {
        self.causes = self.causes.map(|causes| causes.weighed(evidence));
        self
    }

    /// Returns the id of the event.
    pub fn id(&self) -> EventId {
        EventId { series: self.facts.series, onset: self.facts.event.onset.index }
    }
}

/// Explains one event of an analysis. `metadata` are those of the metrics of the query, as far as they are known.
pub fn explain_event<'a>(
    analysis: &Analysis,
    (ranked, event): (&RankedSeries, &Event),
    knowledge: Option<&'a Knowledge>,
    metadata: &[NamedMetadata],
) -> ExplainedEvent<'a> {
    let facts = facts(analysis, ranked, event);
    let expr = &analysis.detected.loaded.query.expr;
    let causes = knowledge.map(|knowledge| {
        let subject = QuerySubject::new(expr, &facts.labels, metadata);
        candidate_causes(knowledge, &subject, expr, &facts)
    });
    ExplainedEvent { facts, causes }
}

/// Explains the `most` severest events, the worst first.
pub fn explain_worst<'a>(
    analysis: &Analysis,
    most: usize,
    knowledge: Option<&'a Knowledge>,
    metadata: &[NamedMetadata],
) -> Vec<ExplainedEvent<'a>> {
    let worst = analysis.worst_events().into_iter().take(most);
    worst.map(|event| explain_event(analysis, event, knowledge, metadata)).collect()
}

//! Events with everything that is known of them: their facts, and the causes that these suggest.

use super::{Knowledge, Metadata, Subject, Suspects, suspects};
use crate::analysis::{Analysis, Ranked};
use crate::explain::{Facts, facts};
use oddity_detect::event::Event;

/// What is known of one event.
#[derive(Clone, Debug)]
pub struct Explained<'a> {
    /// What was observed.
    pub facts: Facts,
    /// What may be behind it; `None` without a knowledge base.
    pub suspects: Option<Suspects<'a>>,
}

/// Explains one event of an analysis. `metadata` are those of the metrics of the query, as far as they are known.
pub fn explained<'a>(
    analysis: &Analysis,
    (ranked, event): (&Ranked, &Event),
    knowledge: Option<&'a Knowledge>,
    metadata: &[Metadata],
) -> Explained<'a> {
    let facts = facts(analysis, ranked, event);
    let expr = &analysis.detected.loaded.query.expr;
    let suspects = knowledge.map(|knowledge| {
        let subject = Subject::new(expr, &facts.labels, metadata);
        suspects(knowledge, &subject, expr, &facts)
    });
    Explained { facts, suspects }
}

/// Explains the `most` severest events, the worst first.
pub fn explained_worst<'a>(
    analysis: &Analysis,
    most: usize,
    knowledge: Option<&'a Knowledge>,
    metadata: &[Metadata],
) -> Vec<Explained<'a>> {
    let worst = analysis.worst_events().into_iter().take(most);
    worst.map(|event| explained(analysis, event, knowledge, metadata)).collect()
}

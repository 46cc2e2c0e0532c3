//! Which causes an event suggests, and how well each fits.

use std::collections::BTreeSet;

use serde::Serialize;

use super::pattern::first_match;
use super::recognise::{QuerySubject, RecognisedFamily, recognise};
use super::template::TemplateScope;
use super::verdict::CheckResult;
use super::{CauseCheck, CauseFrequency, Family, Hypothesis, Knowledge};
use crate::explain::{EvidenceTag, Facts};
use crate::words::{causes, evidence};
use oddity_detect::event::{Direction, Event, EventKind};
use oddity_source::promql;

/// Confidence in a cause: by how well the shape of an event fits it, at most moderate, until checks support or contradict
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// More checks contradict it than support it.
    Contradicted,
    /// Not excluded, but with little evidence for it.
    Inconclusive,
    /// Some evidence, but not enough to stand out.
    Low,
    /// Kind, direction and further evidence fit.
    Moderate,
    /// More checks support it than contradict it.
    Supported,
}

impl Confidence {
    /// Returns the name for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contradicted => "contradicted",
            Self::Inconclusive => "inconclusive",
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::Supported => "supported",
        }
    }

    fn of(points: i32) -> Self {
        match points {
            8.. => Self::Moderate,
            5..8 => Self::Low,
            _ => Self::Inconclusive,
        }
    }
}

/// One reason for or against a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CauseReason {
    /// Reason in words.
    pub text: String,
    /// Points: above 0 for the cause, below 0 against it.
    pub points: i32,
    /// Whether the reason is a property of the event, not of the query or of the knowledge base.
    #[serde(skip)]
    pub of_event: bool,
}

/// A cause that the event suggests.
#[derive(Clone, Debug)]
pub struct CandidateCause<'a> {
    /// Family of the cause.
    pub family: &'a Family,
    /// Hypothesis about the cause.
    pub hypothesis: &'a Hypothesis,
    /// Confidence in the cause.
    pub confidence: Confidence,
    /// Sum of the points of its reasons.
    pub points: i32,
    /// Reasons for the points, most important first.
    pub reasons: Vec<CauseReason>,
    /// Results of its checks; empty where none were made.
    pub checks: Vec<CheckResult>,
}

/// The causes that an event suggests.
#[derive(Clone, Debug)]
pub struct CandidateCauses<'a> {
    /// Families to which the query belongs, the most certain first.
    pub families: Vec<RecognisedFamily<'a>>,
    /// Candidate causes, best first; empty if nothing fits.
    pub ranked: Vec<CandidateCause<'a>>,
    /// Changes of the system that are looked for in every event, although its shape does not suggest them.
    pub looked_for: Vec<CandidateCause<'a>>,
    /// Values that fill the templates of checks.
    pub scope: TemplateScope,
    /// Number of causes that need metrics that the source lacks.
    pub lacking: usize,
    /// Metrics that checks need and the source lacks.
    pub missing_metrics: BTreeSet<String>,
    /// Whether checks were made.
    pub is_checked: bool,
    /// Reason why the checks ended early, in words; `None` if they did not.
    pub stopped: Option<String>,
}

impl CandidateCauses<'_> {
    /// Returns whether no cause stands out.
    pub fn inconclusive(&self) -> bool {
        self.ranked.first().is_none_or(|best| best.confidence <= Confidence::Inconclusive)
    }

    /// Returns the PromQL of a check for this event, if it has one.
    pub fn query(&self, check: &CauseCheck) -> Option<String> {
        check.query.as_deref().and_then(|template| self.scope.fill(template))
    }
}

impl CandidateCause<'_> {
    /// Returns the evidence for and against the cause: "a spike; recovered" and "recurs at the same time on 3 of 7
    /// days".
    pub fn evidence(&self) -> (String, String) {
        let texts = |wanted: fn(i32) -> bool| -> String {
            let reasons = self.reasons.iter().filter(|reason| wanted(reason.points));
            reasons.map(|reason| reason.text.as_str()).collect::<Vec<_>>().join("; ")
        };
        (texts(|points| points > 0), texts(|points| points < 0))
    }
}

/// Ranks the causes of every recognised family that the kind of the event does not exclude.
pub fn candidate_causes<'a>(
    knowledge: &'a Knowledge,
    subject: &QuerySubject,
    expr: &str,
    facts: &Facts,
) -> CandidateCauses<'a> {
    let families = recognise(knowledge, subject);
    let best = families.first().map_or(0, |first| first.points);
    let (mut ranked, mut looked_for) = (Vec::new(), Vec::new());
    for recognised in &families {
        let family = recognised.family;
        for hypothesis in &family.hypotheses {
            let found = reasons(hypothesis, recognised, best, subject, facts);
            let fits = found.is_some();
            let reasons = found.unwrap_or_default();
            let points = reasons.iter().map(|reason| reason.points).sum();
            let confidence = Confidence::of(points);
            let cause = CandidateCause {
                family,
                hypothesis,
                confidence,
                points,
                reasons,
                checks: Vec::new(),
            };
            match (fits, hypothesis.change) {
                (true, _) => ranked.push(cause),
                (false, true) => looked_for.push(cause),
                (false, false) => {}
            }
        }
    }
    // Ties keep their order: better recognised families first, then the order of the file.
    ranked.sort_by_key(|cause| std::cmp::Reverse(cause.points));
    CandidateCauses {
        scope: TemplateScope::new(expr, facts),
        families,
        ranked,
        looked_for,
        lacking: 0,
        missing_metrics: BTreeSet::new(),
        is_checked: false,
        stopped: None,
    }
}

/// Returns the reasons for and against a cause; `None` if the kind or the direction excludes it, or it is about other
/// metrics or other values of a label.
fn reasons(
    hypothesis: &Hypothesis,
    recognised: &RecognisedFamily<'_>,
    best: u32,
    subject: &QuerySubject,
    facts: &Facts,
) -> Option<Vec<CauseReason>> {
    if hypothesis.load && !subject.is_load() {
        return None;
    }
    let inverse = subject.is_inverse(&recognised.family.inverse);
    let mut all = vec![fit(hypothesis, &facts.event, inverse)?];
    let mut put =
        |points: i32, text: String| all.push(CauseReason { text, points, of_event: false });
    if !hypothesis.metrics.is_empty() {
        let name = first_match(&hypothesis.metrics, &subject.metrics)?;
        put(1, causes::about(name));
    }
    if !hypothesis.functions.is_empty() {
        let is_called = |function: &&String| promql::calls_function(&subject.expr, function);
        let called = hypothesis.functions.iter().find(is_called);
        let called = called.filter(|_| promql::selectors(&subject.expr).len() == 1)?;
        put(1, causes::about(&format!("{called}()")));
    }
    let values = values_of_same_labels(&hypothesis.labels, &subject.labels);
    match first_match(&hypothesis.labels, &values) {
        Some(pair) => put(1, causes::about(pair)),
        None if values.is_empty() => {}
        None => return None,
    }
    match hypothesis.often {
        CauseFrequency::Common => put(2, causes::common(&recognised.family.name)),
        CauseFrequency::Sometimes => put(1, causes::occasional(&recognised.family.name)),
        CauseFrequency::Rare => {}
    }
    if recognised.points > 0 {
        let by = recognised.by.join(", ");
        let points = if recognised.points == best { 2 } else { 1 };
        put(points, causes::recognised(&recognised.family.name, &by));
    }
    let mut observe = |points: i32, tag: EvidenceTag| {
        all.push(CauseReason { text: evidence::phrase(tag, facts), points, of_event: true });
    };
    for tag in &facts.evidence {
        if hypothesis.signs.contains(tag) {
            observe(1, *tag);
        }
        if hypothesis.against.contains(tag) {
            observe(-2, *tag);
        }
    }
    Some(all)
}

/// Returns `label=value` for the labels that the patterns name; each of the values that `a|b` stands for.
fn values_of_same_labels(patterns: &[String], pairs: &[String]) -> Vec<String> {
    let named = |label: &str| patterns.iter().any(|p| p.split('=').next() == Some(label));
    let pairs = pairs.iter().filter_map(|pair| pair.split_once('='));
    let same = pairs.filter(|(label, _)| named(label));
    same.flat_map(|(label, value)| value.split('|').map(move |one| format!("{label}={one}")))
        .collect()
}

/// Returns how well the kind of the event fits, with the direction reversed for an `inverse` metric.
fn fit(hypothesis: &Hypothesis, event: &Event, inverse: bool) -> Option<CauseReason> {
    let kind = if inverse { upside_down(event.kind) } else { event.kind };
    let side = side(event).map(|side| if inverse { opposite(side) } else { side });
    let directed = hypothesis.direction.is_none() || side.is_none() || hypothesis.direction == side;
    if hypothesis.kinds.contains(&kind) || (hypothesis.kinds.is_empty() && in_values(kind)) {
        return directed.then(|| CauseReason {
            text: causes::fitting_kind(event.kind),
            points: 3,
            of_event: true,
        });
    }
    // A kind is determined from few samples, so other kinds in the same direction are not excluded.
    let same_side = hypothesis
        .kinds
        .iter()
        .any(|kind| in_values(*kind) && side_of(*kind).is_none_or(|s| Some(s) == side));
    let related = side.is_some() && directed && in_values(kind) && same_side;
    related.then(|| CauseReason {
        text: causes::same_direction(event.kind),
        points: 1,
        of_event: true,
    })
}

/// Returns the side of an event, `None` where it has none.
fn side(event: &Event) -> Option<Direction> {
    match event.kind {
        EventKind::Gap
        | EventKind::FlatLine
        | EventKind::VarianceChange
        | EventKind::SeasonBroken => None,
        kind => side_of(kind).or(Some(event.direction)),
    }
}

fn opposite(side: Direction) -> Direction {
    match side {
        Direction::Up => Direction::Down,
        Direction::Down => Direction::Up,
    }
}

fn upside_down(kind: EventKind) -> EventKind {
    match kind {
        EventKind::Spike => EventKind::Dip,
        EventKind::Dip => EventKind::Spike,
        EventKind::LevelShiftUp => EventKind::LevelShiftDown,
        EventKind::LevelShiftDown => EventKind::LevelShiftUp,
        other => other,
    }
}

fn side_of(kind: EventKind) -> Option<Direction> {
    match kind {
        EventKind::Spike | EventKind::LevelShiftUp => Some(Direction::Up),
        EventKind::Dip | EventKind::LevelShiftDown => Some(Direction::Down),
        _ => None,
    }
}

/// Returns whether the kind shows in how large the values are.
fn in_values(kind: EventKind) -> bool {
    match kind {
        EventKind::Spike
        | EventKind::Dip
        | EventKind::LevelShiftUp
        | EventKind::LevelShiftDown
        | EventKind::SlopeChange
        | EventKind::Drift
        | EventKind::Record
        | EventKind::OddOneOut => true,
        EventKind::Gap
        | EventKind::FlatLine
        | EventKind::VarianceChange
        | EventKind::SeasonBroken
        | EventKind::Infinite => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_labels_that_are_asked_for() {
        let texts = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let patterns = texts(&["mode=steal", "mode=i*"]);
        let cases: [(&[&str], &[&str]); 3] = [
            (&["cpu=0", "mode=user|iowait"], &["mode=user", "mode=iowait"]),
            (&["modes=user"], &[]),
            (&["mode=steal", "mode=idle"], &["mode=steal", "mode=idle"]),
        ];
        for (pairs, values) in cases {
            assert_eq!(values_of_same_labels(&patterns, &texts(pairs)), texts(values));
        }
    }
}

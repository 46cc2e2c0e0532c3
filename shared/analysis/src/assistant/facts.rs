//! The facts of an analysis as lines, each with how much it matters.

use super::frame::clipped;
use super::pseudonyms::{Pseudonyms, ReservedWords};
use super::{PromptRequest, estimate};
use crate::analysis::Analysis;
use crate::explain::Facts;
use crate::knowledge::{CandidateCauses, CauseCheck, ExplainedEvent, TemplateScope};
use crate::related::{ComparisonWindows, RelatedSeries};
use crate::report::MAX_EVENTS;
use crate::words::{self, Clock, evidence, lines, prompt, sentence};
use oddity_detect::series::{Labels, METRIC_NAME, quote};
use oddity_source::promql::{one_line, replace_matcher_values};

/// Maximum length of a label's value in characters.
const MAX_VALUE: usize = 120;

/// Maximum length of a query in characters.
const MAX_QUERY: usize = 600;

/// Maximum number of labels of one series.
const MAX_LABELS: usize = 24;

/// Maximum number of values of the sketch.
const MAX_SKETCH: usize = 40;

/// Maximum number of causes of one event.
const MAX_CAUSES: usize = 5;

/// Maximum number of checks of one cause.
const MAX_CHECKS: usize = 2;

/// Maximum number of related series in a prompt.
const MAX_RELATED: usize = 8;

/// Maximum number of warnings in a prompt.
const MAX_NOTES: usize = 5;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PromptFact {
    /// 0 matters most; what has the largest number is left out first.
    pub(super) rank: u32,
    pub(super) text: String,
}

/// Returns the facts that fit, in their order, and the number of those that do not.
pub(super) fn fitting(all: &[PromptFact], room: usize) -> (Vec<&PromptFact>, usize) {
    let mut by_rank: Vec<(usize, &PromptFact)> = all.iter().enumerate().collect();
    by_rank.sort_by_key(|(at, fact)| (fact.rank, *at));
    let mut left = room;
    let mut chosen: Vec<(usize, &PromptFact)> = Vec::new();
    for (at, fact) in by_rank {
        // The line break, and the space before the next word.
        let cost = estimate(&fact.text) + 2;
        // A less important fact does not take the place of a more important one.
        let Some(rest) = left.checked_sub(cost) else { break };
        left = rest;
        chosen.push((at, fact));
    }
    chosen.sort_by_key(|(at, _)| *at);
    let count = chosen.len();
    (chosen.into_iter().map(|(_, fact)| fact).collect(), all.len() - count)
}

/// Returns all facts in the order in which they are told.
pub(super) fn facts(
    analysis: &Analysis,
    explained: &[ExplainedEvent<'_>],
    ask: &PromptRequest<'_>,
    pseudonyms: &mut Pseudonyms,
) -> Vec<PromptFact> {
    let loaded = &analysis.detected.loaded;
    let expr = one_line(&loaded.query.expr);
    let mut names = SeriesNames { taken: taken(analysis, &expr, ask.related), pseudonyms };
    let expr = names.query(&expr);
    let mut all = Vec::new();
    let mut put = |rank: u32, text: String| all.push(PromptFact { rank, text });

    let grid = analysis.judged_grid();
    let (range, clock) = (grid.range(), ask.clock);
    put(0, format!("Query (PromQL): {}", clipped(&expr, MAX_QUERY)));
    put(
        0,
        format!(
            "Range: {} to {}, {}, step {}",
            clock.full(range.start),
            clock.full(range.end),
            range.span().words(),
            loaded.query.step
        ),
    );
    put(1, format!("Data: {}", words::scope(analysis)));
    put(
        1,
        format!(
            "Detector: {} ({}), {}",
            analysis.detected.detector.about().name,
            analysis.detected.detector.about().summary,
            words::threshold(analysis)
        ),
    );
    let worst = analysis.worst_events();
    let found = match worst.len() {
        0 => "no anomalies".to_owned(),
        1 => "1 event".to_owned(),
        count => format!("{count} events, the most severe first"),
    };
    put(0, format!("Found: {found}"));
    put(8, format!("Source: {}", names.sentence("source", ask.source)));

    let first = expr;
    for (at, one) in explained.iter().enumerate() {
        event(&mut put, &mut names, analysis, (at, one), &first, clock);
    }
    if let Some((related, windows)) = ask.related {
        related_facts(&mut put, &mut names, related, windows, clock);
    }
    // Those that are explained are told above.
    for (at, (ranked, event)) in worst.iter().enumerate().take(MAX_EVENTS).skip(explained.len()) {
        let labels = names.labels(&analysis.series(ranked).0.labels);
        let what = words::what(event, analysis.judged_unit(event.quantity));
        let text = format!(
            "Event {}: {what} in {labels} at {}, {}, severity {}",
            at + 1,
            clock.full(event.display_start),
            words::course(event),
            words::severity(event)
        );
        put(40 + at as u32, text);
    }
    if worst.len() > MAX_EVENTS {
        put(39, format!("{} more events are less severe", worst.len() - MAX_EVENTS));
    }
    let remarks: Vec<String> = analysis.notes().into_iter().map(|note| note.text).collect();
    let notes = remarks.iter().chain(&loaded.warnings).chain(&loaded.infos);
    for note in notes.take(MAX_NOTES) {
        put(30, format!("Source note: {}", clipped(&names.pseudonyms.hide(note), MAX_VALUE)));
    }
    // What is only known by the end is hidden in what was told before.
    for fact in &mut all {
        fact.text = names.pseudonyms.hide(&fact.text);
    }
    all
}

/// Adds the facts of one event; those of the second matter less than those of the first.
fn event(
    put: &mut impl FnMut(u32, String),
    names: &mut SeriesNames<'_>,
    analysis: &Analysis,
    (at, one): (usize, &ExplainedEvent<'_>),
    expr: &str,
    clock: Clock,
) {
    let facts = &one.facts;
    let after = 10 * at as u32;
    let number = at + 1;
    let labels = names.labels(&facts.labels);
    let kind = words::with_article(facts.event.kind.name());
    put(after, format!("Event {number}: {kind} in {labels}: {}", sentence(facts, clock)));
    for line in lines(facts, clock) {
        let rank = match line.name {
            "Peak" | "Expected" | "Lasted" | "Level" => 2,
            "Record" | "Recurrence" | "Other series" => 3,
            "Difference" | "Total" => 4,
            "Rarity" => 6,
            _ => 8,
        };
        put(after + rank, format!("Event {number}, {}: {}", line.name.to_lowercase(), line.text));
    }
    if let Some(back) = facts.recovered.filter(|_| facts.recovers()) {
        put(after + 3, format!("Event {number}, recovered: {}", clock.full(back)));
    }
    let observed = evidence::all(facts);
    if !observed.is_empty() {
        put(after + 4, format!("Event {number}, observations: {observed}"));
    }
    if let Some(found) = &one.causes {
        causes(put, names, (number, after), facts, found, expr);
    }
    if at == 0
        && let Some(sketch) = sketch(analysis, facts)
    {
        put(after + 9, format!("Event {number}, {sketch}"));
    }
}

/// Adds the facts about related series; they may decide between hypotheses.
fn related_facts(
    put: &mut impl FnMut(u32, String),
    names: &mut SeriesNames<'_>,
    related: &RelatedSeries,
    windows: &ComparisonWindows,
    clock: Clock,
) {
    let window = windows.window();
    let when = clock.from_to(window.start, window.end);
    put(3, prompt::related(&when, related.judged, &related.words()));
    for (at, changed) in related.changed.iter().take(MAX_RELATED).enumerate() {
        let labels = names.labels(&changed.labels);
        let (words, usual, timing) = (changed.words(), changed.usual(), changed.timing.words());
        put(4 + at as u32, format!("Related change: {labels}: {words}, {usual}, began {timing}"));
    }
    for (what, all) in [("Appeared", &related.appeared), ("Stopped", &related.stopped)] {
        for labels in all.iter().take(MAX_RELATED) {
            put(12, format!("{what} in that window: {}", names.labels(labels)));
        }
    }
}

fn causes(
    put: &mut impl FnMut(u32, String),
    names: &mut SeriesNames<'_>,
    (number, after): (usize, u32),
    facts: &Facts,
    found: &CandidateCauses<'_>,
    expr: &str,
) {
    let hidden =
        Facts { labels: names.pseudonyms.labels(&facts.labels, &names.taken), ..facts.clone() };
    let scope = TemplateScope::new(expr, &hidden);
    for (at, candidate) in found.ranked.iter().take(MAX_CAUSES).enumerate() {
        let cause = candidate.hypothesis;
        let reasons = |wanted: fn(i32) -> bool| {
            let told = candidate.reasons.iter().filter(|reason| wanted(reason.points));
            told.map(|reason| names.reason(&reason.text)).collect::<Vec<_>>().join("; ")
        };
        let text = prompt::hypothesis(
            (number, at + 1),
            (&cause.cause, candidate.confidence.name()),
            &reasons(|of| of > 0),
            &reasons(|of| of < 0),
        );
        let later = after + 5 + at as u32;
        put(later, text);
        for (way, checks) in [("confirm", &cause.confirm), ("refute", &cause.refute)] {
            for check in checks.iter().take(MAX_CHECKS) {
                put(
                    later + 3,
                    format!(
                        "Event {number}, would {way} hypothesis {}: {}",
                        at + 1,
                        seen(check, &scope)
                    ),
                );
            }
        }
        if let Some(action) = cause.mitigate.first() {
            put(
                later + 2,
                format!("Event {number}, mitigation for hypothesis {}: {action}", at + 1),
            );
        }
    }
}

fn seen(check: &CauseCheck, scope: &TemplateScope) -> String {
    let query = check.query.as_deref().and_then(|template| scope.fill(template));
    match query {
        Some(query) => format!("{} (PromQL: {})", check.see, clipped(&one_line(&query), MAX_QUERY)),
        None => check.see.clone(),
    }
}

/// Returns the values around an event in few numbers.
fn sketch(analysis: &Analysis, facts: &Facts) -> Option<String> {
    let series = analysis.detected.loaded.series.get(facts.series)?;
    let found = analysis.detected.series.get(facts.series)?;
    let values = found.prepared.judged(series);
    let (first, last) = (facts.event.onset.index, facts.event.last.max(facts.event.onset.index));
    let around = (last - first + 1).max(MAX_SKETCH / 4);
    let start = first.saturating_sub(2 * around);
    let part = values.get(start..(last + 1 + around).min(values.len()))?;
    let size = part.len().div_ceil(MAX_SKETCH).max(1);
    let told: Vec<String> = part
        .chunks(size)
        .map(|chunk| {
            let known: Vec<f64> = chunk.iter().copied().filter(|value| value.is_finite()).collect();
            if known.is_empty() {
                return "none".to_owned();
            }
            facts.value_unit.format(known.iter().sum::<f64>() / known.len() as f64)
        })
        .collect();
    let (from, every) =
        (Clock::UTC.full(series.grid.at(start)), series.grid.duration(size).words());
    Some(format!("{}: {}", prompt::sketch(&from, &every, size), told.join(", ")))
}

/// Numbers that follow from the facts and that a model may say: differences, ratios and shares of the main ones.
pub(super) fn derived(explained: &[ExplainedEvent<'_>]) -> Vec<String> {
    let mut all = Vec::new();
    for ExplainedEvent { facts, .. } in explained {
        let (event, unit) = (&facts.event, facts.unit);
        let mut main = vec![(event.peak.value, unit), (event.reference.expected, unit)];
        if let Some((before, after)) = facts.levels {
            main.extend([(before, facts.value_unit), (after, facts.value_unit)]);
        }
        main.retain(|(value, _)| value.is_finite());
        for (a, unit) in &main {
            for (b, other) in &main {
                if unit == other && a != b {
                    all.push(unit.format(a - b));
                    if *b != 0.0 {
                        let ratio = a / b;
                        all.push(format!(
                            "{ratio:.4} {:.3} % {:.3} %",
                            ratio * 100.0,
                            (ratio - 1.0) * 100.0
                        ));
                    }
                }
            }
        }
        // Labels may hold numbers too: status 503.
        for (_, value) in facts.labels.iter() {
            all.extend(
                value.split(|c: char| !c.is_ascii_digit()).map(|digits| format!("{digits} ")),
            );
        }
    }
    all
}

/// Collects all words that a pseudonym could be confused with.
fn taken(
    analysis: &Analysis,
    expr: &str,
    related: Option<(&RelatedSeries, &ComparisonWindows)>,
) -> ReservedWords {
    let mut out = ReservedWords::default();
    out.add(expr);
    let loaded = analysis.detected.loaded.series.iter().map(|series| &series.labels);
    let related = related.into_iter().flat_map(|(related, _)| {
        let changed = related.changed.iter().map(|changed| &changed.labels);
        changed.chain(&related.appeared).chain(&related.stopped)
    });
    for (name, value) in loaded.chain(related).flat_map(Labels::iter) {
        out.add(name);
        out.add(value);
    }
    out
}

/// Names of series and queries in the prompt.
struct SeriesNames<'a> {
    taken: ReservedWords,
    pseudonyms: &'a mut Pseudonyms,
}

impl SeriesNames<'_> {
    /// Formats a series as PromQL does, with long values cut off.
    fn labels(&mut self, labels: &Labels) -> String {
        let hidden = self.pseudonyms.labels(labels, &self.taken);
        let all = hidden.iter().take(MAX_LABELS).map(|(name, value)| {
            let most = if name == METRIC_NAME { MAX_QUERY } else { MAX_VALUE };
            (clipped(name, MAX_VALUE), clipped(value, most))
        });
        Labels::new(all).to_string()
    }

    /// Returns a query with the values of its matchers replaced by their pseudonyms.
    fn query(&mut self, expr: &str) -> String {
        if !self.pseudonyms.is_active() {
            return expr.to_owned();
        }
        replace_matcher_values(expr, |label, literal| {
            let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
            quote(&self.pseudonyms.value(label, inner, &self.taken))
        })
    }

    /// Returns a name that a person gave, or its pseudonym, cut off where it is long.
    fn sentence(&mut self, kind: &str, name: &str) -> String {
        clipped(&self.pseudonyms.value(kind, name, &self.taken), MAX_VALUE)
    }

    /// Returns a reason of the knowledge base without a value that it may end with: `label=value`.
    fn reason(&self, text: &str) -> String {
        match text.split_once('=') {
            Some((before, _)) if self.pseudonyms.is_active() => format!("{before}=…"),
            _ => text.to_owned(),
        }
    }
}

//! Findings of an analysis for programs: one value that becomes JSON, described in `docs/detect.md`.
//!
//! Names stay as they are; what changes the meaning of one raises [`SCHEMA`]. Times are RFC 3339 in UTC, lengths of time
//! seconds, `null` is what does not apply, what is not known, and a bound or value that is not finite.

mod condition;
mod event;
mod incident;
mod note;
mod query;

use serde::{Serialize, Serializer};

pub use condition::{ComparisonFindings, ConditionFindings, OwnedLabels, PeriodFindings};
pub use event::{CauseFindings, CheckedFindings, EventFindings};
pub use incident::IncidentFindings;
pub use note::{FixFindings, NoteFindings};
pub use query::{QueryFindings, SettingsFindings, TimePeriod};

use crate::analysis::{Analysis, RankedSeries};
use crate::explain::facts;
use crate::knowledge::ExplainedEvent;
use crate::report::ReportContext;
use crate::words;
use oddity_detect::event::SeverityLevel;
use oddity_detect::series::Labels;
use oddity_detect::time::Timestamp;

/// Version of the schema.
pub const SCHEMA: u32 = 1;

/// Maximum number of events that are written in full, the most severe ones; all are counted.
pub const MAX_EVENTS: usize = 1_000;

/// Everything that was found, and in what.
#[derive(Debug, Serialize)]
pub struct Findings<'a> {
    /// Version of the schema: [`SCHEMA`].
    pub schema: u32,
    /// Name and version.
    pub tool: &'a str,
    /// Time at which the findings were written.
    pub generated_at: Rfc3339Time,
    /// Result of the analysis as a whole.
    pub status: FindingsStatus,
    /// The finding in one line.
    pub headline: String,
    /// The name of a report about it.
    pub title: String,
    /// Opens the same view in the page; a query string where the address of the page is not known.
    pub link: &'a str,
    /// Query that was analysed.
    pub query: QueryFindings<'a>,
    /// Detector and rule that were applied.
    pub settings: SettingsFindings,
    /// Warnings of the source and of the analysis.
    pub warnings: &'a [String],
    /// Remarks of the source.
    pub infos: &'a [String],
    /// Remarks about the data, most important first.
    pub notes: Vec<NoteFindings>,
    /// A query that fits better than the raw counter that was asked for.
    pub suggested_query: Option<&'a str>,
    /// Every series, worst first.
    pub series: Vec<SeriesFindings<'a>>,
    /// Label sets with native histograms, which are not analysed.
    pub not_analysed: Vec<LabelObject<'a>>,
    /// Condition that was taken off the query; `None` if it had none.
    pub condition: Option<ConditionFindings>,
    /// Number of events in all series.
    pub event_count: usize,
    /// Events grouped by what began together in several series, worst first; each event is in one, most of them alone.
    pub incidents: Vec<IncidentFindings<'a>>,
    /// The worst event of each incident, most severe first, then the other events, [`MAX_EVENTS`] at the most.
    pub events: Vec<EventFindings<'a>>,
    /// A rule file that says the same on the source, where there is one and something is odd.
    pub prometheus_rule: Option<&'a str>,
}

/// Result of the analysis as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingsStatus {
    /// There are events.
    Odd,
    /// There are none.
    Normal,
    /// No sample could be judged.
    Unjudged,
    /// There are no series.
    Empty,
}

/// One series.
#[derive(Debug, Serialize)]
pub struct SeriesFindings<'a> {
    /// Labels of the series.
    pub labels: LabelObject<'a>,
    /// The labels in which it differs from the others.
    pub name: &'a str,
    /// Number of events of the series.
    pub event_count: usize,
    /// Largest severity of them, 0 to 100.
    pub severity: f64,
    /// Severity as a word; `None` without an event.
    pub level: Option<SeverityLevel>,
    /// Largest score in the range.
    pub score: f64,
    /// Samples of the range that got a verdict.
    pub judged_samples: usize,
    /// Reason why no sample was judged, in words; `None` if one was.
    pub unjudged: Option<String>,
    /// Samples of the range that are missing.
    pub missing_samples: usize,
    /// Number of stretches that the missing samples form.
    pub gaps: usize,
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rfc3339Time(pub Timestamp);

impl Serialize for Rfc3339Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Labels as an object.
#[derive(Clone, Copy, Debug)]
pub struct LabelObject<'a>(pub &'a Labels);

impl Serialize for LabelObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter())
    }
}

/// Builds the findings. `explained` are the worst events, worst first: see [`crate::knowledge::explain_worst`]; events
/// beyond them are written without causes.
pub fn findings<'a>(
    analysis: &'a Analysis,
    explained: &'a [ExplainedEvent<'a>],
    context: &'a ReportContext,
) -> Findings<'a> {
    let loaded = &analysis.detected.loaded;
    let worst = analysis.worst_events();
    let events = worst.iter().take(MAX_EVENTS).enumerate().map(|(at, (ranked, event))| {
        match explained.get(at) {
            Some(ExplainedEvent { facts, causes }) => {
                event::findings(analysis, at + 1, facts, causes.as_ref())
            }
            None => event::findings(analysis, at + 1, &facts(analysis, ranked, event), None),
        }
    });
    Findings {
        schema: SCHEMA,
        tool: &context.version,
        generated_at: Rfc3339Time(context.generated_at),
        status: status(analysis),
        headline: words::headline(analysis),
        title: words::title(analysis),
        link: &context.link,
        query: query::query(analysis, &context.source),
        settings: query::settings(analysis),
        warnings: &loaded.warnings,
        infos: &loaded.infos,
        notes: analysis.notes().into_iter().map(NoteFindings::from).collect(),
        suggested_query: analysis.detected.suggestion.as_deref(),
        series: series(analysis),
        not_analysed: loaded.unsupported.iter().map(LabelObject).collect(),
        condition: condition::condition(analysis),
        event_count: worst.len(),
        incidents: incident::incidents(analysis, &worst),
        events: events.collect(),
        prometheus_rule: context.rule.as_ref().map(|rule| rule.yaml.as_str()),
    }
}

/// Returns the status of an analysis.
pub fn status(analysis: &Analysis) -> FindingsStatus {
    let series = &analysis.detected.series;
    if series.is_empty() {
        FindingsStatus::Empty
    } else if analysis.unjudged().is_some() {
        FindingsStatus::Unjudged
    } else if analysis.event_count() == 0 {
        FindingsStatus::Normal
    } else {
        FindingsStatus::Odd
    }
}

fn series(analysis: &Analysis) -> Vec<SeriesFindings<'_>> {
    let one = |ranked: &'_ RankedSeries| {
        let RankedSeries { events, severity, score, .. } = ranked;
        let (series, found) = analysis.series(ranked);
        SeriesFindings {
            labels: LabelObject(&series.labels),
            name: &found.prepared.name,
            event_count: events.len(),
            severity: *severity,
            level: (!events.is_empty()).then(|| SeverityLevel::of(*severity)),
            score: *score,
            judged_samples: found.judged,
            unjudged: found.shortage.map(words::shortage),
            missing_samples: found.prepared.missing,
            gaps: found.prepared.gaps,
        }
    };
    analysis.ranking.iter().map(one).collect()
}

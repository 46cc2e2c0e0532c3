//! The report: a finished analysis and its explained events as Markdown. It recomputes nothing.
//!
//! It is a page for an engineer on call: what happened, when, how severe it is, whom it affects, possible causes and next
//! steps; of several incidents a table first. Facts, timeline, all causes, query, baseline, detector and rule are details
//! that can be left out. Other parts of the product add [`ReportSection`]s.

mod actions;
mod causes;
mod condition;
mod event;
mod evidence;
pub mod markdown;
mod page;
mod related;
mod summary;

use crate::analysis::Analysis;
use crate::knowledge::ExplainedEvent;
use crate::words::Clock;
use event::EventHeading;
use oddity_detect::time::Timestamp;

pub use related::related;

/// Maximum number of events that are explained in a section of their own, the most severe ones.
pub const MAX_EXPLAINED: usize = 3;

/// Maximum number of events that are listed, the most severe ones; the rest is counted.
pub const MAX_EVENTS: usize = 20;

/// Contents of a report that are not part of the analysis.
#[derive(Clone, Debug)]
pub struct ReportContext {
    /// Time at which the report is written.
    pub generated_at: Timestamp,
    /// Name and version of the tool.
    pub version: String,
    /// Name of the source.
    pub source: String,
    /// Absolute link that shows this view again; where the address of the page is not known, its part from the question
    /// mark on.
    pub link: String,
    /// Format and zone of times.
    pub clock: Clock,
    /// Prometheus rule that gives the same results on the source; `None` if there is none.
    pub rule: Option<ExportedRule>,
    /// Whether facts, timeline, all causes, query, baseline, detector and rule follow the page.
    pub details: bool,
    /// Sections from other parts of the product.
    pub sections: Vec<ReportSection>,
}

/// An exported rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedRule {
    /// The rule file.
    pub yaml: String,
    /// Result of the comparison with the source, in a sentence; `None` if that was not asked for.
    pub verification: Option<String>,
}

/// A part of the report that is written elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSection {
    /// Position in the report.
    pub position: SectionPosition,
    /// Heading of the section, plain text.
    pub heading: String,
    /// CommonMark without headings of the first or second level, safe to show.
    pub body: String,
}

/// Position of a section in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionPosition {
    /// After the events, for example related changes.
    Evidence,
    /// After the detector, for example a backtest.
    Detector,
    /// At the end, for example answers of a language model.
    End,
}

/// Writes the whole report in CommonMark with tables. `explained` are the worst events, worst first: see
/// [`crate::knowledge::explain_worst`].
pub fn markdown(
    analysis: &Analysis,
    explained: &[ExplainedEvent<'_>],
    context: &ReportContext,
) -> String {
    let clock = context.clock;
    // The worst event of each incident stands for it.
    let explained = &explained[..explained.len().min(analysis.incidents.len())];
    let mut parts = vec![summary::head(analysis, explained, context)];
    match explained {
        [] => {}
        [only] if analysis.incidents.len() == 1 => {
            let heading = EventHeading { level: 2, of: None };
            parts.extend(causes_and_steps(only, heading, clock));
        }
        several => {
            parts.push(summary::table(analysis, several.len(), clock));
            for (at, one) in several.iter().enumerate() {
                let heading = EventHeading { level: 3, of: Some(at + 1) };
                parts.push(format!("## Event {}\n\n{}", at + 1, page::facts(analysis, one, clock)));
                parts.extend(causes_and_steps(one, heading, clock));
            }
        }
    }
    parts.extend(sections(context, SectionPosition::Evidence));
    if context.details {
        parts.extend(details(analysis, explained, context));
    }
    parts.extend(sections(context, SectionPosition::Detector));
    parts.extend(sections(context, SectionPosition::End));
    let parts: Vec<&str> =
        parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty()).collect();
    let mut out = parts.join("\n\n");
    out.push('\n');
    out
}

fn causes_and_steps(one: &ExplainedEvent<'_>, heading: EventHeading, clock: Clock) -> Vec<String> {
    let found = one.causes.as_ref();
    found
        .map(|found| vec![page::causes(found, heading, clock), page::steps(found, heading)])
        .unwrap_or_default()
}

/// Writes what the page leaves out.
fn details(
    analysis: &Analysis,
    explained: &[ExplainedEvent<'_>],
    context: &ReportContext,
) -> Vec<String> {
    let clock = context.clock;
    let mut parts = Vec::new();
    match explained {
        [] => {}
        [only] if analysis.incidents.len() == 1 => {
            let heading = EventHeading { level: 2, of: None };
            parts.extend(event::parts(analysis, only, heading, clock));
        }
        several => {
            for (at, one) in several.iter().enumerate() {
                let heading = EventHeading { level: 3, of: Some(at + 1) };
                parts.extend(event::parts(analysis, one, heading, clock));
            }
        }
    }
    if !explained.is_empty() {
        parts.push(summary::events(analysis, clock));
    }
    parts.extend(condition::section(analysis, clock));
    parts.push(evidence::query(analysis, context));
    parts.extend(explained.first().map(|worst| evidence::baseline(analysis, worst, clock)));
    parts.push(evidence::detector(analysis));
    parts.extend(context.rule.as_ref().map(evidence::rule));
    parts
}

fn sections(context: &ReportContext, position: SectionPosition) -> impl Iterator<Item = String> {
    let here = context.sections.iter().filter(move |section| section.position == position);
    here.map(|section| format!("## {}\n\n{}", markdown::text(&section.heading), section.body))
}

/// Returns a file name that contains the query and the time, in characters that every file system accepts.
pub fn file_name(expr: &str, at: Timestamp, extension: &str) -> String {
    let letters: String =
        expr.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let words: Vec<&str> = letters.split('-').filter(|word| !word.is_empty()).collect();
    let mut name = words.join("-");
    name.truncate(60);
    let time = at.format(0).replace([' ', ':'], "-");
    let name = name.trim_end_matches('-').to_ascii_lowercase();
    let parts = ["oddity", &name, &time];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}.{extension}", parts.join("-"))
}

//! Command `oddity detect`: one analysis without a server and a page, with the same results.
//!
//! Query, detection and texts are those of the shared crates; what the browser does for the page is done here: queries go to
//! the [`crate::source`]s of this process, and results to stdout and files.

mod args;
mod ask;
mod chart;
mod error;
mod output;
mod progress;

use std::io::{Write as _, stderr};
use std::process::ExitCode;
use std::sync::Arc;

use oddity_analysis::analysis::{Analysis, Unjudged, analyze, detect, prepare};
use oddity_analysis::checks::CheckPlan;
use oddity_analysis::findings::{self, Findings, FindingsStatus, findings, status};
use oddity_analysis::knowledge::{
    ExplainedEvent, Knowledge, NamedMetadata, explain_event, explain_worst,
};
use oddity_analysis::report::{self, MAX_EVENTS, MAX_EXPLAINED, ReportContext};
use oddity_analysis::rules;
use oddity_analysis::view_state::ViewState;
use oddity_analysis::words::{self, Clock};
use oddity_source::note::NoteKind;
use oddity_source::plan::FetchPlan;
use oddity_source::prometheus::Loaded;
use oddity_source::promql;
use tokio::signal::unix::{SignalKind, signal};

pub use args::{DetectArgs, EXAMPLES, FailOn, Format, USAGE, detectors, ids, settings};
pub use error::DetectError;
pub use output::print;

use crate::clock;
use crate::config::Settings;
use crate::metrics::Metrics;
use crate::page::knowledge;
use crate::source::{self, Source};
use output::OutputFile;
use progress::ProgressLine;

/// Exit status if anomalies were found.
const EXIT_ODD: u8 = 3;

/// Runs the analysis and returns the exit status; errors are printed on stderr.
pub fn run(
    args: &DetectArgs,
    panel: &ViewState,
    settings: &Settings,
    metrics: &Arc<Metrics>,
) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failed(&DetectError::Internal(error.to_string()), &panel.expr),
    };
    let status = runtime.block_on(async {
        let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            return failed(
                &DetectError::Internal("cannot listen for signals".to_owned()),
                &panel.expr,
            );
        };
        tokio::select! {
            found = answer(args, panel, settings, metrics) => match found {
                Ok(true) => ExitCode::from(EXIT_ODD),
                Ok(false) => ExitCode::SUCCESS,
                Err(failure) => failed(&failure, &panel.expr),
            },
            _ = interrupt.recv() => cancelled(130),
            _ = terminate.recv() => cancelled(143),
        }
    });
    // A cancelled analysis is not awaited.
    runtime.shutdown_background();
    status
}

fn failed(failure: &DetectError, expr: &str) -> ExitCode {
    let _ = stderr().write_all(failure.terminal_message(expr).as_bytes());
    ExitCode::FAILURE
}

fn cancelled(status: u8) -> ExitCode {
    let _ = stderr().write_all(b"cancelled\n");
    ExitCode::from(status)
}

/// Runs the analysis, writes its outputs, and returns whether there are events as severe as `--fail-on`.
async fn answer(
    args: &DetectArgs,
    panel: &ViewState,
    settings: &Settings,
    metrics: &Arc<Metrics>,
) -> Result<bool, DetectError> {
    if args.report.is_some() && args.report == args.chart {
        return Err(DetectError::SameFile);
    }
    // Outputs that cannot be written are reported before the source is queried.
    let report = args.report.as_deref().map(OutputFile::open).transpose()?;
    let chart = args.chart.as_deref().map(OutputFile::open).transpose()?;
    let parts =
        chart.as_ref().map(|_| chart::PageAssets::find().ok_or(DetectError::NoPage)).transpose()?;
    let knowledge = knowledge::load(settings.knowledge.as_deref())?;
    let sources = source::open(settings, metrics)?;
    let source = choose(&sources, panel.source.as_deref())?;
    let line = ProgressLine::new(!args.quiet);

    let plan = FetchPlan::new(panel.question(clock::now()))?;
    let name = &source.about.name;
    let loaded = ask::load(source, plan, |progress| line.show_fetching(name, progress)).await?;
    line.show(&format!("Analyzing {} series", loaded.series.len()));
    let analysis = analysed(loaded, panel).await?;
    if !args.allow_empty
        && let Some(nothing) = nothing(&analysis)
    {
        return Err(DetectError::Empty(nothing));
    }
    line.show("Looking for possible causes");
    let metadata = match analysis.event_count() {
        0 => Vec::new(),
        _ => ask::metadata(source, &analysis.detected.loaded.query.expr).await,
    };
    let context = context(args, panel, source, &analysis);
    let mut explained = explain(&analysis, &knowledge, &metadata);
    if args.explain && !explained.is_empty() {
        let worst = explained.remove(0);
        explained.insert(0, checked(source, worst, &analysis, &line).await);
    }
    drop(line);

    let markdown = || {
        let worst = explained.len().min(MAX_EXPLAINED);
        report::markdown(&analysis, &explained[..worst], &context)
    };
    let json = || json(&findings(&analysis, &explained, &context));
    if let Some((output, parts)) = chart.zip(parts) {
        output.write(&chart::page(&analysis, &explained, &context, panel, &parts)?)?;
    }
    if let Some(output) = report {
        let is_json = args.report.as_ref().is_some_and(|path| {
            path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
        });
        output.write(&if is_json { json()? } else { markdown() })?;
    }
    if !args.quiet {
        print(&match args.format {
            Format::Md => markdown(),
            Format::Json => json()?,
        })?;
    }
    let odd = analysis.worst_events().iter().any(|(_, event)| args.fail_on.counts(event.level()));
    Ok(odd)
}

fn choose<'a>(sources: &'a [Source], wanted: Option<&str>) -> Result<&'a Source, DetectError> {
    let found = match wanted {
        Some(id) => sources.iter().find(|source| source.about.id == id),
        None => sources.first(),
    };
    found.ok_or_else(|| {
        let known: Vec<&str> = sources.iter().map(|source| source.about.id.as_str()).collect();
        let id = wanted.unwrap_or_default().to_owned();
        DetectError::UnknownSource { id, known: known.join(", ") }
    })
}

/// Runs detection on a blocking thread, so that signals are still handled.
async fn analysed(loaded: Loaded, panel: &ViewState) -> Result<Analysis, DetectError> {
    let (settings, learning) = (panel.settings, panel.learning());
    let work = move || {
        let detected = detect(&prepare(Arc::new(loaded)), settings.detector, learning);
        analyze(Arc::new(detected), settings.rule)
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| DetectError::Internal(error.to_string()))
}

/// Returns why nothing was evaluated, or none if something was.
fn nothing(analysis: &Analysis) -> Option<String> {
    let loaded = &analysis.detected.loaded;
    match status(analysis) {
        FindingsStatus::Odd => None,
        FindingsStatus::Normal => analysis.silence().map(|silence| {
            format!("{}: nothing after that could be evaluated; check the source", silence.text)
        }),
        FindingsStatus::Empty if !loaded.unsupported.is_empty() => Some(
            format!(
                "the query returns native histograms only, which have no single value: use {}",
                promql::histogram_queries(&loaded.query.expr, loaded.query.rate_window())
                    .map(|of| of.query)
                    .join(" or ")
            ),
        ),
        FindingsStatus::Empty => Some(analysis.reason_for_nothing().map_or_else(
            || {
                "the source has no series for this query and range: check the metric name and labels, or \
                 choose a range in which they exist"
                    .to_owned()
            },
            words::note,
        )),
        FindingsStatus::Unjudged => Some(match analysis.unjudged() {
            Some(Unjudged::Nan | Unjudged::Infinite) => not_judged(analysis),
            Some(Unjudged::Young) => format!(
                "{}: about {} samples are needed before the first one that is judged, so choose a shorter step or \
                 try again later",
                words::headline(analysis).to_lowercase(),
                analysis.detected.detector.min_past(),
            ),
            Some(Unjudged::TooFew) | None => format!(
                "the detector {} had too few samples to evaluate ({}): choose a longer range, a shorter \
                 step or a shorter window",
                analysis.detected.detector.about().name,
                words::scope(analysis),
            ),
        }),
    }
}

/// Returns what the values are, where no value can be judged.
fn not_judged(analysis: &Analysis) -> String {
    let mut notes = analysis.notes().into_iter();
    notes
        .find(|note| note.kind == NoteKind::ValuesNotJudged)
        .map_or_else(|| words::headline(analysis), |note| note.text)
}

fn context(
    args: &DetectArgs,
    panel: &ViewState,
    source: &Source,
    analysis: &Analysis,
) -> ReportContext {
    let fixed = panel.clone().fixed(analysis, Some(source.about.id.clone())).to_query();
    let link = match &args.link_base {
        Some(base) => {
            let mut link = base.clone();
            link.set_query(Some(&fixed));
            link.into()
        }
        None => format!("?{fixed}"),
    };
    let yaml = if analysis.event_count() > 0 { rules::file(analysis) } else { None };
    ReportContext {
        generated_at: clock::now(),
        version: concat!("Oddity ", env!("CARGO_PKG_VERSION")).to_owned(),
        source: source.about.name.clone(),
        link,
        clock: Clock::UTC,
        rule: yaml.map(|yaml| report::ExportedRule { yaml, verification: None }),
        details: args.details,
        sections: Vec::new(),
    }
}

/// Makes the checks of an event, and ranks its causes by them.
async fn checked<'a>(
    source: &Source,
    event: ExplainedEvent<'a>,
    analysis: &Analysis,
    line: &ProgressLine,
) -> ExplainedEvent<'a> {
    let Some(causes) = &event.causes else { return event };
    let expr = &analysis.detected.loaded.query.expr;
    let latest = analysis.judged_grid().range().end;
    let plan = CheckPlan::new(causes, &event.facts, expr, latest);
    let evidence = ask::check(source, &plan, |progress| line.show_checking(progress)).await;
    event.weighed(&evidence)
}

/// Explains the most severe events, with causes for those that a report lists in full.
fn explain<'a>(
    analysis: &Analysis,
    knowledge: &'a Knowledge,
    metadata: &[NamedMetadata],
) -> Vec<ExplainedEvent<'a>> {
    let mut all = explain_worst(analysis, MAX_EVENTS, Some(knowledge), metadata);
    let rest = analysis.worst_events().into_iter().take(findings::MAX_EVENTS).skip(MAX_EVENTS);
    all.extend(rest.map(|event| explain_event(analysis, event, None, &[])));
    all
}

fn json(findings: &Findings<'_>) -> Result<String, DetectError> {
    let mut text = serde_json::to_string_pretty(findings)
        .map_err(|error| DetectError::Internal(error.to_string()))?;
    text.push('\n');
    Ok(text)
}

//! Chart in one HTML file: the figures of the page, the list of events, and Plotly, so that it opens from a disk.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oddity_analysis::analysis::{Analysis, RankedSeries};
use oddity_analysis::knowledge::ExplainedEvent;
use oddity_analysis::report::{MAX_EVENTS, ReportContext};
use oddity_analysis::view_state::ViewState;
use oddity_analysis::words::{self, sentence};
use oddity_figure::{ChartView, NamedEvent, Palette, axis_ranges, interactive_figure, shown_times};
use serde_json::json;

use super::DetectError;
use crate::page::assets;

/// Maximum number of series with a chart.
const MAX_CHARTS: usize = 5;

/// Maximum number of events that are labelled in a chart.
const MAX_NAMED_EVENTS: usize = 8;

/// Width and height of a chart in pixels; the width follows the window.
const SIZE: (f64, f64) = (1_100.0, 420.0);

/// Embedded script and style of the chart.
#[derive(rust_embed::Embed)]
#[folder = "src/cli/detect/chart"]
struct ChartFiles;

/// Scripts and styles that are inlined into the file.
pub(super) struct PageAssets {
    plotly: InlineAsset,
    script: InlineAsset,
    styles: [InlineAsset; 2],
}

struct InlineAsset {
    text: Cow<'static, str>,
    hash: [u8; 32],
}

impl InlineAsset {
    fn new(data: Cow<'static, [u8]>, hash: [u8; 32]) -> Option<Self> {
        let text = match data {
            Cow::Borrowed(data) => Cow::Borrowed(std::str::from_utf8(data).ok()?),
            Cow::Owned(data) => Cow::Owned(String::from_utf8(data).ok()?),
        };
        Some(Self { text, hash })
    }

    fn of_page(stem: &str, extension: &str) -> Option<Self> {
        let assets::PageFile { data, hash } = assets::hashed(stem, extension)?;
        Self::new(data, hash)
    }

    fn own(name: &str) -> Option<Self> {
        let file = ChartFiles::get(name)?;
        Self::new(file.data, file.metadata.sha256_hash())
    }

    /// Returns the source expression for a content security policy.
    fn allowed(&self) -> String {
        format!("'sha256-{}'", STANDARD.encode(self.hash))
    }
}

impl PageAssets {
    /// Finds the assets; `None` if the page has not been built.
    pub(super) fn find() -> Option<Self> {
        Some(Self {
            plotly: InlineAsset::of_page("plotly.min", ".js")?,
            script: InlineAsset::own("chart.js")?,
            styles: [InlineAsset::of_page("tokens", ".css")?, InlineAsset::own("chart.css")?],
        })
    }
}

/// Renders the HTML file.
///
/// # Errors
/// [`DetectError::Internal`] if a figure cannot be written, which no data causes.
pub(super) fn page(
    analysis: &Analysis,
    explained: &[ExplainedEvent<'_>],
    context: &ReportContext,
    panel: &ViewState,
    parts: &PageAssets,
) -> Result<String, DetectError> {
    let drawn = drawn(analysis, panel);
    let figures = drawn.iter().map(|ranked| figure(analysis, ranked, context, panel));
    let figures: Result<Vec<_>, _> = figures.collect();
    let figures = figures.map_err(|error| DetectError::Internal(error.to_string()))?;
    // Without `<`, nothing in the JSON can end its script element.
    let figures = json!(figures).to_string().replace('<', "\\u003c");
    let PageAssets { plotly, script, styles: [tokens, style] } = parts;
    let mut body = head(analysis, context);
    for (at, ranked) in drawn.iter().enumerate() {
        let name = &analysis.series(ranked).1.prepared.name;
        let _ = writeln!(
            body,
            "<figure><figcaption>{}</figcaption><div class=\"chart\" id=\"figure-{at}\" role=\"img\" aria-label=\"{}\"></div></figure>",
            html(name),
            html(&words::headline(analysis)),
        );
    }
    let rest = analysis.ranking.len() - drawn.len();
    if rest > 0 {
        let _ = writeln!(body, "<p class=\"muted\">Series without a chart: {rest}.</p>");
    }
    body.push_str(&events(analysis, explained, context));
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {} {}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>{}{}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         <script type=\"application/json\" id=\"figures\">{figures}</script>\n<script>{}</script>\n<script>{}</script>\n</body>\n</html>\n",
        plotly.allowed(),
        script.allowed(),
        html(&words::title(analysis)),
        tokens.text,
        style.text,
        plotly.text,
        script.text,
    ))
}

/// Selects the series to draw: the focus of the view or else the most severe one, then those with events, most severe first.
fn drawn<'a>(analysis: &'a Analysis, panel: &ViewState) -> Vec<&'a RankedSeries> {
    let named = |ranked: &&RankedSeries| {
        let labels = analysis.series(ranked).0.labels.to_string();
        panel.focus.as_ref().is_some_and(|focus| *focus == labels)
    };
    let focus = analysis.ranking.iter().find(named).or_else(|| analysis.ranking.first());
    let others = analysis.ranking.iter().filter(|ranked| {
        !ranked.events.is_empty() && focus.is_none_or(|focus| focus.index != ranked.index)
    });
    focus.into_iter().chain(others).take(MAX_CHARTS).collect()
}

fn figure(
    analysis: &Analysis,
    ranked: &RankedSeries,
    context: &ReportContext,
    panel: &ViewState,
) -> serde_json::Result<serde_json::Value> {
    // Placeholders, which the script replaces by the colours of the theme. Foreign text cannot contain one, since its `<` is
    // escaped.
    let palette = Palette {
        data: "<data>".to_owned(),
        band: "<band>".to_owned(),
        odd: "<odd>".to_owned(),
        text: "<text>".to_owned(),
        muted: "<muted>".to_owned(),
        line: "<line>".to_owned(),
        surface: "<surface>".to_owned(),
    };
    let view = ChartView {
        analysis,
        focus: ranked,
        ranges: axis_ranges(analysis, ranked, shown_times(analysis, panel.zoom)),
        palette: &palette,
        clock: context.clock,
        size: SIZE,
    };
    let worst = analysis.worst_events();
    let named = worst.iter().enumerate().filter(|(_, (of, _))| of.index == ranked.index);
    let named = named.map(|(at, (_, event))| NamedEvent { number: at + 1, event });
    let named: Vec<NamedEvent<'_>> = named.take(MAX_NAMED_EVENTS).collect();
    let (layout, curves) = interactive_figure(&view, &panel.excluded, &named);
    let data = curves.into_iter().map(|curve| {
        let mut trace = curve.trace;
        trace["x"] = json!(curve.x);
        trace["y"] = json!(curve.y);
        trace
    });
    Ok(json!({ "data": data.collect::<Vec<_>>(), "layout": serde_json::to_value(&layout)? }))
}

fn head(analysis: &Analysis, context: &ReportContext) -> String {
    let query = &analysis.detected.loaded.query;
    let range = analysis.judged_grid().range();
    let clock = context.clock;
    let mut out = format!("<h1>{}</h1>\n<dl>\n", html(&words::headline(analysis)));
    let mut put = |name: &str, value: &str| {
        let _ = writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    };
    put("Query", &format!("<code>{}</code>", html(&query.expr)));
    put("Source", &html(&context.source));
    let (start, end) = (clock.full(range.start), clock.full(range.end));
    put("Range", &html(&format!("{start} to {end}, step {}", query.step)));
    let detector = analysis.detected.detector.about().name;
    put("Detector", &html(&format!("{detector}, {}", words::threshold(analysis))));
    put("Data", &html(&format!("{}, {}", words::scope(analysis), words::history(analysis))));
    for note in analysis.notes() {
        let fix = note.fix.map(|fix| match fix.query {
            Some(query) => format!(" {}: <code>{}</code>", html(&fix.label), html(&query)),
            None => format!(" {}.", html(&fix.label)),
        });
        put("Note", &format!("{}.{}", html(&note.text), fix.unwrap_or_default()));
    }
    for warning in &analysis.detected.loaded.warnings {
        put("Warning", &html(warning));
    }
    if context.link.starts_with("http") {
        let link = html(&context.link);
        let attributes = "rel=\"noopener noreferrer\"";
        put("Link", &format!("<a {attributes} href=\"{link}\">Open in Oddity</a>"));
    }
    let generated = format!("{} by {}", clock.full(context.generated_at), context.version);
    put("Generated", &html(&generated));
    let others = match analysis.ranking.len() {
        0 | 1 => "",
        _ => "<li class=\"others\">other series</li>",
    };
    let _ = write!(
        out,
        "</dl>\n<ul class=\"legend\"><li class=\"value\">value</li>{others}<li class=\"band\">expected</li>\
         <li class=\"odd\">▲▼ anomaly, with the number of its event</li><li class=\"muted\">drag to zoom, double-click to reset</li></ul>\n\
         <noscript><p>The charts need JavaScript.</p></noscript>\n",
    );
    out
}

fn events(
    analysis: &Analysis,
    explained: &[ExplainedEvent<'_>],
    context: &ReportContext,
) -> String {
    let worst = analysis.worst_events();
    if worst.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<h2>Events</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th>Event</th><th>Severity</th><th>What</th><th>Series</th><th>Start</th><th>Course</th><th>Observed</th></tr></thead>\n<tbody>\n",
    );
    let listed = worst.iter().zip(explained).take(MAX_EVENTS).enumerate();
    for (at, ((ranked, event), known)) in listed {
        let cells = [
            (at + 1).to_string(),
            format!("{} {}", words::sign(event), words::severity(event)),
            event.kind.name().to_owned(),
            analysis.series(ranked).1.prepared.name.clone(),
            context.clock.full(event.display_start),
            words::course(event),
            sentence(&known.facts, context.clock),
        ];
        let cells = cells.map(|cell| format!("<td>{}</td>", html(&cell)));
        let _ = writeln!(out, "<tr>{}</tr>", cells.concat());
    }
    out.push_str("</tbody>\n</table></div>\n");
    if worst.len() > MAX_EVENTS {
        let rest = worst.len() - MAX_EVENTS;
        let _ = writeln!(out, "<p class=\"muted\">Less severe events not listed: {rest}.</p>");
    }
    out
}

/// Escapes text for HTML elements and quoted attributes.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

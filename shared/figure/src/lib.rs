//! The chart of an analysis as Plotly traces and layout, for the page and for files.
//!
//! Nothing here depends on a browser. Samples are kept beside the traces, because they are passed to Plotly as typed
//! arrays and not as JSON.

mod decimate;
mod geometry;
mod interactive;
mod layout;
mod picture;

use oddity_analysis::analysis::{Analysis, RankedSeries};
use oddity_analysis::words::Clock;
use oddity_detect::detect::Quantity;
use oddity_detect::time::TimeRange;
use oddity_source::promql::Comparison;
use plotly::common::{HoverInfo, Line, Mode};
use plotly::{Scatter, Trace};
use serde::Serialize;

pub use decimate::{MAX_DRAWN_POINTS, decimate, visible_indices};
pub use geometry::{PlotArea, STRIP_DOMAIN};
pub use interactive::{NamedEvent, interactive_figure};
pub use layout::{ChartLayout, chart_layout};
pub use picture::static_figure;

use geometry::{VALUES_DOMAIN, padded};

/// Maximum number of series that are drawn behind the focused one.
const MAX_BACKGROUND_SERIES: usize = 12;

/// Maximum height of the value axis for other series to be shown in full, in heights of the focused one.
const MOST_BESIDE: f64 = 3.0;

/// [`MOST_BESIDE`] for series with events.
const MOST_BESIDE_ODD: f64 = 12.0;

/// Name of the line of the focused series.
pub(crate) const VALUES: &str = "value";

/// The colours of the chart, in CSS notation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// Colour of the values.
    pub data: String,
    /// Colour of band and expected values.
    pub band: String,
    /// Colour of anomalies.
    pub odd: String,
    /// Colour of text.
    pub text: String,
    /// Colour of secondary text and lines.
    pub muted: String,
    /// Colour of axes.
    pub line: String,
    /// Colour of the background.
    pub surface: String,
}

/// A Plotly trace and its samples.
pub struct ChartTrace {
    /// Trace without samples.
    pub trace: serde_json::Value,
    /// Times, in milliseconds since 1970.
    pub x: Vec<f64>,
    /// Values; NaN breaks the line.
    pub y: Vec<f64>,
}

/// The ranges of the axes of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisRanges {
    /// Range of the time axis, in milliseconds since 1970.
    pub times: (f64, f64),
    /// Range of the value axis.
    pub values: (f64, f64),
    /// Range of the value axis of the strip below the values, which shows the judged quantity; `None` if there is no
    /// strip.
    pub strip: Option<(f64, f64)>,
}

impl AxisRanges {
    /// Returns the area of the values in a chart of `size` pixels.
    pub fn values_area(&self, size: (f64, f64)) -> PlotArea {
        let domain = if self.strip.is_some() { VALUES_DOMAIN } else { [0.0, 1.0] };
        PlotArea::new(size, domain, self.times, self.values)
    }
}

/// A view of an analysis to draw.
pub struct ChartView<'a> {
    /// Analysis to draw.
    pub analysis: &'a Analysis,
    /// Series that is drawn in full.
    pub focus: &'a RankedSeries,
    /// Ranges of the axes, see [`axis_ranges`].
    pub ranges: AxisRanges,
    /// Colours of the chart.
    pub palette: &'a Palette,
    /// Clock that formats times.
    pub clock: Clock,
    /// Width and height, in pixels.
    pub size: (f64, f64),
}

/// Returns the ranges that show the focused series and its band within `times`, in milliseconds since 1970.
pub fn axis_ranges(analysis: &Analysis, focus: &RankedSeries, times: (f64, f64)) -> AxisRanges {
    let (series, found) = analysis.series(focus);
    let detection = &found.detection;
    let shown = visible_indices(series.grid, times);
    let k = analysis.rule.threshold;
    let band = |of: &[f64]| -> Vec<f64> {
        let own = padded(of[shown.clone()].iter().copied());
        let most = (own.1 - own.0) * 0.15;
        let least = if own.0 >= 0.0 { 0.0_f64.max(own.0 - most) } else { own.0 - most };
        let bounds = shown.clone().flat_map(|at| {
            let (lower, upper) = detection.bounds(at, k);
            [lower, upper]
        });
        let bounds = bounds.filter(|bound| bound.is_finite());
        let held = bounds.map(|bound| bound.clamp(least, own.1 + most));
        of[shown.clone()].iter().copied().chain(held).collect()
    };
    let (own, strip) = match detection.quantity {
        Quantity::Value => (padded(band(&series.values)), None),
        _ => {
            let values = padded(series.values[shown.clone()].iter().copied());
            (values, Some(padded(band(&detection.judged))))
        }
    };
    // Other series are cut off at the edge if they would squeeze the focused one to a line, those with events later.
    let with = |values: (f64, f64), most: f64, is_behind: &dyn Fn(&RankedSeries) -> bool| {
        let others = behind(analysis, focus).filter(|ranked| is_behind(ranked));
        let others = others.flat_map(|ranked| {
            let values = &analysis.series(ranked).0.values;
            shown.clone().map(|at| values[at])
        });
        let all = padded(others.chain([values.0, values.1]));
        if all.1 - all.0 <= most * (own.1 - own.0) { all } else { values }
    };
    let values = with(own, MOST_BESIDE_ODD, &|ranked| !ranked.events.is_empty());
    let values = with(values, MOST_BESIDE, &|_| true);
    let values = with_thresholds(values, analysis);
    AxisRanges { times, values, strip }
}

/// Extends the range of the value axis to the thresholds of the query, if they do not squeeze the values to a line.
fn with_thresholds(values: (f64, f64), analysis: &Analysis) -> (f64, f64) {
    let constants = comparisons(analysis).filter_map(|comparison| comparison.threshold);
    let outside: Vec<f64> =
        constants.filter(|threshold| *threshold < values.0 || *threshold > values.1).collect();
    if outside.is_empty() {
        return values;
    }
    let extended = padded(outside.into_iter().chain([values.0, values.1]));
    if extended.1 - extended.0 <= 3.0 * (values.1 - values.0) { extended } else { values }
}

/// Returns the comparisons of the query's condition.
fn comparisons(analysis: &Analysis) -> impl Iterator<Item = &Comparison> {
    analysis.condition().into_iter().flat_map(|loaded| &loaded.condition.comparisons)
}

/// Returns the comparisons with a constant that lies within the value axis, with that constant.
pub fn thresholds(
    analysis: &Analysis,
    ranges: AxisRanges,
) -> impl Iterator<Item = (&Comparison, f64)> {
    let (low, high) = ranges.values;
    comparisons(analysis)
        .filter_map(|comparison| Some((comparison, comparison.threshold?)))
        .filter(move |(_, threshold)| (low..=high).contains(threshold))
}

/// Returns the series that are drawn behind the focused one, most anomalous first.
fn behind<'a>(
    analysis: &'a Analysis,
    focus: &RankedSeries,
) -> impl Iterator<Item = &'a RankedSeries> {
    let index = focus.index;
    analysis.ranking.iter().filter(move |ranked| ranked.index != index).take(MAX_BACKGROUND_SERIES)
}

/// Returns the value lines: other series behind, the focused one in front.
pub fn value_traces(view: &ChartView<'_>) -> Vec<ChartTrace> {
    let mut lines: Vec<ChartTrace> = behind(view.analysis, view.focus)
        .map(|ranked| line(view, ranked, "other series", &view.palette.muted, 1.0, 0.28))
        .collect();
    lines.reverse();
    lines.push(line(view, view.focus, VALUES, &view.palette.data, 1.5, 1.0));
    if let Some((low, _)) = view.ranges.strip {
        // Plotly draws no axis without a line on it; that of the strip is drawn on the canvas.
        let unseen = bare().mode(Mode::Lines).opacity(0.0).y_axis("y2");
        lines.push(styled(&unseen, vec![view.ranges.times.0], vec![low]));
    }
    lines
}

fn line(
    view: &ChartView<'_>,
    ranked: &RankedSeries,
    name: &str,
    color: &str,
    width: f64,
    opacity: f64,
) -> ChartTrace {
    let series = view.analysis.series(ranked).0;
    let (x, y) = decimate(&series.values, series.grid, view.ranges.times, MAX_DRAWN_POINTS);
    let trace = bare()
        .name(name)
        .mode(Mode::Lines)
        .opacity(opacity)
        .line(Line::new().color(color.to_owned()).width(width).simplify(false));
    styled(&trace, x, y)
}

/// Escapes text for Plotly, which interprets some HTML and makes links of `<a>`.
pub(crate) fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn bare() -> Box<Scatter<f64, f64>> {
    Scatter::new(Vec::new(), Vec::new()).hover_info(HoverInfo::Skip).connect_gaps(false)
}

fn styled(trace: &Scatter<f64, f64>, x: Vec<f64>, y: Vec<f64>) -> ChartTrace {
    ChartTrace { trace: to_json(trace), x, y }
}

fn to_json<T: Trace + Serialize>(trace: &T) -> serde_json::Value {
    serde_json::from_str(&trace.to_json()).unwrap_or_default()
}

/// Returns the part of the range that is drawn, in milliseconds since 1970.
pub fn shown_times(analysis: &Analysis, zoom: Option<TimeRange>) -> (f64, f64) {
    span(zoom.unwrap_or_else(|| analysis.judged_grid().range()))
}

fn span(range: TimeRange) -> (f64, f64) {
    (range.start.0 as f64, (range.end.0.max(range.start.0 + 1)) as f64)
}
